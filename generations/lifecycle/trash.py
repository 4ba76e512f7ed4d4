"""The trash: ended tasks go there, can be restored for 30 days, then their files are deleted.

The rows stay for the books. What is still to be fetched is fetched, in the trash too.
"""

import uuid

import structlog
from django.db import transaction

from generations import clock
from generations.models import Lease, Task, Team, User, audit
from generations.models.files import FileState
from generations.models.tasks import KEPT_IN_TRASH
from generations.storage import store

from . import queue, transitions

log = structlog.get_logger(__name__)

# A backup holds this lease while it reads all files, so that none is deleted meanwhile.
LEASE = "trash"
LEASE_SECONDS = 170  # about as long as a job may run (JOB_SECONDS)
MOST_AT_ONCE = 200


class NotNow(Exception):
    """The task is not in the state that the action needs; nothing was changed."""


def move_to_trash(task: Task, by: User) -> None:
    """Move an ended task out of the gallery. Raises NotNow where it has not ended."""
    with transaction.atomic():
        if not transitions.move_to_trash(task, by):
            raise NotNow
        audit.record(task.team, by, "task.trashed", task)


def restore(task: Task, by: User) -> None:
    """Move a task back into the gallery. Raises NotNow where its 30 days are over."""
    with transaction.atomic():
        if not transitions.restore(task, since=clock.now() - KEPT_IN_TRASH):
            raise NotNow
        audit.record(task.team, by, "task.restored", task)


def empty(team: Team, by: User) -> int:
    """Delete all files in a team's trash now; return of how many tasks."""
    # A job deletes the bytes, because there may be many. From now on nothing can be restored.
    with transaction.atomic():
        count = transitions.expire_trash(team)
        if count:
            audit.record(team, by, "trash.emptied", team, tasks=count)
        queue.enqueue("purge", 0)
    return count


def purge(row_id: int) -> None:
    """Delete the files of tasks whose time in the trash is over; the job may be interrupted."""
    holder = uuid.uuid4().hex
    if not Lease.acquire(LEASE, holder, LEASE_SECONDS):
        return
    try:
        for task in Task.objects.due_for_deletion()[:MOST_AT_ONCE]:
            _delete(task)
    finally:
        Lease.release(LEASE, holder)


def _delete(task: Task) -> None:
    """Delete the bytes, then mark the row: after a crash between the two it is due again."""
    for file in task.files.filter(state=FileState.STORED):
        for name in filter(None, (file.name, file.poster, file.preview, file.proxy)):
            store.delete(name)
    transitions.mark_purged(task)
    log.info("trash deleted", task=task.pk)
