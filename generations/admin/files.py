"""Files: the results of tasks, and uploaded pictures with the tasks that use them."""

from datetime import datetime, timedelta

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.models import File, TaskPicture, Upload
from generations.models.files import FileState

from .records import Admin, Choices, InlineRecords, Records, Rows, TeamFilter, related

SOON = timedelta(days=1)


def at_risk(now: datetime) -> Q:
    """Return the condition for files that are not stored and whose link dies within a day."""
    unfetched = Q(state__in=(FileState.REMOTE, FileState.FETCHING))
    return unfetched & Q(expires_at__lte=now + SOON)


class RiskFilter(admin.SimpleListFilter):
    title = _("risk")
    parameter_name = "risk"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [("soon", _("The link expires within a day"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        if not self.value():
            return None
        return queryset.filter(at_risk(clock.now())) if self.value() == "soon" else queryset.none()


@admin.register(File)
class FileAdmin(Records):
    list_display = (
        "__str__",
        "of_team",
        "state",
        "size",
        "content_type",
        "expires_at",
        "stored_at",
        "last_error",
    )
    list_filter = ("state", RiskFilter, "role", "stored_at", TeamFilter)
    search_fields = ("pk__exact", "task__id__exact", "sha256__exact", "remote_id__exact")
    search_help_text = _("An ID of the file or the task, ours or the provider's, or a fingerprint.")
    fields = (
        "of_task",
        "of_team",
        "role",
        "ordinal",
        "state",
        "remote_id",
        "url",
        "seen_at",
        "expires_at",
        "worked_for",
        "died_after",
        "missing_since",
        "asked_at",
        "tries",
        "last_error",
        "received",
        "size",
        "sha256",
        "content_type",
        "duration_ms",
        "width",
        "height",
        "fps",
        "codec",
        "has_sound",
        "plays_in_browsers",
        "name",
        "proxy",
        "created_at",
        "stored_at",
    )
    joined = ("team", "task")
    # The link is read only on the page of one file: it opens the file to whoever has it.
    unread = ("url", "placeholder", "task__message")
    of_team = related("team", _("team"))
    of_task = related("task", _("task"))


class Uses(InlineRecords):
    model = TaskPicture
    of_teams = "task__team"
    fields = ("task", "ordinal", "name")
    joined = ("task",)
    unread = ("task__message", "task__form_token")


@admin.register(Upload)
class UploadAdmin(Records):
    list_display = (
        "name",
        "of_team",
        "giver",
        "width",
        "height",
        "size",
        "source_at",
        "used_at",
    )
    list_filter = ("content_type", "source_at", "used_at", TeamFilter)
    search_fields = ("pk__exact", "name", "sha256__exact", "uses__task__id__exact")
    search_help_text = _("The ID, the name or the fingerprint of a picture, or our ID of a task.")
    fields = (
        "name",
        "of_team",
        "giver",
        "of_file",
        "source_at",
        "size",
        "width",
        "height",
        "content_type",
        "sha256",
        "stored",
        "created_at",
        "used_at",
    )
    joined = ("team", "created_by", "source_file")
    unread = ("placeholder", "created_by__password", "source_file__url", "source_file__placeholder")
    inlines = (Uses,)
    of_team = related("team", _("team"))
    giver = related("created_by", _("uploaded by"))
    of_file = related("source_file", _("frame of"))
