"""What becomes of an attempt that is handed to the provider."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, Credential, Task, Team
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    ProviderError,
    Receipt,
    State,
    Unauthorised,
    Unavailable,
)
from generations.teams import credentials, ordering_stops

from .move import (
    alarm,
    backoff,
    move,
    next_attempt,
)

log = structlog.get_logger(__name__)

SENDING_LEASE = timedelta(seconds=90)  # more than the deadline of a POST
SHORT_WAIT = timedelta(seconds=1)
UNDECIDED = (TaskState.SENDING, TaskState.UNCLEAR)


@transaction.atomic
def claimed(task_id: int) -> Attempt | None:
    """Waiting → sending, by whoever comes first; the attempt that may now be sent."""
    attempt = (
        Attempt.objects.select_related("task", "credential__team")
        .filter(task=task_id, state=AttemptState.READY)
        .first()
    )
    lease = clock.now() + SENDING_LEASE
    if attempt is None or not move(
        attempt, [TaskState.WAITING], TaskState.SENDING, lease_until=lease, reason=""
    ):
        return None
    return attempt


def delayed(task_id: int, reason: str) -> None:
    """It stays waiting for a moment, and says why; the watch rings for it again."""
    Task.objects.filter(pk=task_id, state=TaskState.WAITING).update(
        reason=reason, not_before=clock.now() + SHORT_WAIT
    )
    queue.wake_watch()


def held_back(credential: Credential, obstacle: str) -> None:
    """All that waits on a credential says why nothing leaves; without an obstacle, no more."""
    waiting = Task.objects.filter(credential=credential, state=TaskState.WAITING)
    other = (
        waiting.exclude(reason=obstacle)
        if obstacle
        else waiting.filter(reason__in=ordering_stops.HELD_BACK)
    )
    if other.exists():
        version = Team.next_sequence(credential.team_id)
        other.update(reason=obstacle, version=version, not_before=None)


@transaction.atomic
def about_to_send(attempt: Attempt) -> bool:
    """Write down that the POST leaves now; False where somebody else has the attempt.

    From here on nobody can know without asking whether it arrived.
    """
    Team.next_sequence(attempt.task.team_id)  # waits for a sweep that is taking the attempt back
    sending = Task.objects.filter(state=TaskState.SENDING)
    return bool(
        Attempt.objects.filter(pk=attempt.pk, state=AttemptState.READY, task__in=sending).update(
            state=AttemptState.SENT, sent_at=clock.now()
        )
    )


def accepted(attempt: Attempt, receipt: Receipt) -> bool:
    """The provider took it and gave it a number; True where this caller wrote that down."""
    try:
        taken = _accept(attempt, receipt)
    except IntegrityError:
        log.exception("number given twice", attempt=attempt.pk, number=receipt.number)
        unclear(attempt, Unavailable("number_taken", receipt.number, raw=receipt.raw))
        return False
    if not taken:
        _taken_after_all(attempt, receipt.number)
        return False
    credentials.worked(attempt.credential)
    if attempt.callbacks.filter(answered_at=None).exists():  # it rang before the POST's own answer
        queue.ring("answer", attempt.pk)
    queue.wake_watch()
    return True


def _taken_after_all(attempt: Attempt, number: str) -> None:
    """We had given this attempt up: it runs, and perhaps costs, without us; a person must know."""
    if Attempt.objects.filter(pk=attempt.pk, number=number).exists():
        return
    alarm(attempt.task, "taken_after_all", number)


@transaction.atomic
def _accept(attempt: Attempt, receipt: Receipt) -> bool:
    now = clock.now()
    if not move(
        attempt,
        UNDECIDED,
        TaskState.QUEUED,
        accepted_at=now,
        check_at=now if receipt.state is State.FAILED else _first_look(attempt, now),
        lease_until=None,
        code="",
        message="",
    ):
        return False
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.ACCEPTED,
        number=receipt.number,
        cost=receipt.cost,
        reply=receipt.raw,
        answered_at=now,
        code="",
    )
    return True


@transaction.atomic
def refused(attempt: Attempt, error: ProviderError) -> None:
    """The provider said no: the task failed and what was held comes back."""
    if move(
        attempt,
        UNDECIDED,
        TaskState.FAILED,
        code=error.code[:80],
        message=error.message,
        finished_at=clock.now(),
        lease_until=None,
    ):
        _answered(attempt, AttemptState.REFUSED, error)
        ledger.release(attempt)
        queue.ring("send", attempt.credential_id)


def key_refused(attempt: Attempt, error: Unauthorised) -> None:
    """The key or its balance is the trouble: this task failed, the others wait for a good key."""
    refused(attempt, error)
    credentials.pause(attempt.credential, error.code)


def put_back(attempt: Attempt, error: Unavailable) -> None:
    """Certainly not taken: the same task waits, for a new attempt where this one's POST left."""
    wait = backoff(attempt.task.attempts.count(), error.retry_after)
    with transaction.atomic():
        if not move(
            attempt,
            UNDECIDED,
            TaskState.WAITING,
            reason=error.code[:40],
            not_before=clock.now() + wait,
            lease_until=None,
        ):
            return
        _answered(attempt, AttemptState.THROTTLED, error)
        next_attempt(attempt)
        queue.wake_watch()


def never_left(attempt: Attempt) -> None:
    """The sender died before it wrote down that the POST leaves: it may be claimed again."""
    with transaction.atomic():
        if move(
            attempt,
            [TaskState.SENDING],
            TaskState.WAITING,
            among=[AttemptState.READY],
            lease_until=None,
        ):
            queue.ring("send", attempt.credential_id)


def unclear(attempt: Attempt, error: ProviderError) -> None:
    """Nobody knows whether the POST was taken: held as it is, and never sent again by a machine."""
    _lose_sight(attempt, [TaskState.SENDING], error)


def overdue(attempt: Attempt) -> None:
    """The provider never ended it within its longest time: nobody knows what became of it."""
    _lose_sight(attempt, AT_PROVIDER, Unavailable("overdue"))


@transaction.atomic
def misnumbered(attempt: Attempt) -> None:
    """The number that it was given is another order's, which may have it; this one is unclear."""
    log.warning("another order's number", attempt=attempt.pk, number=attempt.number)
    error = Unavailable("another_order")
    if _lose_sight(attempt, (TaskState.UNCLEAR, *AT_PROVIDER), error):
        Attempt.objects.filter(pk=attempt.pk).update(number="", cost=None)


@transaction.atomic
def _lose_sight(attempt: Attempt, sources: Iterable[TaskState], error: ProviderError) -> bool:
    if moved := move(
        attempt,
        sources,
        TaskState.UNCLEAR,
        code=error.code[:80],
        message=error.message,
        lease_until=None,
        check_at=None,
        unclear_at=clock.now(),
        alarmed_at=None,
    ):
        _answered(attempt, AttemptState.UNCLEAR, error)
        queue.ring("find", attempt.pk)
        queue.ring("send", attempt.credential_id)
    return moved


def _answered(attempt: Attempt, state: AttemptState, error: ProviderError) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(
        state=state, code=error.code[:80], reply=error.raw, answered_at=clock.now()
    )


def _first_look(attempt: Attempt, now: datetime) -> datetime:
    """By the provider's advice; sooner where this team's last clips were ready sooner."""
    advice = catalogue(attempt.credential.kind).polling.first
    usual = Task.objects.usual_seconds(attempt.task.team).get(attempt.task.model)
    return now + timedelta(seconds=min(advice, usual[0]) if usual else advice)
