"""Ad films with their takes and cuts, as the provider's tree told them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from generations.models import Composition, Film, Ingredient, Take

from .filters import TeamFilter
from .records import Records, Rows, one_line, related

PART = ("of_film", "ordinal", "number", "state", "code", "alarm", "of_task", "of_file")
SEEN = ("seen_at", "missing_at", "created_at")
FILE_UNREAD = ("file__url", "file__placeholder", "task__message", "film__report")


class Takes(Rows):
    model = Take
    of_teams = "film__team"
    fields = ("strip", "ordinal", "number", "state", "code", "alarm", "missing_at")
    joined = ("strip", "film")
    unread = ("prompt", "film__report")


class Cuts(Rows):
    model = Composition
    of_teams = "film__team"
    fields = ("ordinal", "number", "state", "code", "alarm", "missing_at")
    joined = ("film",)
    unread = ("film__report",)


class Ingredients(Rows):
    model = Ingredient
    of_teams = "composition__film__team"
    fields = ("kind", "ordinal", "number", "of_take")
    joined = ("take", "composition")
    unread = ("take__prompt",)
    show_change_link = False
    of_take = related("take", _("take"))


@admin.register(Film)
class FilmAdmin(Records):
    list_display = ("line", "of_team", "of_task", "read_at", "due_at", "misses", "alarm")
    list_filter = (("alarm", admin.EmptyFieldListFilter), "read_at", TeamFilter)
    search_fields = ("pk__exact", "title", "task__prompt", "task__attempts__number__exact")
    search_help_text = _("Our number, the provider's number, or words of the title or the brief.")
    fields = ("title", "of_team", "of_task", "alarm", "read_at", "due_at", "misses", "tree")
    joined = ("team", "task")
    unread = ("report", "task__message")
    inlines = (Takes, Cuts)
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
    list_display = ("__str__", "of_film", "number", "state", "code", "alarm", "missing_at")
    list_filter = ("state", ("alarm", admin.EmptyFieldListFilter), "strip__kind")
    search_fields = ("pk__exact", "number__exact", "prompt")
    search_help_text = _("Our number, the provider's number, or words of the prompt.")
    fields = ("prompt", *PART, *SEEN)
    joined = ("film", "strip", "task", "file")
    unread = FILE_UNREAD
    of_film = related("film", _("film"))
    of_task = related("task", _("task"))
    of_file = related("file", _("file"))


@admin.register(Composition)
class CompositionAdmin(Records):
    of_teams = "film__team"
    list_display = ("__str__", "of_film", "number", "state", "code", "alarm", "missing_at")
    list_filter = ("state", ("alarm", admin.EmptyFieldListFilter))
    search_fields = ("pk__exact", "number__exact")
    search_help_text = _("Our number, or the provider's.")
    fields = (*PART, *SEEN)
    joined = ("film", "task", "file")
    unread = FILE_UNREAD
    inlines = (Ingredients,)
    of_film = related("film", _("film"))
    of_task = related("task", _("task"))
    of_file = related("file", _("file"))
