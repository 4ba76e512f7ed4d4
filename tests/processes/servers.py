"""A PostgreSQL and a Redis of a test's own, which it may restart, flush and stop."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.processes.system import free_port

POSTGRESQL = Path("/usr/lib/postgresql")


class PostgreSQL:
    """A cluster in a folder that its own user may enter; as root it runs as ``postgres``."""

    def __init__(self) -> None:
        found = sorted(POSTGRESQL.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
        if not found:
            pytest.skip("no PostgreSQL here: apt-get install postgresql")
        self.programs = found[-1].parent
        self.folder = Path(mkdtemp(prefix="postgresql-"))
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}", "-o", options)

    def stop(self, mode: str) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode", mode)

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "--pgdata", str(self.folder / "data"), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        with (self.folder / "output").open("a") as output:
            subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=True
            )


class Redis:
    """A server that keeps nothing on the disk."""

    def __init__(self, folder: Path) -> None:
        self.program = shutil.which("redis-server")
        if not self.program:
            pytest.skip("no Redis here: apt-get install redis-server")
        self.folder = folder
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly"]
        self.process = subprocess.Popen(
            [str(self.program), *options, "no", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        while self.ask("ping") != "PONG":
            time.sleep(0.05)

    def ask(self, *words: str) -> str:
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
