"""The real thing in a folder of its own: ``manage.py up`` and a pretend provider beside it."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.processes.system import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0


@dataclass(frozen=True)
class Stage:
    """What runs, and where its rows and its words are."""

    folder: Path
    environment: Mapping[str, str]
    app: subprocess.Popen[bytes]
    port: int
    sandbox_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "up.log").read_text(errors="replace")

    def place(self, **wanted: object) -> dict[str, str]:
        """Make a team with keys and orders (tests/bench/orders.py), as a process of its own."""
        arguments = {"base_url": f"http://127.0.0.1:{self.sandbox_port}", **wanted}
        code = f"from tests.bench.orders import tell; tell({arguments!r})"
        told = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "--command", code],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
        )
        placed: dict[str, str] = json.loads(told.stdout)
        return placed

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        path = f"file:{self.folder / 'data' / 'rushes.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()

    def count(self, query: str) -> int:
        found: int = self.rows(f"SELECT count(*) FROM {query}")[0][0]
        return found

    def sandbox(self, what: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self.sandbox_port}/control/{what}") as answer:
            return json.load(answer)

    def said(self, words: str) -> list[str]:
        """Every place in the log with these words, and what stands before them."""
        return re.findall(rf".{{0,1500}}{words}", self.log)


@contextmanager
def running(folder: Path, *, tiny: bool = True, seconds_per_task: int = 2) -> Iterator[Stage]:
    """Started, ready, and at the end stopped in good order; ``tiny`` clips are of 160 pixels."""
    port, sandbox_port = free_port(), free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOW_PRIVATE_ADDRESSES": "on",
        "SANDBOX": "off",
    }
    provider = [sys.executable, "-m", "generations.sandbox", "--port", str(sandbox_port)]
    provider += ["--seconds-per-task", str(seconds_per_task), "--data", str(folder / "sandbox")]
    provider += ["--tiny"] if tiny else []
    app = [sys.executable, "manage.py", "up"]
    with (
        (folder / "sandbox.log").open("wb") as said,
        (folder / "up.log").open("wb") as log,
        _process(provider, environment, said),
        _process(app, environment, log) as up,
    ):
        stage = Stage(folder, environment, up, port, sandbox_port)
        wait_until(lambda: _is_ready(stage), START_SECONDS)
        yield stage


@contextmanager
def _process(
    command: list[str], environment: Mapping[str, str], log: Any
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _is_ready(stage: Stage) -> bool:
    try:
        with urlopen(f"{stage.url}/health/ready") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it held before the time was over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.25)
    return False
