"""Queue background jobs: a job's name and a row id.

A job may run twice, late or never. So every job asks its rows what is to be done, and the sweep
queues again whatever was lost.
"""

from functools import cache

from django.db import transaction
from django_q.brokers import Broker, get_broker
from django_q.models import Schedule
from django_q.tasks import async_task

from generations import clock
from generations.models import Heartbeat, Lease

# Strings, so that a lower floor can queue work of a higher one without importing it.
JOBS = {
    "send": "generations.lifecycle.send.send",
    "poll": "generations.lifecycle.poll.poll",
    "callbacks": "generations.lifecycle.callbacks.answer_callbacks",
    "recover": "generations.lifecycle.recover.recover",
    "cancel": "generations.lifecycle.actions.request_cancel",
    "fetch": "generations.lifecycle.fetch.fetch",
    "ask_for_lost": "generations.lifecycle.fetch.ask_for_lost",
    "proxy": "generations.lifecycle.proxies.make_proxy",
    "sweep": "generations.lifecycle.sweep.sweep",
    "balance": "generations.lifecycle.stops.read_balance",
    "balance_after_end": "generations.lifecycle.stops.read_balance_after_end",
    "film": "generations.films.sync_film",
    "purge": "generations.lifecycle.trash.purge",
    "heartbeat": "generations.lifecycle.queue.record_heartbeat",
}


@cache
def _broker() -> Broker:
    return get_broker()  # a new one for each job would open a new connection for each job


def enqueue(job: str, row_id: int) -> None:
    """Queue a job for one row, once the transaction around the call is committed."""
    path = JOBS[job]
    # Robust: the commit stands even where the queue cannot be reached; the sweep finds the row.
    transaction.on_commit(lambda: async_task(path, row_id, broker=_broker()), robust=True)


def wake_poller() -> None:
    """Queue the poller unless it runs: before it ends it looks for more to do."""
    # Asked after the commit, because a poller that ends before it does not see this row.
    transaction.on_commit(_enqueue_idle_poller)


def _enqueue_idle_poller() -> None:
    if Lease.is_free("poll", clock.now()):
        enqueue("poll", 0)


def record_heartbeat(row_id: int) -> None:
    """Show that the cluster takes jobs and does them; start a poller where the last one died."""
    Heartbeat.record("cluster")
    wake_poller()


def ensure_schedules() -> None:
    """Write the schedules that the code wants and delete all others.

    Django-Q runs all schedules in one loop, so one row of an older version would stop them all.
    """
    Schedule.objects.exclude(name="sweep").delete()
    Schedule.objects.update_or_create(
        name="sweep",
        defaults={
            "func": JOBS["sweep"],
            "args": "0",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )
