"""Keeps tasks in a SQLite file, so that they outlive a restart of the sandbox."""

import base64
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .pictures import OrderPicture
from .tasks import SandboxTask

CREATE = "CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, value TEXT NOT NULL)"
SAVE = "INSERT INTO kept VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"


class TaskStore:
    """Without a folder the tasks are in memory and end with the process."""

    def __init__(self, folder: Path | None) -> None:
        path = ":memory:" if folder is None else str(folder / "tasks.sqlite3")
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
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
