"""What a usage page shows: its filter as the address says it, and its sums with their words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import Http404, QueryDict
from django.utils.translation import gettext_lazy as _

from generations.billing import ledger
from generations.billing.usage import Period, Sum, Usage
from generations.models import Account, Credential, Film, Task, Team, User
from generations.models.ledger import AccountName, booking_day
from generations.templatetags.charts import Day

from .periods import Span, read_span

OF_FILMS = {
    "one-click": _("Ad film"),
    "footage": _("Shot of a film"),
    "narration": _("Narration of a film"),
    "music": _("Music of a film"),
    "compose": _("Cut of a film"),
}
# What the bars of a chart are stacked from, in the order of Sum's members.
SERIES = ("clips", "films", "vain", "back")


@dataclass(frozen=True)
class Row:
    """One day, person, model or key with its sum; ``query`` narrows the page to it.

    ``wait``: how many seconds such clips usually take, where that is known.
    """

    pk: Any
    label: object
    sum: Sum
    query: str
    wait: int | None = None


class Spending:
    """What an address asks to see of a team's usage; what means nothing leads nowhere (404)."""

    def __init__(self, team: Team, query: QueryDict) -> None:
        self.team = team
        self.span: Span = read_span(query)
        self.usage = Usage(
            team,
            self._unit(query.get("unit", "")),
            self.span.period,
            person=_number(query.get("by", "")),
            model=query.get("model", "")[:60],
            credential=_number(query.get("credential", "")),
            film=_number(query.get("film", "")),
        )

    @cached_property
    def units(self) -> list[str]:
        """What the team's keys count in, of most keys first; no sum is ever over two of them."""
        found = Account.objects.filter(team=self.team, name=AccountName.SPENT)
        return [unit for unit, _keys in Counter(found.values_list("unit", flat=True)).most_common()]

    def _unit(self, asked: str) -> str:
        if asked and asked not in self.units:
            raise Http404
        return asked or next(iter(self.units), "credit")

    def query(self, **changes: object) -> str:
        """The filter for an address; with the days themselves, so that it stays what it shows."""
        usage = self.usage
        said = {
            "unit": usage.unit,
            "first": usage.period.first,
            "last": usage.period.last,
            "by": usage.person,
            "model": usage.model,
            "credential": usage.credential,
        } | changes
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What of the filter stays when other days are chosen."""
        return parse_qsl(self.query(first=None, last=None))

    @cached_property
    def person(self) -> User | None:
        """Whose usage alone is asked for."""
        wanted = self.usage.person
        return User.objects.filter(pk=wanted).first() if wanted else None

    @property
    def today(self) -> Row:
        """Of today alone, whatever the period."""
        today = booking_day()
        one = self.usage.days.get(today)
        if one is None:
            one = replace(self.usage, period=Period(today, today)).whole
        return Row(today, today, one, self.query(first=today, last=today))

    @cached_property
    def days(self) -> list[Row]:
        return [
            Row(day, day, one, self.query(first=day, last=day))
            for day, one in self.usage.days.items()
        ]

    @property
    def bars(self) -> list[Day]:
        """The days for a chart."""
        return [
            Day(row.pk, dict(zip(SERIES, _stack(row.sum), strict=True)), f"?{row.query}")
            for row in self.days
        ]

    @cached_property
    def people(self) -> list[Row]:
        found = self.usage.by("person")
        users = User.objects.only("name", "email").in_bulk([pk for pk, _sum in found if pk])
        return self._rows(found, "by", users)

    @cached_property
    def models(self) -> list[Row]:
        waits = Task.objects.usual_seconds(self.team)
        rows = self._rows(self.usage.by("model"), "model", OF_FILMS)
        return [replace(row, wait=waits[row.pk][1]) if row.pk in waits else row for row in rows]

    @cached_property
    def keys(self) -> list[Row]:
        found = self.usage.by("credential")
        keys = Credential.objects.without_secret().in_bulk([pk for pk, _sum in found])
        return self._rows(found, "credential", keys)

    @cached_property
    def films(self) -> list[Row]:
        found = self.usage.by_film()
        films = Film.objects.defer("report").in_bulk([pk for pk, _sum in found if pk])
        return self._rows(found, "film", films)

    def _rows(
        self, sums: Sequence[tuple[Any, Sum]], name: str, labels: Mapping[Any, object]
    ) -> list[Row]:
        return [
            Row(pk, labels.get(pk, pk), one, self.query(**{name: pk})) for pk, one in sums if pk
        ]

    @cached_property
    def balance(self) -> ledger.Balance | None:
        """What the team has of this unit now."""
        found = (one for one in ledger.balances(self.team) if one.unit == self.usage.unit)
        return next(found, None)

    @property
    def days_left(self) -> int | None:
        """How long what is left lasts at the pace of these days; None where nobody can tell."""
        spent, balance = self.usage.whole.spent, self.balance
        if balance is None or not balance.known or spent <= 0:
            return None
        return balance.available * len(self.usage.period) // spent


def _stack(one: Sum) -> tuple[int, int, int, int]:
    return one.on_clips, one.films, one.vain, one.came_back


def _number(text: str) -> int | None:
    if text and not text.isdecimal():
        raise Http404
    return int(text) if text else None
