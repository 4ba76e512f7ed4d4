"""Into the bin, out of it, and emptied."""

from datetime import datetime

from django.db import transaction

from generations import clock
from generations.models import File, Task, Team, User
from generations.models.files import FileState
from generations.models.tasks import FINAL

DELETED = {"state": FileState.DELETED, "name": "", "poster": "", "preview": "", "placeholder": ""}


@transaction.atomic
def binned(task: Task, by: User) -> bool:
    """False where it has not ended, or is there already."""
    version = Team.next_sequence(task.team_id)
    ended = Task.objects.filter(pk=task.pk, state__in=FINAL, binned_at=None)
    return bool(ended.update(binned_at=clock.now(), binned_by=by, version=version))


@transaction.atomic
def unbinned(task: Task, *, since: datetime) -> bool:
    """False where it is not in the bin, or was put there before ``since``."""
    version = Team.next_sequence(task.team_id)
    there = Task.objects.in_the_bin().filter(pk=task.pk, binned_at__gt=since)
    return bool(there.update(binned_at=None, binned_by=None, version=version))


@transaction.atomic
def emptied(task: Task) -> None:
    """The bytes of its files are gone; what they were stays written."""
    version = Team.next_sequence(task.team_id)
    File.objects.filter(task=task, state=FileState.STORED).update(**DELETED)
    Task.objects.filter(pk=task.pk).update(emptied_at=clock.now(), version=version)
