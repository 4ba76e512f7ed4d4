"""Export the entries that the list's filters select, as CSV or XLSX."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations import spreadsheets
from generations.models.ledger import EntryKind, booking_day

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
    "credential__name": _("Credential"),
    "unit": _("Unit"),
    "amount": _("Amount"),
    "attempt__estimate": _("Estimated"),
    "attempt__cost": _("Provider said"),
    "attempt__claim__amount": _("On the statement"),
    "memo": _("Memo"),
}


def as_csv(entries: QuerySet[Any]) -> HttpResponseBase:
    """Stream the entries as CSV."""
    content = spreadsheets.csv_stream(rows(entries))
    return _named(StreamingHttpResponse(content, content_type="text/csv; charset=utf-8"), "csv")


def as_xlsx(entries: QuerySet[Any]) -> HttpResponseBase:
    """Return the entries as a workbook."""
    return _named(FileResponse(spreadsheets.xlsx_file(rows(entries)), content_type=XLSX), "xlsx")


def rows(entries: QuerySet[Any]) -> Iterator[spreadsheets.Row]:
    """Yield the names of the columns, then the entries in the order of the list."""
    yield [str(name) for name in COLUMNS.values()]
    kinds = {kind.value: str(kind.label) for kind in EntryKind}
    marks = {True: gettext("yes"), False: ""}
    for row in entries.select_related(None).values(*COLUMNS).iterator(chunk_size=CHUNK):
        row["kind"] = kinds[row["kind"]]
        row["failed"], row["carried"] = marks[row["failed"]], marks[row["carried"]]
        row["attempt__task__prompt"] = " ".join((row["attempt__task__prompt"] or "").split())
        yield [row[name] for name in COLUMNS]


def _named(response: HttpResponseBase, kind: str) -> HttpResponseBase:
    name = f"ledger-{booking_day()}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
