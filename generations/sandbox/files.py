"""Serves clips and covers behind signed links, with ranges, and every way in which that fails."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial
from pathlib import Path

from generations.sandbox.tasks import Task

from .clips.spec import Sheet
from .context import DAY, HOUR, Stage
from .faults import Words
from .http import Answer, Request

ADDRESS = re.compile(
    r"/media/(\w+)/(video\.mp4|second\.mp4|watermarked\.mp4|cover\.jpeg|sound\.mp3)"
)
PIECE = 64 * 1024
TYPES = {"mp4": "video/mp4", "jpeg": "image/jpeg", "mp3": "audio/mpeg"}
PAGE = b"<!doctype html><html><body><h1>Sorry</h1><p>This is not a video.</p></body></html>"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file, and zeros after it where the file is made longer."""

    path: Path
    tag: str
    padding: int = 0

    @property
    def size(self) -> int:
        return self.path.stat().st_size + self.padding

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(start)
            while start < stop:
                length = min(PIECE, stop - start)
                yield file.read(length).ljust(length, b"\0")
                start += length


def link(stage: Stage, task: Task, name: str, base_url: str, life: float = HOUR) -> str:
    """A newly signed address of one file of a task, alive for so many seconds."""
    words = task.words
    life = DAY if "link day" in words else words.number("link", life)
    return base_url + stage.links.sign(f"/media/{task.id}/{name}", life)


def answer(stage: Stage, request: Request) -> Answer | None:
    """The answer to a request for media; None when the address is another's."""
    match = ADDRESS.fullmatch(request.path)
    if match is None:
        return None
    if "authorization" in request.headers:
        # As S3 answers: a signed query and a key at once are one too many.
        return _error(400, "InvalidArgument", "Only one auth mechanism allowed")
    task = stage.studio.tasks.get(match[1])
    allowed = stage.links.allows(request.path, request.query)
    if not allowed and (task is None or "expired 404" not in task.words):
        return _error(403, "AccessDenied", "Request has expired")
    if not allowed or task is None or task.state != "success":
        return _error(404, "NoSuchKey", "The specified key does not exist.")
    return _serve(stage, request, task, match[2])


def _serve(stage: Stage, request: Request, task: Task, name: str) -> Answer:
    words = Words() if name == "cover.jpeg" else task.words
    trouble = _trouble(stage, request, task, words)
    if trouble is not None:
        return trouble
    found = _content(stage, task, name, words)
    changed = "changed" in words and task.once(f"changed {len(task.done_once)}")
    tag = f'"{found.tag}-{len(task.done_once)}"' if changed else f'"{found.tag}"'
    headers = {
        "ETag": tag,
        "Last-Modified": formatdate(task.ended_at, usegmt=True),
        "Accept-Ranges": "bytes",
    }
    if request.headers.get("if-none-match") == tag:
        return Answer(304, b"", headers=headers)
    return _cut(stage, request, found, words, Answer(200, b"", TYPES[name.split(".")[1]], headers))


def _cut(stage: Stage, request: Request, found: Content, words: Words, whole: Answer) -> Answer:
    """The part that was asked for, or all of it."""
    asked = "" if "no range" in words else request.headers.get("range", "")
    if request.headers.get("if-range", whole.headers["ETag"]) != whole.headers["ETag"]:
        asked = ""
    span = byte_range(asked, found.size)
    if span is None:
        whole.headers["Content-Range"] = f"bytes */{found.size}"
        return Answer(416, b"", headers=whole.headers)
    start, stop = span
    if asked:
        whole.status = 206
        whole.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    whole.length = stop - start
    whole.body = _pace(stage, words, found.pieces(start, _end(words, asked, start, stop)), whole)
    return whole


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and stop; the whole when nothing usable was asked, None when it lies outside."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header)
    if match is None or match[0] == "bytes=-":
        return 0, size
    first, last = match[1], match[2]
    if not first:
        return (max(size - int(last), 0), size) if int(last) else None
    if int(first) >= size or (last and int(last) < int(first)):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _end(words: Words, asked: str, start: int, stop: int) -> int:
    cut = "truncated always" in words or ("truncated" in words and not asked)
    return start + (stop - start) // 2 if cut else stop


