"""What a usage page shows: the days and the filter of its address, and the sums with labels."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Exists, OuterRef, Q
from django.http import Http404, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from generations.billing import ledger
from generations.billing.usage import Period, Sum, Usage
from generations.models import Account, Credential, Film, Task, Team, User
from generations.models.ledger import AccountName, Total, booking_day
from generations.templatetags.charts import Day
from generations.web.query import (
    day_in_address,
    number_in_address,
    optional_day,
    optional_number,
)

WEEK, USUAL, MOST = 7, 30, 366  # days
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
OF_FILMS = {
    "one-click": _("Ad film"),
    "footage": _("Shot of a film"),
    "narration": _("Narration of a film"),
    "music": _("Music of a film"),
    "compose": _("Cut of a film"),
}


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


@dataclass(frozen=True)
class UsageRow:
    """One day, person, model or key with its sum; ``query`` narrows the page to it.

    ``wait`` is how many seconds such clips usually take, None where that is not known.
    """

    pk: Any
    label: object
    sum: Sum
    query: str
    wait: int | None = None


class Spending:
    """A team's usage as an address asks for it. Raise Http404 for what cannot be read."""

    def __init__(self, team: Team, query: QueryDict) -> None:
        self.team = team
        self.asked: AskedPeriod = _read_period(query)
        self.usage = Usage(
            team,
            self._unit(query.get("unit", "")),
            self.asked.period,
            person=optional_number(query.get("by", "")),
            model=query.get("model", "")[:60],
            credential=optional_number(query.get("credential", "")),
            film=optional_number(query.get("film", "")),
        )

    @cached_property
    def units(self) -> list[str]:
        """The units of the team's keys, that of most keys first; no sum mixes two of them."""
        found = Account.objects.filter(team=self.team, name=AccountName.SPENT)
        return [unit for unit, _keys in Counter(found.values_list("unit", flat=True)).most_common()]

    def _unit(self, asked: str) -> str:
        if asked and asked not in self.units:
            raise Http404
        # A team that has no key yet has no unit either; its figures are all 0.
        return asked or next(iter(self.units), "credit")

    def query(self, **changes: object) -> str:
        """Return the filter as a query; it names the days, so the address keeps its meaning."""
        usage = self.usage
        values = {
            "unit": usage.unit,
            "first": usage.period.first,
            "last": usage.period.last,
            "by": usage.person,
            "model": usage.model,
            "credential": usage.credential,
        } | changes
        return urlencode({name: value for name, value in values.items() if value})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parts of the filter that stay when other days are chosen."""
        return parse_qsl(self.query(first=None, last=None))

    @cached_property
    def person(self) -> User | None:
        """The person whose usage alone is asked for: a member, or one who left and spent here."""
        # Of this team alone: an address may name any number, and must not tell a stranger's name.
        spent_here = Total.objects.for_team(self.team).filter(person=OuterRef("pk"))
        people = User.objects.filter(Q(memberships__team=self.team) | Exists(spent_here))
        wanted = self.usage.person
        return people.filter(pk=wanted).first() if wanted else None

    @cached_property
    def key(self) -> Credential | None:
        """The key whose usage alone is asked for, also where it was removed since."""
        keys = Credential.objects.filter(team=self.team).without_secret()
        wanted = self.usage.credential
        return keys.filter(pk=wanted).first() if wanted else None

    @property
    def today(self) -> UsageRow:
        """The row of today alone, whatever the period."""
        today = booking_day()
        one = self.usage.days.get(today)
        if one is None:  # it is no day of the period
            one = replace(self.usage, period=Period(today, today)).whole
        return UsageRow(today, today, one, self.query(first=today, last=today))

    @cached_property
    def days(self) -> list[UsageRow]:
        return [
            UsageRow(day, day, one, self.query(first=day, last=day))
            for day, one in self.usage.days.items()
        ]

    @property
    def bars(self) -> list[Day]:
        """The days of a chart."""
        return [
            Day(row.pk, _stack(row.sum), f"?{row.query}", bool(row.sum.unknown))
            for row in self.days
        ]

    @cached_property
    def people(self) -> list[UsageRow]:
        found = self.usage.by("person")
        users = User.objects.only("name", "email").in_bulk([pk for pk, _sum in found if pk])
        return self._rows(found, "by", users)

    @cached_property
    def models(self) -> list[UsageRow]:
        waits = Task.objects.usual_seconds(self.team)
        rows = self._rows(self.usage.by("model"), "model", OF_FILMS)
        return [replace(row, wait=waits[row.pk][1]) if row.pk in waits else row for row in rows]

    @cached_property
    def keys(self) -> list[UsageRow]:
        found = self.usage.by("credential")
        keys = Credential.objects.without_secret().in_bulk([pk for pk, _sum in found])
        return self._rows(found, "credential", keys)

    @cached_property
    def films(self) -> list[UsageRow]:
        found = self.usage.by_film()
        films = Film.objects.defer("report").in_bulk([pk for pk, _sum in found if pk])
        return self._rows(found, "film", films)

    def _rows(
        self, sums: Sequence[tuple[Any, Sum]], name: str, labels: Mapping[Any, object]
    ) -> list[UsageRow]:
        return [
            UsageRow(pk, labels.get(pk, pk), one, self.query(**{name: pk}))
            for pk, one in sums
            if pk
        ]

    @cached_property
    def balance(self) -> ledger.Balance | None:
        """The team's balance in this unit now."""
        found = (one for one in ledger.balances(self.team) if one.unit == self.usage.unit)
        return next(found, None)

    @property
    def days_left(self) -> int | None:
        """How many days the balance lasts at the pace of this period; None: not known."""
        spent, balance = self.usage.whole.spent, self.balance
        if balance is None or not balance.known or spent <= 0:
            return None
        return balance.available * len(self.usage.period) // spent


def _stack(one: Sum) -> dict[str, int]:
    """Return the parts of a bar, from the bottom up."""
    return {
        "clips": one.on_clips,
        "films": one.films,
        "failed": one.failed,
        "refunded": one.refunded,
    }


def _read_period(query: QueryDict) -> AskedPeriod:
    """Read ``days``, ``month``, or ``first`` and ``last``. Raise Http404 for what is no period."""
    if "month" in query:
        return AskedPeriod(_month(query.get("month", "")), "month")
    if "first" in query or "last" in query:
        return AskedPeriod(_range(query.get("first", ""), query.get("last", "")), "range")
    days, today = number_in_address(query.get("days", str(USUAL))), booking_day()
    if not 1 <= days <= MOST:
        raise Http404
    return AskedPeriod(Period(today - timedelta(days=days - 1), today), "days")


def _month(text: str) -> Period:
    if not text:
        return _whole_month(booking_day())
    if not MONTH.fullmatch(text):
        raise Http404
    return _whole_month(day_in_address(f"{text}-01"))


def _whole_month(day: date) -> Period:
    """Return the whole month of a day."""
    _weekday, days = monthrange(day.year, day.month)
    return Period(day.replace(day=1), day.replace(day=days))


def _range(first: str, last: str) -> Period:
    start, end = day_in_address(first), optional_day(last) or booking_day()
    if not 0 <= (end - start).days < MOST:
        raise Http404
    return Period(start, end)
