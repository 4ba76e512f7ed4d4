"""A task of the sandbox, its id, the times of its states, and the store that keeps tasks."""

import base64
import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .dialects import account_name
from .directives import Directives
from .pictures import OrderPicture
from .remote_ids import remote_id

FINAL = frozenset({"success", "failed"})
OFF_PEAK_SECONDS = 48 * 3600
# The ids in the documents are snowflakes: milliseconds since some moment, times 2^22. From this
# moment on they have 18 digits until 2032.
EPOCH_MILLISECONDS = 1_735_689_600_000


@dataclass(slots=True)
class SandboxTask:
    """`order` is the valid request with its defaults; times are Unix seconds.

    The pictures of an order are in `order["pictures"]`, a tuple of `pictures.OrderPicture`.
    `part_of` is the id of the film that made this task as one of its records; "" for an order.
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
    part_of: str = ""

    @property
    def directives(self) -> Directives:
        return Directives(self.phrases)

    @property
    def remote_id(self) -> str:
        """The id under which the provider knows the task; a record of a film has no other one."""
        return self.id if self.part_of else remote_id(self.id, self.directives)

    @property
    def account_name(self) -> str:
        return account_name(self.dialect, self.key)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def credits(self) -> int:
        """What the task costs; a failed one costs nothing."""
        return 0 if self.state == "failed" else self.price

    @property
    def failure_code(self) -> str | None:
        """The argument of `[fail CODE]`; `[fail shot N]` is about a record of a film instead."""
        own = (phrase for phrase in self.phrases if not phrase.lower().startswith("fail shot"))
        return Directives(tuple(own)).argument("fail")

    def use_once(self, name: str) -> bool:
        """True the first time, and False whenever this name comes again."""
        # Kept with the task, so that what happens once does not happen again after a restart.
        if name in self.done_once:
            return False
        self.done_once.append(name)
        return True

    def to_json(self) -> dict[str, Any]:
        """All fields but the pictures, which are bytes."""
        order = {name: value for name, value in self.order.items() if name != "pictures"}
        return asdict(replace(self, order=order))

    def progress(self, now: float) -> int:
        """Percent; 1 to 99 while the task is processing."""
        if self.state == "success":
            return 100
        if self.state != "processing":
            return 0
        done = (now - self.started_at) / max(self.due_at - self.started_at, 0.001)
        return min(max(int(done * 100), 1), 99)


class IdGenerator:
    """18-digit ids above 2^53, so that reading one as a float is noticed.

    No id comes twice, not even after a restart.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        with self._lock:
            milliseconds = int(time.time() * 1000) - EPOCH_MILLISECONDS
            # By the real time: ids by a clock that a test moved ahead would come again after a
            # restart, which sets that clock back.
            self._last = max(self._last + 1, milliseconds << 22)
            return str(self._last)


@dataclass(frozen=True, slots=True)
class TaskSchedule:
    """How many seconds a task stays in each state; `queueing` is longer if all slots are taken."""

    created: float
    queueing: float
    processing: float

    @classmethod
    def of(cls, task: SandboxTask, seconds: float) -> "TaskSchedule":
        """The schedule of a task that takes about so many seconds.

        The id decides the rest, so that the clips of one batch do not end all at once.
        """
        total = seconds * _pace(task.directives)
        spread = zlib.crc32(task.id.encode()) % 1000 / 1000
        return cls(total * 0.06, total * 0.12, total * (0.62 + spread * 0.4))


def _pace(directives: Directives) -> float:
    if "fast" in directives:
        return 0.2
    return 6.0 if "slow" in directives else 1.0


# ---- The store ------------------------------------------------------------------------------

CREATE = "CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, value TEXT NOT NULL)"
SAVE = "INSERT INTO kept VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"


class TaskStore:
    """Without a folder the tasks are in memory and end with the process."""

    def __init__(self, folder: Path | None) -> None:
        path = ":memory:" if folder is None else str(folder / "tasks.sqlite3")
        self._lock = threading.Lock()
        # One connection for all threads, each under the lock: in memory, a second connection would
        # be a second, empty database.
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # Nothing is lost when the process is killed, only when the machine is; that is enough here.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(CREATE)

    def save(self, task: SandboxTask) -> None:
        value = json.dumps(asdict(task), default=_base64)
        with self._lock:
            self._database.execute(SAVE, (task.id, value))

    def load(self) -> Iterator[SandboxTask]:
        """All tasks, the oldest first."""
        with self._lock:
            # An update keeps the rowid, so this is the order in which tasks were created.
            rows = self._database.execute("SELECT value FROM kept ORDER BY rowid").fetchall()
        for (value,) in rows:
            yield _task(json.loads(value))

    def clear(self) -> None:
        with self._lock:
            self._database.execute("DELETE FROM kept")

    def close(self) -> None:
        with self._lock:
            self._database.close()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _task(fields: dict[str, Any]) -> SandboxTask:
    order = fields["order"]
    if "pictures" in order:
        order["pictures"] = tuple(
            OrderPicture(**kept | {"content": base64.b64decode(kept["content"])})
            for kept in order["pictures"]
        )
    return SandboxTask(**fields | {"phrases": tuple(fields["phrases"])})
