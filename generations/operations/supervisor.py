"""Start the processes of a site, restart what ends or hangs, and stop all without leftovers.

The supervisor runs web, cluster and sandbox, each in a process group of its own. A watchdog kills
the groups where the supervisor itself was killed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from generations import clock
from generations.lifecycle import queue
from generations.models import File, Heartbeat, Lease, Task
from generations.models.files import FileState
from generations.models.tasks import TaskState

TICK = 0.2
GRACE = 5.0  # seconds to stop; every job may be killed without harm
LONGEST_PAUSE = 30.0  # seconds
STABLE_AFTER = 60.0  # seconds; a command that ran this long restarts without a pause
HEARTBEAT_EVERY = 5.0  # seconds
# Seconds without a heartbeat; with the start of a new cluster it is less than a minute.
HEARTBEAT_PATIENCE = 40.0
# The output of a child goes through a pipe, so it cannot see for itself that a person reads it.
READABLE = {"LOG_FORMAT": "text"} if sys.stdout.isatty() else {}

log = structlog.get_logger(__name__)


def children() -> "list[Child]":
    """Return the processes that the settings ask for."""
    base = Path(settings.BASE_DIR)
    python = sys.executable
    web = [python, "-m", "granian", "--interface", "wsgi", "project.wsgi:application"]
    web += ["--host", settings.HOST, "--port", str(settings.PORT), "--workers", "1"]
    web += ["--blocking-threads", str(settings.WEB_THREADS), "--log-level", "error"]
    # Without the timeout a SIGTERM during start-up would never end it.
    web += ["--workers-kill-timeout", "4", "--respawn-failed-workers", "--respawn-interval", "0.5"]
    cluster = [python, "manage.py", "qcluster"]
    found = [Child("web", web, base), Child("cluster", cluster, base)]
    if settings.SANDBOX:
        address = urlsplit(settings.SANDBOX_URL)
        data = str(settings.DATA_DIR / "sandbox")
        sandbox = [python, "-m", "generations.sandbox", "--data", data]
        sandbox += ["--host", address.hostname or "127.0.0.1", "--port", str(address.port or 80)]
        found.append(Child("sandbox", sandbox, base))
    return found


class Supervisor:
    """Run until SIGINT or SIGTERM; a second signal kills at once."""

    def __init__(self, children: "list[Child]", monitor: "HeartbeatMonitor") -> None:
        self.children = children
        self.monitor = monitor
        self.watchdog = Watchdog()
        # Not a threading.Event: the line that the signal interrupts may hold its lock.
        self.stopping = False
        self.impatient = False

    def run(self) -> None:
        # SIGHUP comes when the terminal is closed.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            while not self.stopping:
                self.check()
                time.sleep(TICK)
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.impatient = self.stopping
        self.stopping = True

    def check(self) -> None:
        """Start what ended, and kill a cluster that does no jobs any more."""
        for child in self.children:
            child.check()
        self.watchdog.watch(child.group for child in self.children if child.group)
        for child in self.children:
            if child.name == "cluster" and child.group and self.monitor.probe(child.started_at):
                print_line(child.name, "does no jobs any more; it is killed and starts again")
                child.kill()

    def _stop(self) -> None:
        # All are asked before any is waited for: they share the seconds of grace.
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and not self.impatient and self._is_running():
            time.sleep(TICK)
        for child in self.children:
            child.kill()
        # Last, because the supervisor may be killed while it waits.
        self.watchdog.dismiss()

    def _is_running(self) -> bool:
        return not all(child.has_ended() for child in self.children)


class Child:
    """A command in a session of its own, restarted when it ends."""

    def __init__(self, name: str, command: Sequence[str], directory: Path) -> None:
        self.name = name
        self.command = command
        self.directory = directory
        self.process: subprocess.Popen[str] | None = None
        self.started_at = 0.0
        self.start_after = 0.0
        self.pause = 0.0

    @property
    def group(self) -> int | None:
        """The process group, or None while it does not run."""
        return self.process.pid if self.process else None

    def check(self) -> bool:
        """Start or clean up the command where needed. Return True where something changed."""
        if self.process and self.process.poll() is not None:
            self._clean_up(self.process.returncode)
            return True
        if not self.process and time.monotonic() >= self.start_after:
            self._start()
            return True
        return False

    def _start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            cwd=self.directory,
            env={**os.environ, **READABLE},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C then reaches only the supervisor, and a kill all that the child started.
            start_new_session=True,
        )
        self.started_at = time.monotonic()
        Thread(target=self._print_output, args=[self.process.stdout], daemon=True).start()

    def _print_output(self, output: IO[str]) -> None:
        """Print the output line by line."""
        with output:
            for line in output:
                print_line(self.name, line)

    def _clean_up(self, code: int) -> None:
        """Kill what is left of the group, and choose when to start it again."""
        # Workers outlive a leader that was killed, and would go on beside those of the next one.
        self.kill()
        if time.monotonic() - self.started_at >= STABLE_AFTER:
            self.pause = 0.0
        print_line(self.name, f"ended with {code}; it starts again in {self.pause:g} s")
        self.start_after = time.monotonic() + self.pause
        self.pause = min(max(0.5, self.pause * 2), LONGEST_PAUSE)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the leader, which stops its own processes."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """Send SIGKILL to the whole group, whether its leader lives or not."""
        if not self.process:
            return
        with suppress(ProcessLookupError):  # the whole group is gone already
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def print_line(name: str, line: str) -> None:
    """Print a line of output under the name of its process."""
    sys.stdout.write(f"{name:<8}| {line.rstrip()}\n")
    sys.stdout.flush()


# ---- The watchdog ---------------------------------------------------------------------------

# It waits for a line that never comes: the end of the pipe is the death of the supervisor.
WATCHDOG_SCRIPT = 'read -r _; kill -s KILL -- "$@"'


class Watchdog:
    """A shell in its own session that kills the groups when the supervisor has been killed."""

    def __init__(self) -> None:
        self.shell: subprocess.Popen[bytes] | None = None
        self.groups: list[int] = []

    def watch(self, groups: Iterable[int]) -> None:
        """Kill exactly these groups if the supervisor dies. A shell that was killed is replaced."""
        groups = list(groups)
        if self.shell and self.shell.poll() is None and groups == self.groups:
            return
        # The next shell starts before the former ends, so that at each moment one is there.
        former, self.groups = self.shell, groups
        self.shell = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", WATCHDOG_SCRIPT, "watchdog", *(f"-{group}" for group in groups)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        _dismiss(former)

    def dismiss(self) -> None:
        """End the shell without killing a group."""
        _dismiss(self.shell)
        self.shell = None


def _dismiss(shell: subprocess.Popen[bytes] | None) -> None:
    if not shell:
        return
    # Killed before its pipe is closed: the end of the pipe would let it kill the groups.
    shell.kill()
    shell.wait()
    if shell.stdin:
        shell.stdin.close()


# ---- The heartbeat --------------------------------------------------------------------------


class HeartbeatMonitor:
    """Whether the cluster still does jobs: django-q2 can wedge while every process looks alive.

    Queues a tiny job every few seconds and checks when the last one was done.
    """

    def __init__(
        self, *, every: float = HEARTBEAT_EVERY, patience: float = HEARTBEAT_PATIENCE
    ) -> None:
        self.every = every
        self.patience = patience
        self.count = 0
        self.next_at = 0.0

    def probe(self, started_at: float) -> bool:
        """Queue the job where it is due. Return True where the cluster does no jobs any more.

        ``started_at`` is monotonic; a young cluster has not stopped yet.
        """
        now = time.monotonic()
        if now < self.next_at:
            return False
        self.next_at = now + self.every
        try:
            return self._probe(now - started_at)
        except (DatabaseError, InterfaceError) as error:
            # Without a database no cluster does jobs; a new one would not do them either.
            log.warning("heartbeat.no_database", error=str(error))
            return False
        finally:
            connection.close()

    def _probe(self, age: float) -> bool:
        self.count += 1
        queue.enqueue("heartbeat", self.count)
        if age < self.patience:
            return False
        recent = clock.now() - timedelta(seconds=self.patience)
        is_alive = Heartbeat.objects.filter(name="cluster", at__gt=recent).exists()
        return not is_alive and not _is_every_worker_busy()


def _is_every_worker_busy() -> bool:
    """Whether all workers are busy: who fetches, sends or polls holds a lease meanwhile."""
    # Then the heartbeat's job waits behind long ones, and a kill would only cut these short.
    now = clock.now()
    fetching = File.objects.filter(state=FileState.FETCHING, lease_until__gt=now).count()
    sending = Task.objects.filter(state=TaskState.SENDING, lease_until__gt=now).count()
    polling = Lease.objects.filter(until__gt=now).count()
    return fetching + sending + polling >= settings.WORKERS
