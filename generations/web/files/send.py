"""A file from the disk to a browser: conditions, ranges, and streams that never freeze the site.

A stalled viewer must hold no thread. A range is at most ``MOST`` bytes and leaves in one piece, so
that its thread is free at once; whole large files get three quarters of the threads at most.
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

MOST = 2 * 1024 * 1024
BLOCK = 256 * 1024

log = structlog.get_logger(__name__)
streams = BoundedSemaphore(settings.WEB_THREADS * 3 // 4)


RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class Stream:
    """A whole file in blocks; it holds a thread, and gives its place back when it is closed."""

    def __init__(self, opened: BinaryIO) -> None:
        self.opened = opened

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> bytes:
        if block := self.opened.read(BLOCK):
            return block
        raise StopIteration

    def close(self) -> None:
        if not self.opened.closed:
            self.opened.close()
            streams.release()


class Unsatisfiable(Exception):
    """The range begins behind the end of the file: 416."""


@dataclass(frozen=True, slots=True)
class Span:
    """``length`` bytes from ``start`` on, of ``size``."""

    start: int
    length: int
    size: int

    def capped(self, most: int) -> "Span":
        """The same start, and at most so many bytes."""
        return Span(self.start, min(self.length, most), self.size)

    def __str__(self) -> str:
        """As in Content-Range (section 14.4)."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


def from_disk(request: HttpRequest, path: Path, headers: dict[str, str]) -> HttpResponseBase:
    """200, 206, 304, 412, 416, or 503 where too many whole files leave already; 404 without a file.

    ``headers`` holds at least ETag and Cache-Control.
    """
    if unchanged := _condition(request, headers):
        return unchanged
    try:
        opened = path.open("rb")
    except FileNotFoundError as error:
        log.error("media.missing", path=str(path))  # noqa: TRY400
        raise Http404 from error
    response = _answer(request, opened, {**headers, "Accept-Ranges": "bytes"})
    if not response.streaming:
        opened.close()
    return response


def _condition(request: HttpRequest, headers: dict[str, str]) -> HttpResponseBase | None:
    """304 or 412 where the request's conditions say so (RFC 9110 section 13)."""
    answer = get_conditional_response(request, etag=headers["ETag"])
    if answer is not None:
        answer["ETag"] = headers["ETag"]
        answer["Cache-Control"] = headers["Cache-Control"]
    return answer


def _answer(request: HttpRequest, opened: BinaryIO, headers: dict[str, str]) -> HttpResponseBase:
    """A Range counts only for GET (RFC 9110 section 14.2)."""
    size = opened.seek(0, 2)
    if request.method == "HEAD":
        return HttpResponse(headers={**headers, "Content-Length": str(size)})
    try:
        span = _wanted(request, headers["ETag"], size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if span is None:
        return _whole(opened, size, headers)
    opened.seek(span.start)
    headers = {**headers, "Content-Range": str(span)}
    return HttpResponse(opened.read(span.length), status=206, headers=headers)


def _wanted(request: HttpRequest, etag: str, size: int) -> Span | None:
    """A server may send less than was asked for; a player asks for the rest when it needs it."""
    if not still_same(request.headers.get("If-Range"), etag):
        return None
    span = asked(request.headers.get("Range", ""), size)
    return span and span.capped(MOST)


def _whole(opened: BinaryIO, size: int, headers: dict[str, str]) -> HttpResponseBase:
    opened.seek(0)
    if size <= MOST:
        return HttpResponse(opened.read(), headers=headers)
    if not streams.acquire(blocking=False):
        return later()
    headers = {**headers, "Content-Length": str(size)}
    return StreamingHttpResponse(Stream(opened), headers=headers)


def later() -> HttpResponse:
    words = _("Many downloads are running right now. Try again in a few seconds.")
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return HttpResponse(words, "text/plain; charset=utf-8", 503, headers=headers)


def asked(header: str, size: int) -> Span | None:
    """The one span that is asked for, cut to the file's end; raises Unsatisfiable.

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
    if end < start and last:
        return None
    if start >= size:
        raise Unsatisfiable
    return Span(start, min(end + 1, size) - start, size)


def _suffix(length: int, size: int) -> Span:
    """``bytes=-500``: the last 500."""
    if not length or not size:
        raise Unsatisfiable
    length = min(length, size)
    return Span(size - length, length, size)


def still_same(if_range: str | None, etag: str) -> bool:
    """Whether If-Range (section 13.1.5) allows a range: it compares strongly; dates never match."""
    return if_range is None or if_range.strip() == etag
