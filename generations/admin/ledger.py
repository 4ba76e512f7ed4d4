"""The ledger: entries with their lines, and their export as CSV or XLSX."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, Q, QuerySet, When
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations import spreadsheets
from generations.models import Attempt, Entry, Line
from generations.models.ledger import AMOUNT_UNKNOWN, EntryKind, booking_day
from generations.models.tasks import CostBasis
from generations.templatetags.formats import figure

from .claims import figure_or_unknown, verdict
from .ledger_list import (
    DayFilter,
    DayPaginator,
    KindFilter,
    LedgerList,
    ListSums,
    ModelFilter,
    VerdictFilter,
)
from .records import (
    CredentialFilter,
    InlineRecords,
    PersonFilter,
    Records,
    TeamFilter,
    UnitFilter,
    address,
    may_import,
    moment,
    one_line,
    related,
)

ATTEMPT_UNREAD = tuple(
    f"attempt__{name}" for name in ("token", "reference", "reply", "report", "first_report")
)
MOST_DIGITS = 18  # of a primary key; a longer number fits into no column
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 2000
# The columns: the field of the query, and the name. Amounts are in whole units.
COLUMNS: Mapping[str, Any] = {
    "at": _("When"),
    "day": _("Day"),
    "kind": _("Line"),
    "failed": _("Failed"),
    "carried": _("Carried over"),
    "team__name": _("Team"),
    "attempt__task": _("Task"),
    "attempt__remote_id": _("Provider's task ID"),
    "attempt__task__prompt": _("Prompt"),
    "person__name": _("Person"),
    "person__email": _("E-mail"),
    "model": _("Model"),
    "credential__name": _("Key"),
    "unit": _("Unit"),
    "known": _("Amount"),
    "basis": _("Known by"),
    "attempt__estimate": _("Estimated"),
    "attempt__cost": _("Provider said"),
    "attempt__claim__amount": _("On the statement"),
    "memo": _("Memo"),
}


class Lines(InlineRecords):
    model = Line
    of_teams = "entry__team"
    fields = ("of_account", "moved")
    joined = ("account__credential", "entry")
    unread = ("account__credential__sealed_key",)
    show_change_link = False
    of_account = related("account", _("account"))

    @admin.display(description=_("amount"))
    def moved(self, line: Line) -> str:
        return signed(line.amount)


def signed(amount: int) -> str:
    """Format +35, −35 or 0, with a true minus sign."""
    return f"{amount:+,}".replace("-", "−") if amount else "0"


@admin.register(Entry)
class EntryAdmin(Records):
    list_display = (
        "when",
        "word",
        "of_task",
        "who",
        "key",
        "moved",
        "estimated",
        "reported_cost",
        "stated",
        "judged",
    )
    list_filter = (
        VerdictFilter,
        KindFilter,
        DayFilter,
        TeamFilter,
        UnitFilter,
        CredentialFilter,
        PersonFilter,
        ModelFilter,
    )
    # Django shows the search form only with this; get_search_results does the search.
    search_fields = ("memo",)
    search_help_text = _("Our ID or the provider's ID of a task, words of the prompt, or the memo.")
    fields = (
        "when",
        "day",
        "word",
        "of_team",
        "key",
        "of_attempt",
        "who",
        "model",
        "moved",
        "unit",
        "by",
        "of_fall",
        "memo",
        "judged",
    )
    ordering = ("-day", "-pk")
    joined = (
        "team",
        "credential",
        "actor",
        "person",
        "attempt__task",
        "attempt__claim",
        "fall__credential",
    )
    unread = (
        "credential__sealed_key",
        "fall__credential__sealed_key",
        "actor__password",
        "person__password",
        *ATTEMPT_UNREAD,
        "attempt__task__message",
    )
    inlines = (Lines,)
    change_list_template = "admin/generations/entry/change_list.html"
    paginator = DayPaginator
    of_team = related("team", _("team"))
    key = related("credential", _("key"))
    of_attempt = related("attempt", _("attempt"))
    of_fall = related("fall", _("fall of a balance"))

    @admin.display(description=_("when"))
    def when(self, entry: Entry) -> str:
        return moment(entry.at)

    @admin.display(description=_("line"))
    def word(self, entry: Entry) -> str:
        return entry.get_kind_display()

    @admin.display(description=_("task"))
    def of_task(self, entry: Entry) -> str:
        if entry.attempt is None:
            return one_line(entry.memo)
        task = entry.attempt.task
        shown = one_line(task.prompt) or str(task)
        return format_html('<a href="{}">{}</a>', address(task), shown)

    @admin.display(description=_("who"), empty_value="–")
    def who(self, entry: Entry) -> str:
        return str(entry.person or entry.actor or "")

    @admin.display(description=_("amount"))
    def moved(self, entry: Entry) -> str:
        return figure_or_unknown(entry.known_amount, entry.unit)

    @admin.display(description=_("known by"), empty_value="–")
    def by(self, entry: Entry) -> str:
        return str(entry.get_basis_display())

    @admin.display(description=_("estimated"), empty_value="")
    def estimated(self, entry: Entry) -> str:
        if entry.attempt is None or entry.kind == EntryKind.IMPORT:
            return ""
        return figure_or_unknown(entry.attempt.estimate, entry.unit)

    @admin.display(description=_("provider said"), empty_value="")
    def reported_cost(self, entry: Entry) -> str:
        cost = entry.attempt.cost if entry.attempt else None
        return "" if cost is None else figure(cost, entry.unit)

    @admin.display(description=_("statement"), empty_value="")
    def stated(self, entry: Entry) -> str:
        claim = getattr(entry.attempt, "claim", None)
        return figure(claim.amount, entry.unit) if claim else ""

    @admin.display(description=_("verdict"))
    def judged(self, entry: Entry) -> str:
        return verdict(entry)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[LedgerList]:
        return LedgerList

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> "Paginator[Any]":
        list_sums: ListSums | None = getattr(request, "list_sums", None)
        if list_sums is None:  # the history of an entry is no list of entries
            return Paginator(*args, **kwargs)
        paginator: Any = super().get_paginator(request, *args, **kwargs)
        paginator.days = list_sums.newest_first
        return paginator  # type: ignore[no-any-return]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"may_import": may_import(request)}
        return super().changelist_view(request, more | (extra_context or {}))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look up an id; search all prompts only for words."""
        term = search_term.strip()
        return (queryset.filter(_found(term)) if term else queryset), False

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                f"export.{kind}",
                self.admin_site.admin_view(self.export),
                {"kind": kind},
                name=f"generations_entry_{kind}",
            )
            for kind in ("csv", "xlsx")
        ] + super().get_urls()

    def export(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """Export all entries that the list would show."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        # The list itself is asked, so that no filter and no permission is forgotten.
        entries = self.get_changelist_instance(request).queryset
        rows = _export_rows(entries)
        response: HttpResponseBase
        if kind == "csv":
            content = spreadsheets.csv_stream(rows)
            response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
        else:
            response = FileResponse(spreadsheets.xlsx_file(rows), content_type=XLSX)
        name = f"ledger-{booking_day()}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _found(term: str) -> Q:
    """Look up ids in queries of their own: no index serves a condition over several tables."""
    attempts = list(Attempt.objects.filter(remote_id=term).values_list("pk", flat=True))
    if not term.isdecimal():
        words = Q(memo__icontains=term) | Q(attempt__task__prompt__icontains=term)
        return Q(attempt__in=attempts) | words | Q(person__email=term)
    if len(term) > MOST_DIGITS:
        return Q(attempt__in=attempts)
    ours = Attempt.objects.filter(task=int(term)).values_list("pk", flat=True)
    found = Entry.objects.filter(attempt__in=[*attempts, *ours]).values_list("pk", flat=True)
    return Q(pk__in=[*found, int(term)])


def _export_rows(entries: QuerySet[Any]) -> Iterator[spreadsheets.Row]:
    """Yield the names of the columns, then the entries in the order of the list."""
    yield [str(name) for name in COLUMNS.values()]
    kinds = {kind.value: str(kind.label) for kind in EntryKind}
    bases = {"": ""} | {basis.value: str(basis.label) for basis in CostBasis}
    marks = {True: gettext("yes"), False: ""}
    # An empty cell, never 0, for what nobody knows.
    known = Case(When(AMOUNT_UNKNOWN, then=None), default="amount")
    rows = entries.select_related(None).annotate(known=known).values(*COLUMNS)
    for row in rows.iterator(chunk_size=CHUNK):
        row["kind"], row["basis"] = kinds[row["kind"]], bases[row["basis"]]
        row["failed"], row["carried"] = marks[row["failed"]], marks[row["carried"]]
        row["attempt__task__prompt"] = " ".join((row["attempt__task__prompt"] or "").split())
        yield [row[name] for name in COLUMNS]
