"""The parts of the sandbox that every dialect works with."""

import hashlib
import hmac
import itertools
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from generations.sandbox.callbacks import Callbacks
from generations.sandbox.clock import Agenda, Clock
from generations.sandbox.faults import Faults

from .clips.pool import Clips
from .engine import Studio
from .http import Request

MOST_REQUESTS = 20_000


class Links:
    """`sign` writes a query, `allows` judges one; `expire` kills all links given out so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._numbers = itertools.count(1)
        self._dead_to = 0

    def sign(self, path: str, seconds: float) -> str:
        """The path with its query; `seconds` is the life of the link."""
        fields = {
            "Expires": f"{self._clock.now() + seconds:.3f}",
            "Number": str(next(self._numbers)),
        }
        return f"{path}?{urlencode(fields | {'Signature': self._signature(path, fields)})}"

    def allows(self, path: str, query: str) -> bool:
        fields = dict(parse_qsl(query, keep_blank_values=True))
        signature = fields.pop("Signature", "")
        if not hmac.compare_digest(signature, self._signature(path, fields)):
            return False
        if urlencode(fields | {"Signature": signature}) != query:
            return False
        alive = float(fields["Expires"]) > self._clock.now()
        return alive and int(fields["Number"]) > self._dead_to

    def expire(self) -> None:
        self._dead_to = next(self._numbers)

    def _signature(self, path: str, fields: dict[str, str]) -> str:
        text = f"{path}?{urlencode(fields)}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


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


HOUR = 3600.0
DAY = 86_400.0
