"""Result files and their states."""

from datetime import datetime, timedelta

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.models import File
from generations.models.files import FileState

from .filters import Admin, Choices, Rows, TeamFilter
from .records import Records, related

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
        "name",
        "created_at",
        "stored_at",
    )
    joined = ("team", "task")
    unread = ("url", "placeholder", "task__message")
    of_team = related("team", _("team"))
    of_task = related("task", _("task"))
