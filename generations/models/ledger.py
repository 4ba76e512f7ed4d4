"""Double entry in whole units of a provider. Database triggers keep entries append-only."""

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from generations import clock

from .credentials import Credential
from .people import Team, User
from .tasks import Attempt, CostBasis, TaskState


class AccountName(models.TextChoices):
    """Where a unit can be. GRANTED is the outside: it is negative by all that came in."""

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
    IMPORT = "import", _("Imported")


SPENDING = (EntryKind.SETTLE, EntryKind.CORRECT)  # on what was ordered here
CHARGED = (*SPENDING, EntryKind.IMPORT)  # with imported clips
CLOSING = (EntryKind.SETTLE, EntryKind.RELEASE, EntryKind.IMPORT)
# The account whose line says what an entry is about.
SUBJECT_ACCOUNT = {
    EntryKind.HOLD: AccountName.HELD,
    EntryKind.SETTLE: AccountName.SPENT,
    EntryKind.RELEASE: AccountName.AVAILABLE,
    EntryKind.ADJUST: AccountName.AVAILABLE,
    EntryKind.CORRECT: AccountName.SPENT,
    EntryKind.IMPORT: AccountName.SPENT,
}


def booking_day(at: datetime | None = None) -> date:
    """Return the day of an instant, by default today, in the time zone of the site.

    An entry keeps its day, so sums by day agree.
    """
    return timezone.localdate(at or clock.now())


class Account(models.Model):
    """One of a credential's four accounts; ``balance`` equals the sum of its lines."""

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


# Of which entries nobody knows the amount. The ledger once wrote 0 for what it did not know, and an
# entry is never rewritten: those are told by an attempt of which nobody knows anything either.
AMOUNT_UNKNOWN = Q(amount=None) | Q(
    kind__in=(EntryKind.SETTLE, EntryKind.IMPORT),
    amount=0,
    attempt__estimate=None,
    attempt__cost=None,
    attempt__task__state=TaskState.SUCCEEDED,
)


class FallState(models.TextChoices):
    OPEN = "open", _("Not explained")
    BOOKED = "booked", _("Booked")
    DISMISSED = "dismissed", _("Not an order of ours")
    RETURNED = "returned", _("Came back")


