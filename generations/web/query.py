"""Read what a request asks for: numbers, days, moments, page cursors, and whether a part.

The one parser of its kind for all pages. What an address says and nobody can read leads nowhere
(404); a form tells its person beside the field. Neither may ever be a 500.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from django.db import models
from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_aware
from django_htmx.middleware import HtmxDetails

# No database counts further than its calendar, and a zone may move an instant by a day.
FIRST_YEAR, LAST_YEAR = 2000, 2199
# 18 digits always fit into a column of 64 bits. A longer number is no number of ours, and Python
# itself refuses to convert one of more than 4,300 digits.
MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Return a number of 0 to 18 ASCII digits, or None: for the fields of forms."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None


def whole_numbers(texts: Iterable[str]) -> list[int]:
    """Return those of the texts that are whole numbers, in their order."""
    return [number for text in texts if (number := whole_number(text)) is not None]


def number_in_address(text: str) -> int:
    """Return the whole number that an address names. Raise Http404 where it is none."""
    number = whole_number(text)
    if number is None:
        raise Http404
    return number


def optional_number(text: str) -> int | None:
    """Return the whole number that an address names, None where it names nothing."""
    return number_in_address(text) if text else None


def day_in_address(text: str) -> date:
    """Return a day such as ``2026-03-01``. Raise Http404 where there is no such day."""
    try:
        day = parse_date(text)
    except ValueError as error:  # 2026-02-30
        raise Http404 from error
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Http404
    return day


def optional_day(text: str) -> date | None:
    """Return the day that an address names, None where it names nothing."""
    return day_in_address(text) if text else None


def moment_in_address(text: str) -> datetime:
    """Return a moment in ISO 8601 with its offset. Raise Http404 where it is none."""
    try:
        moment = parse_datetime(text)
    except ValueError as error:
        raise Http404 from error
    if moment is None or not is_aware(moment) or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Http404
    return moment


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Where a page of a list ended: the moment and the primary key of its last row."""

    moment: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``?before=``. Raise Http404 where it is no cursor."""
        # Many rows may have the same moment; the primary key tells which of them were shown.
        moment, _tilde, pk = text.partition("~")
        return cls(moment_in_address(moment), number_in_address(pk))

    @classmethod
    def after(cls, row: models.Model, field: str = "created_at") -> Self:
        """Return the cursor behind a row of a list that is ordered by ``field``."""
        return cls(getattr(row, field), row.pk)

    def __str__(self) -> str:
        return f"{self.moment.isoformat()}~{self.pk}"


def wants_part(request: HttpRequest) -> bool:
    """Return whether htmx asks, and so wants a part of the page."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # its middleware sets it
    return bool(htmx)
