"""A task of the pretend provider and the plan that its life follows."""

import threading
import time
import zlib
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from generations.sandbox.accounts import purse
from generations.sandbox.words import Words

FINAL = frozenset({"success", "failed"})
OFF_PEAK_SECONDS = 48 * 3600
# The identifiers in the documents are snowflakes: milliseconds since some moment, times 2^22.
# From this moment on they have 18 digits until 2032.
EPOCH_MILLISECONDS = 1_735_689_600_000


class Identifiers:
    """18-digit identifiers above 2^53 that never repeat, not even across restarts."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def take(self) -> str:
        with self._lock:
            milliseconds = int(time.time() * 1000) - EPOCH_MILLISECONDS
            self._last = max(self._last + 1, milliseconds << 22)
            return str(self._last)


@dataclass(slots=True)
class Task:
    """`order` holds the validated request with its defaults; times are Unix seconds.

    Its pictures, when it has any, are under `pictures`, a tuple of `pictures.Picture`.
    """

    id: str
    creation_id: str
    dialect: str
    kind: str
    key: str
    order: dict[str, Any]
    phrases: tuple[str, ...]
    price: int
    created_at: float
    base_url: str
    state: str = "created"
    err_code: str = ""
    started_at: float = 0.0
    due_at: float = 0.0
    ended_at: float = 0.0
    done_once: list[str] = field(default_factory=list)
    part_of: str = ""  # the film that made it along the way, rather than a customer

    @property
    def words(self) -> Words:
        return Words(self.phrases)

    @property
    def purse(self) -> str:
        return purse(self.dialect, self.key)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def credits(self) -> int:
        """What the task costs: a failed one costs nothing."""
        return 0 if self.state == "failed" else self.price

    @property
    def failure(self) -> str | None:
        """The code with which the task shall fail; [fail shot N] is about a part of a film."""
        own = (phrase for phrase in self.phrases if not phrase.lower().startswith("fail shot"))
        return Words(tuple(own)).after("fail")

    def once(self, name: str) -> bool:
        """True the first time it is asked for this name."""
        if name in self.done_once:
            return False
        self.done_once.append(name)
        return True

    def shown(self) -> dict[str, Any]:
        """All its fields as JSON can say them, which leaves out its pictures."""
        order = {name: value for name, value in self.order.items() if name != "pictures"}
        return asdict(replace(self, order=order))

    def progress(self, now: float) -> int:
        if self.state == "success":
            return 100
        if self.state != "processing":
            return 0
        done = (now - self.started_at) / max(self.due_at - self.started_at, 0.001)
        return min(max(int(done * 100), 1), 99)


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds from created to queueing, at least from there to processing, and from there on."""

    created: float
    queueing: float
    processing: float

    @classmethod
    def of(cls, task: Task, seconds: float) -> "Plan":
        """Spread by the identifier so that clips of one batch do not finish all at once."""
        whole = seconds * _pace(task.words)
        return cls(whole * 0.06, whole * 0.12, whole * (0.62 + _spread(task.id) * 0.4))


def _pace(words: Words) -> float:
    if "fast" in words:
        return 0.2
    return 6.0 if "slow" in words else 1.0


def _spread(identifier: str) -> float:
    return zlib.crc32(identifier.encode()) % 1000 / 1000
