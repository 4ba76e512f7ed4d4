"""The sandbox's clock, which a test can move, and the scheduler that follows it."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

# An action gets the time at which it was due, not the current time, so that one long step forward
# has the same results as waiting.
Action = Callable[[float], None]


class Clock:
    """Unix seconds. A test can move the clock forward; a frozen one moves in no other way."""

    def __init__(self, *, frozen: bool = False) -> None:
        self._frozen_at = time.time() if frozen else None
        self._offset = 0.0

    def now(self) -> float:
        return (self._frozen_at or time.time()) + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds


class Scheduler:
    """Runs actions in the order of their due times, in its own thread or on request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._one_at_a_time = threading.RLock()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def at(self, due: float, action: Action) -> None:
        """Schedule an action; one whose time is over runs as soon as possible."""
        with self._changed:
            heapq.heappush(self._heap, (due, next(self._order), action))
            self._changed.notify()

    def clear(self) -> None:
        # Not after a running action: that may wait for a lock which the caller holds.
        with self._changed:
            self._heap.clear()

    def run_due(self) -> None:
        """Run everything that is due now, and all that becomes due by it."""
        # A test and the scheduler's own thread may both come here; the order of actions is kept.
        with self._one_at_a_time:
            while (entry := self._pop_due()) is not None:
                # The heap is not locked meanwhile: actions schedule others, and take their time.
                due, _, action = entry
                try:
                    action(due)
                # The next action is that of another task, which this fault is no concern of.
                except Exception:
                    logger.exception("a scheduled action failed")

    @property
    def next_due(self) -> float | None:
        """The due time of the next action."""
        with self._changed:
            return self._heap[0][0] if self._heap else None

    def _pop_due(self) -> tuple[float, int, Action] | None:
        with self._changed:
            if self._heap and self._heap[0][0] <= self._clock.now():
                return heapq.heappop(self._heap)
        return None

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closing:
                    return
                self._changed.wait(self._seconds_to_next())
            self.run_due()

    def _seconds_to_next(self) -> float:
        """At most one second, because a test may move the clock without a notice."""
        if not self._heap:
            return 1.0
        return min(max(self._heap[0][0] - self._clock.now(), 0.0), 1.0)
