"""Ad films with their takes and cuts."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import Cut, CutPiece, Film, Take

from .records import InlineRecords, Records, TeamFilter, one_line, related

PART = ("of_film", "ordinal", "remote_id", "state", "code", "alarm", "of_task", "of_file")
SEEN = ("seen_at", "missing_at", "created_at")
FILE_UNREAD = ("file__url", "file__placeholder", "task__message", "film__report")


class TakeRows(InlineRecords):
    model = Take
    of_teams = "film__team"
    fields = ("segment", "ordinal", "remote_id", "state", "code", "alarm", "missing_at")
    joined = ("segment", "film")
    unread = ("prompt", "film__report")


class CutRows(InlineRecords):
    model = Cut
    of_teams = "film__team"
    fields = ("ordinal", "remote_id", "state", "code", "alarm", "missing_at")
    joined = ("film",)
    unread = ("film__report",)


class PieceRows(InlineRecords):
    model = CutPiece
    of_teams = "cut__film__team"
    fields = ("kind", "ordinal", "remote_id", "of_take")
    joined = ("take", "cut")
    unread = ("take__prompt",)
    show_change_link = False
    of_take = related("take", _("take"))


@admin.register(Film)
class FilmAdmin(Records):
    list_display = ("line", "of_team", "of_task", "read_at", "due_at", "misses", "alarm")
    list_filter = (("alarm", admin.EmptyFieldListFilter), "read_at", TeamFilter)
    search_fields = ("pk__exact", "title", "task__prompt", "task__attempts__remote_id__exact")
    search_help_text = _("Our ID, the provider's ID, or words of the title or the brief.")
    fields = ("title", "of_team", "of_task", "alarm", "read_at", "due_at", "misses", "tree")
    joined = ("team", "task")
    unread = ("report", "task__message")
    inlines = (TakeRows, CutRows)
    of_team = related("team", _("team"))
    of_task = related("task", _("task"))

    @admin.display(description=_("film"))
    def line(self, film: Film) -> str:
        return film.title or one_line(film.task.prompt) or str(film)

    @admin.display(description=_("last raw tree"), empty_value="–")
    def tree(self, film: Film) -> str:
        return film.report


@admin.register(Take)
class TakeAdmin(Records):
    of_teams = "film__team"
    list_display = ("__str__", "of_film", "remote_id", "state", "code", "alarm", "missing_at")
    list_filter = ("state", ("alarm", admin.EmptyFieldListFilter), "segment__kind")
    search_fields = ("pk__exact", "remote_id__exact", "prompt")
    search_help_text = _("Our ID, the provider's ID, or words of the prompt.")
    fields = ("prompt", *PART, *SEEN)
    joined = ("film", "segment", "task", "file")
    unread = FILE_UNREAD
    of_film = related("film", _("film"))
    of_task = related("task", _("task"))
    of_file = related("file", _("file"))


@admin.register(Cut)
class CutAdmin(Records):
    of_teams = "film__team"
    list_display = ("__str__", "of_film", "remote_id", "state", "code", "alarm", "missing_at")
    list_filter = ("state", ("alarm", admin.EmptyFieldListFilter))
    search_fields = ("pk__exact", "remote_id__exact")
    search_help_text = _("Our ID, or the provider's.")
    fields = (*PART, *SEEN)
    joined = ("film", "task", "file")
    unread = FILE_UNREAD
    inlines = (PieceRows,)
    of_film = related("film", _("film"))
    of_task = related("task", _("task"))
    of_file = related("file", _("file"))
