"""The scheduler of the sandbox: due actions in order, and a reset at any time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

from generations.sandbox.clock import Clock, Scheduler


def test_a_reset_does_not_wait_for_an_action_that_waits_for_its_caller() -> None:
    scheduler, lock, begun = Scheduler(clock := Clock(frozen=True)), Lock(), Event()

    def action(due: float) -> None:
        begun.set()
        with lock:
            pass

    scheduler.at(clock.now(), action)
    with ThreadPoolExecutor(2) as pool:
        with lock:
            running = pool.submit(scheduler.run_due)
            assert begun.wait(timeout=10)
            scheduler.at(clock.now() + 60, action)
            pool.submit(scheduler.clear).result(timeout=10)
        running.result(timeout=10)
    assert scheduler.next_due is None