class BalanceFall(models.Model):
    """A fall of a provider's balance that no entry explains: ``amount`` went, ``booked`` of it is
    booked on attempts since.

    It happened between two readings of the balance, ``since`` and ``until``, while nothing ran.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="balance_falls")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="balance_falls")
    unit = models.CharField(_("unit"), max_length=20)
    amount = models.BigIntegerField(_("went"))
    booked = models.BigIntegerField(_("booked since"), default=0)
    since = models.DateTimeField(_("after"))
    until = models.DateTimeField(_("before"))
    state = models.CharField(_("state"), max_length=10, choices=FallState, default=FallState.OPEN)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("fall of a balance")
        verbose_name_plural = _("falls of balances")
        constraints = [
            models.CheckConstraint(
                condition=Q(booked__gte=0, booked__lte=F("amount")), name="fall_booked_within"
            )
        ]
        indexes = [models.Index(fields=["team", "state", "-until"], name="fall_open")]

    def __str__(self) -> str:
        return f"{self.credential} −{self.amount:,} {self.unit}"

    @property
    def left(self) -> int:
        """What of it is not explained yet."""
        return self.amount - self.booked if self.state == FallState.OPEN else 0


class Entry(models.Model):
    """One movement; its lines sum to zero.

    An attempt is held once and closed once; an imported one is only closed, by what it had cost.
    ``person`` ordered or adjusted, ``model`` made it, as they were on that ``day``. ``amount`` is
    the line that the entry is about (SUBJECT_ACCOUNT), None where nobody knows it: then there is no
    such line. ``basis`` says where an amount that was charged comes from. ``failed``: charged
    although no clip came. ``carried``: one attempt gave its hold to the next; nothing was ordered
    or refunded. ``fall``: it explains this fall of the balance; what it takes from *granted* was
    taken from *available* when the fall was seen.
    """

    # Without indexes of their own: those below begin with the same columns.
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
    amount = models.BigIntegerField(_("amount"), null=True, blank=True)
    basis = models.CharField(_("known by"), max_length=10, choices=CostBasis, blank=True)
    fall = models.ForeignKey(
        BalanceFall, models.PROTECT, null=True, blank=True, related_name="entries"
    )
    failed = models.BooleanField(_("failed"), default=False)
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
                condition=Q(kind__in=["settle", "release", "import"]),
                name="a_hold_closes_once",
            ),
        ]
        # One for each way to narrow the list of entries, which is read from the newest day on.
        indexes = [
            models.Index(fields=["-day", "-id"], name="entry_by_day"),
            models.Index(fields=["team", "-day", "-id"], name="entry_by_team"),
            models.Index(fields=["credential", "-day", "-id"], name="entry_by_credential"),
            models.Index(fields=["person", "-day", "-id"], name="entry_by_person"),
            models.Index(fields=["model", "-day", "-id"], name="entry_by_model"),
            models.Index(fields=["kind", "-day", "-id"], name="entry_by_kind"),
            models.Index(fields=["-day", "-id"], condition=Q(failed=True), name="entry_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def known_amount(self) -> int | None:
        """The amount, None where nobody knows it (AMOUNT_UNKNOWN)."""
        if self.amount != 0 or self.attempt is None or self.kind not in CLOSING:
            return self.amount
        is_told = self.attempt.estimate is not None or self.attempt.cost is not None
        has_clip = self.attempt.task.state == TaskState.SUCCEEDED
        return None if has_clip and not is_told and self.kind != EntryKind.RELEASE else 0


def still_unknown() -> Q:
    """Return which entries are charges of which nobody knows the amount, also by a later entry."""
    told_since = Entry.objects.filter(kind=EntryKind.CORRECT, attempt=OuterRef("attempt"))
    return Q(AMOUNT_UNKNOWN, ~Exists(told_since), kind__in=CHARGED)


class Line(models.Model):
    """An amount into (positive) or out of (negative) one account."""

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
        """Return a row of SUMS for each unit and each value of ``by``."""
        return list(self.order_by().values("unit", *by).annotate(**SUMS))


# The columns of sums. ``unknown`` (of ``spent``) and ``unknown_imports`` count the clips that are
# in no sum, because nobody knows what they cost. ``rows`` counts entries, ``clips`` those that were
# paid and came. The sums ``failed`` and ``unknown`` hide the columns of these names from all sums
# below them: they must stand after those that read them.
SUMS = {
    "rows": Sum("entries", default=0),
    "clips": Sum("entries", filter=Q(kind=EntryKind.SETTLE, failed=False), default=0),
    "held": Sum("amount", filter=Q(kind=EntryKind.HOLD, carried=False), default=0),
    "spent": Sum("amount", filter=Q(kind__in=SPENDING), default=0),
    "failed": Sum("amount", filter=Q(failed=True), default=0),
    "refunded": Sum("amount", filter=Q(kind=EntryKind.RELEASE, carried=False), default=0),
    "imported": Sum("amount", filter=Q(kind=EntryKind.IMPORT), default=0),
    "adjusted": Sum("amount", filter=Q(kind=EntryKind.ADJUST), default=0),
    "unknown_imports": Sum("unknown", filter=Q(kind=EntryKind.IMPORT), default=0),
    "unknown": Sum("unknown", filter=Q(kind=EntryKind.SETTLE), default=0),
    "estimated": Sum("estimate", filter=Q(kind=EntryKind.SETTLE), default=0),
    "on_statements": Sum("stated", default=0),
}


class Sums(models.Model):
    """The sums of the entries of one day that agree in the other fields.

    ``estimate``: what the settled attempts had held; ``stated``: what statements say of them.
    ``unknown`` counts the charges whose amount nobody knows, and that no later entry has told.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="+", db_index=False)
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="+", db_index=False)
    unit = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=EntryKind)
    failed = models.BooleanField(default=False)
    carried = models.BooleanField(default=False)
    day = models.DateField()
    entries = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    estimate = models.BigIntegerField(default=0)
    stated = models.BigIntegerField(default=0)
    unknown = models.IntegerField(default=0)

    objects = TotalQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.amount:+}"


class Total(Sums):
    """Sums of one day, key, person, model and kind. ``ledger.verify`` compares it with entries."""

    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    model = models.CharField(max_length=60)

    class Meta:
        # Two constraints: to a unique index one empty person differs from another.
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "failed", "carried", "model", "person"],
                name="one_total_per_person",
            ),
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "failed", "carried", "model"],
                condition=Q(person=None),
                name="one_total_of_nobody",
            ),
        ]
        indexes = [
            models.Index(fields=["day"], name="total_by_day"),
            models.Index(fields=["team", "day"], name="total_by_team"),
        ]


class DayTotal(Sums):
    """Sums of one day, key and kind: few rows, however long the ledger is."""

    of_film = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "failed", "carried", "of_film"],
                name="one_total_per_day",
            ),
        ]
        indexes = [
            models.Index(fields=["day"], name="day_total_by_day"),
            models.Index(fields=["team", "day"], name="day_total_by_team"),
        ]
