"""How a row is moved: the conditional UPDATE, what pages hear of, and the hold carried over."""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.db import transaction

from generations.billing import ledger
from generations.models import Attempt, Task, Team
from generations.models.tasks import AttemptState, TaskState

log = structlog.get_logger(__name__)

MOST_WAIT = timedelta(minutes=5)
OPEN = (AttemptState.READY, AttemptState.SENT, AttemptState.UNCLEAR, AttemptState.ACCEPTED)


def move(
    attempt: Attempt,
    sources: Iterable[TaskState],
    state: TaskState,
    *,
    among: Iterable[AttemptState] = OPEN,
    **fields: object,
) -> bool:
    """The conditional UPDATE; True where this caller was the one that moved the task.

    The attempt must still be the task's open one: an answer to an earlier one moves nothing.
    """
    version = Team.next_sequence(attempt.task.team_id)
    moved = Task.objects.filter(
        pk=attempt.task_id,
        state__in=list(sources),
        attempts=attempt.pk,
        attempts__state__in=list(among),
    ).update(state=state, version=version, **fields)
    return bool(moved)


def touch(task: Task, **fields: object) -> None:
    with transaction.atomic():
        Task.objects.filter(pk=task.pk).update(version=Team.next_sequence(task.team_id), **fields)


def alarm(task: Task, code: str, detail: str) -> None:
    """Something that a person must know of: a code that pages have words for, and what it is of."""
    log.error("alarm", task=task.pk, code=code, detail=detail)
    touch(task, alarm=f"{code} {detail}")


def shown(task: Task) -> None:
    """A file of this task changed: its card is to be drawn again."""
    touch(task)


def next_attempt(attempt: Attempt) -> None:
    """Carry the hold over to a new attempt; its callback token and reference are new too."""
    ledger.release(attempt, carried=True)
    following = Attempt.objects.create(
        task=attempt.task,
        credential=attempt.credential,
        ordinal=attempt.ordinal + 1,
        estimate=attempt.estimate,
    )
    ledger.hold(following, carried=True)


def backoff(tries: int, retry_after: float | None) -> timedelta:
    seconds = retry_after if retry_after is not None else 2.0 ** min(tries, 10)
    return min(timedelta(seconds=seconds), MOST_WAIT)
