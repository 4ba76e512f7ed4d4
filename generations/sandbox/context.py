"""The context: all that the endpoints of a dialect work with."""

import threading
from collections import deque
from dataclasses import dataclass, field

from .callbacks import CallbackSender
from .clips.pool import ClipPool
from .clock import Clock, Scheduler
from .engine import Engine
from .faults import KeyFaults
from .http import Request
from .links import LinkSigner

MAX_REQUESTS = 20_000


@dataclass(slots=True)
class Context:
    """`requests` are the latest; `closing` is set when the server stops."""

    clock: Clock
    scheduler: Scheduler
    clips: ClipPool
    engine: Engine
    callbacks: CallbackSender
    links: LinkSigner
    faults: KeyFaults = field(default_factory=KeyFaults)
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=MAX_REQUESTS))
    closing: threading.Event = field(default_factory=threading.Event)

    def settle(self) -> None:
        """Return when all that is due now is done: steps of tasks, clips and callbacks."""
        # Each can make another due: a clip ends a task, which sends a callback.
        while True:
            self.scheduler.run_due()
            if not self.clips.wait() and not self.callbacks.wait():
                return

    def reset(self) -> None:
        """Forget all tasks, accounts, faults, requests and callbacks."""
        self.engine.clear()
        self.faults.clear()
        self.requests.clear()
        self.callbacks.attempts.clear()
