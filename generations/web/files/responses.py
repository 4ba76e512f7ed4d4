"""Responses with a file from the disk: conditions, ranges, and streams that never block the site.

A viewer whose connection stalls must hold no thread. A range is at most ``MOST_BYTES`` and is sent
in one piece, so its thread is free at once. Whole large files get three quarters of the threads.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import BinaryIO

import structlog
from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _

MOST_BYTES = 2 * 1024 * 1024
BLOCK = 256 * 1024

log = structlog.get_logger(__name__)
stream_slots = BoundedSemaphore(settings.WEB_THREADS * 3 // 4)

# 19 digits hold the size of any file; a number of any length would be slow to read, or refused.
RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class FileStream:
    """A whole file in blocks; it holds one of the ``stream_slots`` until it is closed."""

    def __init__(self, opened: BinaryIO) -> None:
        self.opened = opened

    def __iter__(self) -> "FileStream":
        return self

    def __next__(self) -> bytes:
        if block := self.opened.read(BLOCK):
            return block
        raise StopIteration

    def close(self) -> None:
        # A server may close a response twice, and must not give back two slots for one.
        if not self.opened.closed:
            self.opened.close()
            stream_slots.release()


class Unsatisfiable(Exception):
    """The range begins after the end of the file: 416."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """``length`` bytes from ``start`` on, of ``size``."""

    start: int
    length: int
    size: int

    def capped(self, most: int) -> "ByteRange":
        """Return the same start, and at most so many bytes."""
        return ByteRange(self.start, min(self.length, most), self.size)

    def __str__(self) -> str:
        """Return the value of Content-Range (RFC 9110 section 14.4)."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


def from_disk(request: HttpRequest, path: Path, headers: dict[str, str]) -> HttpResponseBase:
    """Send a file with 200 or 206; 304, 412 or 416 by the request's conditions.

    Return 503 where too many whole files are being sent, and raise Http404 where the file is gone.
    ``headers`` has at least ETag and Cache-Control.
    """
    if unchanged := _condition(request, headers):
        return unchanged
    try:
        opened = path.open("rb")
    except FileNotFoundError as error:
        log.error("media.missing", path=str(path))  # noqa: TRY400
        raise Http404 from error
    response = _answer(request, opened, {**headers, "Accept-Ranges": "bytes"})
    # A stream closes the file itself, at its end or when the visitor goes.
    if not response.streaming:
        opened.close()
    return response


def _condition(request: HttpRequest, headers: dict[str, str]) -> HttpResponseBase | None:
    """Return 304 or 412 where the request's conditions ask for it (RFC 9110 section 13)."""
    answer = get_conditional_response(request, etag=headers["ETag"])
    if answer is not None:
        answer["ETag"] = headers["ETag"]
        answer["Cache-Control"] = headers["Cache-Control"]
    return answer


def _answer(request: HttpRequest, opened: BinaryIO, headers: dict[str, str]) -> HttpResponseBase:
    """Send the file or a range of it; a Range counts only for GET (RFC 9110 section 14.2)."""
    size = opened.seek(0, 2)
    if request.method == "HEAD":
        return HttpResponse(headers={**headers, "Content-Length": str(size)})
    try:
        part = _wanted(request, headers["ETag"], size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if part is None:
        return _whole(opened, size, headers)
    opened.seek(part.start)
    headers = {**headers, "Content-Range": str(part)}
    return HttpResponse(opened.read(part.length), status=206, headers=headers)


def _wanted(request: HttpRequest, etag: str, size: int) -> ByteRange | None:
    """Return the range to send, None for the whole file.

    A server may send less than was asked for: a player asks for the rest when it needs it.
    """
    if not is_still_same(request.headers.get("If-Range"), etag):
        return None
    part = requested_range(request.headers.get("Range", ""), size)
    return part and part.capped(MOST_BYTES)


def _whole(opened: BinaryIO, size: int, headers: dict[str, str]) -> HttpResponseBase:
    opened.seek(0)
    # A small file is sent in one piece like a range, and so needs no slot.
    if size <= MOST_BYTES:
        return HttpResponse(opened.read(), headers=headers)
    if not stream_slots.acquire(blocking=False):
        return try_later()
    headers = {**headers, "Content-Length": str(size)}
    return StreamingHttpResponse(FileStream(opened), headers=headers)


def try_later() -> HttpResponse:
    """Return 503: the visitor should try again in a few seconds."""
    sentence = _("Many downloads are running right now. Try again in a few seconds.")
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return HttpResponse(sentence, "text/plain; charset=utf-8", 503, headers=headers)


def requested_range(header: str, size: int) -> ByteRange | None:
    """The one part that is asked for, cut to the file's end. Raise Unsatisfiable.

    None where the header is to be ignored (section 14.2): another unit, nonsense, or several
    ranges, for which no player here has a use.
    """
    found = RANGE.fullmatch(header)
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return _suffix(int(last), size)
    start, end = int(first), int(last) if last else size
    # Nonsense such as ``5-2`` is ignored, not refused (RFC 9110 section 14.1.1).
    if end < start and last:
        return None
    if start >= size:
        raise Unsatisfiable
    return ByteRange(start, min(end + 1, size) - start, size)


def _suffix(length: int, size: int) -> ByteRange:
    """Read e.g. ``bytes=-500``: the last 500."""
    if not length or not size:
        raise Unsatisfiable
    length = min(length, size)
    return ByteRange(size - length, length, size)


def is_still_same(if_range: str | None, etag: str) -> bool:
    """Whether If-Range (section 13.1.5) allows a range: it compares strongly; dates never match."""
    return if_range is None or if_range.strip() == etag
