"""What is inside a media file, read by its content in a child process.

Decoders are the largest attack surface of this site. They run in a process of their own, with
little memory, little time, no secrets in the environment and no connection to the network, and
may crash without harm.

Each process of the site starts its own inspector process (``__main__.py``) when it first needs
one. Loading Python and the decoders takes longer than inspecting a clip, so the inspector loads
them once and forks for each file. Nothing that is imported here loads a decoder.
"""

import atexit
import dataclasses
import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from threading import Lock

import msgspec
import structlog

from .facts import (
    Crashed,
    Facts,
    InspectorReply,
    InspectorRequest,
    MediaProblem,
    NotMedia,
    Operation,
    RejectReason,
)
from .headers import HEAD_BYTES, format_of, is_media, outline

__all__ = [
    "HEAD_BYTES",
    "Crashed",
    "Facts",
    "MediaProblem",
    "NotMedia",
    "RejectReason",
    "extract_frame",
    "format_of",
    "inspect",
    "is_media",
    "make_proxy",
    "normalize_picture",
]

log = structlog.get_logger(__name__)

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "generations.media"]
# All that the inspector gets of ours: the environment of the site has its secrets.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
# Beyond a file's own deadline, which the inspector keeps: who is later than this hangs itself.
GRACE_SECONDS = 5.0


def inspect(file: Path, outdir: Path, *, timeout: float = 60) -> Facts:
    """Read the facts of a video, image or audio file; write a video's pictures into ``outdir``.

    These are ``poster.webp`` and ``preview.mp4``, each whole or not there. Raises NotMedia only if
    the file is empty, a page or a playlist. All else is kept, because it was paid for: where the
    child died, needed more than ``timeout`` seconds or could not read the file, the facts are
    those of its first bytes, and ``problem`` says why.
    """
    known = outline(file)
    try:
        return _run(Operation.INSPECT, file, outdir, timeout)
    except Crashed as error:
        log.warning("inspection failed", file=file.name, error=str(error))
        return dataclasses.replace(known, problem=MediaProblem.CRASHED)


def make_proxy(file: Path, outdir: Path, *, timeout: float) -> Facts:
    """Write ``proxy.mp4``, which browsers play, of an original that they do not play.

    It is as long as the original and has its sound; its short side has at most 1080 pixels, unless
    the picture could be copied as it is. Returns the facts of the proxy. Raises NotMedia if
    nothing of the file can be decoded, Crashed as the others do; then there is no proxy.
    """
    return _run(Operation.PROXY, file, outdir, timeout)


def normalize_picture(file: Path, outdir: Path, *, timeout: float = 60) -> Facts:
    """Convert an uploaded picture: upright, in sRGB, without metadata, not too large.

    Writes ``picture.png`` (if something of it is transparent) or ``picture.jpg``, and
    ``thumbnail.webp``; the facts are those of the new picture. Raises NotMedia if the file is no
    such picture, Crashed if the child died or needed more than ``timeout`` seconds.
    """
    return _run(Operation.PICTURE, file, outdir, timeout)


def extract_frame(video: Path, outdir: Path, *, at: str, timeout: float = 60) -> Facts:
    """Write the ``first`` or the ``last`` frame of a video as ``normalize_picture`` does."""
    return _run(Operation(at), video, outdir, timeout)


def _run(operation: Operation, file: Path, outdir: Path, timeout: float) -> Facts:
    # Absolute paths, because the inspector runs in another directory (ROOT).
    request = InspectorRequest(str(file.resolve()), str(outdir.resolve()), timeout, operation)
    reply = _inspector.ask(request)
    if reply.crash:
        raise Crashed(reply.crash)
    if reply.facts is None:
        raise NotMedia(reply.reason or RejectReason.DAMAGED)
    return reply.facts


class Inspector:
    """Sends one request at a time. The process ends by itself when idle (IDLE_SECONDS)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        # Servers fork their workers; two processes on one connection would read each other's reply.
        os.register_at_fork(after_in_child=self._forget)

    def ask(self, request: InspectorRequest) -> InspectorReply:
        """The reply to a request; a process that has died is started again, once."""
        with self._lock:
            # An idle process has ended by itself, which shows only when something is sent to it.
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
        # A new lock: a thread that is not here may have held the old one, which nobody would free.
        self._lock = Lock()
        atexit.unregister(self.stop)
        if self._connection is not None:
            self._connection.close()
        if self.process is not None:
            self.process.returncode = 0  # it is not our child, so Popen must not wait for it
        self._connection = self.process = None


_inspector = Inspector()
