"""The bin: ended tasks are put there, restored for a while, and then their files are deleted.

The rows stay for the books. What is still to be fetched is fetched, in the bin or out of it.
"""

import uuid

import structlog
from django.db import transaction

from generations import audit, clock
from generations.models import Lease, Task, Team, User
from generations.models.files import FileState
from generations.models.tasks import KEPT_IN_BIN
from generations.storage import store

from . import queue, transitions

log = structlog.get_logger(__name__)

LEASE = "bin"  # who reads all files, such as a backup, holds it, so that none goes meanwhile
LEASE_SECONDS = 170
MOST_AT_ONCE = 200


class NotNow(Exception):
    """The task is not, or no longer, where the act would find it; nothing was changed."""


def put(task: Task, by: User) -> None:
    """Out of the gallery, until it is restored or deleted. Raises NotNow where it still goes on."""
    with transaction.atomic():
        if not transitions.binned(task, by):
            raise NotNow
        audit.record(task.team, by, "task.binned", task)


def restore(task: Task, by: User) -> None:
    """Back into the gallery. Raises NotNow where its time in the bin is over."""
    with transaction.atomic():
        if not transitions.unbinned(task, since=clock.now() - KEPT_IN_BIN):
            raise NotNow
        audit.record(task.team, by, "task.restored", task)


def empty(team: Team, by: User) -> int:
    """Do not wait for the end of their time: all files in a team's bin go now; how many tasks."""
    with transaction.atomic():
        over = clock.now() - KEPT_IN_BIN
        tasks = Task.objects.for_team(team).in_the_bin().filter(binned_at__gt=over)
        number = tasks.update(binned_at=over)
        if number:
            audit.record(team, by, "bin.emptied", team, tasks=number)
        queue.ring("empty", 0)
    return number


def delete_due(number: int) -> None:
    """The job: delete the files whose time is over; what is interrupted is due again."""
    holder = uuid.uuid4().hex
    if not Lease.take(LEASE, holder, LEASE_SECONDS):
        return
    try:
        for task in Task.objects.to_be_deleted()[:MOST_AT_ONCE]:
            _delete(task)
    finally:
        Lease.give_back(LEASE, holder)


def _delete(task: Task) -> None:
    """The bytes first: where they go and the row does not, it is due again."""
    for file in task.files.filter(state=FileState.STORED):
        for name in filter(None, (file.name, file.poster, file.preview)):
            store.delete(name)
    transitions.emptied(task)
    log.info("deleted from the bin", task=task.pk)
