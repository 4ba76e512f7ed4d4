"""Transitions of an attempt that is sent to the provider."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, Task, Team
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    ProviderError,
    Reason,
    Receipt,
    RemoteState,
    Unauthorised,
    Unavailable,
)
from generations.teams import credentials

from .move import (
    backoff,
    move,
    open_next_attempt,
    raise_alarm,
)
from .pauses import pause_credential

log = structlog.get_logger(__name__)

# Longer than the deadline of a POST: a sender whose lease has ended is dead.
SENDING_LEASE = timedelta(seconds=90)
SHORT_WAIT = timedelta(seconds=1)
UNDECIDED = (TaskState.SENDING, TaskState.UNCLEAR)


@transaction.atomic
def claim(task_id: int) -> Attempt | None:
    """Claim a waiting task. Return its attempt, or None if another worker was first."""
    attempt = (
        Attempt.objects.select_related("task", "credential__team")
        .filter(task=task_id, state=AttemptState.READY)
        .first()
    )
    lease = clock.now() + SENDING_LEASE
    if attempt is None or not move(
        attempt, [TaskState.WAITING], TaskState.SENDING, lease_until=lease, obstacle=""
    ):
        return None
    return attempt


def delay(task_id: int, obstacle: str) -> None:
    """Let a task wait a moment longer and say why; the poller queues it again."""
    Task.objects.filter(pk=task_id, state=TaskState.WAITING).update(
        obstacle=obstacle, not_before=clock.now() + SHORT_WAIT
    )
    queue.wake_poller()


@transaction.atomic
def mark_sent(attempt: Attempt) -> bool:
    """Commit that the POST leaves now. Return False where somebody else has the attempt.

    From here on only the provider knows whether it arrived.
    """
    # The lock on the team's row makes us wait for a sweep that is requeueing this very attempt.
    Team.next_sequence(attempt.task.team_id)
    sending = Task.objects.filter(state=TaskState.SENDING)
    return bool(
        Attempt.objects.filter(pk=attempt.pk, state=AttemptState.READY, task__in=sending).update(
            state=AttemptState.SENT, sent_at=clock.now()
        )
    )


def mark_accepted(attempt: Attempt, receipt: Receipt) -> bool:
    """Write down that the provider took the order. Return True where this caller did it."""
    try:
        was_accepted = _accept(attempt, receipt)
    except IntegrityError:  # two attempts of one credential never share an id
        log.exception("id given twice", attempt=attempt.pk, remote_id=receipt.remote_id)
        error = Unavailable(
            "number_taken", receipt.remote_id, reason=Reason.REMOTE_ID_TAKEN, raw=receipt.raw
        )
        mark_unclear(attempt, error)
        return False
    if not was_accepted:
        _alarm_if_it_runs_unnoticed(attempt, receipt.remote_id)
        return False
    credentials.record_success(attempt.credential)
    if attempt.callbacks.filter(
        answered_at=None
    ).exists():  # one came before the answer to the POST
        queue.enqueue("callbacks", attempt.pk)
    queue.wake_poller()
    return True


def _alarm_if_it_runs_unnoticed(attempt: Attempt, remote_id: str) -> None:
    """Alarm that an attempt which a person released runs at the provider, and may cost."""
    if not Attempt.objects.filter(pk=attempt.pk, remote_id=remote_id).exists():
        raise_alarm(attempt.task, "taken_after_all", remote_id)


@transaction.atomic
def _accept(attempt: Attempt, receipt: Receipt) -> bool:
    now = clock.now()
    if not move(
        attempt,
        UNDECIDED,
        TaskState.QUEUED,
        accepted_at=now,
        check_at=now if receipt.state is RemoteState.FAILED else _first_check(attempt, now),
        lease_until=None,
        reason="",
        code="",
        message="",
    ):
        return False
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.ACCEPTED,
        remote_id=receipt.remote_id,
        cost=receipt.cost,
        reply=receipt.raw,
        answered_at=now,
        code="",
    )
    return True


@transaction.atomic
def mark_failed(attempt: Attempt, error: ProviderError) -> None:
    """Fail a task that the provider refused, and refund its hold."""
    if move(
        attempt,
        UNDECIDED,
        TaskState.FAILED,
        reason=error.reason,
        code=error.code[:80],
        message=error.message,
        finished_at=clock.now(),
        lease_until=None,
    ):
        _close(attempt, AttemptState.REFUSED, error)
        ledger.release(attempt)
        queue.enqueue("send", attempt.credential_id)


def mark_key_refused(attempt: Attempt, error: Unauthorised) -> None:
    """Fail a task because of its key or balance, and pause the key so that the others wait."""
    mark_failed(attempt, error)
    pause_credential(attempt.credential, error.reason)


def requeue(attempt: Attempt, error: Unavailable) -> None:
    """Let a task wait again whose POST was certainly not taken; the next attempt is a new one."""
    wait = backoff(attempt.task.attempts.count(), error.retry_after)
    with transaction.atomic():
        if not move(
            attempt,
            UNDECIDED,
            TaskState.WAITING,
            obstacle=error.reason,
            not_before=clock.now() + wait,
            lease_until=None,
        ):
            return
        _close(attempt, AttemptState.THROTTLED, error)
        open_next_attempt(attempt)
        queue.wake_poller()


def requeue_unsent(attempt: Attempt) -> None:
    """Let a task be claimed again whose sender died before its POST could leave."""
    with transaction.atomic():
        if move(
            attempt,
            [TaskState.SENDING],
            TaskState.WAITING,
            among=[AttemptState.READY],
            lease_until=None,
        ):
            queue.enqueue("send", attempt.credential_id)


def mark_unclear(attempt: Attempt, error: ProviderError) -> None:
    """Mark that nobody knows whether the POST was taken. No machine ever sends it again."""
    _mark_unclear(attempt, [TaskState.SENDING], error)


def mark_overdue(attempt: Attempt) -> None:
    """Mark a task unclear that the provider has not ended within its longest time."""
    _mark_unclear(attempt, AT_PROVIDER, Unavailable("overdue", reason=Reason.NO_ANSWER))


@transaction.atomic
def mark_wrong_id(attempt: Attempt) -> None:
    """Mark a task unclear whose id turned out to be another order's; the id becomes free."""
    log.warning("another order's id", attempt=attempt.pk, remote_id=attempt.remote_id)
    error = Unavailable("another_order", reason=Reason.ANOTHER_ORDER)
    if _mark_unclear(attempt, (TaskState.UNCLEAR, *AT_PROVIDER), error):
        Attempt.objects.filter(pk=attempt.pk).update(remote_id="", cost=None)


@transaction.atomic
def _mark_unclear(attempt: Attempt, sources: Iterable[TaskState], error: ProviderError) -> bool:
    if moved := move(
        attempt,
        sources,
        TaskState.UNCLEAR,
        reason=error.reason,
        code=error.code[:80],
        message=error.message,
        lease_until=None,
        check_at=None,
        unclear_at=clock.now(),
        alarmed_at=None,
    ):
        _close(attempt, AttemptState.UNCLEAR, error)
        queue.enqueue("recover", attempt.pk)
        queue.enqueue("send", attempt.credential_id)
    return moved


def _close(attempt: Attempt, state: AttemptState, error: ProviderError) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(
        state=state, code=error.code[:80], reply=error.raw, answered_at=clock.now()
    )


def _first_check(attempt: Attempt, now: datetime) -> datetime:
    """Return when to ask first: when the provider advises, or when such clips are usually ready."""
    advice = catalogue(attempt.credential.kind).polling.first
    usual = Task.objects.usual_seconds(attempt.task.team).get(attempt.task.model)
    return now + timedelta(seconds=min(advice, usual[0]) if usual else advice)
