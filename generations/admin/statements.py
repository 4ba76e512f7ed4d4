"""Statements: upload a file, check its columns in a preview, then import it."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generations.billing import statements
from generations.models import Credential, Statement, User

from .records import (
    CredentialFilter,
    Records,
    TeamFilter,
    address,
    may_import,
    moment,
    related,
    visible,
)

SAMPLE, MOST_UNREAD, MOST_DIFFERENT, MOST_LINES = 6, 50, 100, 200
WORDS = {
    "number": _("Provider's task ID"),
    "amount": _("The amount"),
    "at": _("When"),
    "words": _("Text"),
}
UNREAD = {
    "number": _("It has no task ID."),
    "rounded": _("A spreadsheet rounded its task ID: export it as text."),
    "amount": _("Its amount is not a number."),
    "fraction": _("Its amount is not a whole number of the key's unit."),
}
UNREADABLE = {
    "large": _("The file is larger than 8 MB. Split it."),
    "letters": _("This is not a CSV file. Save the sheet as CSV, then choose it again."),
    "empty": _("The file has no row."),
}


class StatementForm(forms.Form):
    """Choose the credential and the file."""

    credential = forms.ModelChoiceField(Credential.objects.none(), label=_("Key"))
    file = forms.FileField(
        label=_("File"), help_text=_("CSV, as the provider or a spreadsheet writes it.")
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None, request.FILES or None)
        field = cast(forms.ModelChoiceField, self.fields["credential"])  # type: ignore[type-arg]
        keys = Credential.objects.filter(visible(request)).without_secret()
        field.queryset = keys.select_related("team").order_by("team__name", "name")
        field.label_from_instance = lambda obj: f"{obj.team} · {obj}"  # type: ignore[method-assign]


@admin.register(Statement)
class StatementAdmin(Records):
    list_display = ("name", "key", "of_team", "first", "last", "holds", "when", "by")
    list_filter = (TeamFilter, CredentialFilter, ("imported_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "lines__remote_id__exact")
    search_help_text = _("The name of the file, or a task ID in it.")
    fields = ("name", "of_team", "key", "first", "last", "fingerprint", "given", "when", "by")
    joined = ("team", "credential", "imported_by")
    unread = ("content", "credential__sealed_key", "imported_by__password")
    change_form_template = "admin/generations/statement/change_form.html"
    of_team = related("team", _("team"))
    key = related("credential", _("key"))
    by = related("imported_by", _("by"))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: Any = super().get_queryset(request)
        return rows.annotate(held=Count("lines"))  # type: ignore[no-any-return]

    @admin.display(description=_("lines"))
    def holds(self, statement: Any) -> int:
        return int(statement.held)

    @admin.display(description=_("given"))
    def given(self, statement: Statement) -> str:
        return moment(statement.created_at)

    @admin.display(description=_("imported"))
    def when(self, statement: Statement) -> str:
        return moment(statement.imported_at) or gettext("not yet")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = StatementForm(request)
        if form.is_valid() and (given := self._draft(request, form)):
            return redirect(address(given))
        page = self._page(request, _("Import a statement")) | {"form": form}
        status = 422 if form.is_bound else 200
        return render(request, "admin/generations/statement/add.html", page, status=status)

    def _draft(self, request: HttpRequest, form: StatementForm) -> Statement | None:
        """Save the file as a draft. None, with an error on the form, where it is unreadable."""
        file = form.cleaned_data["file"]
        content = file.read(statements.MOST_BYTES + 1)  # one more shows that it is too large
        try:
            given = statements.draft(
                form.cleaned_data["credential"], file.name, content, cast(User, request.user)
            )
        except statements.Unreadable as error:
            form.add_error("file", UNREADABLE[error.code])
            return None
        if given.imported_at:
            message = gettext("This file was imported on %(when)s already; nothing was changed.")
            when = moment(given.imported_at)
            self.message_user(request, message % {"when": when}, messages.WARNING)
        return given

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Show the preview of a draft, or an imported statement with its lines."""
        statement = self.get_object(request, object_id)
        if not isinstance(statement, Statement):
            raise Http404
        if statement.imported_at is None and self.has_add_permission(request):
            return self._preview(request, statement)
        lines = statement.lines.order_by("ordinal")[:MOST_LINES]
        unit = statement.credential.accounts.values_list("unit", flat=True)[0]
        more = {"lines": lines, "most": MOST_LINES, "unit": unit}
        return super().change_view(request, object_id, form_url, more | (extra_context or {}))

    def _preview(self, request: HttpRequest, statement: Statement) -> HttpResponse:
        columns = _columns(request.POST)
        if request.method == "POST" and "_discard" in request.POST:
            statements.discard(statement)
            self.message_user(request, gettext("The file was discarded; nothing was imported."))
            return redirect("admin:generations_statement_changelist")
        # Read anew for each page: between preview and import the ledger goes on.
        seen = statements.preview(statement, columns)
        if request.method == "POST" and "_import" in request.POST and seen.table.is_clear:
            result = statements.import_lines(statement, cast(User, request.user), columns)
            self._report(request, result)
            return redirect(address(statement))
        page = self._page(request, _("Preview of the statement")) | {
            "statement": statement,
            "seen": seen,
            "columns": [
                (part, words, seen.table.columns.get(part)) for part, words in WORDS.items()
            ],
            "sample": [row for _place, row in seen.table.rows[:SAMPLE]],
            "unread": [(row, UNREAD[row.code]) for row in seen.unread[:MOST_UNREAD]],
            "differences": seen.differences[:MOST_DIFFERENT],
        }
        return render(request, "admin/generations/statement/preview.html", page)

    def _report(self, request: HttpRequest, result: statements.ImportResult) -> None:
        message = ngettext("%(n)s line was imported.", "%(n)s lines were imported.", result.lines)
        self.message_user(request, message % {"n": result.lines})
        if result.differences:
            message = ngettext(
                "%(n)s task differs and waits for a decision.",
                "%(n)s tasks differ and wait for a decision.",
                result.differences,
            )
            self.message_user(request, message % {"n": result.differences}, messages.WARNING)

    def _page(self, request: HttpRequest, title: object) -> dict[str, object]:
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts}


def _columns(typed: Mapping[str, str]) -> dict[str, int] | None:
    """Return the columns that a person chose, or None."""
    chosen = {
        part: int(typed[f"column-{part}"])
        for part in statements.PARTS
        if typed.get(f"column-{part}", "").isdecimal()
    }
    return chosen or None
