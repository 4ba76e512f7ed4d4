"""Statements of providers, their lines, and the claims that they add up to."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from generations import clock

from .credentials import Credential
from .people import Team, User
from .tasks import Attempt


class Statement(models.Model):
    """A file about one key, kept as it came; ``imported_at`` is empty while it is a draft.

    ``columns``: the index of each column, where a person chose it. ``first`` and ``last``: the
    first and last day in the file, where it names days.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="statements")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="statements")
    name = models.CharField(_("file"), max_length=200)
    content = models.TextField(editable=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, editable=False)
    columns = models.JSONField(default=dict, editable=False)
    first = models.DateField(_("from"), null=True)
    last = models.DateField(_("to"), null=True)
    imported_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("given"), default=clock.now, editable=False)
    imported_at = models.DateTimeField(_("imported"), null=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "fingerprint"], name="a_statement_comes_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class StatementLine(models.Model):
    """One charge (or, negative, one refund) on a statement; append-only, as the ledger is.

    ``ordinal`` is its line in the file. ``fingerprint`` recognises a line that comes again in
    another file of the same key.
    """

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="+", db_index=False)
    ordinal = models.PositiveIntegerField(_("line"))
    remote_id = models.CharField(_("provider's id"), max_length=255)
    amount = models.BigIntegerField(_("on the statement"))
    said_at = models.CharField(_("when"), max_length=40, blank=True)
    words = models.CharField(_("words"), max_length=200, blank=True)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "fingerprint"], name="a_statement_line_comes_once"
            )
        ]
        indexes = [
            models.Index(fields=["credential", "remote_id"], name="statement_line_by_remote_id")
        ]

    def __str__(self) -> str:
        return f"{self.remote_id} {self.amount:+}"


class ClaimDecision(models.TextChoices):
    NONE = "", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DISPUTED = "disputed", _("Disputed")


class Claim(models.Model):
    """What all statements say of one remote id, beside what the ledger has for it.

    ``attempt`` is empty where nothing here has that id. The ledger updates ``booked``.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="claims", db_index=False)
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="claims")
    attempt = models.OneToOneField(Attempt, models.PROTECT, null=True, related_name="claim")
    remote_id = models.CharField(_("provider's id"), max_length=255)
    unit = models.CharField(_("unit"), max_length=20)
    amount = models.BigIntegerField(_("on the statement"), default=0)
    booked = models.BigIntegerField(_("booked here"), default=0)
    # A column of the database, so that lists of claims filter and index what differs.
    difference = models.GeneratedField(
        expression=F("amount") - F("booked"),
        output_field=models.BigIntegerField(),
        db_persist=True,
        verbose_name=_("difference"),
    )
    decision = models.CharField(
        _("decision"), max_length=10, choices=ClaimDecision, default=ClaimDecision.NONE, blank=True
    )
    reason = models.TextField(_("reason"), blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    created_at = models.DateTimeField(_("first claimed"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("claim of a provider")
        verbose_name_plural = _("claims of providers")
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "remote_id"], name="one_claim_per_remote_id"
            )
        ]
        indexes = [
            models.Index(fields=["team", "decision", "difference"], name="claim_open"),
            models.Index(fields=["decision", "difference"], name="claim_open_anywhere"),
        ]

    def __str__(self) -> str:
        return self.remote_id

    @property
    def differs(self) -> bool:
        return self.amount != self.booked

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide it."""
        return self.differs and not self.decision
