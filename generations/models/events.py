"""Events: what happened that a person or another program may want to hear of."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from generations import clock

from .people import Team


class EventKind(models.TextChoices):
    """What happened; the word before the dot names the model of the subject."""

    TASK_SUCCEEDED = "task.succeeded", _("Clip finished")
    TASK_FAILED = "task.failed", _("Clip failed")
    TASK_CANCELLED = "task.cancelled", _("Clip cancelled")
    TASK_UNCLEAR = "task.unclear", _("Order unclear")
    TASK_ALARM = "task.alarm", _("Alarm of a clip")
    FILE_STORED = "file.stored", _("File stored")
    FILE_LOST = "file.lost", _("File lost")
    FILE_FOUND = "file.found", _("Lost file found again")
    FILES_AT_RISK = "team.files_at_risk", _("Files at risk")
    FILM_READY = "film.ready", _("Film ready")
    FILM_ALARM = "film.alarm", _("Alarm of a film")
    REMARK_MADE = "remark.made", _("Remark by a client")
    REMARK_ANSWERED = "remark.answered", _("Remark answered")
    VERDICT_GIVEN = "verdict.given", _("Verdict by a client")
    CAP_NEAR = "cap.near", _("Cap nearly used up")
    CREDENTIAL_PAUSED = "credential.paused", _("Key paused")
    CREDENTIAL_RESUMED = "credential.resumed", _("Key resumed")


class Event(models.Model):
    """One change, written in the transaction that makes it; append-only, read in order of ``pk``.

    ``subject_id`` is the primary key of the row that the kind names. ``detail`` holds what the row
    may not tell later (a reason, an amount); never a secret. Nothing reads these rows yet; each
    reader will have a cursor of its own, so no transition knows who listens.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(_("kind"), max_length=30, choices=EventKind)
    subject_id = models.BigIntegerField(_("subject"))
    detail = models.JSONField(_("details"), default=dict, blank=True)
    at = models.DateTimeField(_("when"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["team", "id"], name="event_by_team"),
            models.Index(fields=["kind", "subject_id"], name="event_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


def record(team: Team | int, kind: EventKind, subject_id: int, **detail: object) -> None:
    """Add one event. Call it inside the transaction that makes the change, or it may be lost."""
    team_id = team if isinstance(team, int) else team.pk
    Event.objects.create(team_id=team_id, kind=kind, subject_id=subject_id, detail=detail)
