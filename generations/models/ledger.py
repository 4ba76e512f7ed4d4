"""Double entry in whole units of a provider, append-only; database triggers hold it so."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
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
    CORRECT = "correct", _("Correction")
    ADOPT = "adopt", _("Taken in")


SPENDING = (EntryKind.SETTLE, EntryKind.CORRECT)  # on what was ordered here
CHARGED = (*SPENDING, EntryKind.ADOPT)  # with what was ordered elsewhere and taken in
CLOSING = (EntryKind.SETTLE, EntryKind.RELEASE, EntryKind.ADOPT)
# The account whose line says what an entry is about.
TOLD_BY = {
    EntryKind.HOLD: AccountName.HELD,
    EntryKind.SETTLE: AccountName.SPENT,
    EntryKind.RELEASE: AccountName.AVAILABLE,
    EntryKind.ADJUST: AccountName.AVAILABLE,
    EntryKind.CORRECT: AccountName.SPENT,
    EntryKind.ADOPT: AccountName.SPENT,
}


def booking_day() -> date:
    """Today where the books are kept; an entry keeps its day, so all that sums by day agrees."""
    return timezone.localdate(clock.now())


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
    """One movement; its lines sum to zero. An attempt is held once and closed once; one that was
    taken in from elsewhere is only closed, by what it had cost there.

    ``person`` ordered or adjusted, ``model`` made, as they were on that ``day``. ``amount`` is the
    line that the entry is about (TOLD_BY). ``in_vain``: charged though no clip came. ``carried``:
    one try gave its hold to the next; nothing was ordered by it, and nothing came back.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="entries", db_index=False)
    credential = models.ForeignKey(
        Credential, models.PROTECT, related_name="entries", db_index=False
    )
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="entries")
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    unit = models.CharField(_("unit"), max_length=20)
    person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    model = models.CharField(_("model"), max_length=60, blank=True)
    amount = models.BigIntegerField(_("amount"), default=0)
    in_vain = models.BooleanField(_("charged in vain"), default=False)
    carried = models.BooleanField(_("carried over"), default=False)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    memo = models.CharField(_("memo"), max_length=200, blank=True)
    at = models.DateTimeField(_("when"), default=clock.now, editable=False)
    day = models.DateField(_("day"), default=booking_day, editable=False)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"], condition=Q(kind="hold"), name="one_hold_per_attempt"
            ),
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(kind__in=["settle", "release", "adopt"]),
                name="a_hold_closes_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-day", "-id"], name="entry_by_day"),
            models.Index(fields=["team", "-day", "-id"], name="entry_by_team"),
            models.Index(fields=["credential", "-day", "-id"], name="entry_by_credential"),
            models.Index(fields=["person", "-day", "-id"], name="entry_by_person"),
            models.Index(fields=["model", "-day", "-id"], name="entry_by_model"),
            models.Index(fields=["kind", "-day", "-id"], name="entry_by_kind"),
            models.Index(fields=["-day", "-id"], condition=Q(in_vain=True), name="entry_in_vain"),
        ]

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


class TotalQuerySet(models.QuerySet["Total"]):
    def for_team(self, team: Team) -> "TotalQuerySet":
        return self.filter(team=team)

    def between(self, first: date, last: date) -> "TotalQuerySet":
        return self.filter(day__gte=first, day__lte=last)

    def sums(self, *by: str) -> list[dict[str, Any]]:
        """What was moved, for each value of ``by``; a unit is never added to another."""
        return list(self.order_by().values("unit", *by).annotate(**SUMS))


# What every list of sums tells; ``rows`` counts entries, ``clips`` those that were paid and came.
SUMS = {
    "rows": Sum("entries", default=0),
    "clips": Sum("entries", filter=Q(kind=EntryKind.SETTLE, in_vain=False), default=0),
    "held": Sum("amount", filter=Q(kind=EntryKind.HOLD, carried=False), default=0),
    "spent": Sum("amount", filter=Q(kind__in=SPENDING), default=0),
    "vain": Sum("amount", filter=Q(in_vain=True), default=0),
    "came_back": Sum("amount", filter=Q(kind=EntryKind.RELEASE, carried=False), default=0),
    "adopted": Sum("amount", filter=Q(kind=EntryKind.ADOPT), default=0),
    "adjusted": Sum("amount", filter=Q(kind=EntryKind.ADJUST), default=0),
    "estimated": Sum("estimate", filter=Q(kind=EntryKind.SETTLE), default=0),
    "on_statements": Sum("stated", default=0),
}


class Sums(models.Model):
    """What the entries of one day have in common, and what they sum up to.

    ``estimate``: what the settled had held; ``stated``: what statements say of the same attempts.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="+", db_index=False)
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="+", db_index=False)
    unit = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=EntryKind)
    in_vain = models.BooleanField(default=False)
    carried = models.BooleanField(default=False)
    day = models.DateField()
    entries = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    estimate = models.BigIntegerField(default=0)
    stated = models.BigIntegerField(default=0)

    objects = TotalQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.amount:+}"


class Total(Sums):
    """Of one day, key, person, model and kind. A cache that ``ledger.verify`` proves."""

    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    model = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "in_vain", "carried", "model", "person"],
                name="one_total_per_person",
            ),
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "in_vain", "carried", "model"],
                condition=Q(person=None),
                name="one_total_of_nobody",
            ),
        ]
        indexes = [
            models.Index(fields=["day"], name="total_by_day"),
            models.Index(fields=["team", "day"], name="total_by_team"),
        ]


class DayTotal(Sums):
    """Of one day, key and kind, whoever ordered whatever: few rows, however long the books are."""

    of_film = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "in_vain", "carried", "of_film"],
                name="one_total_per_day",
            ),
        ]
        indexes = [
            models.Index(fields=["day"], name="day_total_by_day"),
            models.Index(fields=["team", "day"], name="day_total_by_team"),
        ]
