"""Uploaded pictures, and which order used which of them."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock

from .files import File
from .people import Team, User
from .tasks import Task


class FrameAt(models.TextChoices):
    FIRST = "first", _("First frame")
    LAST = "last", _("Last frame")


class UploadQuerySet(models.QuerySet["Upload"]):
    def for_team(self, team: Team) -> "UploadQuerySet":
        return self.filter(team=team)

    def newest_first(self) -> "UploadQuerySet":
        return self.order_by("-used_at", "-pk")

    def before(self, used_at: datetime, pk: int) -> "UploadQuerySet":
        """Keyset paging: what comes after this row, newest first."""
        after = Q(used_at__lt=used_at) | Q(used_at=used_at, pk__lt=pk)
        return self.filter(after, used_at__lte=used_at)  # SQLite seeks by the bound, as for tasks


class Upload(models.Model):
    """A picture of a team, encoded anew (``media/pictures``); the same bytes are one row.

    ``name`` is the file's name at the uploader, and only shown. ``stored`` and ``thumbnail`` are
    paths in the file storage; ``placeholder`` is a tiny WebP in base64. ``used_at`` is when it was
    last uploaded or ordered with. ``source_*``: it is a frame of this clip.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="uploads")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    size = models.PositiveIntegerField(_("size"))
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    content_type = models.CharField(_("type"), max_length=60)
    stored = models.CharField(_("stored as"), max_length=200)
    thumbnail = models.CharField(max_length=200)
    placeholder = models.TextField(blank=True)
    source_file = models.ForeignKey(
        File, models.SET_NULL, null=True, blank=True, related_name="frames"
    )
    source_at = models.CharField(_("frame"), max_length=5, choices=FrameAt, blank=True)
    created_at = models.DateTimeField(_("given"), default=clock.now, editable=False)
    used_at = models.DateTimeField(_("last used"), default=clock.now)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.UniqueConstraint(fields=["team", "sha256"], name="one_upload_per_picture")
        ]
        indexes = [models.Index(fields=["team", "-used_at", "-id"], name="upload_recent")]

    def __str__(self) -> str:
        return self.name


class TaskPicture(models.Model):
    """One picture of an order; ``name`` is how the prompt refers to it, or "".

    ``subject`` is the task that had the provider keep what it shows: then its id is sent, and not
    the picture.
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="pictures")
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="uses")
    ordinal = models.PositiveSmallIntegerField(_("place"))
    name = models.CharField(_("called"), max_length=40, blank=True)
    subject = models.ForeignKey(
        Task,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="uses",
        verbose_name=_("kept subject"),
    )

    class Meta:
        verbose_name = _("picture of a task")
        verbose_name_plural = _("pictures of tasks")
        ordering = ["task", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["task", "ordinal"], name="one_picture_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.task_id}/{self.ordinal}"
