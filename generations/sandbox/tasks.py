"""A task of the pretend provider and the plan that its life follows."""

import re
import threading
import time
import zlib
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .faults import Words
from .http import Request

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


UNITS = 100_000
SLOTS = 5
MOST_SLOTS = {"apixo": 10}
REQUESTS_PER_MINUTE = 60
DEMO_KEYS = {
    "vidu": "sandbox-studio",
    "relay": "sandbox-relay",
    "vivienne": "sandbox-vivienne",
    "apixo": "sandbox-apixo",
}


@dataclass(slots=True)
class Account:
    """`calls` are the times of the last minute's requests, where they are counted."""

    key: str
    credits: int
    slots: int
    requests_per_minute: int = REQUESTS_PER_MINUTE
    calls: deque[float] = field(default_factory=deque)

    @property
    def forbidden(self) -> bool:
        return self.key.startswith("sandbox-forbidden")

    @property
    def busy(self) -> bool:
        return self.key.startswith("sandbox-busy")

    @property
    def refuses_over_slots(self) -> bool:
        return self.key.startswith("sandbox-quota")

    def may_call(self, now: float) -> bool:
        """Count a request; False when it is one too many in the last 60 seconds."""
        while self.calls and self.calls[0] <= now - 60:
            self.calls.popleft()
        if len(self.calls) >= self.requests_per_minute:
            return False
        self.calls.append(now)
        return True


def is_known(key: str) -> bool:
    return key.startswith("sandbox-") and "bad" not in key


def purse(dialect: str, key: str) -> str:
    """The name of the account behind a key; one key at two providers opens two accounts."""
    return key if dialect == "vidu" else f"{dialect} {key}"


def open_account(purse: str) -> Account:
    dialect, key = purse.split(" ", 1) if not purse.startswith("sandbox-") else ("vidu", purse)
    return Account(
        key,
        _first_units(key),
        _number(key, "slots", MOST_SLOTS.get(dialect, SLOTS)),
        _number(key, "rate", REQUESTS_PER_MINUTE),
    )


def _first_units(key: str) -> int:
    if key.startswith("sandbox-broke"):
        return 0
    return 100 if key.startswith("sandbox-few") else UNITS


def _number(key: str, name: str, default: int) -> int:
    found = re.search(rf"{name}(\d+)", key)
    return int(found[1]) if found else default


# A task's number as each dialect writes it.
NUMBER = re.compile(r"/(?:task_)?(?:\d+|[0-9a-f]{32})(?=/|$)")


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks made, in all and by what their orders said; requests by method and address.

    An order that cannot have a payload is not counted by it. The records that a film brings with it
    were not ordered and are not counted.
    """

    creates: int
    by_dialect: dict[str, int]
    by_key: dict[str, int]
    by_prompt: dict[str, int]
    by_payload: dict[str, int]
    by_callback: dict[str, int]
    requests: dict[str, int]

    @classmethod
    def of(cls, tasks: Iterable[Task], requests: Iterable[Request]) -> "Counts":
        made = [task for task in tasks if not task.part_of]
        return cls(
            creates=len(made),
            by_dialect=dict(Counter(task.dialect for task in made)),
            by_key=dict(Counter(task.key for task in made)),
            by_prompt=dict(Counter(task.order.get("prompt", "") for task in made)),
            by_payload=_by(made, "payload"),
            by_callback=_by(made, "callback_url"),
            requests=dict(Counter(_name(request) for request in requests)),
        )


def _by(tasks: list[Task], field: str) -> dict[str, int]:
    return dict(Counter(task.order[field] for task in tasks if field in task.order))


def _name(request: Request) -> str:
    return f"{request.method} {NUMBER.sub('/{id}', request.path)}"
