"""Serves the files of tasks behind signed links, with ranges, and every fault of a download."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from pathlib import Path

from .clips.spec import second_spec
from .context import DAY, HOUR, Context
from .directives import Directives
from .http import Request, Response
from .manners.links import as_signed, is_dead, late_answer, store_error
from .manners.player import sent_file, written_link
from .providers.vidu.kinds import NO_FILES, PICTURE, SOUND_KINDS
from .tasks import SandboxTask

TASK_PATH = re.compile(r"/media/(\w+)/")
PATH = re.compile(
    r"/media/(\w+)/"
    r"(video\.mp4|second\.mp4|watermarked\.mp4|cover\.jpeg|sound\.mp3|picture\.(?:png|jpeg)"
    r"|subject-\d\.jpeg)"
)
CHUNK = 64 * 1024
SLOW_CHUNK = 4096
CONTENT_TYPES = {
    "mp4": "video/mp4",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "mp3": "audio/mpeg",
}
HTML_PAGE = b"<!doctype html><html><body><h1>Sorry</h1><p>This is not a video.</p></body></html>"


@dataclass(frozen=True, slots=True)
class FileLinks:
    """New signed links to the files of a task; all empty while it has none."""

    videos: tuple[str, ...] = ()
    cover: str = ""
    watermarked: str = ""


def file_links(context: Context, task: SandboxTask, base_url: str, seconds: float) -> FileLinks:
    """Links that live so many seconds, unless a directive says otherwise."""
    if task.state != "success":
        return FileLinks()
    linked = partial(signed_url, context, task, base_url=base_url, seconds=seconds)
    has_two = "two results" in task.directives
    names = ("video.mp4", "second.mp4") if has_two else ("video.mp4",)
    return FileLinks(
        tuple(linked(name) for name in names),
        "" if "no cover" in task.directives else linked("cover.jpeg"),
        linked("watermarked.mp4") if task.order.get("watermark") else "",
    )


def file_names(task: SandboxTask) -> tuple[str, ...]:
    """The names of a task's films, sounds or pictures, as it was ordered; a cover is none."""
    if task.state != "success" or task.kind in NO_FILES:
        return ()
    if task.kind in SOUND_KINDS:
        return ("sound.mp3",)
    if task.kind == PICTURE:
        return ("picture.jpeg" if "jpeg" in task.directives else "picture.png",)
    second = ("second.mp4",) if "two results" in task.directives else ()
    marked = ("watermarked.mp4",) if task.order.get("watermark") else ()
    return ("video.mp4", *second, *marked)


def signed_url(
    context: Context, task: SandboxTask, name: str, base_url: str, seconds: float = HOUR
) -> str:
    """A new link to one file of a task, such as video.mp4."""
    directives = task.directives
    is_day = "link day" in directives
    seconds = DAY if is_day else directives.numeric_argument("link", seconds)
    return written_link(task, base_url + context.links.sign(f"/media/{task.id}/{name}", seconds))


def respond(context: Context, request: Request) -> Response | None:
    """The response to a request for a file; None if the path belongs to another."""
    named = TASK_PATH.match(request.path)
    task = context.engine.tasks.get(named[1]) if named else None
    asked = request if task is None else as_signed(request, task.directives)
    match = PATH.fullmatch(asked.path)
    if match is None:
        return None
    if "authorization" in request.headers:
        # As S3 answers: a signed query and a key at once are one too many.
        return store_error(400, "InvalidArgument", "Only one auth mechanism allowed")
    is_valid = context.links.is_valid(asked.path, asked.query)
    if task is not None and is_dead(task, asked.query, context.clock.now()):
        is_valid = False
    if not is_valid and (task is None or "expired 404" not in task.directives):
        return store_error(403, "AccessDenied", "Request has expired")
    if not is_valid or task is None or task.state != "success":
        return store_error(404, "NoSuchKey", "The specified key does not exist.")
    return context.manners.exchange(
        task, "file", request.url, lambda: sent_file(task, _respond(context, asked, task, match[2]))
    )


def _respond(context: Context, request: Request, task: SandboxTask, name: str) -> Response:
    if name.startswith("subject-"):
        return _picture_of_subject(task, int(name[len("subject-") :].removesuffix(".jpeg")))
    # Directives are about the video; its cover can always be had.
    is_cover = name == "cover.jpeg"
    directives = Directives() if is_cover else task.directives
    late = None if is_cover else late_answer(task, context.clock.now())
    fault = late or _fault(context, request, task, directives)
    return fault or _serve(context, request, task, name, directives)


