"""Keeps the tasks in a file, so that a restart of everything loses none."""

import base64
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from generations.sandbox.pictures import Picture
from generations.sandbox.tasks import Task

SAVE = "INSERT INTO kept VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"


class Archive:
    """Without a folder it lives in memory and keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        place = ":memory:" if folder is None else str(folder / "tasks.sqlite3")
        self._lock = threading.Lock()
        self._database = sqlite3.connect(place, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, value TEXT NOT NULL)"
        )

    def save(self, task: Task) -> None:
        value = json.dumps(asdict(task), default=_as_text)
        with self._lock:
            self._database.execute(SAVE, (task.id, value))

    def load(self) -> Iterator[Task]:
        with self._lock:
            rows = self._database.execute("SELECT value FROM kept ORDER BY rowid").fetchall()
        for (value,) in rows:
            yield _read(json.loads(value))

    def clear(self) -> None:
        with self._lock:
            self._database.execute("DELETE FROM kept")

    def close(self) -> None:
        with self._lock:
            self._database.close()


def _as_text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _read(fields: dict[str, Any]) -> Task:
    order = fields["order"]
    if "pictures" in order:
        order["pictures"] = tuple(
            Picture(**kept | {"content": base64.b64decode(kept["content"])})
            for kept in order["pictures"]
        )
    return Task(**fields | {"phrases": tuple(fields["phrases"])})
