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
# What every script finds: the project, and a team with a member and a key.
HOUSE = """
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from generations.models import Credential, File, Membership, Task, Team, User
call_command("createcachetable", verbosity=0)
team = Team.objects.create(name="Harbour Lane", slug="harbour-lane")
user = User.objects.create_user("member@rushes.example")
Membership.objects.create(team=team, user=user)
key = Credential.objects.create(team=team, kind="vidu", name="Key", base_url="https://api.example")
"""


class WebServer:
    """Answers for a DATA_DIR that has its tables; a script puts into it what is asked for."""

    def __init__(self, data: Path, script: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"DATA_DIR": str(data), "WEB_THREADS": str(THREADS), "LOG_LEVEL": "ERROR"}
        environment = {**kept, **own, "DJANGO_SETTINGS_MODULE": "project.settings"}
        self.made = subprocess.check_output(
            [sys.executable, "-c", HOUSE + script], cwd=ROOT, env=environment, text=True
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
