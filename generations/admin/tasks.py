"""Tasks, their attempts, and callbacks."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from generations.models import Attempt, Callback, File, Task

from .records import CredentialFilter, InlineRecords, Records, TeamFilter, masked, one_line, related
from .timeline import Timeline, header_lines

# Replies and reports are no secrets, but long, and may repeat our token; ``masked`` shows them.
ATTEMPT_SECRETS = ("token", "reference", "reply", "report", "first_report")


class Attempts(InlineRecords):
    model = Attempt
    of_teams = "task__team"
    fields = ("state", "remote_id", "estimate", "cost", "code", "sent_at", "answered_at")
    unread = ATTEMPT_SECRETS


class Files(InlineRecords):
    model = File
    fields = ("role", "state", "size", "expires_at", "stored_at", "last_error")
    unread = ("url", "placeholder")


class Callbacks(InlineRecords):
    model = Callback
    of_teams = "attempt__task__team"
    fields = ("received_at", "verdict", "state_word", "remote_id", "answered_at")
    joined = ("attempt",)
    unread = ("headers", "body", "nonce", *(f"attempt__{name}" for name in ATTEMPT_SECRETS))


@admin.register(Task)
class TaskAdmin(Records):
    list_display = (
        "line",
        "state",
        "model",
        "person",
        "of_team",
        "key",
        "created_at",
        "why",
    )
    list_filter = (
        "state",
        ("alarm", admin.EmptyFieldListFilter),
        "created_at",
        TeamFilter,
        CredentialFilter,
    )
    search_fields = ("pk__exact", "prompt", "attempts__remote_id__exact", "created_by__email")
    search_help_text = _("Our ID, the provider's ID, words of the prompt, or an e-mail.")
    fields = (
        "prompt",
        "state",
        "of_team",
        "person",
        "key",
        "kind",
        "model",
        "settings",
        "progress",
        "obstacle",
        "code",
        "message",
        "alarm",
        "state_word",
        "echoed",
        "created_at",
        "imported_at",
        "accepted_at",
        "finished_at",
        "late_at",
        "unanswered_at",
        "check_at",
        "checks",
        "misses",
    )
    joined = ("team", "created_by", "credential")
    unread = ("message", "form_token", "created_by__password", "credential__sealed_key")
    inlines = (Attempts, Files)
    change_form_template = "admin/generations/task/change_form.html"
    of_team = related("team", _("team"))
    person = related("created_by", _("ordered by"))
    key = related("credential", _("key"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        task = self.get_object(request, object_id)
        more = {"timeline": Timeline(task)} if task else {}
        return super().change_view(request, object_id, form_url, more | (extra_context or {}))

    @admin.display(description=_("prompt"))
    def line(self, task: Task) -> str:
        return one_line(task.prompt) or str(task)

    @admin.display(description=_("why"))
    def why(self, task: Task) -> str:
        return task.alarm or task.code or task.obstacle


@admin.register(Attempt)
class AttemptAdmin(Records):
    of_teams = "task__team"
    list_display = ("__str__", "state", "remote_id", "key", "estimate", "cost", "code", "sent_at")
    list_filter = ("state", "sent_at", CredentialFilter)
    search_fields = ("pk__exact", "task__id__exact", "remote_id__exact", "code__exact")
    search_help_text = _("An ID of the attempt or task, ours or the provider's, or an error code.")
    fields = (
        "of_task",
        "ordinal",
        "key",
        "state",
        "remote_id",
        "estimate",
        "cost",
        "code",
        "raw_reply",
        "raw_first_report",
        "raw_report",
        "created_at",
        "sent_at",
        "answered_at",
        "searched_at",
    )
    joined = ("task", "credential")
    unread = (*ATTEMPT_SECRETS, "credential__sealed_key")
    inlines = (Callbacks,)
    of_task = related("task", _("task"))
    key = related("credential", _("key"))

    @admin.display(description=_("raw reply"), empty_value="–")
    def raw_reply(self, attempt: Attempt) -> str:
        return masked(attempt.reply, attempt)

    @admin.display(description=_("first raw report"), empty_value="–")
    def raw_first_report(self, attempt: Attempt) -> str:
        return masked(attempt.first_report, attempt)

    @admin.display(description=_("last raw report"), empty_value="–")
    def raw_report(self, attempt: Attempt) -> str:
        return masked(attempt.report, attempt)


@admin.register(Callback)
class CallbackAdmin(Records):
    of_teams = "attempt__task__team"
    list_display = ("__str__", "verdict", "state_word", "remote_id", "received_at", "answered_at")
    list_filter = ("received_at", ("answered_at", admin.EmptyFieldListFilter))
    search_fields = ("attempt__task__id__exact", "remote_id__exact", "state_word", "verdict")
    search_help_text = _(
        "Our ID or the provider's ID of the task, the state it named, or the verdict."
    )
    fields = (
        "of_attempt",
        "received_at",
        "verdict",
        "remote_id",
        "state_word",
        "sent_headers",
        "sent_body",
        "answered_at",
    )
    joined = ("attempt",)
    unread = Callbacks.unread
    of_attempt = related("attempt", _("attempt"))

    @admin.display(description=_("headers"), empty_value="–")
    def sent_headers(self, callback: Callback) -> str:
        return masked(header_lines(callback), callback.attempt)

    @admin.display(description=_("body"), empty_value="–")
    def sent_body(self, callback: Callback) -> str:
        return masked(callback.body, callback.attempt)
