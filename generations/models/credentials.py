"""Keys to providers, sealed, with their limits and their rate budget."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.crypto import Ring, Secret

from .people import Team, User


def key_ring() -> Ring:
    """The ring that the settings name."""
    return Ring.read(settings.CREDENTIAL_KEYS)


class CredentialQuerySet(models.QuerySet["Credential"]):
    def for_team(self, team: Team) -> "CredentialQuerySet":
        return self.filter(team=team, removed_at=None)

    def without_secret(self) -> "CredentialQuerySet":
        return self.defer("sealed_key")


class Credential(models.Model):
    """A key, a base address and a provider kind, owned by a team.

    ``slots``: tasks at once. ``requests_per_minute``: 0 where the provider names no limit.
    ``link_life``: seconds after which links of its results were seen to die before their time.
    ``bucket_*``: the token bucket that every request of this key draws on, in all processes.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="credentials")
    kind = models.CharField(_("provider"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    base_url = models.URLField(_("address"), max_length=200)
    options = models.JSONField(_("options"), default=dict, blank=True)
    sealed_key = models.TextField(editable=False)
    key_tail = models.CharField(_("last four"), max_length=4, editable=False)
    slots = models.PositiveSmallIntegerField(_("tasks at once"), default=5)
    requests_per_minute = models.PositiveIntegerField(_("requests a minute"), default=0)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    paused_code = models.CharField(_("why paused"), max_length=60, blank=True)
    last_good_at = models.DateTimeField(_("last good call"), null=True, blank=True)
    balance = models.BigIntegerField(_("left at the provider"), null=True, blank=True)
    balance_at = models.DateTimeField(_("balance read"), null=True, blank=True)
    link_life = models.PositiveIntegerField(_("links live (s)"), null=True, blank=True)
    bucket_level = models.FloatField(default=0, editable=False)
    bucket_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("added"), default=clock.now, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(removed_at=None),
                name="one_credential_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def _place(self) -> str:
        return f"team:{self.team_id}/credential:{self.pk}/key"

    def seal_key(self, key: str) -> None:
        """Put a key in; the row must have its number already, for the seal names it."""
        self.sealed_key = key_ring().seal(key, self._place)
        self.key_tail = key[-4:]

    def open_key(self) -> Secret:
        """Take the key out; raises crypto.Sealed."""
        return key_ring().open(self.sealed_key, self._place)
