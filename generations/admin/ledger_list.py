"""The list of entries: its filters, its sums by unit and by day, and its pages.

The sums are read from totals where the filters allow it. All filters but the verdict do: they apply
to entries and to totals alike.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from generations.models import Claim, DayTotal, Total
from generations.models.caps import month_of
from generations.models.films import WORK
from generations.models.ledger import (
    CLOSING,
    SPENDING,
    SUMS,
    EntryKind,
    booking_day,
    still_unknown,
)
from generations.models.offers import catalogue
from generations.models.statements import ClaimDecision
from generations.models.tasks import AttemptState
from generations.providers import PROVIDERS
from generations.providers.catalogue import catalogue as shipped
from generations.templatetags.charts import Day

from .records import Admin, Choices, Rows, visible

CHART_DAYS = 30
# How a year, a month and a day are written in addresses, and on pages.
SPANS = (
    ("%Y", "Y"),
    ("%Y-%m", pgettext_lazy("date", "F Y")),
    ("%Y-%m-%d", pgettext_lazy("date", "j M")),
)
# The sums of totals, from the entries themselves: for filters that totals do not have.
ENTRY_SUMS = SUMS | {
    "rows": Count("pk"),
    "clips": Count("pk", filter=Q(kind=EntryKind.SETTLE, failed=False)),
    "unknown": Count("pk", filter=Q(still_unknown(), kind=EntryKind.SETTLE)),
    "unknown_imports": Count("pk", filter=Q(still_unknown(), kind=EntryKind.IMPORT)),
    "estimated": Sum("attempt__estimate", filter=Q(kind=EntryKind.SETTLE), default=0),
    "on_statements": Sum("attempt__claim__amount", filter=Q(kind__in=CLOSING), default=0),
}
OFFERED_MONTHS = 4
KINDS: dict[str, tuple[Any, Q]] = {
    "spent": (_("Spent"), Q(kind__in=SPENDING)),
    "failed": (_("Failed"), Q(failed=True)),
    "refunded": (_("Refunded"), Q(kind=EntryKind.RELEASE, carried=False)),
    **{kind.value: (kind.label, Q(kind=kind)) for kind in EntryKind},
}
# Old names in bookmarked addresses.
OLD_KINDS = {"in_vain": "failed", "came_back": "refunded", "adopt": EntryKind.IMPORT.value}


# ---- Filters --------------------------------------------------------------------------------


class ModelFilter(admin.SimpleListFilter):
    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        # A model that is offered here no more has entries still.
        books = [book(kind) for kind in PROVIDERS for book in (shipped, catalogue)]
        offered = {offer.model for one in books for offer in one.offers}
        return [(model, model) for model in sorted(offered | set(WORK))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        return queryset.filter(model=self.value()) if self.value() else None


class KindFilter(admin.SimpleListFilter):
    title = _("line")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [(kind, words) for kind, (words, _condition) in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        chosen = self.value()
        if not chosen:
            return None
        chosen = OLD_KINDS.get(chosen, chosen)
        return queryset.filter(KINDS[chosen][1]) if chosen in KINDS else queryset.none()


class DayFilter(admin.SimpleListFilter):
    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        """Offer named periods, then the last months; steps through all days are above the list."""
        months, month = [], month_of(booking_day())
        for _number in range(OFFERED_MONTHS):  # the first is this month, which is named already
            months.append((f"{month:%Y-%m}", date_format(month, pgettext("date", "F Y"))))
            month = month_of(month - timedelta(days=1))
        named = [("today", _("Today")), ("week", _("This week")), ("month", _("This month"))]
        return [*named, *months[1:]]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        chosen = self.value()
        if not chosen:
            return None
        days = days_of(chosen)
        return queryset.filter(day__gte=days[0], day__lte=days[1]) if days else queryset.none()


def days_of(text: str) -> tuple[date, date] | None:
    """Return the first and the last day of a period, or None where the text names none.

    Known are ``today``, ``week`` (from Monday), ``month``, 2026, 2026-11, 2026-11-20 and
    2026-11-01..2026-11-20.
    """
    today = booking_day()
    named = {
        "today": (today, today),
        "week": (today - timedelta(days=today.weekday()), today),
        "month": (month_of(today), today),
    }
    if text in named:
        return named[text]
    first, _dots, last = text.partition("..")
    begin, end = _span(first), _span(last or first)
    return (begin[0], end[1]) if begin and end else None


def _span(text: str) -> tuple[date, date] | None:
    parts = text.split("-")
    if not all(part.isdecimal() for part in parts) or len(parts) > 3:
        return None
    try:
        year, month, day = [int(part) for part in parts] + [0] * (3 - len(parts))
        if day:
            return date(year, month, day), date(year, month, day)
        if month:
            return date(year, month, 1), _next_month(year, month) - timedelta(days=1)
        return date(year, 1, 1), date(year, 12, 31)
    except ValueError:
        return None


def _next_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _claims(**wanted: object) -> Q:
    return Q(attempt__in=Claim.objects.filter(attempt__isnull=False, **wanted).values("attempt"))


def _differing() -> Q:
    open_claims = Claim.objects.exclude(difference=0).filter(attempt__isnull=False)
    return Q(attempt__in=open_claims.filter(decision=ClaimDecision.NONE).values("attempt"))


VERDICTS: dict[str, tuple[Any, Callable[[], Q]]] = {
    "open": (_("Differs"), _differing),
    "disputed": (_("Disputed"), lambda: _claims(decision=ClaimDecision.DISPUTED)),
    "accepted": (_("Accepted"), lambda: _claims(decision=ClaimDecision.ACCEPTED)),
    "agrees": (_("Agrees"), lambda: _claims(difference=0)),
    "none": (_("No statement yet"), lambda: Q(kind=EntryKind.SETTLE, attempt__claim=None)),
    "unclear": (
        _("Unclear"),
        lambda: Q(kind=EntryKind.HOLD, attempt__state=AttemptState.UNCLEAR),
    ),
}


class VerdictFilter(admin.SimpleListFilter):
    """By what statements say of the task. Totals do not have it."""

    title = _("verdict")
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [(verdict, words) for verdict, (words, _condition) in VERDICTS.items()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        chosen = self.value()
        if not chosen:
            return None
        return queryset.filter(VERDICTS[chosen][1]()) if chosen in VERDICTS else queryset.none()


# ---- Sums and pages -------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A year, a month or a day to narrow the list to, with its count of rows."""

    words: str
    href: str
    rows: int = 0


