"""Into the bin, out of it, and emptied."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from generations import clock
from generations.models import File, Task, Team, User
from generations.models.files import FileState
from generations.models.films import PARTS
from generations.models.tasks import FINAL, TaskQuerySet

DELETED = {"state": FileState.DELETED, "name": "", "poster": "", "preview": "", "placeholder": ""}


@transaction.atomic
def binned(task: Task, by: User) -> bool:
    """False where it has not ended, or is there already, or goes with its film alone."""
    version = Team.next_sequence(task.team_id)
    whole = _whole(task)
    if task.kind in PARTS or whole.exclude(state__in=FINAL).exists():
        return False
    outside = whole.filter(binned_at=None)
    return bool(outside.update(binned_at=clock.now(), binned_by=by, version=version))


@transaction.atomic
def unbinned(task: Task, *, since: datetime) -> bool:
    """False where it is not in the bin, or was put there before ``since``."""
    version = Team.next_sequence(task.team_id)
    there = _whole(task).in_the_bin().filter(binned_at__gt=since)
    return bool(there.update(binned_at=None, binned_by=None, version=version))


def _whole(task: Task) -> TaskQuerySet:
    """The task; of a film also all that made its parts."""
    parts = Q(take__film__task=task) | Q(composition__film__task=task)
    numbers = Task.objects.filter(parts).values_list("pk", flat=True)
    return Task.objects.filter(pk__in=[task.pk, *numbers])


@transaction.atomic
def emptied(task: Task) -> None:
    """The bytes of its files are gone; what they were stays written."""
    version = Team.next_sequence(task.team_id)
    File.objects.filter(task=task, state=FileState.STORED).update(**DELETED)
    Task.objects.filter(pk=task.pk).update(emptied_at=clock.now(), version=version)
