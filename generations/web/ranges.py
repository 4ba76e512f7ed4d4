"""Byte ranges of RFC 9110 section 14: what a Range header asks of a file of so many bytes."""

import re
from dataclasses import dataclass

RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


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
