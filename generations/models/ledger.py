"""Double entry in whole units of a provider, append-only; database triggers hold it so."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock

from .credentials import Credential
from .people import Team, User
from .tasks import Attempt


class AccountName(models.TextChoices):
    """Where a unit can be. GRANTED is the outside: it goes negative by all that came in."""

    GRANTED = "granted", _("Granted")
    AVAILABLE = "available", _("Available")
    HELD = "held", _("Held")
    SPENT = "spent", _("Spent")


class EntryKind(models.TextChoices):
    HOLD = "hold", _("Hold")
    SETTLE = "settle", _("Settle")
    RELEASE = "release", _("Release")
    ADJUST = "adjust", _("Adjust")


class Account(models.Model):
    """One of a credential's four pots; ``balance`` always equals the sum of its lines."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="accounts")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="accounts")
    name = models.CharField(_("account"), max_length=10, choices=AccountName)
    unit = models.CharField(_("unit"), max_length=20)
    balance = models.BigIntegerField(_("balance"), default=0)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(fields=["credential", "name"], name="one_account_of_a_name"),
            models.CheckConstraint(
                condition=Q(balance__gte=0) | Q(name=AccountName.GRANTED),
                name="no_account_below_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credential} · {self.get_name_display()}"


class Entry(models.Model):
    """One movement; its lines sum to zero. An attempt is held once and closed once."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="entries")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="entries")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="entries")
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    unit = models.CharField(_("unit"), max_length=20)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    memo = models.CharField(_("memo"), max_length=200, blank=True)
    at = models.DateTimeField(_("when"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"], condition=Q(kind="hold"), name="one_hold_per_attempt"
            ),
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(kind__in=["settle", "release"]),
                name="a_hold_closes_once",
            ),
        ]
        indexes = [models.Index(fields=["team", "-at"], name="entry_by_team")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Line(models.Model):
    """So many units into (positive) or out of (negative) one account."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, models.PROTECT, related_name="lines")
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("ledger line")
        verbose_name_plural = _("ledger lines")

    def __str__(self) -> str:
        return f"{self.amount:+}"
