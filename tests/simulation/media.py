"""The lying provider's file server, and a look into its files without a decoder."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from generations.media import Crashed, Facts, NotMedia, Reason
from generations.net.download import Broken, Download, Gone, Paused

from .clips import HEADS
from .liar import Liar

FAULTS = ("dead", "500", "short", "paused", "page")
DEADLY = 0.05  # looks that kill the child
KINDS = {HEADS["video"]: "video", HEADS["cover"]: "image"}


def fetcher(liar: Liar, point: Callable[[str], None]) -> Callable[..., Download]:
    """In place of ``mirror.download``."""

    def download(url: str, target: Path, *_policy: Any, **_limits: Any) -> Download:
        point("download.before")
        body = _serve(liar, url, target)
        target.write_bytes(body)
        point("download.after")
        return Download(len(body), hashlib.sha256(body).hexdigest(), "video/mp4", "")

    return download


def _serve(liar: Liar, url: str, target: Path) -> bytes:
    """The right bytes, or what a bad server does; each bad answer is counted for its clip."""
    parts = urlsplit(url)
    number, part = parts.path.split("/")[-2:]
    clip = liar.clips[number]
    dies = datetime.fromtimestamp(int(parse_qs(parts.query)["Expires"][0]), UTC)
    dead = liar.now() >= dies or clip.is_gone(liar.now())
    fault = "dead" if dead else liar.media_fault(FAULTS)
    clip.bad_answers[part] += bool(fault)
    match fault:
        case "dead":
            raise Gone("The server answered 403.")
        case "500":
            raise Broken("The server answered 500.")
        case "paused":
            raise Paused("The time for this turn is over.")
        case "short":
            target.write_bytes(clip.bytes_of(part)[:3])
            raise Broken("The body ended after 3 bytes.")
        case "page":
            return b"<html>not found</html>"
    return clip.bytes_of(part)


def looker(liar: Liar) -> Callable[..., Facts]:
    """In place of ``mirror.inspect``; a video has a poster, and the child may die."""

    def inspect(body: Path, folder: Path, *, timeout: float) -> Facts:
        content = body.read_bytes()
        if liar.media_mischief and liar.dice.random() < DEADLY:
            raise Crashed("the child died")
        kind = next((kind for head, kind in KINDS.items() if content.startswith(head)), None)
        if kind is None:
            raise NotMedia(Reason.PAGE)
        if kind == "video":
            (folder / "poster.webp").write_bytes(b"poster")
        return Facts(part=kind, container="mov", codec="h264", bytes=len(content))

    return inspect
