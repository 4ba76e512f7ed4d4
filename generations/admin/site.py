"""The admin site: its login, its name, its sections, and the overview on its first page.

The overview says what was spent, is held and went wrong; each figure links to its rows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView
from django_q.models import Failure, OrmQ, Schedule, Success

from generations import clock
from generations.models import Account, BalanceFall, Cap, Claim, DayTotal, Entry, File, Task
from generations.models.caps import month_of
from generations.models.files import FileState
from generations.models.ledger import AccountName, FallState, booking_day
from generations.models.statements import ClaimDecision
from generations.models.tasks import TaskState
from generations.templatetags.charts import Day

from .files import at_risk
from .ledger_list import days_of
from .records import may_enter, visible

CHART_DAYS = 30
MOST_LISTED = 6
MOST_COUNTED = 1000
# Rows of the queue are pickles, a bad schedule stops them all; tokens and addresses are private.
HIDDEN = (Failure, OrmQ, Schedule, Success, EmailAddress, SocialAccount, SocialToken)
SECTIONS = {
    "credits": (
        _("Credits"),
        ("Entry", "Claim", "Statement", "BalanceFall", "Cap", "CredentialPrice", "Account"),
    ),
    "work": (_("Work"), ("Task", "Attempt", "Callback", "File", "Upload", "Credential")),
    "films": (_("Films"), ("Film", "Take", "Cut")),
    "sharing": (_("Shares"), ("Collection", "ShareLink", "Remark", "Verdict")),
    "people": (_("People"), ("Team", "User", "Membership", "Invitation", "AuditEvent")),
    "access": (_("Access"), (Group.__name__, "SocialApp", "Authenticator")),
    "system": (_("System"), ("Installation", "OfferChange", "Heartbeat", "Lease")),
}
# Addresses of models that had another name.
OLD_NAMES = {"pulse": "heartbeat", "composition": "cut", "event": "auditevent"}


def arrange() -> None:
    """Set the site up, after all other applications have registered their pages."""
    # They register on Django's own site, so that is changed here and not a subclass of it.
    site = admin.site
    site.unregister([model for model in HIDDEN if site.is_registered(model)])
    site.site_header = site.site_title = _("Rushes administration")
    site.index_title = _("Overview")
    site.empty_value_display = "–"
    apps.get_app_config("generations").verbose_name = "Rushes"  # on the way back from a list
    site.login = secure_admin_login(site.login)  # type: ignore[method-assign]
    site.has_permission = may_enter  # type: ignore[method-assign]
    site.index_template = "admin/overview.html"
    first = site.index

    def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return first(request, _overview(request) | (extra_context or {}))

    site.index = index  # type: ignore[method-assign,assignment]
    urls = site.get_urls
    site.get_urls = lambda: [*_old_addresses(), *urls()]  # type: ignore[method-assign]
    listed = site.get_app_list

    def by_section(request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        found = listed(request, app_label)
        return found if app_label else _sections(found)

    site.get_app_list = by_section  # type: ignore[method-assign]


def _old_addresses() -> list[URLPattern]:
    return [
        re_path(
            rf"^generations/{old}/(?P<rest>.*)$",
            RedirectView.as_view(url=f"/admin/generations/{new}/%(rest)s", query_string=True),
        )
        for old, new in OLD_NAMES.items()
    ]


def _sections(listed: Sequence[Any]) -> list[dict[str, Any]]:
    """Group the models by subject, not by application."""
    models = {model["object_name"]: (model, app) for app in listed for model in app["models"]}
    found = []
    for label, (name, members) in SECTIONS.items():
        present = [models[member] for member in members if member in models]
        if present:
            rows = [model for model, _app in present]
            found.append({**present[0][1], "app_label": label, "name": name, "models": rows})
    return found


# ---- The overview ---------------------------------------------------------------------------


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


def _overview(request: HttpRequest) -> dict[str, object]:
    """Return what the template shows, in a constant count of queries."""
    visible_rows = visible(request)
    return {
        "units": _units(visible_rows),
        "alarms": _alarms(request, visible_rows),
        "charged_failed": _charged_failed(visible_rows),
    }


def _rows(model: str, **query: object) -> str:
    """Return the address of a filtered list."""
    return f"{reverse(f'admin:generations_{model}_changelist')}?{urlencode(query)}"


def _units(visible_rows: Q) -> list[UnitFigures]:
    today = booking_day()
    # On the 31st the month began before the first bar.
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
        return Figure(
            words, total("spent", word), _rows("entry", kind="spent", unit=unit, day=word)
        )

    failed = _rows("entry", kind="failed", unit=unit, day="month")
    figures = [
        spent(_("Spent today"), "today"),
        spent(_("This week"), "week"),
        spent(_("This month"), "month"),
        Figure(_("Held now"), held, _rows("account", name__exact="held", unit__exact=unit)),
        Figure(_("Failed this month"), total("failed", "month"), failed, "coral"),
    ]
    chart = (today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1))
    return UnitFigures(unit, figures, [_bar(unit, day, days.get(day)) for day in chart])


def _bar(unit: str, day: date, row: dict[str, int] | None) -> Day:
    amounts = {}
    if row:
        clips = row["spent"] - row["failed"]
        amounts = {"clips": clips, "failed": row["failed"], "refunded": row["refunded"]}
    return Day(day, amounts, _rows("entry", unit=unit, day=day))


def _alarms(request: HttpRequest, visible_rows: Q) -> list[Figure]:
    """Return what waits for a person: counts with links."""
    unclear = Task.objects.filter(visible_rows, state=TaskState.UNCLEAR)
    lost = File.objects.filter(visible_rows, state=FileState.LOST)
    caps = Cap.objects.filter(visible_rows).near(month_of(booking_day()))
    claims = Claim.objects.filter(visible_rows, decision=ClaimDecision.NONE).exclude(difference=0)
    falls = BalanceFall.objects.filter(visible_rows, state=FallState.OPEN)
    return [
        Figure(
            _("Unclear orders"), _count(unclear), _rows("task", state__exact="unclear"), "lilac"
        ),
        Figure(
            _("Results at risk"),
            _count(File.objects.filter(visible_rows, at_risk(clock.now()))),
            _rows("file", risk="soon"),
            "coral",
        ),
        Figure(_("Results lost"), _count(lost), _rows("file", state__exact="lost"), "coral"),
        Figure(_("Caps nearly used up"), _count(caps), _rows("cap", use="near"), "coral"),
        Figure(_("Open differences"), _count(claims), _rows("claim", state="open"), "coral"),
        Figure(
            _("Unexplained falls of balances"),
            _count(falls),
            _rows("balancefall", state__exact="open"),
            "coral",
        ),
    ]


def _count(found: Any) -> int:
    # Nobody needs to know how many thousands there are.
    return len(found.order_by().values_list("pk")[:MOST_COUNTED])


def _charged_failed(visible_rows: Q) -> list[Entry]:
    """Return the newest failed entries, for links to their tasks."""
    entries = Entry.objects.filter(visible_rows, failed=True, attempt__isnull=False)
    return list(
        entries.order_by("-day", "-pk")
        .select_related("attempt__task", "person", "credential", "team")
        .defer("credential__sealed_key", "attempt__reply", "attempt__report")[:MOST_LISTED]
    )
