"""The first page: what was spent, what is held, what went wrong; each figure opens its rows."""

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
from generations.models.statements import Decision
from generations.models.tasks import TaskState
from generations.templatetags.charts import Day

from .auditing import in_sight
from .files import at_risk
from .ledger_filters import days_of

CHART_DAYS = 30
MOST_LISTED = 6
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Figure:
    """One number with its words, and the address of the rows that it counts."""

    words: Any
    amount: int
    href: str
    tone: str = ""


@dataclass(frozen=True)
class Purse:
    """One unit: its figures, and its last days."""

    unit: str
    figures: list[Figure]
    bars: list[Day]


def context(request: HttpRequest) -> dict[str, object]:
    """What the template shows, in a constant number of queries."""
    sight = in_sight(request)
    return {
        "purses": _purses(sight),
        "troubles": _troubles(request, sight),
        "vain": _charged_in_vain(sight),
    }


def rows(model: str, **query: object) -> str:
    """The address of a list, narrowed."""
    return f"{reverse(f'admin:generations_{model}_changelist')}?{urlencode(query)}"


def _purses(sight: Q) -> list[Purse]:
    today = booking_day()
    since = min(today - timedelta(days=CHART_DAYS - 1), month_of(today))
    moved: dict[str, dict[date, dict[str, int]]] = defaultdict(dict)
    for row in DayTotal.objects.filter(sight, day__gte=since).sums("day"):
        moved[row["unit"]][row["day"]] = row
    accounts = Account.objects.filter(sight, name=AccountName.HELD).order_by()
    held = dict(accounts.values_list("unit").annotate(sum=Sum("balance")))
    units = sorted(held.keys() | moved.keys(), key=lambda unit: -len(moved[unit]))
    return [_purse(unit, moved[unit], held.get(unit, 0), today) for unit in units]


def _purse(unit: str, days: Mapping[date, dict[str, int]], held: int, today: date) -> Purse:
    def total(name: str, word: str) -> int:
        first, last = days_of(word) or (today, today)
        return sum(row[name] for day, row in days.items() if first <= day <= last)

    def spent(words: Any, word: str) -> Figure:
        return Figure(words, total("spent", word), rows("entry", kind="spent", unit=unit, day=word))

    vain = rows("entry", kind="in_vain", unit=unit, day="month")
    figures = [
        spent(_("Spent today"), "today"),
        spent(_("This week"), "week"),
        spent(_("This month"), "month"),
        Figure(_("Held now"), held, rows("account", name__exact="held", unit__exact=unit)),
        Figure(_("Charged in vain this month"), total("vain", "month"), vain, "coral"),
    ]
    chart = (today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1))
    return Purse(unit, figures, [_bar(unit, day, days.get(day)) for day in chart])


def _bar(unit: str, day: date, row: dict[str, int] | None) -> Day:
    amounts = (
        {"clips": row["spent"] - row["vain"], "vain": row["vain"], "back": row["came_back"]}
        if row
        else {}
    )
    return Day(day, amounts, rows("entry", unit=unit, day=day))


def _troubles(request: HttpRequest, sight: Q) -> list[Figure]:
    """What waits for a person: how many of each, and where they are."""
    unclear = Task.objects.filter(sight, state=TaskState.UNCLEAR)
    lost = File.objects.filter(sight, state=FileState.LOST)
    caps = Cap.objects.filter(sight).near(month_of(booking_day()))
    claims = Claim.objects.filter(sight, decision=Decision.NONE).exclude(difference=0)
    return [
        Figure(_("Unclear orders"), _count(unclear), rows("task", state__exact="unclear"), "lilac"),
        Figure(
            _("Results at risk"),
            _count(File.objects.filter(sight, at_risk(clock.now()))),
            rows("file", risk="soon"),
            "coral",
        ),
        Figure(_("Results lost"), _count(lost), rows("file", state__exact="lost"), "coral"),
        Figure(_("Caps nearly used up"), _count(caps), rows("cap", use="near"), "coral"),
        Figure(_("Open differences"), _count(claims), rows("claim", state="open"), "coral"),
    ]


def _count(found: Any) -> int:
    return len(found.order_by().values_list("pk")[:MOST_COUNTED])


def _charged_in_vain(sight: Q) -> list[Entry]:
    """The newest of them, each of which leads to its task."""
    entries = Entry.objects.filter(sight, in_vain=True, attempt__isnull=False)
    return list(
        entries.order_by("-day", "-pk")
        .select_related("attempt__task", "person", "credential", "team")
        .defer("credential__sealed_key", "attempt__reply", "attempt__report")[:MOST_LISTED]
    )
