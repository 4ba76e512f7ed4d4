"""Which days an address asks for: the last so many, a month, or from one to another."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import Http404, QueryDict
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext

from generations.billing.usage import Period
from generations.models.caps import month_of
from generations.models.ledger import booking_day

WEEK, USUAL, MOST = 7, 30, 366
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True)
class Span:
    """A period as it was asked for; ``tab`` is ``days``, ``month`` or ``range``."""

    period: Period
    tab: str

    @property
    def is_week(self) -> bool:
        return self.tab == "days" and len(self.period) == WEEK

    @property
    def words(self) -> str:
        """After an amount: "in 30 days", "in November", "from 3 Nov to 9 Nov"."""
        if self.tab == "days":
            days = len(self.period)
            return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
        if self.tab == "month":
            return gettext("in %(month)s") % {"month": date_format(self.period.first, "F Y")}
        form = pgettext("date", "j M")
        ends = {
            "first": date_format(self.period.first, form),
            "last": date_format(self.period.last, form),
        }
        return gettext("from %(first)s to %(last)s") % ends


def read_span(query: QueryDict) -> Span:
    """A word that means no day leads nowhere (404)."""
    if "month" in query:
        return Span(_month(query.get("month", "")), "month")
    if "first" in query or "last" in query:
        return Span(_range(query.get("first", ""), query.get("last", "")), "range")
    days, today = query.get("days", str(USUAL)), booking_day()
    if not days.isdecimal() or not 1 <= int(days) <= MOST:
        raise Http404
    return Span(Period(today - timedelta(days=int(days) - 1), today), "days")


def month(day: date) -> Period:
    """The whole month of a day."""
    first = month_of(day)
    return Period(first, month_of(first + timedelta(days=31)) - timedelta(days=1))


def _month(text: str) -> Period:
    if not text:
        return month(booking_day())
    if not MONTH.fullmatch(text):
        raise Http404
    return month(_day(f"{text}-01"))


def _range(first: str, last: str) -> Period:
    start = _day(first)
    end = _day(last) if last else booking_day()
    if not 0 <= (end - start).days < MOST:
        raise Http404
    return Period(start, end)


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError as error:
        raise Http404 from error
    if day is None:
        raise Http404
    return day
