"""Results, and what became of them."""

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
    """Paid for and not ours yet, while its link dies within a day."""
    waits = Q(state__in=(FileState.REMOTE, FileState.FETCHING))
    return waits & Q(expires_at__lte=now + SOON)


class RiskFilter(admin.SimpleListFilter):
    title = _("risk")
    parameter_name = "risk"

    def lookups(self, request: HttpRequest, model_admin: Admin) -> Choices:
        return [("soon", _("The link dies within a day"))]

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
        "trouble",
    )
    list_filter = ("state", RiskFilter, "part", "stored_at", TeamFilter)
    search_fields = ("pk__exact", "task__id__exact", "sha256__exact", "number__exact")
    search_help_text = _("The file's, the task's or the provider's number, or a fingerprint.")
    fields = (
        "of_task",
        "of_team",
        "part",
        "ordinal",
        "state",
        "number",
        "url",
        "seen_at",
        "expires_at",
        "tries",
        "trouble",
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
