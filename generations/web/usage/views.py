"""Usage: what a team spent, on what, by whom, and the rows under every figure."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from generations import spreadsheets
from generations.billing import caps
from generations.billing.usage import ROWS, SUMS
from generations.models import Cap, Entry, Membership
from generations.models.ledger import EntryKind
from generations.web.access import for_member

from .spending import Spending

PAGE = 100


@require_safe
@for_member
def usage(request: HttpRequest, membership: Membership) -> HttpResponse:
    spending = Spending(membership.team, request.GET)
    page = {
        "spending": spending,
        "caps": _caps(membership, spending.usage.unit),
        "members": membership.team.memberships.select_related("user").order_by("user__name"),
    }
    return render(request, "usage/usage.html", page)


@require_safe
@for_member
def rows(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The movements under a figure, newest first; ``what``: one of ROWS."""
    spending = Spending(membership.team, request.GET)
    what = request.GET.get("what", "spent")
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
    """The same filter as CSV: a line for each day, person, model and key."""
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
        *(_("Day"), _("Person"), _("Model"), _("Credential"), _("Unit")),
        *(_("Clips"), _("Spent"), _("of it films"), _("of it in vain"), _("Came back")),
    ]
    totals = spending.usage.totals.exclude(kind__in=(EntryKind.ADJUST, EntryKind.ADOPT))
    names = ("day", "person__name", "person__email", "model", "credential__name")
    for row in totals.order_by(*names).values(*names).annotate(**SUMS).iterator():
        yield [
            *(row["day"], row["person__name"] or row["person__email"]),
            *(row["model"], row["credential__name"], unit),
            *(row["clips"], row["spent"], row["films"], row["vain"], row["came_back"]),
        ]


def _after(entries: "QuerySet[Entry]", place: str) -> "QuerySet[Entry]":
    """Keyset paging: what stands after the day and the number of the last entry before."""
    if not place:
        return entries
    day, number = _place(place)
    return entries.filter(Q(day__lt=day) | Q(day=day, pk__lt=number), day__lte=day)


def _place(text: str) -> tuple[date, int]:
    day, _tilde, number = text.partition("~")
    try:
        found = parse_date(day)
    except ValueError as error:
        raise Http404 from error
    if found is None or not number.isdecimal():
        raise Http404
    return found, int(number)


def _caps(membership: Membership, unit: str) -> list[caps.Use]:
    """The team's and one's own; an owner sees the others' that are nearly used up as well."""
    uses = caps.uses(
        Cap.objects.for_team(membership.team).filter(unit=unit).select_related("user", "team")
    )
    mine = {None, membership.user_id}
    return [
        use for use in uses if use.cap.user_id in mine or (membership.may_manage and use.is_near)
    ]
