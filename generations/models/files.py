"""Files: the results of tasks, from a provider's link to bytes in our storage."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from generations import clock

from .people import Team, User
from .tasks import Task


class FileState(models.TextChoices):
    REMOTE = "remote", _("To be fetched")
    FETCHING = "fetching", _("Fetching")
    STORED = "stored", _("Ready")
    LOST = "lost", _("Lost")
    DELETED = "deleted", _("Deleted")


class FileRole(models.TextChoices):
    VIDEO = "video", _("Video")
    COVER = "cover", _("Cover")
    WATERMARKED = "watermarked", _("Watermarked video")
    AUDIO = "audio", _("Audio")
    IMAGE = "image", _("Picture")


class FileQuerySet(models.QuerySet["File"]):
    def for_team(self, team: Team) -> "FileQuerySet":
        return self.filter(team=team)

    def visible_to(self, user: User) -> "FileQuerySet":
        return self.filter(team__memberships__user=user)

    def unfetched(self) -> "FileQuerySet":
        """Return the files that are paid for and not stored yet."""
        return self.filter(state__in=[FileState.REMOTE, FileState.FETCHING])

    def most_urgent_first(self) -> "FileQuerySet":
        # Where nobody knows how long a link lives, it may die next.
        return self.order_by(F("expires_at").asc(nulls_first=True), "pk")


class File(models.Model):
    """One result of a task. Names are keys in the file storage; sizes in bytes.

    ``ordinal`` tells several results of one role apart, in the provider's order. ``worked_for`` and
    ``died_after`` are what a fetch has seen of its link: the age in seconds at which it still gave
    the file, and at which it was dead. ``missing_since``: since when its links lead to nothing, or
    to something else than a file. ``asked_at``: when the provider first answered since then without
    a link that works; of a lost file, when it was last asked. ``not_before``: when the next try is
    due, also of a lost file, or of the ``proxy`` of a stored one: a copy for browsers, where they
    do not play the file itself.
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="files")
    team = models.ForeignKey(Team, models.PROTECT, related_name="files")
    role = models.CharField(_("role"), max_length=12, choices=FileRole)
    ordinal = models.PositiveSmallIntegerField(default=0)
    remote_id = models.CharField(_("provider's id"), max_length=255, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=FileState, default=FileState.REMOTE)
    url = models.TextField(_("provider's link"), blank=True)
    seen_at = models.DateTimeField(_("link seen"), default=clock.now)
    expires_at = models.DateTimeField(_("link expires"), null=True, blank=True)
    worked_for = models.PositiveIntegerField(_("link worked for (s)"), null=True, blank=True)
    died_after = models.PositiveIntegerField(_("link died after (s)"), null=True, blank=True)
    missing_since = models.DateTimeField(_("link leads to nothing since"), null=True, blank=True)
    asked_at = models.DateTimeField(_("new link asked for"), null=True, blank=True)
    warned_at = models.DateTimeField(_("risk reported"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    received = models.BigIntegerField(_("received"), default=0)

    size = models.BigIntegerField(_("size"), null=True, blank=True)
    sha256 = models.CharField(_("fingerprint"), max_length=64, blank=True)
    content_type = models.CharField(_("type"), max_length=60, blank=True)
    duration_ms = models.PositiveIntegerField(_("length"), null=True, blank=True)
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    fps = models.FloatField(_("frames a second"), null=True, blank=True)
    codec = models.CharField(_("codec"), max_length=40, blank=True)
    has_sound = models.BooleanField(_("sound"), null=True, blank=True)
    name = models.CharField(_("stored as"), max_length=200, blank=True)
    poster = models.CharField(max_length=200, blank=True)
    preview = models.CharField(max_length=200, blank=True)
    proxy = models.CharField(max_length=200, blank=True)
    plays_in_browsers = models.BooleanField(_("plays in browsers"), null=True, blank=True)
    placeholder = models.TextField(blank=True)
    created_at = models.DateTimeField(_("seen"), default=clock.now, editable=False)
    stored_at = models.DateTimeField(_("stored"), null=True, blank=True)

    objects = FileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["task", "role", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["task", "role", "ordinal"], name="one_file_per_result")
        ]
        indexes = [
            models.Index(fields=["state", "expires_at"], name="file_urgent"),
            models.Index(fields=["team", "state", "sha256", "size"], name="file_kept"),
            # Of most files nothing is due any more.
            models.Index(
                fields=["state", "not_before"],
                condition=Q(not_before__isnull=False),
                name="file_due",
            ),
            models.Index(fields=["sha256"], name="file_by_fingerprint"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id}/{self.role}"

    @property
    def half_of_life(self) -> datetime | None:
        """Return when half of its link's life is over, None where its end is unknown."""
        return self.expires_at and self.seen_at + (self.expires_at - self.seen_at) / 2

    @property
    def is_stored(self) -> bool:
        return self.state == FileState.STORED

    @property
    def is_proxy_coming(self) -> bool:
        """Whether a copy that browsers play is still to be made of it."""
        return self.is_stored and self.plays_in_browsers is False and self.not_before is not None

    @property
    def role_word(self) -> str:
        """Return its role for people; what an import brought, only its bytes tell."""
        role = FileRole(self.role)
        if role == FileRole.VIDEO and (self.is_sound or self.is_picture):
            role = FileRole.AUDIO if self.is_sound else FileRole.IMAGE
        return str(role.label)

    @property
    def is_sound(self) -> bool:
        return self.content_type.startswith("audio/")

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")
