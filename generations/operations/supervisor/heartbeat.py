"""Whether the cluster still does jobs: django-q2 can wedge while every process looks alive."""

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from generations import clock
from generations.lifecycle import queue
from generations.models import File, Heartbeat, Lease, Task
from generations.models.files import FileState
from generations.models.tasks import TaskState

EVERY = 5.0  # seconds
PATIENCE = 40.0  # seconds; with the start of a new cluster it is less than a minute

log = structlog.get_logger(__name__)


class HeartbeatMonitor:
    """Queue a tiny job every few seconds and check when the last one was done."""

    def __init__(self, *, every: float = EVERY, patience: float = PATIENCE) -> None:
        self.every = every
        self.patience = patience
        self.count = 0
        self.next_at = 0.0

    def probe(self, started_at: float) -> bool:
        """Queue the job where it is due. Return True where the cluster does no jobs any more.

        ``started_at`` is monotonic; a young cluster has not stopped yet.
        """
        now = time.monotonic()
        if now < self.next_at:
            return False
        self.next_at = now + self.every
        try:
            return self._probe(now - started_at)
        except (DatabaseError, InterfaceError) as error:
            log.warning("heartbeat.no_database", error=str(error))
            return False
        finally:
            connection.close()

    def _probe(self, age: float) -> bool:
        self.count += 1
        queue.enqueue("heartbeat", self.count)
        if age < self.patience:
            return False
        recent = clock.now() - timedelta(seconds=self.patience)
        is_alive = Heartbeat.objects.filter(name="cluster", at__gt=recent).exists()
        return not is_alive and not _is_every_worker_busy()


def _is_every_worker_busy() -> bool:
    """Whether all workers are busy: who fetches, sends or polls holds a lease meanwhile."""
    now = clock.now()
    fetching = File.objects.filter(state=FileState.FETCHING, lease_until__gt=now).count()
    sending = Task.objects.filter(state=TaskState.SENDING, lease_until__gt=now).count()
    polling = Lease.objects.filter(until__gt=now).count()
    return fetching + sending + polling >= settings.WORKERS