@dataclass(frozen=True)
class UnitSums:
    """One unit of a list: its sums, its last days, and its open claims."""

    unit: str
    sums: dict[str, int]
    bars: Sequence[Day]
    claims: dict[str, int]


class ListSums:
    """The sums of a list, by unit and by day."""

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
        """Return the parts of a day's bar: paid for clips, and charged without a clip."""
        sums = self.moved.get((unit, day), {"spent": 0, "failed": 0})
        return {"clips": sums["spent"] - sums["failed"], "failed": sums["failed"]}

    def steps(self) -> list[tuple[str, str, int]]:
        """Return the years; of one year its months; of one month its days."""
        for value, words in SPANS:
            found: dict[str, tuple[str, str, int]] = {}
            for day, rows in sorted(self.days.items()):
                address = f"{day:{value}}"
                before = found[address][2] if address in found else 0
                found[address] = (date_format(day, str(words)), address, before + rows)
            if len(found) > 1:
                break
        return list(found.values())


class DayPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """A paginator that reads from totals how many rows there are on each day."""

    is_cut = False
    days: Sequence[tuple[date, int]] = ()

    @cached_property
    def count(self) -> int:
        return sum(rows for _day, rows in self.days)

    def page(self, number: int | str) -> "Page[Any]":
        """Return a page of rows; rows of newer days are skipped without being read."""
        # A database reads all rows that an OFFSET skips; so begin at the day, and skip within it.
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


class LedgerList(ChangeList):
    """Django's list, with the sums of what it shows."""

    list_sums: ListSums
    visible_rows: Q

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        self.visible_rows = visible(request)
        rows = super().get_queryset(request, exclude_parameters)
        self.list_sums = ListSums(self._sums(request, rows))
        request.list_sums = self.list_sums  # type: ignore[attr-defined]  # the paginator reads them
        return rows

    def _sums(self, request: HttpRequest, rows: QuerySet[Any]) -> Iterable[dict[str, Any]]:
        if self._needs_entries():
            return list(rows.order_by().values("unit", "day").annotate(**ENTRY_SUMS))
        # Day totals are few, but they know neither person nor model.
        fine = {"person", "model"} & set(self.filter_params)
        totals: Any = (Total if fine else DayTotal).objects.filter(self.visible_rows)
        for spec in self.filter_specs:
            narrowed = spec.queryset(request, totals)
            totals = totals if narrowed is None else narrowed
        return list(totals.sums("day"))

    def _needs_entries(self) -> bool:
        """Whether a filter needs entries: a search, or a verdict."""
        specs: Iterable[Any] = self.filter_specs
        # Any other parameter is a look-up of Django's admin, which totals may not have.
        known = {spec.parameter_name for spec in specs} - {"verdict"}
        return bool(self.query) or not set(self.filter_params) <= known

    @property
    def units(self) -> list[UnitSums]:
        """Return the units, that with most rows first."""
        claims = self._open_claims()
        # Up to the last day that is shown and not up to today, so that old lists have bars too.
        last = max(self.list_sums.days, default=booking_day())
        days = [last - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1)]
        found = [
            UnitSums(
                unit,
                sums,
                [Day(day, self.list_sums.stack(unit, day), self._at(f"{day}")) for day in days],
                claims.get(unit, {}),
            )
            for unit, sums in self.list_sums.units.items()
        ]
        return sorted(found, key=lambda unit: -unit.sums["rows"])

    @property
    def steps(self) -> list[Step]:
        return [Step(words, self._at(day), rows) for words, day, rows in self.list_sums.steps()]

    @property
    def back(self) -> Step | None:
        """Return the step to the month of the day, the year of the month, or all days."""
        chosen = self.params.get("day", "")
        if not chosen:
            return None
        wider = chosen.rpartition("-")[0] if chosen[:1].isdigit() and ".." not in chosen else ""
        return Step(wider or gettext("All days"), self._at(wider or None))

    def _at(self, day: str | None) -> str:
        return self.get_query_string({"day": day}, ["p"])

    def _open_claims(self) -> dict[str, dict[str, int]]:
        """Count the claims that wait for a decision, and sum their differences, for each unit."""
        claims = Claim.objects.filter(self.visible_rows, decision=ClaimDecision.NONE).exclude(
            difference=0
        )
        # The other filters are of entries: a claim has no day and no kind.
        for name in ("team", "credential"):
            if (chosen := self.params.get(name, "")).isdecimal():
                claims = claims.filter(**{name: chosen})
        rows = claims.order_by().values("unit").annotate(rows=Count("pk"), sum=Sum("difference"))
        return {row["unit"]: row for row in rows}  # type: ignore[misc]
