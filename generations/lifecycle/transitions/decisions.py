"""Transitions that a person decides."""

from django.db import transaction

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, File, Task, Team
from generations.models.files import FileState
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers.contract import ProviderError, Reason
from generations.teams import ordering_stops

from .move import (
    OPEN,
    move,
    open_next_attempt,
    touch,
)


@transaction.atomic
def cancel(task: Task) -> bool:
    """Cancel a waiting task and refund its hold. Return False where it is too late."""
    attempt = task.attempts.select_related("task", "credential").filter(state__in=OPEN).first()
    if attempt is None or not move(
        attempt, [TaskState.WAITING], TaskState.CANCELLED, finished_at=clock.now()
    ):
        return False
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.WITHDRAWN)
    ledger.release(attempt)
    return True


@transaction.atomic
def release_unclear(attempt: Attempt, *, send_again: bool) -> bool:
    """End an unclear order that a person says never arrived: refund it, or send it again.

    Return False where it is too late, or where it was imported and cannot be sent from here.
    """
    if send_again and attempt.task.is_imported:
        return False  # it was never sent from here, and nobody here knows the whole order
    moved = (
        move(attempt, [TaskState.UNCLEAR], TaskState.WAITING, reason="", code="", message="")
        if send_again
        else move(
            attempt,
            [TaskState.UNCLEAR],
            TaskState.FAILED,
            reason=Reason.NEVER_ARRIVED,
            code="",
            message="",
            finished_at=clock.now(),
        )
    )
    if not moved:
        return False
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.WITHDRAWN)
    if send_again:
        open_next_attempt(attempt)
        queue.enqueue("send", attempt.credential_id)
    else:
        ledger.release(attempt)
    return True


@transaction.atomic
def mark_copied(attempt: Attempt) -> bool:
    """Mark an order unclear that waits in a copied database: the other copy may have sent it."""
    moved = move(
        attempt,
        [TaskState.WAITING, TaskState.SENDING],
        TaskState.UNCLEAR,
        among=[AttemptState.READY],
        code=ordering_stops.COPIED,
        message="",
        obstacle="",
        not_before=None,
        lease_until=None,
        unclear_at=clock.now(),
        alarmed_at=None,
    )
    if moved:
        Attempt.objects.filter(pk=attempt.pk).update(
            state=AttemptState.UNCLEAR, code=ordering_stops.COPIED
        )
        queue.enqueue("recover", attempt.pk)
    return moved


@transaction.atomic
def mark_not_cancelled(attempt: Attempt, error: ProviderError) -> None:
    """Write on a task that its provider would not cancel it."""
    version = Team.next_sequence(attempt.task.team_id)
    Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
        version=version, obstacle="not_cancelled", message=error.message
    )


@transaction.atomic
def refetch_lost(task: Task) -> bool:
    """Fetch the lost files of a task once more. Return False where none is lost."""
    touch(task)
    lost = list(task.files.filter(state=FileState.LOST).values_list("pk", flat=True))
    for file_id in lost:
        File.objects.filter(pk=file_id).update(state=FileState.REMOTE, tries=0, not_before=None)
        queue.enqueue("fetch", file_id)
    return bool(lost)


@transaction.atomic
def refetch(file: File) -> bool:
    """Fetch a stored file again whose bytes are missing or damaged here.

    Return False where nobody can ask the provider for it.
    """
    touch(file.task)
    asked = Attempt.objects.filter(
        task=file.task, state=AttemptState.ACCEPTED, credential__removed_at=None
    )
    stored = File.objects.filter(pk=file.pk, state=FileState.STORED)
    if not asked.exists() or not stored.update(
        state=FileState.REMOTE, tries=0, received=0, not_before=None, lease_until=None
    ):
        return False
    queue.enqueue("fetch", file.pk)
    return True


def check_soon(task: Task) -> None:
    """Let the poller ask for a task in its next round."""
    Task.objects.filter(pk=task.pk, state__in=AT_PROVIDER).update(check_at=clock.now())
    queue.wake_poller()
