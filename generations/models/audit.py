"""Audit events: who did what, e.g. with keys, members and links."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from generations import clock

from .people import Team, User


class AuditEvent(models.Model):
    """One act, by a person or (without ``actor``) by Rushes itself; append-only like the ledger."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="audit_events")
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    verb = models.CharField(_("act"), max_length=40)
    subject = models.CharField(_("on"), max_length=200)
    detail = models.JSONField(_("details"), default=dict, blank=True)
    at = models.DateTimeField(_("when"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["team", "-at"], name="audit_event_by_team"),
            models.Index(fields=["team", "subject"], name="audit_event_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"


def record(team: Team, actor: User | None, verb: str, subject: object, **detail: object) -> None:
    """Add one audit event; ``actor`` is None for Rushes itself. Never put a secret in."""
    AuditEvent.objects.create(
        team=team, actor=actor, verb=verb, subject=str(subject)[:200], detail=detail
    )


def record_everywhere(actor: User | None, verb: str, subject: object, **detail: object) -> None:
    """Add an act on the whole installation to the history of every team."""
    for team in Team.objects.order_by("pk"):
        record(team, actor, verb, subject, **detail)
