"""Stream a result link into a partial file, resume it, count and hash it as it goes."""

import hashlib
import http.client
import os
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generations.net.failures import Broken, DownloadError, Forbidden, Gone, Paused, TooLarge
from generations.net.guard import Policy, Resolve, resolve
from generations.net.link import Way, opened, translated
from generations.net.pace import USUAL, Limits, Pace

__all__ = [
    "Broken",
    "Download",
    "DownloadError",
    "Forbidden",
    "Gone",
    "Paused",
    "TooLarge",
    "discard",
    "download",
]

type Progress = Callable[[int, int | None], None]

CHUNK = 256 * 1024
TRY_LATER = {408, 425, 429}
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Download:
    """A file that came whole: bytes, SHA-256 in hex, and what the server called it."""

    size: int
    sha256: str
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What an earlier call left: bytes, and the validator that they belong to ("" if unknown)."""

    size: int = 0
    validator: str = ""

    def headers(self) -> dict[str, str]:
        """Ask for the rest; for all where nobody could tell whether the file has changed."""
        if not (self.size and self.validator):
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator}


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the body of an answer belongs: its first byte, and the whole file's size if told."""

    start: int
    total: int | None


def download(
    url: str,
    target: Path,
    policy: Policy,
    *,
    limit_bytes: int,
    deadline: float,
    on_progress: Progress | None = None,
    limits: Limits = USUAL,
    resolve: Resolve = resolve,
    tls: ssl.SSLContext | None = None,
) -> Download:
    """Bring ``url`` into ``target``, going on from the bytes that are already there.

    ``deadline`` is in seconds for this call. ``on_progress`` gets (bytes so far, total or None)
    about once a second. Raises DownloadError, and OSError where the disk fails.
    """
    way, pace = Way(policy, resolve, tls), Pace(deadline, limits)
    kept = _kept(target)
    with opened(url, kept.headers(), way, pace) as response:
        if response.status != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not kept.size:
            return _receive(response, target, kept, limit_bytes, on_progress)
    discard(target)
    with opened(url, {}, way, pace) as response:
        return _receive(response, target, Kept(), limit_bytes, on_progress)


def discard(target: Path) -> None:
    """Forget a partial file and what was remembered of it."""
    target.unlink(missing_ok=True)
    _validator_path(target).unlink(missing_ok=True)


def _validator_path(target: Path) -> Path:
    return target.with_name(target.name + ".validator")


def _kept(target: Path) -> Kept:
    try:
        return Kept(target.stat().st_size, _validator_path(target).read_text().strip())
    except FileNotFoundError:
        return Kept()


def _receive(
    response: http.client.HTTPResponse,
    target: Path,
    kept: Kept,
    limit_bytes: int,
    on_progress: Progress | None,
) -> Download:
    _check_status(response)
    try:
        plan = _plan(response, target, kept)
        size, sha256 = _stream(response, target, plan, limit_bytes, on_progress)
    except TooLarge:
        discard(target)
        raise
    if plan.total is not None and size != plan.total:
        raise Broken(f"The body ended after {size} of {plan.total} bytes.")
    _validator_path(target).unlink(missing_ok=True)
    content_type = response.headers.get_content_type()
    return Download(size, sha256, content_type, response.headers.get("ETag", ""))


def _check_status(response: http.client.HTTPResponse) -> None:
    status = response.status
    if status >= 500 or status in TRY_LATER:
        raise Broken(f"The server answered {status}.")
    if status >= 400:
        raise Gone(f"The server answered {status}.")
    if status not in {200, 206}:
        raise Broken(f"The server answered {status}, which is no file.")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise Broken(f"The body is encoded ({encoding}) though that was not asked for.")


def _plan(response: http.client.HTTPResponse, target: Path, kept: Kept) -> Plan:
    if response.status == http.client.PARTIAL_CONTENT:
        return _resumed(response, target, kept)
    discard(target)
    validator = _validator(response)
    if validator:
        _validator_path(target).write_text(validator)
    return Plan(0, response.length)


def _resumed(response: http.client.HTTPResponse, target: Path, kept: Kept) -> Plan:
    """The plan of a 206, which must carry on exactly where we are, in the same file."""
    match = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    etag = response.headers.get("ETag", kept.validator)
    changed = kept.validator.startswith('"') and etag != kept.validator
    if not kept.headers() or match is None or int(match[1]) != kept.size or changed:
        discard(target)
        raise Broken("The server sent another part of the file than was asked for.")
    return Plan(kept.size, int(match[2]) + 1 if match[3] == "*" else int(match[3]))


def _validator(response: http.client.HTTPResponse) -> str:
    """A strong ETag, or the date where there is no ETag at all (RFC 9110 section 13.1.5)."""
    etag = response.headers.get("ETag")
    if etag is None:
        return response.headers.get("Last-Modified", "")
    return "" if etag.startswith("W/") else etag


def _stream(
    response: http.client.HTTPResponse,
    target: Path,
    plan: Plan,
    limit_bytes: int,
    on_progress: Progress | None,
) -> tuple[int, str]:
    """Append the body to the partial file; the whole file's size and SHA-256."""
    if plan.total is not None and plan.total > limit_bytes:
        raise TooLarge(f"The file has {plan.total} bytes, more than {limit_bytes}.")
    size, told = plan.start, time.monotonic()
    with target.open("ab") as file:
        digest = _digest(target)
        while chunk := _chunk(response):
            size += len(chunk)
            if size > limit_bytes:
                raise TooLarge(f"The file has more than {limit_bytes} bytes.")
            digest.update(chunk)
            file.write(chunk)
            if on_progress and time.monotonic() - told >= 1:
                told = time.monotonic()
                on_progress(size, plan.total)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _chunk(response: http.client.HTTPResponse) -> bytes:
    with translated("The body"):
        return response.read1(CHUNK)


def _digest(target: Path) -> "hashlib._Hash":
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256")
