"""Hold waiting tasks back and let them go: by a paused credential, a stop, a full disk."""

from django.db import transaction

from generations import audit, clock, events
from generations.models import Credential, Task, Team, User
from generations.models.events import EventKind
from generations.models.tasks import TaskQuerySet, TaskState
from generations.providers.contract import Reason
from generations.teams import credentials, ordering_stops

PAUSED = "paused"


@transaction.atomic
def pause_credential(credential: Credential, reason: Reason, by: User | None = None) -> None:
    """Send nothing more with a key. ``by`` is None where Rushes found the reason itself."""
    if credentials.set_paused(credential, reason):
        _hold_back(Task.objects.filter(credential=credential), PAUSED, credential.team_id)
        audit.record(credential.team, by, "credential.paused", credential, reason=reason)
        events.record(credential.team, EventKind.CREDENTIAL_PAUSED, credential.pk, reason=reason)


@transaction.atomic
def resume_credential(credential: Credential, by: User | None) -> None:
    """Send with a key again; what waits for it is due at once."""
    if credentials.clear_paused(credential):
        let_go(Task.objects.filter(credential=credential), PAUSED)
        audit.record(credential.team, by, "credential.resumed", credential)
        events.record(credential.team, EventKind.CREDENTIAL_RESUMED, credential.pk)


def hold_back(credential: Credential, obstacle: str) -> None:
    """Write on all waiting tasks of a credential what stops ordering; "" clears it."""
    waiting = Task.objects.filter(credential=credential, state=TaskState.WAITING)
    other = (
        waiting.exclude(obstacle=obstacle)
        if obstacle
        else waiting.filter(obstacle__in=ordering_stops.OBSTACLES)
    )
    if other.exists():
        _hold_back(other, obstacle, credential.team_id)


def let_go(tasks: TaskQuerySet, *obstacles: str) -> None:
    """Make the tasks that waited for these obstacles due at once; the poller queues them."""
    held = tasks.filter(state=TaskState.WAITING, obstacle__in=obstacles)
    for team_id in list(held.order_by().values_list("team", flat=True).distinct()):
        version = Team.next_sequence(team_id)
        held.filter(team=team_id).update(obstacle="", version=version, not_before=clock.now())


def _hold_back(tasks: TaskQuerySet, obstacle: str, team_id: int) -> None:
    version = Team.next_sequence(team_id)
    tasks.filter(state=TaskState.WAITING).update(
        obstacle=obstacle, version=version, not_before=None
    )
