"""The ledger as a file: all that the list's filters let through, however long it is."""

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
# Each column's value in a row of the query, and its name; amounts are in whole units.
COLUMNS: Mapping[str, Any] = {
    "at": _("When"),
    "day": _("Day"),
    "kind": _("Line"),
    "in_vain": _("In vain"),
    "carried": _("Carried over"),
    "team__name": _("Team"),
    "attempt__task": _("Task"),
    "attempt__number": _("Provider's number"),
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
    content = spreadsheets.csv_stream(rows(entries))
    return _named(StreamingHttpResponse(content, content_type="text/csv; charset=utf-8"), "csv")


def as_xlsx(entries: QuerySet[Any]) -> HttpResponseBase:
    return _named(FileResponse(spreadsheets.xlsx_file(rows(entries)), content_type=XLSX), "xlsx")


def rows(entries: QuerySet[Any]) -> Iterator[spreadsheets.Row]:
    """The columns' names, then the entries in the list's order."""
    yield [str(name) for name in COLUMNS.values()]
    kinds = {kind.value: str(kind.label) for kind in EntryKind}
    marks = {True: gettext("yes"), False: ""}
    for row in entries.select_related(None).values(*COLUMNS).iterator(chunk_size=CHUNK):
        row["kind"] = kinds[row["kind"]]
        row["in_vain"], row["carried"] = marks[row["in_vain"]], marks[row["carried"]]
        row["attempt__task__prompt"] = " ".join((row["attempt__task__prompt"] or "").split())
        yield [row[name] for name in COLUMNS]


def _named(answer: HttpResponseBase, kind: str) -> HttpResponseBase:
    name = f"ledger-{booking_day()}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
