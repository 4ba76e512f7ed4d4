"""Process groups: long-running commands, and the watchdog that kills them after the supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

LONGEST_PAUSE = 30.0  # seconds
READABLE = {"LOG_FORMAT": "text"} if sys.stdout.isatty() else {}
STABLE_AFTER = 60.0  # seconds; a command that ran this long restarts without a pause


def print_line(name: str, line: str) -> None:
    """Print a line of output under the name of its process."""
    sys.stdout.write(f"{name:<8}| {line.rstrip()}\n")
    sys.stdout.flush()


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


# It waits for a line that never comes: the end of the pipe is the death of the supervisor.
SCRIPT = 'read -r _; kill -s KILL -- "$@"'


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
        former, self.groups = self.shell, groups
        self.shell = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", SCRIPT, "watchdog", *(f"-{group}" for group in groups)],
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
    shell.kill()
    shell.wait()
    if shell.stdin:
        shell.stdin.close()
