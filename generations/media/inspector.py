"""The client of the inspector process (``__main__.py``), which decodes media files.

Each process of the site starts its own when it first needs one. Loading Python and the decoders
takes longer than inspecting a clip, so the inspector loads them once and forks for each file.
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

from .facts import Crashed, InspectorReply, InspectorRequest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "generations.media"]
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
GRACE_SECONDS = 5.0


class Inspector:
    """Sends one request at a time. The process ends by itself when idle (IDLE_SECONDS)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        os.register_at_fork(after_in_child=self._forget)

    def ask(self, request: InspectorRequest) -> InspectorReply:
        """The reply to a request; a process that has died is started again, once."""
        with self._lock:
            with suppress(EOFError, ConnectionError):
                return self._ask(request)
            try:
                return self._ask(request)
            except (EOFError, ConnectionError) as error:
                raise Crashed("The inspector process died twice.") from error

    def _ask(self, request: InspectorRequest) -> InspectorReply:
        connection = self._connection or self._start()
        try:
            connection.send_bytes(msgspec.json.encode(request))
            if connection.poll(request.seconds + GRACE_SECONDS):
                return msgspec.json.decode(connection.recv_bytes(), type=InspectorReply)
        except BaseException:
            self.stop()  # else its late reply would be read as the reply for the next file
            raise
        self.stop()
        raise Crashed("The inspector process did not answer.")

    def _start(self) -> Connection:
        self._connection, theirs = Pipe()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                COMMAND, cwd=ROOT, env=ENVIRONMENT, stdin=theirs.fileno(), stdout=subprocess.DEVNULL
            )
        atexit.register(self.stop)
        return self._connection

    def stop(self) -> None:
        """Close the connection, upon which the process kills its child and exits; wait for that."""
        connection, process = self._connection, self.process
        self._connection = self.process = None
        atexit.unregister(self.stop)
        if connection is not None:
            connection.close()
        if process is not None:
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _forget(self) -> None:
        """In a forked process: drop the inspector, which belongs to the other process."""
        self._lock = Lock()
        atexit.unregister(self.stop)
        if self._connection is not None:
            self._connection.close()
        if self.process is not None:
            self.process.returncode = 0  # it is not our child, so Popen must not wait for it
        self._connection = self.process = None
