"""The ledger's list: what its filters let through is summed by the day's totals, never by rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy

from generations.models import Claim, DayTotal, Total
from generations.models.ledger import CLOSING, SPENDING, EntryKind, booking_day
from generations.models.statements import Decision
from generations.templatetags.charts import Day

from .auditing import in_sight

CHART_DAYS = 30
# How a year, a month and a day are named in addresses, and in words.
WAYS = (
    ("%Y", "Y"),
    ("%Y-%m", pgettext_lazy("date", "F Y")),
    ("%Y-%m-%d", pgettext_lazy("date", "j M")),
)
# The same sums from the entries themselves, where totals do not know what is asked for.
ENTRY_SUMS = {
    "rows": Count("pk"),
    "clips": Count("pk", filter=Q(kind=EntryKind.SETTLE, in_vain=False)),
    "held": Sum("amount", filter=Q(kind=EntryKind.HOLD, carried=False), default=0),
    "spent": Sum("amount", filter=Q(kind__in=SPENDING), default=0),
    "vain": Sum("amount", filter=Q(in_vain=True), default=0),
    "came_back": Sum("amount", filter=Q(kind=EntryKind.RELEASE, carried=False), default=0),
    "adopted": Sum("amount", filter=Q(kind=EntryKind.ADOPT), default=0),
    "adjusted": Sum("amount", filter=Q(kind=EntryKind.ADJUST), default=0),
    "estimated": Sum("attempt__estimate", filter=Q(kind=EntryKind.SETTLE), default=0),
    "on_statements": Sum("attempt__claim__amount", filter=Q(kind__in=CLOSING), default=0),
}


@dataclass(frozen=True)
class Step:
    """One way through the days: a year, a month or a day, with how many rows it has."""

    words: str
    href: str
    rows: int = 0


@dataclass(frozen=True)
class Book:
    """One unit of what a list shows: its sums, its last days, and the claims that are open."""

    unit: str
    sums: dict[str, int]
    bars: Sequence[Day]
    claims: dict[str, int]


class Books:
    """The sums of what a list shows, in each unit and on each day."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self.units: dict[str, dict[str, int]] = {}
        self.moved: dict[tuple[str, date], dict[str, int]] = {}
        self.days: dict[date, int] = {}
        for row in rows:
            unit, day = row.pop("unit"), row.pop("day")
            sums = self.units.setdefault(unit, dict.fromkeys(row, 0))
            for name, amount in row.items():
                sums[name] += amount
            self.moved[unit, day] = row
            self.days[day] = self.days.get(day, 0) + row["rows"]

    @property
    def newest_first(self) -> list[tuple[date, int]]:
        return sorted(self.days.items(), reverse=True)

    def stack(self, unit: str, day: date) -> dict[str, int]:
        """What was paid for clips on a day, and above it what in vain."""
        sums = self.moved.get((unit, day), {"spent": 0, "vain": 0})
        return {"clips": sums["spent"] - sums["vain"], "vain": sums["vain"]}

    def steps(self) -> list[tuple[str, str, int]]:
        """Years, or the months of the only one, or the days of the only one of these."""
        for value, words in WAYS:
            found: dict[str, tuple[str, str, int]] = {}
            for day, rows in sorted(self.days.items()):
                place = f"{day:{value}}"
                before = found[place][2] if place in found else 0
                found[place] = (date_format(day, str(words)), place, before + rows)
            if len(found) > 1:
                break
        return list(found.values())


class DayPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Knows from the day's totals how many rows there are, and on which day each page begins."""

    is_cut = False
    days: Sequence[tuple[date, int]] = ()

    @cached_property
    def count(self) -> int:
        return sum(rows for _day, rows in self.days)

    def page(self, number: int | str) -> "Page[Any]":
        """The rows of a page; those of newer days are passed over without being read."""
        number = self.validate_number(number)
        bottom, skipped = (number - 1) * self.per_page, 0
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        for day, of_day in self.days:
            if skipped + of_day > bottom:
                rows = rows.filter(day__lte=day)
                break
            skipped += of_day
        first = bottom - skipped
        return Page(rows[first : first + self.per_page], number, self)


class BookList(ChangeList):
    """Django's own list, and the books of what it shows."""

    books: Books
    sight: Q

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        self.sight = in_sight(request)
        rows = super().get_queryset(request, exclude_parameters)
        self.books = Books(self._sums(request, rows))
        request.books = self.books  # type: ignore[attr-defined]  # its paginator reads them
        return rows

    def _sums(self, request: HttpRequest, rows: QuerySet[Any]) -> Iterable[dict[str, Any]]:
        if self._beyond_totals():
            return list(rows.order_by().values("unit", "day").annotate(**ENTRY_SUMS))
        fine = {"person", "model"} & set(self.filter_params)
        totals: Any = (Total if fine else DayTotal).objects.filter(self.sight)
        for spec in self.filter_specs:
            narrowed = spec.queryset(request, totals)
            totals = totals if narrowed is None else narrowed
        return list(totals.sums("day"))

    def _beyond_totals(self) -> bool:
        """Whether something is asked for that totals do not know: words, or a verdict."""
        specs: Iterable[Any] = self.filter_specs
        known = {spec.parameter_name for spec in specs} - {"verdict"}
        return bool(self.query) or not set(self.filter_params) <= known

    @property
    def shown(self) -> list[Book]:
        """The unit with most rows first."""
        claims = self._open_claims()
        last = max(self.books.days, default=booking_day())
        days = [last - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1)]
        found = [
            Book(
                unit,
                sums,
                [Day(day, self.books.stack(unit, day), self._at(f"{day}")) for day in days],
                claims.get(unit, {}),
            )
            for unit, sums in self.books.units.items()
        ]
        return sorted(found, key=lambda book: -book.sums["rows"])

    @property
    def steps(self) -> list[Step]:
        return [Step(words, self._at(place), rows) for words, place, rows in self.books.steps()]

    @property
    def back(self) -> Step | None:
        """To the month of the day, the year of the month, or all days."""
        chosen = self.params.get("day", "")
        if not chosen:
            return None
        wider = chosen.rpartition("-")[0] if chosen[:1].isdigit() and ".." not in chosen else ""
        return Step(wider or gettext("All days"), self._at(wider or None))

    def _at(self, day: str | None) -> str:
        return self.get_query_string({"day": day}, ["p"])

    def _open_claims(self) -> dict[str, dict[str, int]]:
        """How many claims differ and wait for somebody, and by how much, in each unit."""
        claims = Claim.objects.filter(self.sight, decision=Decision.NONE).exclude(difference=0)
        for name in ("team", "credential"):
            if (chosen := self.params.get(name, "")).isdecimal():
                claims = claims.filter(**{name: chosen})
        rows = claims.order_by().values("unit").annotate(rows=Count("pk"), sum=Sum("difference"))
        return {row["unit"]: row for row in rows}  # type: ignore[misc]
