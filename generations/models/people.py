"""Users, teams, memberships and invitations."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from generations import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in with the e-mail address in lower case."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    is_staff = models.BooleanField(_("may enter the admin site"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=clock.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> "TeamQuerySet":
        return self.filter(memberships__user=user)


class Team(models.Model):
    """A team, which owns everything else. ``sequence`` counts the changes that pages must show.

    ``stopped_*``: somebody stopped its ordering. ``quota``: the most bytes that it may store.
    """

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    sequence = models.BigIntegerField(default=0, editable=False)
    stopped_at = models.DateTimeField(_("ordering stopped"), null=True, blank=True)
    stopped_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    quota = models.PositiveBigIntegerField(
        _("storage limit"),
        null=True,
        blank=True,
        help_text=_("In bytes: 50000000000 are 50 GB. Empty: as much as the disk holds."),
    )
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def next_sequence(cls, team_id: int) -> int:
        """Increment the sequence. The row stays locked until commit, so changes commit in order."""
        # Pages ask for all after the last number that they saw. A lower number that is committed
        # later would never be shown.
        cls.objects.filter(pk=team_id).update(sequence=F("sequence") + 1)
        return cls.objects.values_list("sequence", flat=True).get(pk=team_id)


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    PRODUCER = "producer", _("Producer")
    VIEWER = "viewer", _("Viewer")
    AUDITOR = "auditor", _("Auditor")


class Membership(models.Model):
    """A person in a team: owners manage, producers order, viewers look, auditors audit."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.PRODUCER)
    created_at = models.DateTimeField(_("since"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"

    @property
    def may_order(self) -> bool:
        return self.role in {Role.OWNER, Role.PRODUCER}

    @property
    def may_manage(self) -> bool:
        return self.role == Role.OWNER

    @property
    def may_audit(self) -> bool:
        """Whether the member may read all rows of this team in the admin site."""
        return self.role == Role.AUDITOR


class Invitation(models.Model):
    """A link that makes one person a member. Only the hash of its token is stored."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.PRODUCER)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.team} · {self.get_role_display()}"
