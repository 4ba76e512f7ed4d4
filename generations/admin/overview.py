"""The overview: what was spent, is held and went wrong; each figure links to its rows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.models import Account, Cap, Claim, DayTotal, Entry, File, Task
from generations.models.caps import month_of
from generations.models.files import FileState
from generations.models.ledger import AccountName, booking_day
from generations.models.statements import ClaimDecision
from generations.models.tasks import TaskState
from generations.templatetags.charts import Day

from .files import at_risk
from .ledger_filters import days_of
from .permissions import visible

CHART_DAYS = 30
MOST_LISTED = 6
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Figure:
    """A figure with its label, and the address of the rows that it counts."""

    words: Any
    amount: int
    href: str
    tone: str = ""


@dataclass(frozen=True)
class UnitFigures:
    """The figures of one unit, and its last days."""

    unit: str
    figures: list[Figure]
    bars: list[Day]


def context(request: HttpRequest) -> dict[str, object]:
    """Return what the template shows, in a constant count of queries."""
    visible_rows = visible(request)
    return {
        "units": _units(visible_rows),
        "alarms": _alarms(request, visible_rows),
        "charged_failed": _charged_failed(visible_rows),
    }


def rows(model: str, **query: object) -> str:
    """Return the address of a filtered list."""
    return f"{reverse(f'admin:generations_{model}_changelist')}?{urlencode(query)}"


def _units(visible_rows: Q) -> list[UnitFigures]:
    today = booking_day()
    since = min(today - timedelta(days=CHART_DAYS - 1), month_of(today))
    moved: dict[str, dict[date, dict[str, int]]] = defaultdict(dict)
    for row in DayTotal.objects.filter(visible_rows, day__gte=since).sums("day"):
        moved[row["unit"]][row["day"]] = row
    accounts = Account.objects.filter(visible_rows, name=AccountName.HELD).order_by()
    held = dict(accounts.values_list("unit").annotate(sum=Sum("balance")))
    units = sorted(held.keys() | moved.keys(), key=lambda unit: -len(moved[unit]))
    return [_unit_figures(unit, moved[unit], held.get(unit, 0), today) for unit in units]


def _unit_figures(
    unit: str, days: Mapping[date, dict[str, int]], held: int, today: date
) -> UnitFigures:
    def total(name: str, word: str) -> int:
        first, last = days_of(word) or (today, today)
        return sum(row[name] for day, row in days.items() if first <= day <= last)

    def spent(words: Any, word: str) -> Figure:
        return Figure(words, total("spent", word), rows("entry", kind="spent", unit=unit, day=word))

    failed = rows("entry", kind="failed", unit=unit, day="month")
    figures = [
        spent(_("Spent today"), "today"),
        spent(_("This week"), "week"),
        spent(_("This month"), "month"),
        Figure(_("Held now"), held, rows("account", name__exact="held", unit__exact=unit)),
        Figure(_("Failed this month"), total("failed", "month"), failed, "coral"),
    ]
    chart = (today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1))
    return UnitFigures(unit, figures, [_bar(unit, day, days.get(day)) for day in chart])


def _bar(unit: str, day: date, row: dict[str, int] | None) -> Day:
    amounts = {}
    if row:
        clips = row["spent"] - row["failed"]
        amounts = {"clips": clips, "failed": row["failed"], "refunded": row["refunded"]}
    return Day(day, amounts, rows("entry", unit=unit, day=day))


def _alarms(request: HttpRequest, visible_rows: Q) -> list[Figure]:
    """Return what waits for a person: counts with links."""
    unclear = Task.objects.filter(visible_rows, state=TaskState.UNCLEAR)
    lost = File.objects.filter(visible_rows, state=FileState.LOST)
    caps = Cap.objects.filter(visible_rows).near(month_of(booking_day()))
    claims = Claim.objects.filter(visible_rows, decision=ClaimDecision.NONE).exclude(difference=0)
    return [
        Figure(_("Unclear orders"), _count(unclear), rows("task", state__exact="unclear"), "lilac"),
        Figure(
            _("Results at risk"),
            _count(File.objects.filter(visible_rows, at_risk(clock.now()))),
            rows("file", risk="soon"),
            "coral",
        ),
        Figure(_("Results lost"), _count(lost), rows("file", state__exact="lost"), "coral"),
        Figure(_("Caps nearly used up"), _count(caps), rows("cap", use="near"), "coral"),
        Figure(_("Open differences"), _count(claims), rows("claim", state="open"), "coral"),
    ]


def _count(found: Any) -> int:
    return len(found.order_by().values_list("pk")[:MOST_COUNTED])


def _charged_failed(visible_rows: Q) -> list[Entry]:
    """Return the newest failed entries, for links to their tasks."""
    entries = Entry.objects.filter(visible_rows, failed=True, attempt__isnull=False)
    return list(
        entries.order_by("-day", "-pk")
        .select_related("attempt__task", "person", "credential", "team")
        .defer("credential__sealed_key", "attempt__reply", "attempt__report")[:MOST_LISTED]
    )
