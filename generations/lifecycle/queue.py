"""The doorbell: what runs in the background, by name and one number (design 1 and 6).

A job may come twice, late, or never; each verb asks its rows what is to be done.
"""

from functools import cache

from django.db import transaction
from django_q.brokers import Broker, get_broker
from django_q.models import Schedule
from django_q.tasks import async_task

from generations import clock
from generations.models import Lease, Pulse

VERBS = {
    "send": "generations.lifecycle.send.send",
    "watch": "generations.lifecycle.poll.watch",
    "answer": "generations.lifecycle.callbacks.answer",
    "find": "generations.lifecycle.recover.find",
    "cancel": "generations.lifecycle.actions.ask_to_cancel",
    "mirror": "generations.lifecycle.fetch.mirror",
    "sweep": "generations.lifecycle.sweep.sweep",
    "balance": "generations.lifecycle.send.read_balance",
    "film": "generations.films.read",
    "empty": "generations.lifecycle.trash.delete_due",
    "beat": "generations.lifecycle.queue.beat",
}


@cache
def _broker() -> Broker:
    return get_broker()  # a new one for each job would open a new connection for each job


def ring(verb: str, number: int) -> None:
    """Queue a verb for one row, once what was written here is committed."""
    path = VERBS[verb]
    # Robust: what was written stands though the bell cannot be rung; the sweep finds it.
    transaction.on_commit(lambda: async_task(path, number, broker=_broker()), robust=True)


def wake_watch() -> None:
    """Ring for the watch, unless it is at work: its last act is to look for more to do."""
    transaction.on_commit(_ring_idle_watch)


def _ring_idle_watch() -> None:
    if Lease.free("watch", clock.now()):
        ring("watch", 0)


def beat(number: int) -> None:
    """Show that the cluster still takes jobs and does them, and replace a watch that died."""
    Pulse.beat("cluster")
    wake_watch()


def make_schedules() -> None:
    """The schedules that the code wants, and no others: one bad row stops them all."""
    Schedule.objects.exclude(name="sweep").delete()
    Schedule.objects.update_or_create(
        name="sweep",
        defaults={
            "func": VERBS["sweep"],
            "args": "0",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )
