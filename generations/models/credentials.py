"""Credentials: sealed API keys with their limits and request budgets."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.crypto import Keyring, Secret

from .people import Team, User


def keyring() -> Keyring:
    """Return the keyring of the settings."""
    return Keyring.read(settings.CREDENTIAL_KEYS)


class CredentialQuerySet(models.QuerySet["Credential"]):
    def for_team(self, team: Team) -> "CredentialQuerySet":
        return self.filter(team=team, removed_at=None)

    def without_secret(self) -> "CredentialQuerySet":
        return self.defer("sealed_key")


class Credential(models.Model):
    """An API key of a team, with the kind and the base address of its provider.

    ``slots``: tasks at once. ``requests_per_minute``: 0 where the provider names no limit.
    ``link_life``: seconds after which links of its results were seen to die early. ``doubted_at``:
    a question was refused as if the key were bad, and none has been answered since.
    ``balance_agreed_at``: when a balance that was read last agreed with the ledger, or was made to.
    ``bucket_*``: the token bucket of all requests of this key, in all processes.
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
    paused_reason = models.CharField(_("why paused"), max_length=60, blank=True)
    doubted_at = models.DateTimeField(_("refused once"), null=True, blank=True)
    last_good_at = models.DateTimeField(_("last success"), null=True, blank=True)
    balance = models.BigIntegerField(_("left at the provider"), null=True, blank=True)
    balance_at = models.DateTimeField(_("balance read"), null=True, blank=True)
    balance_agreed_at = models.DateTimeField(_("balance agreed"), null=True, blank=True)
    link_life = models.PositiveIntegerField(_("links live (s)"), null=True, blank=True)
    bucket_level = models.FloatField(default=0, editable=False)
    bucket_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("added"), default=clock.now, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        verbose_name = _("key")
        verbose_name_plural = _("keys")
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(removed_at=None),  # a removed key gives its name back
                name="one_credential_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def _context(self) -> str:
        """What the seal is bound to: a sealed key opens in its own row only."""
        return f"team:{self.team_id}/credential:{self.pk}/key"

    def seal_key(self, key: str) -> None:
        """Seal an API key; the row must have its primary key already, because the seal names it."""
        self.sealed_key = keyring().seal(key, self._context)
        self.key_tail = key[-4:]

    def open_key(self) -> Secret:
        """Return the API key. Raises crypto.UnsealError."""
        return keyring().open(self.sealed_key, self._context)
