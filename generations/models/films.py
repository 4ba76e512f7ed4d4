"""Ad films: a root task, its segments of takes, and the cuts that were made of them."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.providers.contract import TaskKind

from .files import File
from .leases import idle
from .people import Team
from .tasks import Task, TaskState

FILM = TaskKind.FILM
FILM_CUT = TaskKind.FILM_CUT


class SegmentKind(models.TextChoices):
    SHOT = "shot", _("Shot")
    NARRATION = "narration", _("Narration")
    MUSIC = "music", _("Music")


# The kind of task that makes one more take for a segment.
TAKE_KINDS = {
    SegmentKind.SHOT: TaskKind.SHOT_TAKE,
    SegmentKind.NARRATION: TaskKind.NARRATION_TAKE,
    SegmentKind.MUSIC: TaskKind.MUSIC_TAKE,
}
PARTS = (*TAKE_KINDS.values(), FILM_CUT)
# What stands for a model in the ledger, where a film or a part of it was ordered.
MODELS = {
    FILM: "one-click",
    TaskKind.SHOT_TAKE: "footage",
    TaskKind.NARRATION_TAKE: "narration",
    TaskKind.MUSIC_TAKE: "music",
    FILM_CUT: "compose",
}
WORK = tuple(MODELS.values())


class FilmQuerySet(models.QuerySet["Film"]):
    def for_team(self, team: Team) -> "FilmQuerySet":
        return self.filter(team=team)

    def outside_trash(self) -> "FilmQuerySet":
        return self.filter(task__trashed_at=None)

    def newest_first(self) -> "FilmQuerySet":
        return self.order_by("-pk")

    def before(self, pk: int) -> "FilmQuerySet":
        """Return the films after a page cursor, newest first (keyset paging)."""
        return self.filter(pk__lt=pk)

    def for_board(self) -> "FilmQuerySet":
        """Load what every page of a film needs."""
        return self.select_related("team", "task__credential", "task__created_by").defer(
            "report", "task__credential__sealed_key"
        )

    def of(self, task: Task) -> "FilmQuerySet":
        """Return the film that a task began, or that it makes a part of."""
        if task.kind == FILM:
            return self.filter(task=task)
        if task.kind == FILM_CUT:
            return self.filter(cuts__task=task)
        return self.filter(takes__task=task)

    def expected(self) -> "FilmQuerySet":
        """Return the films of whose tree more is expected."""
        return self.filter(due_at__isnull=False, task__credential__removed_at=None)

    def due(self, now: datetime) -> "FilmQuerySet":
        """Whose tree is to be read now, and is in nobody's hands."""
        return self.expected().idle(now)

    def idle(self, now: datetime) -> "FilmQuerySet":
        """The same by its own row alone, as a claim on it must be."""
        return self.filter(idle(now), due_at__lte=now)


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


class Segment(models.Model):
    """All takes of one shot, of the narration or of the music; ``ordinal`` is the shot's index."""

    film = models.ForeignKey(Film, models.PROTECT, related_name="segments")
    kind = models.CharField(_("kind"), max_length=10, choices=SegmentKind)
    ordinal = models.PositiveSmallIntegerField(_("position"), default=0)
    chosen = models.ForeignKey(
        "Take", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("chosen")
    )

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(
                fields=["film", "kind", "ordinal"], name="one_segment_per_ordinal"
            )
        ]

    def __str__(self) -> str:
        return f"{self.film_id}/{self.kind}/{self.ordinal}"


class TreeRecord(models.Model):
    """What takes and cuts have in common: a record in the provider's tree.

    ``task`` is the order that made it, empty where it came with the film. ``remote_id`` is the
    provider's, "" until it is known. ``state`` is what the tree says; of what we ordered the task
    knows better. ``missing_at``: since when the tree lacks what it had.
    """

    remote_id = models.CharField(_("provider's id"), max_length=255, blank=True)
    ordinal = models.PositiveSmallIntegerField(_("position"))
    state = models.CharField(_("state"), max_length=10, choices=TaskState, default=TaskState.QUEUED)
    reason = models.CharField(_("why it failed"), max_length=40, blank=True)
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
        """Return the state of its own task, else what the tree tells."""
        return self.task.state if self.task else self.state

    @property
    def is_stored(self) -> bool:
        return self.file is not None and self.file.is_stored


class Take(TreeRecord):
    """One version of a segment; ``prompt`` is what it was made from, the text of a narration."""

    film = models.ForeignKey(Film, models.PROTECT, related_name="takes")
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="takes")
    prompt = models.TextField(_("prompt"), blank=True)

    class Meta:
        verbose_name = _("take")
        verbose_name_plural = _("takes")
        ordering = ["segment", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "ordinal"], name="takes_are_numbered"),
            models.UniqueConstraint(
                fields=["film", "remote_id"],
                condition=~Q(remote_id=""),
                name="one_take_per_remote_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id}/{self.ordinal}"


class Cut(TreeRecord):
    """One cut of a film, with exactly what was joined in it (``pieces``)."""

    film = models.ForeignKey(Film, models.PROTECT, related_name="cuts")

    class Meta:
        verbose_name = _("cut")
        verbose_name_plural = _("cuts")
        ordering = ["film", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["film", "ordinal"], name="cuts_are_numbered"),
            models.UniqueConstraint(
                fields=["film", "remote_id"],
                condition=~Q(remote_id=""),
                name="one_cut_per_remote_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.film_id}/{self.ordinal}"


class CutPiece(models.Model):
    """One piece of a cut, in its order; ``take`` is empty while no take has its number."""

    cut = models.ForeignKey(Cut, models.PROTECT, related_name="pieces")
    kind = models.CharField(_("kind"), max_length=10, choices=SegmentKind)
    ordinal = models.PositiveSmallIntegerField(_("position"), default=0)
    remote_id = models.CharField(_("provider's id"), max_length=255)
    take = models.ForeignKey(Take, models.PROTECT, null=True, blank=True, related_name="uses")

    class Meta:
        verbose_name = _("piece")
        verbose_name_plural = _("pieces")
        ordering = ["cut", "kind", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["cut", "kind", "ordinal"], name="one_cut_piece_per_ordinal"
            )
        ]

    def __str__(self) -> str:
        return f"{self.cut_id}/{self.kind}/{self.ordinal}"
