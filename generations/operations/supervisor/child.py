"""One long-running process with all that it starts, as one group that lives and dies together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

LONGEST_PAUSE = 30.0
READABLE = {"LOG_FORMAT": "text"} if sys.stdout.isatty() else {}
LONG_ENOUGH = 60.0  # who lived so long (seconds) starts again at once the next time


def say(name: str, line: str) -> None:
    sys.stdout.write(f"{name:<8}| {line.rstrip()}\n")
    sys.stdout.flush()


class Child:
    """A command in a session of its own; it is started again when it ends."""

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
        """The process group while it has a living leader."""
        return self.process.pid if self.process else None

    def tend(self) -> bool:
        """Start it where it does not run and its pause is over; True where something changed."""
        if self.process and self.process.poll() is not None:
            self._mourn(self.process.returncode)
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
        Thread(target=self._repeat, args=[self.process.stdout], daemon=True).start()

    def _repeat(self, output: IO[str]) -> None:
        """Say what it says, line by line, under its name."""
        with output:
            for line in output:
                say(self.name, line)

    def _mourn(self, code: int) -> None:
        """Clear away what it left, and choose when to start it again."""
        self.kill()
        if time.monotonic() - self.started_at >= LONG_ENOUGH:
            self.pause = 0.0
        say(self.name, f"ended with {code}; it starts again in {self.pause:g} s")
        self.start_after = time.monotonic() + self.pause
        self.pause = min(max(0.5, self.pause * 2), LONGEST_PAUSE)

    def ask_to_stop(self) -> None:
        """SIGTERM to the leader, which stops its own in good order."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """SIGKILL to the whole group, dead leader or not."""
        if not self.process:
            return
        with suppress(ProcessLookupError):  # the whole group is gone already
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
