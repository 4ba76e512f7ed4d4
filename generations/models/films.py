"""Ad films: a root task, its strips of takes, and the cuts that were made of them."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock

from .files import File
from .people import Team
from .tasks import Task, TaskState

FILM = "ad-one-click"
COMPOSE = "ad-compose"


class StripKind(models.TextChoices):
    SHOT = "shot", _("Shot")
    NARRATION = "narration", _("Narration")
    MUSIC = "music", _("Music")


# The kind of task that makes one more take for a strip.
RETAKES = {
    StripKind.SHOT: "ad-footage",
    StripKind.NARRATION: "ad-narration",
    StripKind.MUSIC: "ad-music",
}
PARTS = (*RETAKES.values(), COMPOSE)
# What makes ad films, and each of their parts, as entries name it for a model.
WORK = tuple(kind.removeprefix("ad-") for kind in (FILM, *PARTS))
HEARD = (RETAKES[StripKind.NARRATION], RETAKES[StripKind.MUSIC])


class FilmQuerySet(models.QuerySet["Film"]):
    def for_team(self, team: Team) -> "FilmQuerySet":
        return self.filter(team=team)

    def out_of_the_bin(self) -> "FilmQuerySet":
        return self.filter(task__binned_at=None)

    def newest_first(self) -> "FilmQuerySet":
        return self.order_by("-pk")

    def before(self, pk: int) -> "FilmQuerySet":
        """Keyset paging: what stands after this one, newest first."""
        return self.filter(pk__lt=pk)

    def for_board(self) -> "FilmQuerySet":
        """With what every page of a film needs."""
        return self.select_related("team", "task__credential", "task__created_by").defer(
            "report", "task__credential__sealed_key"
        )

    def of(self, task: Task) -> "FilmQuerySet":
        """The film that a task began, or that it makes a part of."""
        if task.kind == FILM:
            return self.filter(task=task)
        if task.kind == COMPOSE:
            return self.filter(compositions__task=task)
        return self.filter(takes__task=task)

    def expected(self) -> "FilmQuerySet":
        """Of whose tree more is expected."""
        return self.filter(due_at__isnull=False, task__credential__removed_at=None)

    def due(self, now: datetime) -> "FilmQuerySet":
        """Whose tree is to be read now, and is in nobody's hands."""
        return self.expected().idle(now)

    def idle(self, now: datetime) -> "FilmQuerySet":
        """The same by its own row alone, as a claim on it must be."""
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        return self.filter(free, due_at__lte=now)


class Film(models.Model):
    """One ad film. ``due_at``: when its tree is to be read next; empty when nothing is expected.

    ``version`` is the team's sequence at the last change that its board must show, beside those of
    its tasks. ``report`` is the last raw tree.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="films")
    task = models.OneToOneField(Task, models.PROTECT, related_name="film")
    title = models.CharField(_("title"), max_length=120, blank=True)
    version = models.BigIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(_("next reading"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    read_at = models.DateTimeField(_("tree read"), null=True, blank=True)
    misses = models.PositiveSmallIntegerField(_("not read"), default=0)
    alarm = models.CharField(_("alarm"), max_length=200, blank=True)
    report = models.TextField(_("last raw tree"), blank=True)

    objects = FilmQuerySet.as_manager()

    class Meta:
        verbose_name = _("film")
        verbose_name_plural = _("films")
        indexes = [
            models.Index(fields=["team", "-id"], name="film_newest"),
            models.Index(fields=["due_at"], name="film_due"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self._meta.verbose_name} {self.pk}"


class Strip(models.Model):
    """All takes of one shot, of the narration or of the music; ``ordinal`` is the shot's index."""

    film = models.ForeignKey(Film, models.PROTECT, related_name="strips")
    kind = models.CharField(_("kind"), max_length=10, choices=StripKind)
    ordinal = models.PositiveSmallIntegerField(_("place"), default=0)
    chosen = models.ForeignKey(
        "Take", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("chosen")
    )

    class Meta:
        verbose_name = _("strip")
        verbose_name_plural = _("strips")
        constraints = [
            models.UniqueConstraint(fields=["film", "kind", "ordinal"], name="one_strip_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.film_id}/{self.kind}/{self.ordinal}"


class Part(models.Model):
    """What takes and compositions have in common: a record in the provider's tree.

    ``task`` is the order that made it, empty where it came with the film. ``number`` is the
    provider's, "" until it is known. ``state`` is what the tree says; of what we ordered the task
    knows better. ``missing_at``: since when the tree lacks what it had.
    """

    number = models.CharField(_("provider's number"), max_length=100, blank=True)
    ordinal = models.PositiveSmallIntegerField(_("place"))
    state = models.CharField(_("state"), max_length=10, choices=TaskState, default=TaskState.QUEUED)
    code = models.CharField(_("error code"), max_length=80, blank=True)
    task = models.OneToOneField(
        Task, models.PROTECT, null=True, blank=True, related_name="%(class)s"
    )
    file = models.ForeignKey(File, models.PROTECT, null=True, blank=True, related_name="+")
    seen_at = models.DateTimeField(_("seen in the tree"), null=True, blank=True)
    missing_at = models.DateTimeField(_("gone from the tree"), null=True, blank=True)
    alarm = models.CharField(_("alarm"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    class Meta:
        abstract = True

    @property
    def status(self) -> str:
        """A task's state: of its own task, or as far as the tree tells it."""
        return self.task.state if self.task else self.state

    @property
    def is_stored(self) -> bool:
        return self.file is not None and self.file.is_stored


class Take(Part):
    """One version of a strip; ``prompt`` is what it was made from, the text of a narration."""

    film = models.ForeignKey(Film, models.PROTECT, related_name="takes")
    strip = models.ForeignKey(Strip, models.PROTECT, related_name="takes")
    prompt = models.TextField(_("prompt"), blank=True)

    class Meta:
        verbose_name = _("take")
        verbose_name_plural = _("takes")
        ordering = ["strip", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["strip", "ordinal"], name="takes_are_numbered"),
            models.UniqueConstraint(
                fields=["film", "number"], condition=~Q(number=""), name="one_take_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.strip_id}/{self.ordinal}"


class Composition(Part):
    """One cut of a film, with exactly what was joined in it (``ingredients``)."""

    film = models.ForeignKey(Film, models.PROTECT, related_name="compositions")

    class Meta:
        verbose_name = _("composition")
        verbose_name_plural = _("compositions")
        ordering = ["film", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["film", "ordinal"], name="cuts_are_numbered"),
            models.UniqueConstraint(
                fields=["film", "number"], condition=~Q(number=""), name="one_cut_per_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.film_id}/{self.ordinal}"


class Ingredient(models.Model):
    """One piece of a composition, in its order; ``take`` is empty while no take has its number."""

    composition = models.ForeignKey(Composition, models.PROTECT, related_name="ingredients")
    kind = models.CharField(_("kind"), max_length=10, choices=StripKind)
    ordinal = models.PositiveSmallIntegerField(_("place"), default=0)
    number = models.CharField(_("provider's number"), max_length=100)
    take = models.ForeignKey(Take, models.PROTECT, null=True, blank=True, related_name="uses")

    class Meta:
        verbose_name = _("ingredient")
        verbose_name_plural = _("ingredients")
        ordering = ["composition", "kind", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["composition", "kind", "ordinal"], name="one_ingredient_per_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.composition_id}/{self.kind}/{self.ordinal}"
