"""Read what a request asks for: numbers, amounts, days, moments, page cursors, whether a part.

The one parser of its kind for all pages. What an address says and nobody can read leads nowhere
(404); a form tells its person beside the field. Neither may ever be a 500.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.db import models
from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext_lazy as _
from django_htmx.middleware import HtmxDetails

# No database counts further than its calendar, and a zone may move an instant by a day.
FIRST_YEAR, LAST_YEAR = 2000, 2199
# 18 digits always fit into a column of 64 bits. A longer number is no number of ours, and Python
# itself refuses to convert one of more than 4,300 digits.
MOST_DIGITS = 18
MOST_CHARACTERS = 20  # of an amount, and MOST of its unit
MOST = 10**12
DECIMALS = 4  # of a price, in the provider's unit
WHOLE = re.compile(r"[0-9]{1,3}([ ,]?[0-9]{3})*")
FRACTION = re.compile(rf"({WHOLE.pattern})?(\.[0-9]{{1,6}})?")


def whole_number(text: str) -> int | None:
    """Return a number of 0 to 18 ASCII digits, or None: for the fields of forms."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None


def whole_numbers(texts: Iterable[str]) -> list[int]:
    """Return those of the texts that are whole numbers, in their order."""
    return [number for text in texts if (number := whole_number(text)) is not None]


def read_amount(text: str, unit: str) -> int | None:
    """Read an amount as people write it: ``12,000``, or ``$120.50`` where the unit is the cent.

    Returns whole units, None where it is no such amount, or more than MOST.
    """
    price = read_price(text, unit)
    # Nobody types a whole number with a point, but for dollars.
    if price is None or price % 1 or ("." in text and unit != "cent"):
        return None
    return int(price)


def read_price(text: str, unit: str) -> Decimal | None:
    """Read a price, which may have a fraction of the unit: ``7.5``, ``$0.0425`` where it is a cent.

    Returns units, None where it is no such price, or more than MOST.
    """
    typed = text.strip()
    if unit == "cent":
        typed = re.sub(r"^\$ ?", "", typed)
    # The length first: Python refuses to read a number of more than 4,300 digits.
    if not typed or len(typed) > MOST_CHARACTERS or not FRACTION.fullmatch(typed):
        return None
    # Decimal: a float would lose a cent here and there.
    price = Decimal(re.sub(r"[ ,]", "", typed)) * (100 if unit == "cent" else 1)
    return price if price <= MOST and round(price, DECIMALS) == price else None


def typed_amount(units: int, unit: str) -> str:
    """Return an amount as a person would type it."""
    return f"{units / 100:,.2f}" if unit == "cent" else f"{units:,}"


class AmountField(forms.Field):
    """An amount as ``read_amount`` reads it; the value of an empty field is None."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Type a number.")}

    def __init__(self, unit: str, *, label: Any, initial: str) -> None:
        super().__init__(required=False, label=label, initial=initial)
        self.unit = unit
        self.widget.attrs |= {
            "inputmode": "decimal" if unit == "cent" else "numeric",
            "maxlength": MOST_CHARACTERS,
        }

    def to_python(self, value: str | None) -> int | None:
        typed = (value or "").strip()
        if not typed:
            return None
        amount = read_amount(typed, self.unit)
        if amount is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return amount


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
