"""Collections of files, the share links that open them for clients, remarks and verdicts.

Nothing here is deleted: what was removed has ``removed_at``, so that an approval can be proved.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from generations import clock

from .files import File, FileState
from .people import Team, User


class CollectionQuerySet(models.QuerySet["Collection"]):
    def for_team(self, team: Team) -> "CollectionQuerySet":
        """Return the collections of a team, last changed first."""
        return self.filter(team=team, removed_at=None).order_by("-changed_at", "-pk")

    def counted(self, user: User) -> "CollectionQuerySet":
        """Count for each the ``clips`` that its pages show and the remarks that are ``unread``."""
        # Subqueries, because two joins would multiply each other's counts.
        here = {"collection": OuterRef("pk")}
        seen = ReadMarker.objects.filter(**here, user=user).values("remark")[:1]
        remarks = Remark.objects.filter(
            item__collection=OuterRef("pk"), item__removed_at=None, pk__gt=OuterRef("seen")
        ).exclude(visit=None)
        return self.alias(seen=Coalesce(Subquery(seen), 0)).annotate(
            clips=_count(CollectionItem.objects.present().filter(**here), "collection"),
            unread=_count(remarks, "item__collection"),
        )


def _count(rows: "models.QuerySet[Any]", of: str) -> Coalesce:
    counted = rows.order_by().values(of).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


class Collection(models.Model):
    """A titled set of files; ``size`` of them are in it now.

    ``version`` counts the changes that its pages must show.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="collections")
    title = models.CharField(_("title"), max_length=80)
    description = models.TextField(_("description"), max_length=1000, blank=True)
    size = models.PositiveIntegerField(_("clips"), default=0, editable=False)
    version = models.BigIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    changed_at = models.DateTimeField(_("last changed"), default=clock.now, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        indexes = [models.Index(fields=["team", "-changed_at"], name="collection_by_team")]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def touch(cls, pk: int) -> None:
        """Count a change. The row stays locked until commit, so changes come one after another."""
        cls.objects.filter(pk=pk).update(version=F("version") + 1, changed_at=clock.now())


class CollectionItemQuerySet(models.QuerySet["CollectionItem"]):
    def kept(self) -> "CollectionItemQuerySet":
        """Return what was added and not removed, in the collection's order."""
        return self.filter(removed_at=None).order_by("position", "pk")

    def present(self) -> "CollectionItemQuerySet":
        """Return what its pages show; what is in the trash comes back when it is restored."""
        return self.kept().filter(file__task__trashed_at=None)

    def showable(self) -> "CollectionItemQuerySet":
        """Return what a client can be shown: only stored files."""
        return self.present().filter(file__state=FileState.STORED).exclude(file__name="")


class CollectionItem(models.Model):
    """An item of a collection. Its file may be replaced by a better one; the item stays."""

    collection = models.ForeignKey(Collection, models.PROTECT, related_name="items")
    file = models.ForeignKey(File, models.PROTECT, related_name="placements")
    position = models.PositiveIntegerField(_("position"), default=0)
    title = models.CharField(_("title"), max_length=80, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("added"), default=clock.now, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = CollectionItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item of a collection")
        verbose_name_plural = _("items of collections")
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "file"],
                condition=Q(removed_at=None),
                name="a_file_once_in_a_collection",
            )
        ]
        indexes = [models.Index(fields=["collection", "position"], name="collection_order")]

    def __str__(self) -> str:
        return self.title or str(self.file_id)


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def live(self) -> "ShareLinkQuerySet":
        """Return the links that still open."""
        now = clock.now()
        return self.filter(revoked_at=None, expires_at__gt=now, collection__removed_at=None)

    def for_team(self, team: Team) -> "ShareLinkQuerySet":
        return self.filter(collection__team=team)


class ShareLink(models.Model):
    """A secret address that opens one collection to whoever has it; only its hash is kept.

    ``name`` says whom it is for. ``password`` is a hash of Django's hashers, or "" for none.
    ``opens`` counts sessions, not page loads.
    """

    collection = models.ForeignKey(Collection, models.PROTECT, related_name="links")
    name = models.CharField(_("for"), max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    password = models.CharField(max_length=128, blank=True, editable=False)
    allows_downloads = models.BooleanField(_("downloads"), default=False)
    shows_prompts = models.BooleanField(_("prompts"), default=False)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    opens = models.PositiveIntegerField(_("opened"), default=0, editable=False)
    opened_at = models.DateTimeField(_("last opened"), null=True, editable=False)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")

    def __str__(self) -> str:
        return self.name or f"{self.collection} {self.pk}"

    @property
    def is_locked(self) -> bool:
        return bool(self.password)


class ShareVisit(models.Model):
    """One guest's session behind a link; the guest gives a name when there is something to say."""

    link = models.ForeignKey(ShareLink, models.PROTECT, related_name="visits")
    name = models.CharField(_("name"), max_length=60, blank=True)
    opened_at = models.DateTimeField(_("opened"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = [models.Index(fields=["link", "-opened_at"], name="visit_by_link")]

    def __str__(self) -> str:
        return self.name or str(_("a guest"))


class Remark(models.Model):
    """What a guest said about a clip, at a moment or over a range; or the team's answer to it.

    Moments are thousandths of a second from the clip's start; none: about the clip as a whole.
    ``file`` is what the guest looked at, even where the item holds another file since.
    """

    item = models.ForeignKey(CollectionItem, models.PROTECT, related_name="remarks")
    file = models.ForeignKey(File, models.PROTECT, related_name="+")
    link = models.ForeignKey(ShareLink, models.PROTECT, related_name="remarks")
    answers = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replies"
    )
    visit = models.ForeignKey(
        ShareVisit, models.PROTECT, null=True, blank=True, related_name="remarks"
    )
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    text = models.TextField(_("remark"), max_length=2000)
    start_ms = models.PositiveIntegerField(_("from"), null=True, blank=True)
    end_ms = models.PositiveIntegerField(_("to"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        constraints = [
            models.CheckConstraint(
                condition=Q(visit=None, author__isnull=False)
                | Q(visit__isnull=False, author=None, answers=None),
                name="a_guest_remarks_and_a_member_answers",
            ),
            models.CheckConstraint(
                condition=Q(end_ms=None) | Q(start_ms__isnull=False, end_ms__gt=F("start_ms")),
                name="a_range_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["item", "created_at"], name="remark_by_item")]

    def __str__(self) -> str:
        return f"{self.name}: {self.text[:60]}"


class ReadMarker(models.Model):
    """How far a member has read: the newest remark when a collection's page was last opened."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    remark = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "user"], name="one_read_marker_per_member"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.remark}"


class Decision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    CHANGES = "changes", _("Changes asked")


class Verdict(models.Model):
    """A guest's decision on a clip, never changed; the last one of a link counts.

    ``sha256`` is the fingerprint of the very file that the guest saw.
    """

    item = models.ForeignKey(CollectionItem, models.PROTECT, related_name="verdicts")
    file = models.ForeignKey(File, models.PROTECT, related_name="+")
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    link = models.ForeignKey(ShareLink, models.PROTECT, related_name="verdicts")
    visit = models.ForeignKey(ShareVisit, models.PROTECT, related_name="verdicts")
    name = models.CharField(_("name"), max_length=60)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision)
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("verdict")
        verbose_name_plural = _("verdicts")
        indexes = [models.Index(fields=["item", "link", "-id"], name="verdict_last")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_decision_display()}"
