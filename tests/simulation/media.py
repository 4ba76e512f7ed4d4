"""The faulty provider's file server, and a look into its files without a decoder."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from generations.media import Crashed, Facts, NotMedia, RejectReason
from generations.net.download import DownloadedFile, DownloadFailed, DownloadPaused, LinkGone

from .clips import HEADS
from .faulty_provider import FaultyProvider

FAULTS = ("dead", "500", "short", "paused", "page")
DEADLY = 0.05  # looks that kill the child
KINDS = {HEADS["video"]: "video", HEADS["cover"]: "image"}


def fetcher(
    provider: FaultyProvider, point: Callable[[str], None]
) -> Callable[..., DownloadedFile]:
    """In place of ``fetch.download``."""

    def download(url: str, target: Path, *_policy: Any, **_limits: Any) -> DownloadedFile:
        point("download.before")
        body = _serve(provider, url, target)
        target.write_bytes(body)
        point("download.after")
        return DownloadedFile(len(body), hashlib.sha256(body).hexdigest(), "video/mp4", "")

    return download


def _serve(provider: FaultyProvider, url: str, target: Path) -> bytes:
    """The right bytes, or what a bad server does; each bad answer is counted for its clip."""
    parts = urlsplit(url)
    remote_id, part = parts.path.split("/")[-2:]
    clip = provider.clips[remote_id]
    dies = datetime.fromtimestamp(int(parse_qs(parts.query)["Expires"][0]), UTC)
    dead = provider.now() >= dies or clip.is_gone(provider.now())
    fault = "dead" if dead else provider.media_fault(FAULTS)
    clip.bad_answers[part] += bool(fault)
    match fault:
        case "dead":
            raise LinkGone("The server answered 403.")
        case "500":
            raise DownloadFailed("The server answered 500.")
        case "paused":
            raise DownloadPaused("The time for this turn is over.")
        case "short":
            target.write_bytes(clip.bytes_of(part)[:3])
            raise DownloadFailed("The body ended after 3 bytes.")
        case "page":
            return b"<html>not found</html>"
    return clip.bytes_of(part)


def looker(provider: FaultyProvider) -> Callable[..., Facts]:
    """In place of ``fetch.inspect``; a video has a poster, and the child may die."""

    def inspect(body: Path, folder: Path, *, timeout: float) -> Facts:
        content = body.read_bytes()
        if provider.media_fault_rate and provider.dice.random() < DEADLY:
            raise Crashed("the child died")
        kind = next((kind for head, kind in KINDS.items() if content.startswith(head)), None)
        if kind is None:
            raise NotMedia(RejectReason.PAGE)
        if kind == "video":
            (folder / "poster.webp").write_bytes(b"poster")
        return Facts(media_type=kind, container="mov", codec="h264", bytes=len(content))

    return inspect
