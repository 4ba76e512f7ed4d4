"""What transitions share: the conditional UPDATE with its event, and the hold carried over."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from generations import clock
from generations.billing import ledger
from generations.models import Attempt, Task, Team, events
from generations.models.events import EventKind
from generations.models.tasks import AttemptState, TaskState

MOST_WAIT = timedelta(minutes=5)
# The states of the attempt that the task goes by now. All others are closed for good.
OPEN = (AttemptState.READY, AttemptState.SENT, AttemptState.UNCLEAR, AttemptState.ACCEPTED)

EVENTS = {
    TaskState.SUCCEEDED: EventKind.TASK_SUCCEEDED,
    TaskState.FAILED: EventKind.TASK_FAILED,
    TaskState.CANCELLED: EventKind.TASK_CANCELLED,
    TaskState.UNCLEAR: EventKind.TASK_UNCLEAR,
}


def move(
    attempt: Attempt,
    sources: Iterable[TaskState],
    state: TaskState,
    *,
    among: Iterable[AttemptState] = OPEN,
    **fields: object,
) -> bool:
    """Move a task from one of ``sources`` to ``state`` by one conditional UPDATE.

    Return True where this caller moved it. The attempt must still be the task's open one: an answer
    to an earlier attempt moves nothing.
    """
    # First, and also where nothing will move: every transition locks the team before its tasks.
    version = Team.next_sequence(attempt.task.team_id)
    # One filter: in two of them, the attempt and its state could be met by different attempts.
    moved = Task.objects.filter(
        pk=attempt.task_id,
        state__in=list(sources),
        attempts=attempt.pk,
        attempts__state__in=list(among),
    ).update(state=state, version=version, **fields)
    if moved and state in EVENTS:
        reason = fields.get("reason", "")
        events.record(attempt.task.team_id, EVENTS[state], attempt.task_id, reason=reason)
    return bool(moved)


def touch(task: Task, **fields: object) -> None:
    """Change fields of a task that its card shows; pages draw the card again."""
    with transaction.atomic():
        Task.objects.filter(pk=task.pk).update(version=Team.next_sequence(task.team_id), **fields)


def mark_searched(attempt: Attempt) -> None:
    """Write down when an unclear attempt was last searched for."""
    Attempt.objects.filter(pk=attempt.pk).update(searched_at=clock.now())


def open_next_attempt(attempt: Attempt) -> None:
    """Carry the hold over to a new attempt with a callback token and a reference of its own."""
    # In this order the credits are there. No other order takes them in between: the release has
    # locked the account's row until commit.
    ledger.release(attempt, carried=True)
    following = Attempt.objects.create(
        task=attempt.task,
        credential=attempt.credential,
        ordinal=attempt.ordinal + 1,
        estimate=attempt.estimate,
        estimate_basis=attempt.estimate_basis,
    )
    ledger.hold(following, carried=True)


def backoff(tries: int, retry_after: float | None) -> timedelta:
    """Return how long to wait: what the provider asks for, else 2, 4, 8 ... s; at most 5 min."""
    # Tries are capped first, because the power of a task that misses for weeks would overflow.
    seconds = retry_after if retry_after is not None else 2.0 ** min(tries, 10)
    return min(timedelta(seconds=seconds), MOST_WAIT)
