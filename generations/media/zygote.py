"""The way to the process that looks into files: started when first needed, one for each process.

To start Python and load the decoders takes longer than to look into a clip, so a zygote loads
them once and forks a child for each file (``__main__.py``).
"""

import atexit
import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from threading import Lock

import msgspec

from generations.media.facts import Crashed, Question, Reply

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "generations.media"]
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
GRACE_SECONDS = 5.0


class Zygote:
    """Asks one question at a time. It ends by itself when it has nothing to do (IDLE_SECONDS)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        os.register_at_fork(after_in_child=self._forget)

    def ask(self, question: Question) -> Reply:
        """The reply of a child that looked; a zygote found dead is started anew, once."""
        with self._lock:
            with suppress(EOFError, ConnectionError):
                return self._ask(question)
            try:
                return self._ask(question)
            except (EOFError, ConnectionError) as error:
                raise Crashed("The process that looks into files died twice.") from error

    def _ask(self, question: Question) -> Reply:
        connection = self._connection or self._start()
        try:
            connection.send_bytes(msgspec.json.encode(question))
            if connection.poll(question.seconds + GRACE_SECONDS):
                return msgspec.json.decode(connection.recv_bytes(), type=Reply)
        except BaseException:
            self.end()  # its late reply must not be taken for the next file's
            raise
        self.end()
        raise Crashed("The process that looks into files did not answer.")

    def _start(self) -> Connection:
        self._connection, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                COMMAND, cwd=ROOT, env=ENVIRONMENT, stdin=theirs.fileno(), stdout=subprocess.DEVNULL
            )
        atexit.register(self.end)
        return self._connection

    def end(self) -> None:
        """Hang up, upon which it ends its child and itself, and wait for that."""
        connection, process = self._connection, self.process
        self._connection = self.process = None
        atexit.unregister(self.end)
        if connection is not None:
            connection.close()
        if process is not None:
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _forget(self) -> None:
        """In a forked process: the zygote stays the other's, and so must its end."""
        self._lock = Lock()
        atexit.unregister(self.end)
        if self._connection is not None:
            self._connection.close()
        if self.process is not None:
            self.process.returncode = 0  # not ours to wait for
        self._connection = self.process = None
