"""Filters of the ledger. All but the verdict apply to entries and to totals."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from generations.models import Claim
from generations.models.caps import month_of
from generations.models.films import WORK
from generations.models.ledger import SPENDING, EntryKind, booking_day
from generations.models.statements import ClaimDecision
from generations.models.tasks import AttemptState
from generations.providers import PROVIDERS, provider
from generations.providers.catalogue import catalogue
from generations.templatetags.formats import unit_name

from .filters import Admin, Choices, Rows

OFFERED_MONTHS = 4
KINDS: dict[str, tuple[Any, Q]] = {
    "spent": (_("Spent"), Q(kind__in=SPENDING)),
    "failed": (_("Failed"), Q(failed=True)),
    "refunded": (_("Refunded"), Q(kind=EntryKind.RELEASE, carried=False)),
    **{kind.value: (kind.label, Q(kind=kind)) for kind in EntryKind},
}

# Old names in bookmarked addresses.
OLD_KINDS = {"in_vain": "failed", "came_back": "refunded", "adopt": EntryKind.IMPORT.value}


class UnitFilter(admin.SimpleListFilter):
    title = _("unit")
    parameter_name = "unit"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [
            (unit, unit_name(unit)) for unit in sorted({provider(kind).unit for kind in PROVIDERS})
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        return queryset.filter(unit=self.value()) if self.value() else None


class ModelFilter(admin.SimpleListFilter):
    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        offered = {offer.model for kind in PROVIDERS for offer in catalogue(kind).offers}
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


class DayFilter(admin.SimpleListFilter):
    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        """Offer named periods, then the last months; steps through all days are above the list."""
        months, month = [], month_of(booking_day())
        for _number in range(OFFERED_MONTHS):
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
