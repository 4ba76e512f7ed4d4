"""Transitions of an order on its way to the provider, and of what waits to be sent.

The first part follows one attempt: claimed, sent, and what came of the POST. The second holds the
waiting tasks of a key back, or lets them go.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, Credential, Task, Team, User, audit, events
from generations.models.events import EventKind
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskQuerySet, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    ProviderError,
    Reason,
    Receipt,
    RemoteState,
    Unauthorised,
    Unavailable,
)
from generations.teams import credentials, ordering_stops

from .alarms import COST_UNREAD, TAKEN_AFTER_ALL, add_to_alarm, raise_alarm
from .move import MOST_WAIT, backoff, move, open_next_attempt

log = structlog.get_logger(__name__)

# Longer than the deadline of a POST: a sender whose lease has ended is dead.
SENDING_LEASE = timedelta(seconds=90)
SHORT_WAIT = timedelta(seconds=1)
UNCLEAR_TOO_LONG = timedelta(minutes=15)
# Where an answer to the POST may find its task: a sender that was stopped past its lease comes
# back after the sweep has called the order unclear.
UNDECIDED = (TaskState.SENDING, TaskState.UNCLEAR)
PAUSED = "paused"
DOUBT = timedelta(seconds=10)  # between two refusals of a key that count as two
ASK_AGAIN = DOUBT + SHORT_WAIT  # after the first of them
# What we find out about a key by ourselves, without its provider.
FOUND_HERE = (Reason.KEY_SEALED, Reason.KEY_MALFORMED, Reason.ACCOUNT_SETTING_INVALID)


# ---- One attempt ----------------------------------------------------------------------------


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
        attempt,
        [TaskState.WAITING],
        TaskState.SENDING,
        lease_until=lease,
        obstacle="",
        code="",
        message="",
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
    # A task that was requeued may be claimed anew, with this same attempt, while its first sender
    # still sleeps. Of the two the first to pass here sends; the other finds it no longer READY.
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
        # One of the two answers was wrong, and nothing here tells which: the order stays unclear.
        log.exception("id given twice", attempt=attempt.pk, remote_id=receipt.remote_id)
        error = Unavailable(
            "number_taken", receipt.remote_id, reason=Reason.REMOTE_ID_TAKEN, raw=receipt.raw
        )
        mark_unclear(attempt, error)
        return False
    if not was_accepted:
        # Without this id the attempt was given up by a person: it runs all the same, and may cost.
        if not Attempt.objects.filter(pk=attempt.pk, remote_id=receipt.remote_id).exists():
            add_to_alarm(attempt.task, TAKEN_AFTER_ALL, receipt.remote_id)
        return False
    if receipt.unread_cost and receipt.cost is None:
        raise_alarm(attempt.task, COST_UNREAD, receipt.unread_cost)
    credentials.record_success(attempt.credential)
    # A callback that came before the answer to the POST is kept until there is an id to ask for.
    if attempt.callbacks.filter(answered_at=None).exists():
        queue.enqueue("callbacks", attempt.pk)
    queue.wake_poller()
    return True


@transaction.atomic
def _accept(attempt: Attempt, receipt: Receipt) -> bool:
    now = clock.now()
    # A create may say that it has ended already. Only a report ends a task, so it is asked for.
    has_ended = receipt.state in {RemoteState.FAILED, RemoteState.SUCCEEDED}
    if not move(
        attempt,
        UNDECIDED,
        TaskState.QUEUED,
        accepted_at=now,
        check_at=now if has_ended else _first_check(attempt, now),
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


def _first_check(attempt: Attempt, now: datetime) -> datetime:
    """Return when to ask first: when the provider advises, or when such clips are usually ready."""
    advice = catalogue(attempt.credential.kind).polling.first
    usual = Task.objects.usual_seconds(attempt.task.team).get(attempt.task.model)
    return now + timedelta(seconds=min(advice, usual[0]) if usual else advice)


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
        queue.enqueue("send", attempt.credential_id)  # a slot is free


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
            code=error.code[:80],
            message=error.message,  # what a person reads beside the obstacle
            not_before=clock.now() + wait,
            lease_until=None,
        ):
            return
        _close(attempt, AttemptState.THROTTLED, error)
        # Never this attempt again: one POST each, so that a late callback or report on its token
        # or reference is not taken for the next one's.
        open_next_attempt(attempt)
        queue.wake_poller()


def requeue_unsent(attempt: Attempt) -> None:
    """Let a task be claimed again whose sender died before its POST could leave."""
    with transaction.atomic():
        if move(
            attempt,
            [TaskState.SENDING],
            TaskState.WAITING,
            among=[AttemptState.READY],  # a sender that woke up meanwhile has marked it as sent
            lease_until=None,
        ):
            queue.enqueue("send", attempt.credential_id)


def mark_unclear(attempt: Attempt, error: ProviderError) -> None:
    """Mark that nobody knows whether the POST was taken. No machine ever sends it again."""
    _mark_unclear(attempt, [TaskState.SENDING], error)
    # A page of 5xx passes; what refuses with a page of its own would refuse the next order as well.
    if error.reason is Reason.GATEWAY and 400 <= (error.status or 0) < 500:
        _let_wait(attempt.credential, error.reason)


def mark_overdue(attempt: Attempt) -> None:
    """Mark a task unclear that the provider has not ended within its longest time."""
    _mark_unclear(attempt, AT_PROVIDER, Unavailable("overdue", reason=Reason.NO_ANSWER))


@transaction.atomic
def mark_wrong_id(attempt: Attempt) -> None:
    """Mark a task unclear whose id turned out to be another order's; the id becomes free."""
    log.warning("another order's id", attempt=attempt.pk, remote_id=attempt.remote_id)
    error = Unavailable("another_order", reason=Reason.ANOTHER_ORDER)
    if _mark_unclear(attempt, (TaskState.UNCLEAR, *AT_PROVIDER), error):
        # The cost came with the wrong id, so it may be the other order's too.
        Attempt.objects.filter(pk=attempt.pk).update(remote_id="", cost=None)


