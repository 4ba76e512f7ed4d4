"""Results, and what became of them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import File

from .records import Records, related


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
    list_filter = ("state", "part", "stored_at", "team")
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
