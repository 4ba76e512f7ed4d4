"""A whole site of real processes: ``manage.py up`` beside a sandbox that outlives its kills."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.processes.system import children, command, descendants, free_port, until


def one_site_at_a_time(group: str) -> list[pytest.MarkDecorator]:
    """Marks for a module: its sites, many processes each, follow those of the same group."""
    return [pytest.mark.slow, pytest.mark.xdist_group(group), pytest.mark.timeout(600)]


ROOT = Path(__file__).resolve().parents[2]
PROMPT = "A lighthouse at dusk"
WORKERS = 4
TAIL = 4000  # characters of a log that a failed wait prints


class Provider:
    """The sandbox as a process of its own, started when first asked, and what it has counted."""

    def __init__(self, folder: Path, seconds_per_task: float, *, tiny: bool = True) -> None:
        self.folder = folder
        self.seconds_per_task = seconds_per_task
        self.tiny = tiny
        self.process: subprocess.Popen[bytes] | None = None

    @cached_property
    def url(self) -> str:
        port, log = free_port(), self.folder / "sandbox.log"
        options = ["--seconds-per-task", str(self.seconds_per_task)]
        options += ["--tiny"] if self.tiny else []
        options += ["--port", str(port), "--data", str(self.folder / "sandbox")]
        with log.open("w") as output:
            self.process = process = subprocess.Popen(
                [sys.executable, "-m", "generations.sandbox", *options],
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            return "answers at" in log.read_text()

        until(answers, "the sandbox answers", 30, log.read_text)
        return f"http://127.0.0.1:{port}"

    def ask(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/control/{name}", timeout=30) as answer:
            return json.load(answer)

    def tell(self, name: str, **body: Any) -> None:
        asked = urllib.request.Request(
            f"{self.url}/control/{name}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method="POST",
        )
        urllib.request.urlopen(asked, timeout=30).close()

    def posts(self) -> int:
        """How many orders arrived, taken or not."""
        return int(self.ask("counts")["requests"].get("POST /ent/v2/text2video", 0))

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(60)


class Site:
    """One DATA_DIR that may be started, killed and started again."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        self.data = folder / "data"
        self.provider = provider
        self.port = free_port()
        self.log = folder / "site.log"
        self.settings: dict[str, str] = {}  # beside those that every site has
        self.process: subprocess.Popen[bytes] | None = None

    # ---- Processes ----

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        ours = {"DATA_DIR": str(self.data), "PORT": str(self.port), "WORKERS": str(WORKERS)}
        # The sandbox is a stranger here, as a provider would be; callbacks come over loopback.
        return kept | ours | {"ALLOW_PRIVATE_ADDRESSES": "on"} | self.settings | more

    def start(self, *arguments: str, **settings: str) -> None:
        """``manage.py up``, or what is given instead; returns when it is ready for work."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *(arguments or ("manage.py", "up"))],
                cwd=ROOT,
                env=self.environment(**settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait(self.is_ready, "the site is ready", 120)

    def is_ready(self) -> bool:
        assert self.process, "it was not started"
        assert self.process.poll() is None, self.tail()
        return self.status("/health/ready") == 200 and self.has_all_workers()

    def has_all_workers(self) -> bool:
        return len(self.workers()) == WORKERS

    def status(self, path: str) -> int:
        """Of a page; 0 where there was no answer within two seconds."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as asked:
                asked.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                return int((asked.recv(100).split() or [b"", b"0"])[1])
        except OSError:
            return 0

    def page(self, path: str) -> tuple[int, str]:
        """Status and words of a page, however long it takes."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def find(self, word: str) -> int:
        """The child of the supervisor whose command holds this word; 0 where there is none."""
        assert self.process
        found = [pid for pid in children(self.process.pid) if word in command(pid)]
        return found[0] if found else 0

    def workers(self) -> list[int]:
        """Those who do jobs: the guard of the cluster starts them before monitor and pusher."""
        leader = self.find("qcluster")
        started = [pid for guard in children(leader) for pid in children(guard)] if leader else []
        return sorted(pid for pid in started if "qcluster" in command(pid))[:WORKERS]

    def family(self) -> set[int]:
        """The supervisor with all that descends from it."""
        assert self.process
        return {self.process.pid} | descendants(self.process.pid)

    def send_signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def wait_for_its_end(self) -> int:
        """The supervisor's exit code."""
        assert self.process
        return self.process.wait(60)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 90) -> None:
        until(condition, what, seconds, self.tail)

    def tail(self) -> str:
        rows = [f"{name}: {self.rows(ask)}" for name, ask in STATES.items()]
        return "\n".join([*rows, self.log.read_text(errors="replace")[-TAIL:]])

    # ---- What is so, and what people do ----

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What the database says, read beside the site without disturbing it."""
        if address := self.settings.get("DATABASE_URL"):
            with psycopg.connect(address) as other:
                return other.execute(question.encode()).fetchall()
        place = f"file:{self.data / 'rushes.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=30)) as database:
            return database.execute(question).fetchall()

    def count(self, table: str, condition: str = "1 = 1") -> int:
        return int(self.rows(f"SELECT count(*) FROM generations_{table} WHERE {condition}")[0][0])

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr + self.tail()
        return done.stdout

    def let_leases_end(self, died_at: float | None = None) -> None:
        """Of those who died until this moment (Unix seconds; now where none is given)."""
        self.do(f"let_leases_end(taken_before={died_at or time.time()})")

    def do(self, *acts: str) -> None:
        """Do something of ``tests.processes.actions`` in this site."""
        script = "; ".join(
            ["from tests.processes import actions", *(f"actions.{act}" for act in acts)]
        )
        self.manage("shell", "--no-imports", "-c", script)

    def order(self, tasks: int, *, keys: int = 1, prompt: str = PROMPT) -> None:
        self.do(
            f"open_house(provider={self.provider.url!r}, keys={keys})",
            f"place(tasks={tasks}, prompt={prompt!r})",
        )


STATES = {
    "tasks": "SELECT state, reason, code, count(*) FROM generations_task GROUP BY 1, 2, 3",
    "attempts": "SELECT state, count(*) FROM generations_attempt GROUP BY 1",
    "files": "SELECT role, state, last_error, count(*) FROM generations_file GROUP BY 1, 2, 3",
    "jobs": "SELECT count(*) FROM django_q_ormq",
}
