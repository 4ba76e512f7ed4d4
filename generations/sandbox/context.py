"""The context: all that the endpoints of a dialect work with, and the signer of links to files."""

import hashlib
import hmac
import itertools
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from .callbacks import CallbackSender
from .clips.pool import ClipPool
from .clock import Clock, Scheduler
from .directives import KeyFaults
from .engine import Engine
from .http import Request
from .manners.player import MannerPlayer
from .posts import PostCounts

MAX_REQUESTS = 20_000  # so that a sandbox that runs for days does not fill the memory
HOUR = 3600.0
DAY = 86_400.0


class LinkSigner:
    """Signs paths, checks the queries of requests, and can expire all links that it has signed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # New at each start: links of an earlier process are dead, and are to be asked for anew.
        self._secret = secrets.token_bytes(32)
        self._serials = itertools.count(1)
        self._last_expired = 0

    def sign(self, path: str, seconds: float) -> str:
        """The path with a query that is valid for so many seconds; no two queries are equal."""
        fields = {
            "Expires": f"{self._clock.now() + seconds:.3f}",
            "Number": str(next(self._serials)),
        }
        return f"{path}?{urlencode(fields | {'Signature': self._signature(path, fields)})}"

    def is_valid(self, path: str, query: str) -> bool:
        fields = dict(parse_qsl(query, keep_blank_values=True))
        signature = fields.pop("Signature", "")
        if not hmac.compare_digest(signature, self._signature(path, fields)):
            return False
        # parse_qsl forgives what a signature must not: an empty field, another way of quoting.
        if urlencode(fields | {"Signature": signature}) != query:
            return False
        is_alive = float(fields["Expires"]) > self._clock.now()
        return is_alive and int(fields["Number"]) > self._last_expired

    def expire(self) -> None:
        """End all links that were signed so far."""
        # By their numbers and not by time: while the clock is frozen, old and new links are equally
        # old.
        self._last_expired = next(self._serials)

    def _signature(self, path: str, fields: dict[str, str]) -> str:
        text = f"{path}?{urlencode(fields)}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Context:
    """`requests` are the latest; `closing` is set when the server stops."""

    clock: Clock
    scheduler: Scheduler
    clips: ClipPool
    engine: Engine
    callbacks: CallbackSender
    links: LinkSigner
    manners: MannerPlayer
    faults: KeyFaults = field(default_factory=KeyFaults)
    posts: PostCounts = field(default_factory=PostCounts)
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
        """Forget all tasks, accounts, faults, manners, requests and callbacks."""
        self.engine.clear()
        self.faults.clear()
        self.manners.clear()
        self.posts.clear()
        self.requests.clear()
        self.callbacks.attempts.clear()
