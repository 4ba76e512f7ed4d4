"""Transitions that a person decides, and what becomes of the trash."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, File, Task, Team, User
from generations.models.files import FileState
from generations.models.films import PARTS
from generations.models.tasks import (
    AT_PROVIDER,
    FINAL,
    KEPT_IN_TRASH,
    AttemptState,
    TaskQuerySet,
    TaskState,
)
from generations.providers.contract import ProviderError, Reason
from generations.teams import ordering_stops

from .alarms import PASSING, clear_alarms
from .files import FRESH
from .move import OPEN, move, open_next_attempt, touch

DELETED = {
    **dict.fromkeys(("name", "poster", "preview", "proxy", "placeholder"), ""),
    "state": FileState.DELETED,
    "not_before": None,
}


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
    clear_alarms(attempt.task, *PASSING)
    # Closed for good: an answer that comes after all moves nothing, but raises an alarm.
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
        among=[AttemptState.READY],  # what is marked as sent becomes unclear by the sweep
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
        File.objects.filter(pk=file_id, state=FileState.LOST).update(
            state=FileState.REMOTE, **FRESH
        )
        queue.enqueue("fetch", file_id)
    return bool(lost)


@transaction.atomic
def refetch(file: File) -> bool:
    """Fetch a stored file again whose bytes are missing or damaged here.

    Return False where nobody can ask the provider for it.
    """
    touch(file.task)
    # ``fetch`` may find the link dead, and then asks for a new one by this attempt and its key.
    asked = Attempt.objects.filter(
        task=file.task, state=AttemptState.ACCEPTED, credential__removed_at=None
    )
    stored = File.objects.filter(pk=file.pk, state=FileState.STORED)
    if not asked.exists() or not stored.update(
        state=FileState.REMOTE, received=0, lease_until=None, **FRESH
    ):
        return False
    queue.enqueue("fetch", file.pk)
    return True


def check_soon(task: Task) -> None:
    """Let the poller ask for a task in its next round."""
    Task.objects.filter(pk=task.pk, state__in=AT_PROVIDER).update(check_at=clock.now())
    queue.wake_poller()


# ---- The trash ------------------------------------------------------------------------------


@transaction.atomic
def move_to_trash(task: Task, by: User) -> bool:
    """Move an ended task into the trash. Return False where it may not go there alone or now."""
    version = Team.next_sequence(task.team_id)
    tasks = _with_parts(task)
    # A part goes only with its film; a film only as a whole, once nothing of it runs.
    if task.kind in PARTS or tasks.exclude(state__in=FINAL).exists():
        return False
    outside = tasks.filter(trashed_at=None)
    return bool(outside.update(trashed_at=clock.now(), trashed_by=by, version=version))


@transaction.atomic
def restore(task: Task, *, since: datetime) -> bool:
    """Restore a task. Return False where it is not in the trash since ``since``."""
    version = Team.next_sequence(task.team_id)
    there = _with_parts(task).in_trash().filter(trashed_at__gt=since)
    return bool(there.update(trashed_at=None, trashed_by=None, version=version))


@transaction.atomic
def mark_purged(task: Task) -> None:
    """Write down that the bytes of a task's files are deleted. Their facts stay for the books."""
    version = Team.next_sequence(task.team_id)
    File.objects.filter(task=task, state=FileState.STORED).update(**DELETED)
    Task.objects.filter(pk=task.pk).update(purged_at=clock.now(), version=version)


def expire_trash(team: Team) -> int:
    """Let the time of all tasks in a team's trash be over now; return how many they are."""
    # An earlier date is all it needs: ``purge`` finds them, and ``restore`` no longer does.
    over = clock.now() - KEPT_IN_TRASH
    tasks = Task.objects.for_team(team).in_trash().filter(trashed_at__gt=over)
    return tasks.update(trashed_at=over)


def _with_parts(task: Task) -> TaskQuerySet:
    """Return the task; of a film also the tasks of all its parts."""
    parts = Q(take__film__task=task) | Q(cut__film__task=task)
    part_ids = Task.objects.filter(parts).values_list("pk", flat=True)
    return Task.objects.filter(pk__in=[task.pk, *part_ids])
