"""The parts of the sandbox that every dialect works with."""

import threading
from collections import deque
from dataclasses import dataclass, field

from generations.sandbox.callbacks import Callbacks
from generations.sandbox.clips import Clips
from generations.sandbox.clock import Agenda, Clock
from generations.sandbox.faults import Faults
from generations.sandbox.links import Links
from generations.sandbox.studio import Studio
from generations.sandbox.wire import Request

MOST_REQUESTS = 20_000


@dataclass(slots=True)
class Stage:
    clock: Clock
    agenda: Agenda
    clips: Clips
    studio: Studio
    callbacks: Callbacks
    links: Links
    faults: Faults = field(default_factory=Faults)
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=MOST_REQUESTS))
    closing: threading.Event = field(default_factory=threading.Event)

    def settle(self) -> None:
        """Let everything happen that is due now: steps, clips and callbacks."""
        while True:
            self.agenda.run_due()
            if not self.clips.wait() and not self.callbacks.settle():
                return

    def reset(self) -> None:
        """Forget all tasks, balances, faults and records."""
        self.studio.clear()
        self.faults.clear()
        self.requests.clear()
        self.callbacks.sent.clear()
