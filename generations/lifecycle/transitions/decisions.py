"""What people decide of a task."""

from django.db import transaction

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, File, Task, Team
from generations.models.files import FileState
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers.contract import (
    ProviderError,
)
from generations.teams import ordering_stops

from .move import (
    OPEN,
    move,
    next_attempt,
    touch,
)


@transaction.atomic
def withdrawn(task: Task) -> bool:
    """Waiting → cancelled: nothing was sent, so all comes back. False where it is too late."""
    attempt = task.attempts.select_related("task", "credential").filter(state__in=OPEN).first()
    if attempt is None or not move(
        attempt, [TaskState.WAITING], TaskState.CANCELLED, finished_at=clock.now()
    ):
        return False
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.WITHDRAWN)
    ledger.release(attempt)
    return True


@transaction.atomic
def given_up(attempt: Attempt, *, send_again: bool) -> bool:
    """A person says that an unclear order never arrived: release it, and perhaps try anew."""
    if send_again and attempt.task.is_adopted:
        return False  # it was never sent from here, and nobody here knows all of it
    moved = (
        move(attempt, [TaskState.UNCLEAR], TaskState.WAITING, code="", message="")
        if send_again
        else move(
            attempt,
            [TaskState.UNCLEAR],
            TaskState.FAILED,
            code="never_arrived",
            message="",
            finished_at=clock.now(),
        )
    )
    if not moved:
        return False
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.WITHDRAWN)
    if send_again:
        next_attempt(attempt)
        queue.ring("send", attempt.credential_id)
    else:
        ledger.release(attempt)
    return True


@transaction.atomic
def doubted(attempt: Attempt) -> bool:
    """The database was copied: whoever has the other may have sent what still waits in this."""
    moved = move(
        attempt,
        [TaskState.WAITING, TaskState.SENDING],
        TaskState.UNCLEAR,
        among=[AttemptState.READY],
        code=ordering_stops.COPIED,
        message="",
        reason="",
        not_before=None,
        lease_until=None,
        unclear_at=clock.now(),
        alarmed_at=None,
    )
    if moved:
        Attempt.objects.filter(pk=attempt.pk).update(
            state=AttemptState.UNCLEAR, code=ordering_stops.COPIED
        )
        queue.ring("find", attempt.pk)
    return moved


@transaction.atomic
def not_cancelled(attempt: Attempt, error: ProviderError) -> None:
    """The provider would not stop it: while it goes on, its page says so."""
    version = Team.next_sequence(attempt.task.team_id)
    Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
        version=version, reason="not_cancelled", message=error.message
    )


@transaction.atomic
def reopened(task: Task) -> bool:
    """Lost files are to be fetched once more; False where there is none."""
    touch(task)
    lost = list(task.files.filter(state=FileState.LOST).values_list("pk", flat=True))
    for file_id in lost:
        File.objects.filter(pk=file_id).update(state=FileState.REMOTE, tries=0, not_before=None)
        queue.ring("mirror", file_id)
    return bool(lost)


@transaction.atomic
def fetched_anew(file: File) -> bool:
    """Its bytes are missing or damaged here: it is to be fetched once more, where that can be."""
    touch(file.task)
    asked = Attempt.objects.filter(
        task=file.task, state=AttemptState.ACCEPTED, credential__removed_at=None
    )
    stored = File.objects.filter(pk=file.pk, state=FileState.STORED)
    if not asked.exists() or not stored.update(
        state=FileState.REMOTE, tries=0, received=0, not_before=None, lease_until=None
    ):
        return False
    queue.ring("mirror", file.pk)
    return True


def look_soon(task: Task) -> None:
    """Have the watch ask for a task in its next round."""
    Task.objects.filter(pk=task.pk, state__in=AT_PROVIDER).update(check_at=clock.now())
    queue.wake_watch()
