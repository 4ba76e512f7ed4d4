"""Stop ordering and allow it again, for all teams or for one."""

from django.db import transaction

from generations import audit, clock
from generations.models import Attempt, Installation, Task, Team, User
from generations.models.tasks import AttemptState, TaskState
from generations.teams import installation
from generations.teams.ordering_stops import OBSTACLES

from . import transitions


@transaction.atomic
def stop(by: User | None) -> bool:
    """Let nothing leave for any provider. Return False where that is so already."""
    Installation.here()
    now = clock.now()
    stopped = Installation.objects.filter(stopped_at=None).update(stopped_at=now, stopped_by=by)
    if stopped:
        _record("ordering.stopped", by)
    return bool(stopped)


def allow(by: User | None, *, nothing_was_sent: bool = False) -> int:
    """End every stop of the whole installation; return how many orders became unclear by it.

    In a copied or restored database whatever waits may have been sent since by the database that it
    was copied from. So it is searched for and a person decides, unless the operator knows that
    ``nothing_was_sent``.
    """
    unclear = 0
    if not installation.is_at_home() and not nothing_was_sent:
        unclear = sum(transitions.mark_copied(attempt) for attempt in _not_sent_here())
    _allow(by)
    return unclear


@transaction.atomic
def _allow(by: User | None) -> None:
    if not installation.is_at_home():
        installation.assign_identity()
        _record("ordering.released", by)
    if Installation.objects.filter(stopped_at__isnull=False).update(
        stopped_at=None, stopped_by=None
    ):
        _record("ordering.allowed", by)
    transitions.let_go(Task.objects.all(), *OBSTACLES)


def _not_sent_here() -> list[Attempt]:
    waiting = Attempt.objects.filter(
        state=AttemptState.READY, task__state__in=[TaskState.WAITING, TaskState.SENDING]
    )
    return list(waiting.select_related("task__team", "credential__team").order_by("pk"))


@transaction.atomic
def stop_team(team: Team, by: User) -> None:
    """Let nothing of a team leave for a provider."""
    if Team.objects.filter(pk=team.pk, stopped_at=None).update(
        stopped_at=clock.now(), stopped_by=by
    ):
        audit.record(team, by, "team.ordering_stopped", team)


@transaction.atomic
def allow_team(team: Team, by: User) -> None:
    """End the stop of a team; what waited for it is due at once."""
    if Team.objects.filter(pk=team.pk, stopped_at__isnull=False).update(
        stopped_at=None, stopped_by=None
    ):
        audit.record(team, by, "team.ordering_allowed", team)
        transitions.let_go(Task.objects.for_team(team), *OBSTACLES)


def _record(verb: str, by: User | None) -> None:
    """Write an act on the whole installation into every team's history."""
    for team in Team.objects.order_by("pk"):
        audit.record(team, by, verb, "Rushes")
