"""Move tasks into the trash and out of it, and purge them."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from generations import clock
from generations.models import File, Task, Team, User
from generations.models.files import FileState
from generations.models.films import PARTS
from generations.models.tasks import FINAL, KEPT_IN_TRASH, TaskQuerySet

DELETED = {"state": FileState.DELETED, "name": "", "poster": "", "preview": "", "placeholder": ""}


@transaction.atomic
def move_to_trash(task: Task, by: User) -> bool:
    """Move an ended task into the trash. Return False where it may not go there alone or now."""
    version = Team.next_sequence(task.team_id)
    tasks = _with_parts(task)
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


def _with_parts(task: Task) -> TaskQuerySet:
    """Return the task; of a film also the tasks of all its parts."""
    parts = Q(take__film__task=task) | Q(cut__film__task=task)
    numbers = Task.objects.filter(parts).values_list("pk", flat=True)
    return Task.objects.filter(pk__in=[task.pk, *numbers])


@transaction.atomic
def mark_purged(task: Task) -> None:
    """Write down that the bytes of a task's files are deleted. Their facts stay for the books."""
    version = Team.next_sequence(task.team_id)
    File.objects.filter(task=task, state=FileState.STORED).update(**DELETED)
    Task.objects.filter(pk=task.pk).update(purged_at=clock.now(), version=version)


def expire_trash(team: Team) -> int:
    """Let the time of all tasks in a team's trash be over now; return how many they are."""
    over = clock.now() - KEPT_IN_TRASH
    tasks = Task.objects.for_team(team).in_trash().filter(trashed_at__gt=over)
    return tasks.update(trashed_at=over)
