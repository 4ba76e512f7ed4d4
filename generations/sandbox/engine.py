"""The engine: keeps all tasks and accounts, and moves each task through its states."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Any

from .clips.pool import ClipPool
from .clips.spec import AnySpec, task_spec
from .clock import Scheduler
from .dialects import SandboxAccount, open_account
from .remote_ids import own_id
from .tasks import OFF_PEAK_SECONDS, IdGenerator, SandboxTask, TaskSchedule, TaskStore

# Is called with a task and the time, whenever the task enters a state.
Announce = Callable[[SandboxTask, float], None]
Step = Callable[[SandboxTask, float], None]


class Engine:
    """Changes tasks and accounts only under its lock; `seconds` is the usual time of a task."""

    def __init__(
        self, scheduler: Scheduler, clips: ClipPool, store: TaskStore, seconds: float
    ) -> None:
        # Reentrant, because endpoints check an account and create its task under it in one step: of
        # two orders at once, only one may take the last slot or the last credits.
        self.lock = threading.RLock()
        self.tasks: dict[str, SandboxTask] = {}
        self.accounts: dict[str, SandboxAccount] = {}
        # Set afterwards: the endpoints that announce a task need the engine first.
        self.announce: Announce = lambda task, at: None
        self.ids = IdGenerator()
        # The same tasks by account: each order counts those that take its slots, among thousands.
        self._unfinished: defaultdict[str, dict[str, SandboxTask]] = defaultdict(dict)
        self._seconds = seconds
        self._scheduler = scheduler
        self._clips = clips
        self._store = store

    def account(self, name: str) -> SandboxAccount:
        """The account with this name, opened if it is new."""
        with self.lock:
            return self.accounts.setdefault(name, open_account(name))

    def find(self, remote_id: str) -> SandboxTask | None:
        """The task that its provider knows by this id."""
        task = self.tasks.get(own_id(remote_id))
        return task if task is not None and task.remote_id == remote_id else None

    def unfinished(self, account_name: str) -> list[SandboxTask]:
        with self.lock:
            return list(self._unfinished[account_name].values())

    def running(self, account_name: str) -> list[SandboxTask]:
        """The tasks of an account that take a slot."""
        return [task for task in self.unfinished(account_name) if task.state == "processing"]

    def queued(self, account_name: str) -> list[SandboxTask]:
        return [task for task in self.unfinished(account_name) if task.state == "queueing"]

    def spec(self, task: SandboxTask, *, watermark: bool = False) -> AnySpec:
        """What the files of a task show."""
        return task_spec(task, self.tasks, watermark=watermark)

    def create(self, task: SandboxTask) -> None:
        """Add a new task, charge its price and schedule its first step."""
        with self.lock:
            self.tasks[task.id] = task
            self._unfinished[task.account_name][task.id] = task
            self.account(task.account_name).credits -= task.price
            if "failed at once" in task.directives:
                code = task.failure_code or "InternalServiceFailure"
                self.end(task, "failed", code, task.created_at)
            elif "done at once" in task.directives:
                self.end(task, "success", "", task.created_at)
            else:
                self._store.save(task)
                self._schedule(task, task.created_at + self._times(task).created, self._queue)

    def add_finished(self, tasks: Iterable[SandboxTask]) -> None:
        """Add the records that a film has made; they were not ordered and cost nothing."""
        with self.lock:
            for task in tasks:
                self.tasks[task.id] = task
                self._store.save(task)

    def keep(self, task: SandboxTask) -> None:
        """Store a task whose order was changed."""
        with self.lock:
            self._store.save(task)

    def cancel(self, task: SandboxTask, at: float) -> bool:
        """False if the task has left its queue."""
        with self.lock:
            if task.state not in ("created", "queueing"):
                return False
            self.end(task, "failed", "UserCancelled", at)
            return True

    def end(self, task: SandboxTask, state: str, err_code: str, at: float) -> None:
        """Let a task succeed or fail; a failed one gets its price back."""
        with self.lock:
            task.err_code = err_code
            task.ended_at = at
            self._unfinished[task.account_name].pop(task.id, None)
            if state == "failed":
                self.account(task.account_name).credits += task.price
            self._enter(task, state, at)
            self._start_next(task.account_name, at)

    def restore(self, now: float) -> None:
        """Load the tasks of an earlier run; those that were not finished begin again."""
        with self.lock:
            for task in self._store.load():
                self.tasks[task.id] = task
                # Accounts are not stored: what they have left follows from their tasks.
                self.account(task.account_name).credits -= task.credits
                if not task.is_final:
                    task.state = "created"
                    self._unfinished[task.account_name][task.id] = task
                    self._schedule(task, now, self._queue)

    def clear(self) -> None:
        with self.lock:
            self._scheduler.clear()
            self.tasks.clear()
            self.accounts.clear()
            self._unfinished.clear()
            self._store.clear()

    def _times(self, task: SandboxTask) -> TaskSchedule:
        return TaskSchedule.of(task, self._seconds)

    def _schedule(self, task: SandboxTask, due: float, step: Step) -> None:
        self._scheduler.at(due, partial(self._take_step, step, task))

    def _take_step(self, step: Step, task: SandboxTask, at: float) -> None:
        with self.lock:
            # A step that was scheduled before a reset or a cancel must do nothing.
            if self.tasks.get(task.id) is task and not task.is_final:
                step(task, at)

    def _queue(self, task: SandboxTask, at: float) -> None:
        self._enter(task, "queueing", at)
        if "never starts" in task.directives:
            # As an off-peak order that finds no free machine within 48 hours (docs/wire.md, 8).
            given_up = task.created_at + OFF_PEAK_SECONDS
            self._schedule(task, given_up, partial(self._fail, "Canceled"))
        else:
            self._schedule(task, at + self._times(task).queueing, self._make_ready)

    def _make_ready(self, task: SandboxTask, at: float) -> None:
        # It has queued long enough; it starts now, or when a slot of its account becomes free.
        task.done_once.append("ready")
        self._start_next(task.account_name, at)

    def _start_next(self, account_name: str, at: float) -> None:
        free = self.account(account_name).slots - len(self.running(account_name))
        ready = [task for task in self.queued(account_name) if "ready" in task.done_once]
        for task in ready[: max(free, 0)]:
            self._start(task, at)

    def _start(self, task: SandboxTask, at: float) -> None:
        task.started_at = at
        task.due_at = at + self._times(task).processing
        self._enter(task, "processing", at)
        if "stuck" in task.directives:
            return
        if (code := task.failure_code) is not None:
            self._schedule(task, task.due_at, partial(self._fail, code))
            return
        # Made while the task is processing, so that its end need not wait for the encoder.
        clip = self._clips.request(self.spec(task))
        self._schedule(task, task.due_at, partial(self._deliver, clip))

    def _fail(self, code: str, task: SandboxTask, at: float) -> None:
        self.end(task, "failed", code or "InternalServiceFailure", at)

    def _deliver(self, clip: "Future[Any]", task: SandboxTask, at: float) -> None:
        """End a task, but not before its clip is there, however busy the machine is."""
        if not clip.done():
            clip.add_done_callback(lambda _: self._schedule(task, at, partial(self._deliver, clip)))
        elif clip.exception() is not None:
            self.end(task, "failed", "InternalServiceFailure", at)
        else:
            self.end(task, "success", "", at)

    def _enter(self, task: SandboxTask, state: str, at: float) -> None:
        task.state = state
        self._store.save(task)
        self.announce(task, at)