@transaction.atomic
def _mark_unclear(attempt: Attempt, sources: Iterable[TaskState], error: ProviderError) -> bool:
    # The hold stays: the order may have been taken, and then it will be charged.
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
        queue.enqueue("send", attempt.credential_id)  # what is unclear takes no slot
    return moved


def _close(attempt: Attempt, state: AttemptState, error: ProviderError) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(
        state=state, code=error.code[:80], reply=error.raw, answered_at=clock.now()
    )


@transaction.atomic
def raise_unclear_alarm(task: Task) -> bool:
    """Raise the one alarm of an order that is unclear for too long; return whether it was."""
    version = Team.next_sequence(task.team_id)
    # All conditions once more: it may have been found, or sent again, since the sweep read it.
    raised = Task.objects.filter(
        pk=task.pk,
        state=TaskState.UNCLEAR,
        alarmed_at=None,
        unclear_at__lte=clock.now() - UNCLEAR_TOO_LONG,
    ).update(alarmed_at=clock.now(), version=version)
    if raised:
        log.error("alarm", task=task.pk, code="unclear", detail=task.code)
        audit.record(task.team, None, "task.unclear", task)
    return bool(raised)


# ---- What waits -----------------------------------------------------------------------------


@transaction.atomic
def pause_credential(credential: Credential, reason: Reason, by: User | None = None) -> None:
    """Send nothing more with a key. ``by`` is None where Rushes found the reason itself."""
    # Many tasks find out at once that a key is refused; only the first of them writes it down.
    if credentials.set_paused(credential, reason):
        _hold_back(Task.objects.filter(credential=credential), PAUSED, credential.team_id)
        audit.record(credential.team, by, "credential.paused", credential, reason=reason)
        events.record(credential.team, EventKind.CREDENTIAL_PAUSED, credential.pk, reason=reason)


def doubt_credential(credential: Credential, error: Unauthorised) -> None:
    """Note that a question was refused as if the key were bad; pause the key at the second time.

    One refusal proves nothing: a gateway may be wrong for a moment. Between the two no question may
    have been answered, and some seconds must lie, because many are asked at once.
    """
    if error.reason in FOUND_HERE:
        return pause_credential(credential, error.reason)
    now = clock.now()
    row = Credential.objects.filter(pk=credential.pk)
    if row.filter(doubted_at=None).update(doubted_at=now):
        log.warning("key refused once", credential=credential.pk, code=error.code)
    elif row.filter(doubted_at__lte=now - DOUBT).exists():
        pause_credential(credential, error.reason)
    return None


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
    # "" clears only stops: a task that waits for its budget or its provider still says so.
    other = (
        waiting.exclude(obstacle=obstacle)
        if obstacle
        else waiting.filter(obstacle__in=ordering_stops.OBSTACLES)
    )
    # Each claim calls this. Mostly nothing changes, and the team's row is left unlocked.
    if other.exists():
        _hold_back(other, obstacle, credential.team_id)


def let_go(tasks: TaskQuerySet, *obstacles: str) -> None:
    """Make the tasks that waited for these obstacles due at once; the poller queues them."""
    held = tasks.filter(state=TaskState.WAITING, obstacle__in=obstacles)
    for team_id in list(held.order_by().values_list("team", flat=True).distinct()):
        version = Team.next_sequence(team_id)
        held.filter(team=team_id).update(obstacle="", version=version, not_before=clock.now())


@transaction.atomic
def _let_wait(credential: Credential, obstacle: Reason) -> None:
    """Let what waits for a key wait longer: what stands before its provider would make each order
    unclear, one after the other."""
    version = Team.next_sequence(credential.team_id)
    waiting = Task.objects.filter(credential=credential, state=TaskState.WAITING)
    waiting.update(obstacle=obstacle, version=version, not_before=clock.now() + MOST_WAIT)


def _hold_back(tasks: TaskQuerySet, obstacle: str, team_id: int) -> None:
    version = Team.next_sequence(team_id)
    # The poller queues tasks by ``not_before``; without one it leaves them alone.
    tasks.filter(state=TaskState.WAITING).update(
        obstacle=obstacle, version=version, not_before=None
    )
