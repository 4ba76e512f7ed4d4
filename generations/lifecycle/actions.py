"""What a person may decide: cancel, check now, end an unclear task, ask for a lost file again."""

import structlog
from django.db import transaction

from generations import clock
from generations.models import Attempt, File, Task, User, audit
from generations.models.leases import idle
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers import provider
from generations.providers.contract import ProviderError, Reason, Receipt
from generations.providers.wire.pasted import read_pasted_id
from generations.teams.provider_access import ProviderConnection, connect

from . import queue, transitions

log = structlog.get_logger(__name__)


class Refusal(Exception):
    """The decision changes nothing; ``code`` says why."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message


class TooLate(Refusal):
    """The task went on meanwhile."""


class NotFound(Refusal):
    """The provider does not know this id, or it is another task's."""


def may_cancel(task: Task) -> bool:
    """Whether it can still be stopped: what waits always, what runs where its provider can."""
    can = provider(task.credential.kind).can_cancel
    return task.state == TaskState.WAITING or (can and task.state in AT_PROVIDER)


def cancel(task: Task, by: User) -> None:
    """End a waiting task; queue the cancel of one that the provider has. Raises TooLate."""
    if transitions.cancel(task):
        audit.record(task.team, by, "task.cancelled", task)
    elif (
        provider(task.credential.kind).can_cancel
        and Task.objects.filter(pk=task.pk, state__in=AT_PROVIDER).exists()
    ):
        audit.record(task.team, by, "task.asked_to_stop", task)
        queue.enqueue("cancel", task.pk)
    else:
        raise TooLate(Reason.TOO_LATE)


def request_cancel(task_id: int) -> None:
    """Ask the provider to stop a task, then ask what became of it."""
    attempt = (
        Attempt.objects.select_related("task__team", "credential__team")
        .filter(task=task_id, task__state__in=AT_PROVIDER, state=AttemptState.ACCEPTED)
        .first()
    )
    if attempt is None:
        return None  # it ended meanwhile
    try:
        with connect(attempt.credential) as connection:
            refusal = _cancel_at_provider(connection, attempt.remote_id)
            wanted = transitions.wanted_roles(attempt.task)
            report = connection.check(attempt.remote_id, wanted=wanted)
    except ProviderError as error:
        transitions.mark_not_cancelled(attempt, error)
        return transitions.check_soon(attempt.task)
    # The report first: it may say that the task has ended, and then the refusal is no news.
    transitions.apply_report(attempt, report)
    if refusal:
        log.info("not cancelled", task=task_id, code=refusal.code)
        transitions.mark_not_cancelled(attempt, refusal)
    return None


def _cancel_at_provider(connection: ProviderConnection, remote_id: str) -> ProviderError | None:
    """Ask for the cancel; return the refusal, because the task must be checked in any case."""
    try:
        connection.cancel(remote_id)
    except ProviderError as error:
        return error
    return None


def check_now(task: Task) -> None:
    """Ask again at once; an unclear order is searched for in the provider's list."""
    if task.state == TaskState.UNCLEAR:
        queue.enqueue("recover", _open_attempt(task, AttemptState.UNCLEAR).pk)
    else:
        transitions.check_soon(task)


def accept_found_id(task: Task, remote_id: str, by: User) -> None:
    """Take the id that a person found for an unclear order. Raises NotFound or TooLate."""
    attempt = _open_attempt(task, AttemptState.UNCLEAR)
    remote_id = read_pasted_id(remote_id)
    if not remote_id:
        raise NotFound("remote_id_unreadable")
    if Attempt.objects.filter(credential=attempt.credential, remote_id=remote_id).exists():
        raise NotFound(Reason.REMOTE_ID_TAKEN)
    try:
        with connect(attempt.credential) as connection:
            report = connection.check(remote_id, wanted=transitions.wanted_roles(task))
    except ProviderError as error:
        raise NotFound(error.reason, error.message or error.code) from error
    # Where the provider repeats no reference, the person's word is all there is.
    if report.reference not in {"", attempt.reference}:
        raise NotFound(Reason.ANOTHER_ORDER)
    with transaction.atomic():
        if not transitions.mark_accepted(
            attempt, Receipt(remote_id, cost=report.cost, raw=report.raw)
        ):
            raise TooLate(Reason.TOO_LATE)
        audit.record(task.team, by, "task.found", task, remote_id=remote_id)
    # After the commit, so that the id stays where the report cannot be written: the poller asks.
    attempt.refresh_from_db()
    transitions.apply_report(attempt, report)


def release(task: Task, by: User, *, send_again: bool) -> None:
    """Refund an unclear order that a person says never arrived, or resend it. Raises TooLate."""
    attempt = _open_attempt(task, AttemptState.UNCLEAR)
    with transaction.atomic():
        if not transitions.release_unclear(attempt, send_again=send_again):
            raise TooLate(Reason.TOO_LATE)
        verb = "task.sent_again" if send_again else "task.released"
        audit.record(task.team, by, verb, task, estimate=attempt.estimate)


def dismiss_alarm(task: Task, code: str, by: User) -> None:
    """End an alarm that a person has read. Raises TooLate where it is over, or cannot end yet."""
    if not transitions.dismiss_alarm(task, code, by):
        raise TooLate(Reason.TOO_LATE)


def fetch_again(task: Task, by: User) -> None:
    """Ask the provider once more for the files that were lost. Raises TooLate where none is."""
    with transaction.atomic():
        if not transitions.refetch_lost(task):
            raise TooLate(Reason.TOO_LATE)
        audit.record(task.team, by, "task.fetched_again", task)


def fetch_now(file: File) -> None:
    """Let a file that nobody fetches be tried at once. Raises TooLate where it is not so."""
    if not File.objects.unfetched().filter(idle(clock.now()), pk=file.pk).update(not_before=None):
        raise TooLate(Reason.TOO_LATE)
    queue.enqueue("fetch", file.pk)


def _open_attempt(task: Task, state: AttemptState) -> Attempt:
    attempt = (
        task.attempts.select_related("task__team", "credential__team").filter(state=state).first()
    )
    if attempt is None:
        raise TooLate(Reason.TOO_LATE)
    return attempt
