"""What a person may decide: cancel, look now, end an unclear task, ask for a lost file again."""

import httpx
import structlog
from django.db import transaction
from django.db.models import Q

from generations import audit, clock
from generations.models import Attempt, File, Task, User
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.net.client import client
from generations.net.drive import drive
from generations.providers import provider
from generations.providers.contract import Flow, ProviderError, Receipt
from generations.teams import credentials, installation, ordering_stops

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
    """The provider does not know this number, or it is another task's."""


def may_cancel(task: Task) -> bool:
    """Whether it can still be stopped: what waits always, what runs where its provider can."""
    can = provider(task.credential.kind).can_cancel
    return task.state == TaskState.WAITING or (can and task.state in AT_PROVIDER)


def cancel(task: Task, by: User) -> None:
    """A waiting task ends at once; one that the provider has is asked to stop. Raises TooLate."""
    if transitions.withdrawn(task):
        audit.record(task.team, by, "task.cancelled", task)
    elif (
        provider(task.credential.kind).can_cancel
        and Task.objects.filter(pk=task.pk, state__in=AT_PROVIDER).exists()
    ):
        audit.record(task.team, by, "task.asked_to_stop", task)
        queue.ring("cancel", task.pk)
    else:
        raise TooLate("too_late")


def ask_to_cancel(task_id: int) -> None:
    """Ask the provider to stop a task, then ask what became of it."""
    attempt = (
        Attempt.objects.select_related("task__team", "credential__team")
        .filter(task=task_id, task__state__in=AT_PROVIDER, state=AttemptState.ACCEPTED)
        .first()
    )
    if attempt is None:
        return None  # it ended meanwhile
    adapter = provider(attempt.credential.kind)
    try:
        access = credentials.access(attempt.credential)
        with client(credentials.policy()) as http:
            refusal = _refusal(adapter.cancel(access, attempt.number), http)
            report = drive(adapter.check(access, attempt.number), http)
    except ProviderError as error:
        transitions.not_cancelled(attempt, error)
        return transitions.look_soon(attempt.task)
    transitions.reported(attempt, report)
    if refusal:
        log.info("not cancelled", task=task_id, code=refusal.code)
        transitions.not_cancelled(attempt, refusal)
    return None


def _refusal(cancel: Flow[None], http: httpx.Client) -> ProviderError | None:
    try:
        drive(cancel, http)
    except ProviderError as error:
        return error
    return None


def look_now(task: Task, by: User) -> None:
    """Ask again at once; an unclear order is searched for in the provider's list."""
    if task.state == TaskState.UNCLEAR:
        queue.ring("find", _open_attempt(task, AttemptState.UNCLEAR).pk)
    else:
        transitions.look_soon(task)


def found(task: Task, number: str, by: User) -> None:
    """The person has the provider's number of an unclear order. Raises NotFound or TooLate."""
    attempt = _open_attempt(task, AttemptState.UNCLEAR)
    number = number.strip()
    if Attempt.objects.filter(credential=attempt.credential, number=number).exists():
        raise NotFound("number_taken")
    adapter, access = provider(attempt.credential.kind), credentials.access(attempt.credential)
    try:
        with client(credentials.policy()) as http:
            report = drive(adapter.check(access, number), http)
    except ProviderError as error:
        raise NotFound(error.code, error.message) from error
    if report.reference not in {"", attempt.reference}:
        raise NotFound("another_order")
    with transaction.atomic():
        if not transitions.accepted(attempt, Receipt(number, cost=report.cost, raw=report.raw)):
            raise TooLate("too_late")
        audit.record(task.team, by, "task.found", task, number=number)
    attempt.refresh_from_db()
    transitions.reported(attempt, report)


def release(task: Task, by: User, *, send_again: bool) -> None:
    """The person says that an unclear order never arrived: its credits come back. Or TooLate."""
    attempt = _open_attempt(task, AttemptState.UNCLEAR)
    with transaction.atomic():
        if not transitions.given_up(attempt, send_again=send_again):
            raise TooLate("too_late")
        verb = "task.sent_again" if send_again else "task.released"
        audit.record(task.team, by, verb, task, estimate=attempt.estimate)


def fetch_again(task: Task, by: User) -> None:
    """Ask the provider once more for the files that were lost. Raises TooLate where none is."""
    with transaction.atomic():
        if not transitions.reopened(task):
            raise TooLate("too_late")
        audit.record(task.team, by, "task.fetched_again", task)


def fetch_now(file: File) -> None:
    """Do not wait for the next try of a file that nobody fetches. Raises TooLate where none is."""
    idle = Q(lease_until=None) | Q(lease_until__lte=clock.now())
    if not File.objects.unfetched().filter(idle, pk=file.pk).update(not_before=None):
        raise TooLate("too_late")
    queue.ring("mirror", file.pk)


def _open_attempt(task: Task, state: AttemptState) -> Attempt:
    attempt = (
        task.attempts.select_related("task__team", "credential__team").filter(state=state).first()
    )
    if attempt is None:
        raise TooLate("too_late")
    return attempt


def allow(by: User | None, *, nothing_was_sent: bool = False) -> int:
    """End every stop of the whole installation; how many orders became unclear by it.

    In a copied or restored database whatever waits may have been sent since by the one that it was
    copied from. So it is searched for and a person decides, unless the operator knows that
    ``nothing_was_sent``.
    """
    doubted = 0
    if not installation.is_at_home() and not nothing_was_sent:
        doubted = sum(transitions.doubted(attempt) for attempt in _not_sent_here())
    ordering_stops.allow(by)
    return doubted


def _not_sent_here() -> list[Attempt]:
    waiting = Attempt.objects.filter(
        state=AttemptState.READY, task__state__in=[TaskState.WAITING, TaskState.SENDING]
    )
    return list(waiting.select_related("task__team", "credential__team").order_by("pk"))