def _pace(stage: Stage, words: Words, pieces: Iterator[bytes], whole: Answer) -> Iterator[bytes]:
    """The pieces, spread over about ten seconds (or as many as the word says) when slow."""
    if words.after("slow body") is None:
        yield from pieces
        return
    seconds = words.number("slow body", 10)
    parts = [piece[at : at + 4096] for piece in pieces for at in range(0, len(piece), 4096)]
    for part in parts:
        if stage.closing.wait(seconds / len(parts)):
            return
        yield part


def _content(stage: Stage, task: Task, name: str, words: Words) -> Content:
    shown = stage.studio.sheet(task, watermark=name == "watermarked.mp4")
    if name == "second.mp4" and isinstance(shown, Sheet):
        shown = replace(shown, seed=shown.seed + 1)
    path = stage.clips.order(shown).result().file(name.rpartition(".")[2])
    if words.after("huge") is None or path.suffix != ".mp4":
        return Content(path, path.stem)
    return _made_huge(path, round(words.number("huge", 1024) * 1024 * 1024))


def _made_huge(path: Path, size: int) -> Content:
    """The same film with a `free` box behind it (ISO 14496-12, 8.1.2) of this many bytes."""
    huge = path.with_name(f"{path.stem}-huge-{size}.mp4")
    if not huge.exists():
        part = huge.with_suffix(".part")
        part.write_bytes(path.read_bytes() + struct.pack(">I4sQ", 1, b"free", size + 16))
        part.replace(huge)
    return Content(huge, huge.stem, size)


def _trouble(stage: Stage, request: Request, task: Task, words: Words) -> Answer | None:
    status = words.after("media")
    if status and status.split()[0].isdigit():
        code = int(status.split()[0])
        if status.endswith("always") or task.once("media"):
            return _error(code, "InternalError", "asked for by a word")
    if "media drop" in words and task.once("media"):
        return Answer(dropped=True)
    if "html body" in words:
        return Answer(200, PAGE, "text/html; charset=utf-8")
    if "html as mp4" in words:
        return Answer(200, PAGE, "video/mp4")
    if "drip" in words:
        return Answer(200, _drip(stage), "video/mp4", length=1_000_000_000)
    if "endless" in words:
        return Answer(200, _endless(stage), "video/mp4")
    return _redirect(stage, request, task, words)


def _redirect(stage: Stage, request: Request, task: Task, words: Words) -> Answer | None:
    if "redirect private" in words:
        return Answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    once_more = "redirect" in words and task.once("redirect")
    if once_more or "redirect loop" in words:
        address = request.base_url + stage.links.sign(request.path, HOUR)
        return Answer(302, headers={"Location": address})
    return None


def _drip(stage: Stage) -> Iterator[bytes]:
    while not stage.closing.wait(1.0):
        yield b"\0"


def _endless(stage: Stage) -> Iterator[bytes]:
    while not stage.closing.is_set():
        yield bytes(PIECE)


def _error(status: int, code: str, message: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, body.encode(), "application/xml")


@dataclass(frozen=True, slots=True)
class Files:
    """Newly signed links; none while there are no results."""

    videos: tuple[str, ...] = ()
    cover: str = ""
    watermarked: str = ""


def files_of(stage: Stage, task: Task, base_url: str, seconds: float) -> Files:
    """The links live so many seconds, unless a word says otherwise."""
    if task.state != "success":
        return Files()
    linked = partial(link, stage, task, base_url=base_url, life=seconds)
    names = ("video.mp4", "second.mp4") if "two results" in task.words else ("video.mp4",)
    return Files(
        tuple(linked(name) for name in names),
        "" if "no cover" in task.words else linked("cover.jpeg"),
        linked("watermarked.mp4") if task.order.get("watermark") else "",
    )
