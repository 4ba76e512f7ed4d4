"""Keeps the tasks and accounts of the pretend provider and moves each task through its plan."""

import base64
import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from generations.sandbox.clock import Agenda
from generations.sandbox.pictures import Picture
from generations.sandbox.tasks import OFF_PEAK_SECONDS, Identifiers, Plan, Task

from .clips.pool import Clips
from .clips.spec import AnySheet, task_sheet
from .tasks import Account, open_account

Announce = Callable[[Task, float], None]


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


class Studio:
    """All changes of tasks and balances happen under one lock."""

    def __init__(self, agenda: Agenda, clips: Clips, archive: Archive, seconds: float) -> None:
        self.lock = threading.RLock()
        self.tasks: dict[str, Task] = {}
        self.accounts: dict[str, Account] = {}
        self._unfinished: defaultdict[str, dict[str, Task]] = defaultdict(dict)
        self.seconds = seconds
        self.announce: Announce = lambda task, at: None
        self.identifiers = Identifiers()
        self._agenda = agenda
        self._clips = clips
        self._archive = archive

    def account(self, purse: str) -> Account:
        with self.lock:
            return self.accounts.setdefault(purse, open_account(purse))

    def running(self, purse: str) -> list[Task]:
        """The tasks of an account that take a slot."""
        return [task for task in self.unfinished(purse) if task.state == "processing"]

    def unfinished(self, purse: str) -> list[Task]:
        with self.lock:
            return list(self._unfinished[purse].values())

    def queued(self, purse: str) -> list[Task]:
        return [task for task in self.unfinished(purse) if task.state == "queueing"]

    def create(self, task: Task) -> None:
        """Take the task in, charge its price and let its plan begin."""
        with self.lock:
            self.tasks[task.id] = task
            self._unfinished[task.purse][task.id] = task
            self.account(task.purse).credits -= task.price
            if "failed at once" in task.words:
                self._end(task, "failed", task.failure or "InternalServiceFailure")
                return
            if "done at once" in task.words:
                self._end(task, "success", "")
                return
            self._archive.save(task)
            self._schedule(task, task.created_at + self._plan(task).created, self._queue)

    def sheet(self, task: Task, *, watermark: bool = False) -> AnySheet:
        """What the files of a task show."""
        return task_sheet(task, self.tasks, watermark=watermark)

    def adopt(self, tasks: Iterable[Task]) -> None:
        """Take in finished tasks that another one made along the way."""
        with self.lock:
            for task in tasks:
                self.tasks[task.id] = task
                self._archive.save(task)

    def cancel(self, task: Task, at: float) -> bool:
        """False when the task is past its queue."""
        with self.lock:
            if task.state not in ("created", "queueing"):
                return False
            self._end(task, "failed", "UserCancelled", at)
            return True

    def restore(self, now: float) -> None:
        """Take in what an earlier run kept; what was under way begins again."""
        with self.lock:
            for task in self._archive.load():
                self.tasks[task.id] = task
                self.account(task.purse).credits -= task.credits
                if not task.is_final:
                    task.state = "created"
                    self._unfinished[task.purse][task.id] = task
                    self._schedule(task, now, self._queue)

    def clear(self) -> None:
        with self.lock:
            self._agenda.clear()
            self.tasks.clear()
            self.accounts.clear()
            self._unfinished.clear()
            self._archive.clear()

    def _plan(self, task: Task) -> Plan:
        return Plan.of(task, self.seconds)

    def _schedule(self, task: Task, due: float, step: Callable[[Task, float], None]) -> None:
        self._agenda.at(due, partial(self._step, step, task))

    def _step(self, step: Callable[[Task, float], None], task: Task, at: float) -> None:
        with self.lock:
            if self.tasks.get(task.id) is task and not task.is_final:
                step(task, at)

    def _queue(self, task: Task, at: float) -> None:
        self._enter(task, "queueing", at)
        if "never starts" in task.words:
            self._schedule(
                task, task.created_at + OFF_PEAK_SECONDS, partial(self._fail, "Canceled")
            )
            return
        self._schedule(task, at + self._plan(task).queueing, self._make_ready)

    def _make_ready(self, task: Task, at: float) -> None:
        task.done_once.append("ready")
        self._start_next(task.purse, at)

    def _start_next(self, purse: str, at: float) -> None:
        free = self.account(purse).slots - len(self.running(purse))
        ready = [task for task in self.queued(purse) if "ready" in task.done_once]
        for task in ready[: max(free, 0)]:
            self._start(task, at)

    def _start(self, task: Task, at: float) -> None:
        task.started_at = at
        task.due_at = at + self._plan(task).processing
        self._enter(task, "processing", at)
        if "stuck" in task.words:
            return
        if (code := task.failure) is not None:
            self._schedule(task, task.due_at, partial(self._fail, code))
            return
        clip = self._clips.order(self.sheet(task))
        self._schedule(task, task.due_at, partial(self._deliver, clip))

    def _fail(self, code: str, task: Task, at: float) -> None:
        self._end(task, "failed", code or "InternalServiceFailure", at)

    def _deliver(self, clip: "Future[Any]", task: Task, at: float) -> None:
        """A task is done when its clip is there, however busy the machine is."""
        if not clip.done():
            clip.add_done_callback(lambda _: self._schedule(task, at, partial(self._deliver, clip)))
        elif clip.exception() is not None:
            self._end(task, "failed", "InternalServiceFailure", at)
        else:
            self._end(task, "success", "", at)

    def _end(self, task: Task, state: str, err_code: str, at: float | None = None) -> None:
        at = task.created_at if at is None else at
        task.err_code = err_code
        task.ended_at = at
        self._unfinished[task.purse].pop(task.id, None)
        if state == "failed":
            self.account(task.purse).credits += task.price
        self._enter(task, state, at)
        self._start_next(task.purse, at)

    def _enter(self, task: Task, state: str, at: float) -> None:
        task.state = state
        self._archive.save(task)
        self.announce(task, at)


SAVE = "INSERT INTO kept VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"


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
