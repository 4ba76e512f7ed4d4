"""Uploaded pictures and the tasks that use them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import TaskPicture, Upload

from .filters import TeamFilter
from .records import InlineRecords, Records, related


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
