"""Usage: what a team spent, on what, by whom, and the entries under every figure."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generations import spreadsheets
from generations.billing import caps, falls
from generations.billing.usage import ROWS, SUMS, read_sum
from generations.models import BalanceFall, Cap, Entry, Membership
from generations.models.ledger import EntryKind
from generations.web.access import for_member
from generations.web.query import day_in_address, number_in_address

from .figures import Spending

PAGE = 100
# The words of ``?what=`` in addresses of earlier versions.
OLD_FIGURES = {"in_vain": "failed", "came_back": "refunded", "taken_in": "imported"}


@require_safe
@for_member
def usage(request: HttpRequest, membership: Membership) -> HttpResponse:
    spending = Spending(membership.team, request.GET)
    page = {
        "spending": spending,
        "caps": _caps(membership, spending.usage.unit),
        "falls": _falls(membership, spending.usage.unit),
        "members": membership.team.memberships.select_related("user").order_by("user__name"),
    }
    return render(request, "usage/usage.html", page)


@require_safe
@for_member
def rows(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the entries under a figure, newest first; ``?what=`` is one of ROWS."""
    spending = Spending(membership.team, request.GET)
    what = request.GET.get("what", "spent")
    what = OLD_FIGURES.get(what, what)
    if what not in ROWS:
        raise Http404
    found = _after(spending.usage.entries(what), request.GET.get("before", ""))
    entries = list(
        found.select_related("person", "credential", "attempt__task").defer(
            "credential__sealed_key", "attempt__reply", "attempt__report"
        )[: PAGE + 1]
    )
    more, entries = len(entries) > PAGE, entries[:PAGE]
    page = {
        "spending": spending,
        "what": what,
        "entries": entries,
        "next": f"{entries[-1].day}~{entries[-1].pk}" if more else "",
    }
    return render(request, "usage/rows.html", page)


@require_safe
@for_member
def export(request: HttpRequest, membership: Membership) -> StreamingHttpResponse:
    """Send the same filter as CSV: a line for each day, person, model and key."""
    spending = Spending(membership.team, request.GET)
    period = spending.usage.period
    answer = StreamingHttpResponse(
        spreadsheets.csv_stream(_lines(spending)), content_type="text/csv; charset=utf-8"
    )
    name = f"usage-{membership.team.slug}-{period.first}-{period.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(spending: Spending) -> Iterator[spreadsheets.Row]:
    unit = spending.usage.unit
    yield [
        *(_("Day"), _("Person"), _("Model"), _("Key"), _("Unit")),
        *(_("Clips"), _("Spent"), _("Films"), _("of it failed"), _("Refunded")),
        _("Clips of unknown cost"),
    ]
    totals = spending.usage.totals.exclude(kind__in=(EntryKind.ADJUST, EntryKind.IMPORT))
    names = ("day", "person__name", "person__email", "model", "credential__name")
    for row in totals.order_by(*names).values(*names).annotate(**SUMS).iterator():
        one = read_sum(row)
        yield [
            *(row["day"], row["person__name"] or row["person__email"]),
            *(row["model"], row["credential__name"], unit),
            *(one.clips, one.spent, one.films, one.failed, one.refunded, one.unknown),
        ]


def _after(entries: "QuerySet[Entry]", cursor: str) -> "QuerySet[Entry]":
    """Return the entries after a cursor: the day and the primary key of the last one before."""
    if not cursor:
        return entries
    first, _tilde, last = cursor.partition("~")
    day, pk = day_in_address(first), number_in_address(last)
    # The last condition follows from the first; it alone lets the database begin in the index.
    return entries.filter(Q(day__lt=day) | Q(day=day, pk__lt=pk), day__lte=day)


def _falls(membership: Membership, unit: str) -> list[BalanceFall]:
    """Return what went in this unit without an order that explains it; owners decide about it."""
    if not membership.may_manage:
        return []
    return [fall for fall in falls.open_falls(membership.team) if fall.unit == unit]


def _caps(membership: Membership, unit: str) -> list[caps.Use]:
    """Return the team's cap and one's own; owners see others' caps that are nearly used up too."""
    uses = caps.uses(
        Cap.objects.for_team(membership.team).filter(unit=unit).select_related("user", "team")
    )
    mine = {None, membership.user_id}
    return [
        use for use in uses if use.cap.user_id in mine or (membership.may_manage and use.is_near)
    ]
