"""Calls that begin at the same instant, each in a thread with a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from functools import partial
from threading import Barrier

from django.db import connection


def at_once[Result](calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return the results of all calls. What one of them raises is raised here."""
    gate = Barrier(len(calls))

    def begin(call: Callable[[], Result]) -> Result:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        begun = [in_thread(pool, partial(begin, call)) for call in calls]
        for each in as_completed(begun):
            each.result()  # the first exception in time: others may only follow from it
    return [each.result() for each in begun]


def in_thread[Result](pool: ThreadPoolExecutor, call: Callable[[], Result]) -> Future[Result]:
    """Begin a call with the clock of this test. Ask for its result: else no exception is seen."""

    def work() -> Result:
        try:
            return call()
        finally:
            connection.close()

    return pool.submit(copy_context().run, work)
