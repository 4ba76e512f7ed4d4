"""Web, cluster and sandbox under one roof."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from django.conf import settings

from .child import Child, say
from .guard import Guard
from .heartbeat import Heart

TICK = 0.2
GRACE = 5.0  # seconds to stop in good order; every job may be killed without harm


def children() -> list[Child]:
    """What runs, by the settings."""
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
        place = urlsplit(settings.SANDBOX_URL)
        sandbox = [
            python,
            "-m",
            "generations.sandbox",
            "--data",
            str(settings.DATA_DIR / "sandbox"),
        ]
        sandbox += ["--host", place.hostname or "127.0.0.1", "--port", str(place.port or 80)]
        found.append(Child("sandbox", sandbox, base))
    return found


class Supervisor:
    """Runs until SIGINT or SIGTERM; a second one kills at once."""

    def __init__(self, children: list[Child], heart: Heart) -> None:
        self.children = children
        self.heart = heart
        self.guard = Guard()
        # No Event: its lock may be held by the very line that the signal interrupts.
        self.stopping = False
        self.impatient = False

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            while not self.stopping:
                self.tend()
                time.sleep(TICK)
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.impatient = self.stopping
        self.stopping = True

    def tend(self) -> None:
        """Start what ended, and kill a cluster that only looks alive."""
        for child in self.children:
            child.tend()
        self.guard.watch(child.group for child in self.children if child.group)
        for child in self.children:
            if child.name == "cluster" and child.group and self.heart.is_silent(child.started_at):
                say(child.name, "takes no jobs any more; it is killed and starts again")
                child.kill()

    def _stop(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and not self.impatient and self._something_runs():
            time.sleep(TICK)
        for child in self.children:
            child.kill()
        self.guard.dismiss()

    def _something_runs(self) -> bool:
        return not all(child.has_ended() for child in self.children)
