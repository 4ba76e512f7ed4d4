"""Whether the cluster still does jobs: django-q2 can wedge while every process looks alive."""

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from generations import clock
from generations.lifecycle import queue
from generations.models import File, Lease, Pulse, Task
from generations.models.files import FileState
from generations.models.tasks import TaskState

EVERY = 5.0
SILENT_TOO_LONG = 40.0  # with the start of another cluster still less than a minute

log = structlog.get_logger(__name__)


class Heart:
    """Rings a tiny job every so often (seconds) and looks when the last one was done."""

    def __init__(self, *, every: float = EVERY, patience: float = SILENT_TOO_LONG) -> None:
        self.every = every
        self.patience = patience
        self.rung = 0
        self.next_at = 0.0

    def is_silent(self, started_at: float) -> bool:
        """True where a cluster that started long enough ago (monotonic) has stopped doing jobs."""
        now = time.monotonic()
        if now < self.next_at:
            return False
        self.next_at = now + self.every
        try:
            return self._ring_and_look(now - started_at)
        except (DatabaseError, InterfaceError) as error:
            log.warning("heart.no_database", error=str(error))
            return False
        finally:
            connection.close()

    def _ring_and_look(self, age: float) -> bool:
        self.rung += 1
        queue.ring("beat", self.rung)
        if age < self.patience:
            return False
        recent = clock.now() - timedelta(seconds=self.patience)
        beats = Pulse.objects.filter(name="cluster", at__gt=recent).exists()
        return not beats and not _every_worker_has_long_work()


def _every_worker_has_long_work() -> bool:
    """Then silence is no wonder: whoever fetches, sends or watches holds a lease meanwhile."""
    now = clock.now()
    fetching = File.objects.filter(state=FileState.FETCHING, lease_until__gt=now).count()
    sending = Task.objects.filter(state=TaskState.SENDING, lease_until__gt=now).count()
    watching = Lease.objects.filter(until__gt=now).count()
    return fetching + sending + watching >= settings.WORKERS
