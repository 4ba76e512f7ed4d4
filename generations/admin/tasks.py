"""Tasks, the attempts to hand them over, and the rings that came for them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import Attempt, Callback, File, Task

from .credentials import CredentialFilter
from .records import Records, Rows, one_line, related

ATTEMPT_SECRETS = ("token", "reference", "reply", "report")
HIDDEN = "•••"


def masked(text: str, attempt: Attempt) -> str:
    """What a provider said, without the secrets of ours that it repeated."""
    for secret in (attempt.token, attempt.reference):
        text = text.replace(secret, HIDDEN)
    return text


class Attempts(Rows):
    model = Attempt
    fields = ("state", "number", "estimate", "cost", "code", "sent_at", "answered_at")
    unread = ATTEMPT_SECRETS


class Files(Rows):
    model = File
    fields = ("part", "state", "size", "expires_at", "stored_at", "trouble")
    unread = ("url", "placeholder")


class Callbacks(Rows):
    model = Callback
    fields = ("received_at", "verdict", "word", "number", "answered_at")
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
        "team",
        CredentialFilter,
    )
    search_fields = ("pk__exact", "prompt", "attempts__number__exact", "created_by__email")
    search_help_text = _("Our number, the provider's number, words of the prompt, or an e-mail.")
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
        "reason",
        "code",
        "message",
        "alarm",
        "created_at",
        "accepted_at",
        "finished_at",
        "check_at",
        "checks",
        "misses",
    )
    joined = ("team", "created_by", "credential")
    unread = ("message", "form_token", "created_by__password", "credential__sealed_key")
    inlines = (Attempts, Files)
    of_team = related("team", _("team"))
    person = related("created_by", _("ordered by"))
    key = related("credential", _("credential"))

    @admin.display(description=_("prompt"))
    def line(self, task: Task) -> str:
        return one_line(task.prompt) or str(task)

    @admin.display(description=_("why"))
    def why(self, task: Task) -> str:
        return task.alarm or task.code or task.reason


@admin.register(Attempt)
class AttemptAdmin(Records):
    list_display = ("__str__", "state", "number", "key", "estimate", "cost", "code", "sent_at")
    list_filter = ("state", "sent_at", CredentialFilter)
    search_fields = ("pk__exact", "task__id__exact", "number__exact", "code__exact")
    search_help_text = _("The attempt's, the task's or the provider's number, or an error code.")
    fields = (
        "of_task",
        "ordinal",
        "key",
        "state",
        "number",
        "estimate",
        "cost",
        "code",
        "said",
        "reported",
        "created_at",
        "sent_at",
        "answered_at",
        "looked_at",
    )
    joined = ("task", "credential")
    unread = (*ATTEMPT_SECRETS, "credential__sealed_key")
    inlines = (Callbacks,)
    of_task = related("task", _("task"))
    key = related("credential", _("credential"))

    @admin.display(description=_("raw reply"), empty_value="–")
    def said(self, attempt: Attempt) -> str:
        return masked(attempt.reply, attempt)

    @admin.display(description=_("last raw report"), empty_value="–")
    def reported(self, attempt: Attempt) -> str:
        return masked(attempt.report, attempt)


@admin.register(Callback)
class CallbackAdmin(Records):
    list_display = ("__str__", "verdict", "word", "number", "received_at", "answered_at")
    list_filter = ("received_at", ("answered_at", admin.EmptyFieldListFilter))
    search_fields = ("attempt__task__id__exact", "number__exact", "word", "verdict")
    search_help_text = _("The task's or the provider's number, the word it said, or the verdict.")
    fields = (
        "of_attempt",
        "received_at",
        "verdict",
        "number",
        "word",
        "sent_headers",
        "sent_body",
        "answered_at",
    )
    joined = ("attempt",)
    unread = Callbacks.unread
    of_attempt = related("attempt", _("attempt"))

    @admin.display(description=_("headers"), empty_value="–")
    def sent_headers(self, callback: Callback) -> str:
        lines = (f"{name}: {value}" for name, value in callback.headers.items())
        return masked("\n".join(lines), callback.attempt)

    @admin.display(description=_("body"), empty_value="–")
    def sent_body(self, callback: Callback) -> str:
        return masked(callback.body, callback.attempt)