def _picture_of_subject(task: SandboxTask, index: int) -> Response:
    pictures = task.order.get("pictures", ())
    if index >= len(pictures):
        return store_error(404, "NoSuchKey", "The specified key does not exist.")
    return Response(200, pictures[index].content, CONTENT_TYPES["jpeg"])


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of a file, and after them so many zeros as `padding`."""

    path: Path
    tag: str
    padding: int = 0

    @property
    def size(self) -> int:
        return self.path.stat().st_size + self.padding

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(start)
            while start < stop:
                length = min(CHUNK, stop - start)
                yield file.read(length).ljust(length, b"\0")
                start += length


def _serve(
    context: Context, request: Request, task: SandboxTask, name: str, directives: Directives
) -> Response:
    content = content_of(context, task, name)
    # Each request that is changed counts one more, so that no two have the same tag.
    is_changed = "changed" in directives and task.use_once(f"changed {len(task.done_once)}")
    tag = f'"{content.tag}-{len(task.done_once)}"' if is_changed else f'"{content.tag}"'
    headers = {
        "ETag": tag,
        "Last-Modified": formatdate(task.ended_at, usegmt=True),
        "Accept-Ranges": "bytes",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(304, b"", headers=headers)
    response = Response(200, b"", CONTENT_TYPES[name.split(".")[1]], headers)
    return _fill(context, request, content, directives, response)


def _fill(
    context: Context,
    request: Request,
    content: FileContent,
    directives: Directives,
    response: Response,
) -> Response:
    """The response with the range that was asked for, or with the complete file."""
    header = "" if "no range" in directives else request.headers.get("range", "")
    tag = response.headers["ETag"]
    # What the client has is of another version, so the rest of this one would not fit (If-Range).
    if request.headers.get("if-range", tag) != tag:
        header = ""
    span = byte_range(header, content.size)
    if span is None:
        response.headers["Content-Range"] = f"bytes */{content.size}"
        return Response(416, b"", headers=response.headers)
    start, stop = span
    if header:
        response.status = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{content.size}"
    response.length = stop - start
    is_cut = "truncated always" in directives or ("truncated" in directives and not header)
    end = start + (stop - start) // 2 if is_cut else stop
    response.body = _pace(context, directives, content.chunks(start, end))
    return response


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and stop of a Range header: the whole file if it says nothing that can be used.

    None if the range is outside of the file.
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header)
    if match is None or match[0] == "bytes=-":
        return 0, size
    first, last = match[1], match[2]
    if not first:
        return (max(size - int(last), 0), size) if int(last) else None
    if int(first) >= size or (last and int(last) < int(first)):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _pace(context: Context, directives: Directives, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks; with `[slow body N]` spread over N seconds, or 10."""
    if directives.argument("slow body") is None:
        yield from chunks
        return
    seconds = directives.numeric_argument("slow body", 10)
    small = [
        chunk[at : at + SLOW_CHUNK] for chunk in chunks for at in range(0, len(chunk), SLOW_CHUNK)
    ]
    for chunk in small:
        # Not `time.sleep`: a sandbox that is stopped must not wait for slow bodies.
        if context.closing.wait(seconds / len(small)):
            return
        yield chunk


def content_of(context: Context, task: SandboxTask, name: str) -> FileContent:
    """The content of a file, made now if nobody needed it before."""
    directives = task.directives
    spec = context.engine.spec(task, watermark=name == "watermarked.mp4")
    if name == "second.mp4":
        spec = second_spec(spec)
    # Made only now where nobody needed it before: a second or a marked video, or any of a task that
    # was done at once.
    path = context.clips.request(spec).result().file(name.rpartition(".")[2])
    if directives.argument("huge") is None or path.suffix != ".mp4":
        return FileContent(path, path.stem)
    megabytes = directives.numeric_argument("huge", 1024)
    return _huge(path, round(megabytes * 1024 * 1024))


def _huge(path: Path, size: int) -> FileContent:
    """The same video with a `free` box of this size after it (ISO 14496-12, 8.1.2).

    The box has only its head on the disk: 16 bytes, the size as 64 bits.
    """
    huge = path.with_name(f"{path.stem}-huge-{size}.mp4")
    if not huge.exists():
        unfinished = huge.with_suffix(".part")
        unfinished.write_bytes(path.read_bytes() + struct.pack(">I4sQ", 1, b"free", size + 16))
        unfinished.replace(huge)
    return FileContent(huge, huge.stem, size)


def _fault(
    context: Context, request: Request, task: SandboxTask, directives: Directives
) -> Response | None:
    """What a directive sends instead of the file."""
    status = directives.argument("media")
    # Once, so that a second try succeeds; `[media 503 always]` is the one that never does.
    if status and status.split()[0].isdigit():
        code = int(status.split()[0])
        if status.endswith("always") or task.use_once("media"):
            return store_error(code, "InternalError", "asked for by a directive")
    if "media drop" in directives and task.use_once("media"):
        return Response(dropped=True)
    if "html body" in directives:
        return Response(200, HTML_PAGE, "text/html; charset=utf-8")
    if "html as mp4" in directives:
        return Response(200, HTML_PAGE, "video/mp4")
    if "drip" in directives:
        return Response(200, _drip(context), "video/mp4", length=1_000_000_000)
    if "endless" in directives:
        return Response(200, _endless(context), "video/mp4")
    return _redirect(context, request, task, directives)


def _redirect(
    context: Context, request: Request, task: SandboxTask, directives: Directives
) -> Response | None:
    if "redirect private" in directives:
        return Response(302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    is_first = "redirect" in directives and task.use_once("redirect")
    if is_first or "redirect loop" in directives:
        url = request.base_url + context.links.sign(request.path, HOUR)
        return Response(302, headers={"Location": url})
    return None


def _drip(context: Context) -> Iterator[bytes]:
    while not context.closing.wait(1.0):
        yield b"\0"


def _endless(context: Context) -> Iterator[bytes]:
    while not context.closing.is_set():
        yield bytes(CHUNK)
