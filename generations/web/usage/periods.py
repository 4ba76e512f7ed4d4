"""The days that an address asks for: the last so many, a month, or a range."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import Http404, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext

from generations.billing.usage import Period
from generations.models.ledger import booking_day
from generations.web.query import day_in_address, number_in_address, optional_day

WEEK, USUAL, MOST = 7, 30, 366  # days
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True)
class AskedPeriod:
    """A period as it was asked for; ``tab`` is ``days``, ``month`` or ``range``."""

    period: Period
    tab: str

    @property
    def is_week(self) -> bool:
        return self.tab == "days" and len(self.period) == WEEK

    @property
    def label(self) -> str:
        """Return the words after an amount: "in 30 days", "in November", "from 3 Nov to 9 Nov"."""
        if self.tab == "days":
            days = len(self.period)
            return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
        if self.tab == "month":
            return gettext("in %(month)s") % {
                "month": date_format(self.period.first, pgettext("date", "F Y"))
            }
        form = pgettext("date", "j M")
        ends = {
            "first": date_format(self.period.first, form),
            "last": date_format(self.period.last, form),
        }
        return gettext("from %(first)s to %(last)s") % ends


def read_period(query: QueryDict) -> AskedPeriod:
    """Read ``days``, ``month``, or ``first`` and ``last``. Raise Http404 for what is no period."""
    if "month" in query:
        return AskedPeriod(_month(query.get("month", "")), "month")
    if "first" in query or "last" in query:
        return AskedPeriod(_range(query.get("first", ""), query.get("last", "")), "range")
    days, today = number_in_address(query.get("days", str(USUAL))), booking_day()
    if not 1 <= days <= MOST:
        raise Http404
    return AskedPeriod(Period(today - timedelta(days=days - 1), today), "days")


def month(day: date) -> Period:
    """Return the whole month of a day."""
    _weekday, days = monthrange(day.year, day.month)
    return Period(day.replace(day=1), day.replace(day=days))


def _month(text: str) -> Period:
    if not text:
        return month(booking_day())
    if not MONTH.fullmatch(text):
        raise Http404
    return month(day_in_address(f"{text}-01"))


def _range(first: str, last: str) -> Period:
    start, end = day_in_address(first), optional_day(last) or booking_day()
    if not 0 <= (end - start).days < MOST:
        raise Http404
    return Period(start, end)
