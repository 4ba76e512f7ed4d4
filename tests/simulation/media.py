"""The faulty provider's file server, and a look into its files without a decoder."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from generations.media import Crashed, Facts, MediaProblem, NotMedia, RejectReason
from generations.net.download import DownloadedFile, DownloadFailed, DownloadPaused, LinkGone

from .clips import HEADS, Clip
from .faulty_provider import FaultyProvider

FAULTS = ("dead", "500", "short", "paused", "page")
DEADLY = 0.05  # looks that kill the child
SHAPES = {"video": ("mp4", "video/mp4"), "image": ("jpg", "image/jpeg")}
KINDS = {HEADS["video"]: "video", HEADS["cover"]: "image"}
SUFFIX = {"video": "mp4", "image": "jpg"}


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
    """The right bytes, or what a bad server does; the clip remembers since when it was bad."""
    clip, part = _find(provider, url)
    fault = "" if is_served(provider, url) else "dead"
    fault = fault or provider.media_fault(FAULTS)
    clip.note_answer(part, provider.now(), good=not fault)
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


def _find(provider: FaultyProvider, url: str) -> tuple[Clip, str]:
    remote_id, part = urlsplit(url).path.split("/")[-2:]
    return provider.clips[remote_id], part


def is_served(provider: FaultyProvider, url: str) -> bool:
    """Whether a link leads to its file now, as far as no fault comes in between."""
    clip, _part = _find(provider, url)
    ends = parse_qs(urlsplit(url).query).get("Expires", [])
    is_old = any(provider.now() >= datetime.fromtimestamp(int(end), UTC) for end in ends)
    return clip.is_in_store(provider.now()) and not is_old


def looker(provider: FaultyProvider) -> Callable[..., Facts]:
    """In place of ``fetch.inspect``; a video has a poster, and the child may die."""

    def inspect(body: Path, folder: Path, *, timeout: float) -> Facts:
        content = body.read_bytes()
        kind = next((kind for head, kind in KINDS.items() if content.startswith(head)), None)
        if kind is None:
            raise NotMedia(RejectReason.PAGE)
        facts = Facts(
            media_type=kind,
            container="mov",
            codec="h264",
            bytes=len(content),
            suffix=SUFFIX[kind],
            content_type=f"{kind}/any",
            plays_in_browsers=b"odd" not in content,
        )
        if provider.media_fault_rate and provider.dice.random() < DEADLY:
            return replace(facts, codec="", problem=MediaProblem.CRASHED)
        if kind == "video":
            (folder / "poster.webp").write_bytes(b"poster")
        return facts

    return inspect


def copier(provider: FaultyProvider, point: Callable[[str], None]) -> Callable[..., None]:
    """In place of ``media.make_proxy``, whose child may die too."""

    def make_proxy(original: Path, folder: Path, *, timeout: float) -> None:
        point("proxy.before")
        if provider.media_fault_rate and provider.dice.random() < DEADLY:
            raise Crashed("the child died")
        (folder / "proxy.mp4").write_bytes(b"copy of " + original.read_bytes())
        point("proxy.after")

    return make_proxy
