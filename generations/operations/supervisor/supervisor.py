"""Run web, cluster and sandbox, and restart what ends or hangs."""

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from django.conf import settings

from .heartbeat import HeartbeatMonitor
from .processes import Child, Watchdog, print_line

TICK = 0.2
GRACE = 5.0  # seconds to stop; every job may be killed without harm


def children() -> list[Child]:
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
        sandbox = [
            python,
            "-m",
            "generations.sandbox",
            "--data",
            str(settings.DATA_DIR / "sandbox"),
        ]
        sandbox += ["--host", address.hostname or "127.0.0.1", "--port", str(address.port or 80)]
        found.append(Child("sandbox", sandbox, base))
    return found


class Supervisor:
    """Run until SIGINT or SIGTERM; a second signal kills at once."""

    def __init__(self, children: list[Child], monitor: HeartbeatMonitor) -> None:
        self.children = children
        self.monitor = monitor
        self.watchdog = Watchdog()
        # Not a threading.Event: the line that the signal interrupts may hold its lock.
        self.stopping = False
        self.impatient = False

    def run(self) -> None:
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
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and not self.impatient and self._is_running():
            time.sleep(TICK)
        for child in self.children:
            child.kill()
        self.watchdog.dismiss()

    def _is_running(self) -> bool:
        return not all(child.has_ended() for child in self.children)
