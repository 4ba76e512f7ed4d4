"""granian alone, as ``manage.py up`` starts it, with few threads."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.processes.site import ROOT
from tests.processes.system import children, free_port, until

THREADS = 8


class WebServer:
    """Answers for a DATA_DIR that has its tables; a script puts into it what is asked for."""

    def __init__(self, data: Path, script: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"DATA_DIR": str(data), "WEB_THREADS": str(THREADS), "LOG_LEVEL": "ERROR"}
        environment = {**kept, **own, "DJANGO_SETTINGS_MODULE": "project.settings"}
        self.made = subprocess.check_output(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, text=True
        ).strip()
        self.port = free_port()
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-log"]
        command += ["--port", str(self.port), "--blocking-threads", str(THREADS)]
        self.process = subprocess.Popen(
            [*command, "project.wsgi:application"],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        until(self._answers, "the server answers", 60, str)

    def _answers(self) -> bool:
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", self.port)) == 0

    def workers(self) -> list[int]:
        """The processes that answer."""
        return children(self.process.pid)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
