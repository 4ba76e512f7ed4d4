"""Download a result link into a partial file; resume, count and hash it."""

import hashlib
import os
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from .address_policy import AddressPolicy, Resolver, resolve_host
from .download_errors import (
    DownloadError,
    DownloadFailed,
    DownloadPaused,
    DownloadTooLarge,
    LinkForbidden,
    LinkGone,
)
from .result_links import DEFAULT_LIMITS, LinkReply, SpeedLimits, link_client

__all__ = [
    "DownloadError",
    "DownloadFailed",
    "DownloadPaused",
    "DownloadTooLarge",
    "DownloadedFile",
    "LinkForbidden",
    "LinkGone",
    "discard",
    "download",
]

type Progress = Callable[[int, int | None], None]

TEMPORARY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A whole file: bytes, SHA-256 in hex, and two headers of the reply."""

    size: int
    sha256: str
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class PartialFile:
    """What an earlier call left: bytes, and their validator (ETag or date; "" if unknown)."""

    size: int = 0
    validator: str = ""

    def range_headers(self) -> dict[str, str]:
        """Headers that ask for the rest; none if a changed file would not be noticed."""
        if not (self.size and self.validator):
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator}


@dataclass(frozen=True, slots=True)
class BodyRange:
    """Which part of the file a reply holds: its first byte, and the whole file's size."""

    start: int
    total: int | None


def download(
    url: str,
    target: Path,
    policy: AddressPolicy,
    *,
    limit_bytes: int,
    deadline: float,
    on_progress: Progress | None = None,
    limits: SpeedLimits = DEFAULT_LIMITS,
    resolver: Resolver = resolve_host,
    tls: ssl.SSLContext | None = None,
) -> DownloadedFile:
    """Download ``url`` into ``target``, continuing after the bytes that are already there.

    ``deadline`` is in seconds for this call. ``on_progress`` gets (bytes so far, total or None)
    about once a second. Raises DownloadError, and OSError if the disk fails.
    """
    partial = _read_partial(target)
    with link_client(policy, seconds=deadline, limits=limits, resolver=resolver, tls=tls) as client:
        with client.get(url, partial.range_headers()) as reply:
            beyond_end = reply.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            if not (beyond_end and partial.size):
                return _receive(reply, target, partial, limit_bytes, on_progress)
        discard(target)
        with client.get(url, {}) as reply:
            return _receive(reply, target, PartialFile(), limit_bytes, on_progress)


def discard(target: Path) -> None:
    """Delete a partial file and its validator."""
    target.unlink(missing_ok=True)
    _validator_path(target).unlink(missing_ok=True)


def _validator_path(target: Path) -> Path:
    return target.with_name(target.name + ".validator")


def _read_partial(target: Path) -> PartialFile:
    try:
        return PartialFile(target.stat().st_size, _validator_path(target).read_text().strip())
    except FileNotFoundError:
        return PartialFile()


def _receive(
    reply: LinkReply,
    target: Path,
    partial: PartialFile,
    limit_bytes: int,
    on_progress: Progress | None,
) -> DownloadedFile:
    _check_status(reply)
    try:
        body_range = _prepare_target(reply, target, partial)
        size, sha256 = _append_body(reply, target, body_range, limit_bytes, on_progress)
    except DownloadTooLarge:
        discard(target)
        raise
    if body_range.total is not None and size != body_range.total:
        raise DownloadFailed(f"The body ended after {size} of {body_range.total} bytes.")
    _validator_path(target).unlink(missing_ok=True)
    content_type = reply.headers.get_content_type()
    return DownloadedFile(size, sha256, content_type, reply.headers.get("ETag", ""))


def _check_status(reply: LinkReply) -> None:
    status = reply.status
    if status >= 500 or status in TEMPORARY:
        raise DownloadFailed(f"The server answered {status}.")
    if status >= 400:
        raise LinkGone(f"The server answered {status}.")
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise DownloadFailed(f"The server answered {status}, which is no file.")
    encoding = reply.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise DownloadFailed(f"The body is encoded ({encoding}) though that was not asked for.")


def _prepare_target(reply: LinkReply, target: Path, partial: PartialFile) -> BodyRange:
    """Keep the partial file for a 206, delete it for a 200, which holds the whole file."""
    if reply.status == HTTPStatus.PARTIAL_CONTENT:
        return _check_range(reply, target, partial)
    discard(target)
    if validator := _validator(reply):
        _validator_path(target).write_text(validator)
    return BodyRange(0, reply.length)


def _check_range(reply: LinkReply, target: Path, partial: PartialFile) -> BodyRange:
    """The range of a 206; it must continue the partial file exactly, and be of the same file."""
    match = CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", ""))
    etag = reply.headers.get("ETag", partial.validator)
    has_changed = partial.validator.startswith('"') and etag != partial.validator
    if not partial.range_headers() or not match or int(match[1]) != partial.size or has_changed:
        discard(target)
        raise DownloadFailed("The server sent another part of the file than was asked for.")
    total = int(match[2]) + 1 if match[3] == "*" else int(match[3])
    return BodyRange(partial.size, total)


def _validator(reply: LinkReply) -> str:
    """A strong ETag, or the date if there is no ETag at all (RFC 9110 section 13.1.5)."""
    etag = reply.headers.get("ETag")
    if etag is None:
        return reply.headers.get("Last-Modified", "")
    return "" if etag.startswith("W/") else etag


def _append_body(
    reply: LinkReply,
    target: Path,
    body_range: BodyRange,
    limit_bytes: int,
    on_progress: Progress | None,
) -> tuple[int, str]:
    """Append the body to the partial file; return the whole file's size and SHA-256."""
    if body_range.total is not None and body_range.total > limit_bytes:
        raise DownloadTooLarge(f"The file has {body_range.total} bytes, more than {limit_bytes}.")
    size, reported_at = body_range.start, time.monotonic()
    with target.open("ab") as file:
        digest = _digest(target)
        for chunk in reply.chunks:
            size += len(chunk)
            if size > limit_bytes:
                raise DownloadTooLarge(f"The file has more than {limit_bytes} bytes.")
            digest.update(chunk)
            file.write(chunk)
            if on_progress and time.monotonic() - reported_at >= 1:
                reported_at = time.monotonic()
                on_progress(size, body_range.total)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _digest(target: Path) -> "hashlib._Hash":
    """The SHA-256 of the bytes so far, ready for more."""
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256")
