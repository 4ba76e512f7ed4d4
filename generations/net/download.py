"""Download the link of a result into a partial file: resume, count, hash and unpack it."""

import functools
import hashlib
import os
import re
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from .encodings import DamagedBody, InflatedTooLarge, decode
from .links import (
    DEFAULT_LIMITS,
    DownloadError,
    DownloadFailed,
    DownloadPaused,
    DownloadTooLarge,
    LinkClient,
    LinkForbidden,
    LinkGone,
    LinkReply,
    SpeedLimits,
    link_client,
)
from .sockets import AddressPolicy, Resolver, resolve_host

__all__ = [
    "DownloadError",
    "DownloadFailed",
    "DownloadPaused",
    "DownloadTooLarge",
    "DownloadedFile",
    "LinkForbidden",
    "LinkGone",
    "SpeedLimits",
    "discard",
    "download",
]

type Progress = Callable[[int, int | None], None]

READ_BYTES = 1024 * 1024
# Of a file that its server gives no validator for, so many bytes come once more and are compared.
OVERLAP_BYTES = 64 * 1024
WHOLE = {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}  # 203: by a proxy in between
# Of the answers from 400 to 499, those that say nothing about the link.
TEMPORARY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
CONTENT_RANGE = re.compile(r"bytes[ =]+(\d+) ?- ?(\d+) ?/ ?(\d+|\*)", re.IGNORECASE)
COMPLETE = re.compile(r"bytes[ =]+\*/(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A whole file without its encodings: bytes, SHA-256 in hex, and two headers of the reply."""

    size: int
    sha256: str
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class PartialFile:
    """What an earlier call left: bytes, and their validator (ETag or date; "" if unknown)."""

    size: int = 0
    validator: str = ""

    @property
    def start(self) -> int:
        """The first byte that is asked for; 0 if a changed file would not be noticed."""
        return self.size if self.validator else max(0, self.size - OVERLAP_BYTES)

    def range_headers(self) -> dict[str, str]:
        """Headers that ask for the rest."""
        if not self.start:
            return {}
        asked = {"Range": f"bytes={self.start}-"}
        return asked | ({"If-Range": self.validator} if self.validator else {})


@dataclass(frozen=True, slots=True)
class BodyRange:
    """Which part of the file a reply holds: its first byte, the one after its last, and the whole
    file's size."""

    start: int
    end: int | None
    total: int | None


class PartEnded(DownloadFailed):
    """The part that the server gave came whole; the file goes on after it."""


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
    with link_client(policy, seconds=deadline, limits=limits, resolver=resolver, tls=tls) as client:
        while True:
            try:
                return _download(client, url, target, limit_bytes, on_progress)
            except PartEnded:  # some servers give a few megabytes at once, whatever is asked
                continue


def _download(
    client: LinkClient, url: str, target: Path, limit_bytes: int, on_progress: Progress | None
) -> DownloadedFile:
    partial = _read_partial(target)
    with client.get(url, partial.range_headers()) as reply:
        beyond_end = reply.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        if not (beyond_end and partial.start):
            return _receive(reply, target, partial, limit_bytes, on_progress)
        if _is_whole(reply, partial):
            whole = BodyRange(partial.size, partial.size, partial.size)
            return _complete(reply, (), target, whole, limit_bytes, on_progress)
    # No byte follows what is here, so it may be of another file: all of it comes anew.
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
    if not target.exists():
        return PartialFile()
    validator = ""
    with suppress(FileNotFoundError):
        validator = _validator_path(target).read_text().strip()
    return PartialFile(target.stat().st_size, validator)


def _receive(
    reply: LinkReply,
    target: Path,
    partial: PartialFile,
    limit_bytes: int,
    on_progress: Progress | None,
) -> DownloadedFile:
    _check_status(reply)
    body_range = _prepare_target(reply, target, partial)
    return _complete(reply, reply.chunks, target, body_range, limit_bytes, on_progress)


def _complete(
    reply: LinkReply,
    chunks: Iterable[bytes],
    target: Path,
    body_range: BodyRange,
    limit_bytes: int,
    on_progress: Progress | None,
) -> DownloadedFile:
    """Append what still comes, and undo the file's encodings."""
    report = ProgressReport(on_progress)
    try:
        size, sha256 = _append(chunks, target, body_range, limit_bytes, report)
        # The length is that of the body as it is sent: it counts encoded bytes.
        if body_range.total is not None and size != body_range.total:
            is_part = body_range.start < size == body_range.end
            failure = PartEnded if is_part else DownloadFailed
            raise failure(f"The body ended after {size} of {body_range.total} bytes.")
        if decoded := _decode(reply, target, limit_bytes, report):
            size, sha256 = decoded
    except DownloadTooLarge:
        discard(target)
        raise
    _validator_path(target).unlink(missing_ok=True)
    content_type = reply.headers.get_content_type()
    return DownloadedFile(size, sha256, content_type, reply.headers.get("ETag", ""))


def _is_whole(reply: LinkReply, partial: PartialFile) -> bool:
    """Whether a 416 says that the file ends where the partial one does."""
    match = COMPLETE.fullmatch(reply.headers.get("Content-Range", "").strip())
    if match is None or not partial.validator or _has_changed(reply, partial):
        return False
    return int(match[1]) == partial.size


def _check_status(reply: LinkReply) -> None:
    """Accept 200, 203 and 206. From 400 on, what is not said to be temporary means a dead link."""
    status = reply.status
    if status in WHOLE or status == HTTPStatus.PARTIAL_CONTENT:
        return
    page, text = reply.read_error(), f"The server answered {status}."
    if status >= 500 or status in TEMPORARY:
        raise DownloadFailed(text, status, page.excerpt)
    if status >= 400:
        raise LinkGone(text, status, page.excerpt, page.is_expired)
    raise DownloadFailed(f"The server answered {status}, which is no file.", status, page.excerpt)


def _prepare_target(reply: LinkReply, target: Path, partial: PartialFile) -> BodyRange:
    """Keep the partial file for a part that follows it, delete it for all else, which is the file
    from its beginning."""
    body_range = BodyRange(0, None, reply.length)
    is_part = reply.status == HTTPStatus.PARTIAL_CONTENT
    if is_part and (partial.start or "Content-Range" in reply.headers):
        body_range = _check_range(reply, target, partial)
        if partial.start:
            return body_range
    # The validator stands here before the first byte, so that a worker may die at any time.
    discard(target)
    if validator := _validator(reply):
        _validator_path(target).write_text(validator)
    return body_range


def _check_range(reply: LinkReply, target: Path, partial: PartialFile) -> BodyRange:
    """The range of a 206; it must begin where it was asked to, and be of the same file.

    What it repeats of a file without a validator is read here and compared.
    """
    match = CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", "").strip())
    is_next = match and int(match[1]) == partial.start and not _has_changed(reply, partial)
    if not match or not is_next or not _repeats(reply, target, partial):
        discard(target)
        raise DownloadFailed("The server sent another part of the file than was asked for.")
    end = int(match[2]) + 1
    total = end if match[3] == "*" else int(match[3])
    return BodyRange(partial.size if partial.start else 0, end, total)


def _repeats(reply: LinkReply, target: Path, partial: PartialFile) -> bool:
    """Whether a part begins with the last bytes that are here, where it was asked for them."""
    overlap = partial.size - partial.start if partial.start else 0
    if not overlap:
        return True
    with target.open("rb") as file:
        file.seek(partial.start)
        return reply.read(overlap) == file.read()


def _has_changed(reply: LinkReply, partial: PartialFile) -> bool:
    """Whether the ETag gives away a changed file, for a server that ignores If-Range."""
    etag = reply.headers.get("ETag", partial.validator)
    return partial.validator.startswith('"') and etag != partial.validator


def _validator(reply: LinkReply) -> str:
    """A strong ETag, or the date if there is no ETag at all (RFC 9110 section 13.1.5)."""
    etag = reply.headers.get("ETag")
    if etag is None:
        return reply.headers.get("Last-Modified", "")
    return "" if etag.startswith("W/") else etag


def _append(
    chunks: Iterable[bytes],
    target: Path,
    body_range: BodyRange,
    limit_bytes: int,
    report: "ProgressReport",
) -> tuple[int, str]:
    """Append the body to the partial file; return the whole file's size and SHA-256."""
    if body_range.total is not None and body_range.total > limit_bytes:
        raise DownloadTooLarge(f"The file has {body_range.total} bytes, more than {limit_bytes}.")
    size = body_range.start
    with target.open("ab") as file, target.open("rb") as earlier:
        # Earlier bytes are read again: no state of a hash outlives the job that began the file.
        digest = hashlib.file_digest(earlier, "sha256")
        for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:  # a length may be missing
                raise DownloadTooLarge(f"The file has more than {limit_bytes} bytes.")
            digest.update(chunk)
            file.write(chunk)
            report(size, body_range.total)
        _flush(file)
    return size, digest.hexdigest()


def _decode(
    reply: LinkReply, target: Path, limit_bytes: int, report: "ProgressReport"
) -> tuple[int, str] | None:
    """Undo the encoding of the whole file; return its new size and SHA-256, None if it had none.

    Only now, because a range counts encoded bytes: until the end the file can be continued.
    """
    decoded = target.with_name(target.name + ".decoded")
    total, size, digest = target.stat().st_size, 0, hashlib.sha256()
    claimed = reply.headers.get("Content-Encoding", "")
    with target.open("rb") as encoded:
        chunks = iter(functools.partial(encoded.read, READ_BYTES), b"")
        pieces = decode(chunks, claimed, limit_bytes)
        if pieces is None:
            return None
        try:
            with decoded.open("wb") as file:
                for piece in pieces:
                    size += len(piece)
                    digest.update(piece)
                    file.write(piece)
                    report(total, total)
                _flush(file)
            decoded.replace(target)
        except InflatedTooLarge as error:
            raise DownloadTooLarge(str(error)) from error
        except DamagedBody as error:
            discard(target)
            raise DownloadFailed(str(error)) from error
        finally:
            decoded.unlink(missing_ok=True)
    return size, digest.hexdigest()


def _flush(file: BinaryIO) -> None:
    """Let the bytes outlast a power cut: the caller will write that the file is stored."""
    file.flush()
    os.fsync(file.fileno())


class ProgressReport:
    """Calls ``on_progress`` about once a second."""

    def __init__(self, on_progress: Progress | None) -> None:
        self._on_progress = on_progress
        self._reported_at = time.monotonic()

    def __call__(self, size: int, total: int | None) -> None:
        if self._on_progress and time.monotonic() - self._reported_at >= 1:
            self._reported_at = time.monotonic()
            self._on_progress(size, total)
