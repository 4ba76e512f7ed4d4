"""Prepare a start: tables, schedules, static files, a free port."""

import fcntl
import hashlib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError

from generations.lifecycle import queue
from generations.teams import installation

PATIENCE = 5.0  # seconds; the server of a killed supervisor may still be stopping


def prepare() -> None:
    """Bring the database and the static files up to date, one process at a time.

    Raises CommandError where a restore was cut short.
    """
    if installation.is_being_restored():
        raise CommandError("A restore did not end here: run manage.py restore again, with --force.")
    with locked(settings.DATA_DIR / "start.lock"):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        installation.ensure_identity()
        queue.ensure_schedules()
        _collect_static(settings.STATIC_ROOT)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold this lock file; wait for whoever holds it now."""
    # The kernel gives it back when the process ends, however it ends; the file itself stays.
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _collect_static(root: Path) -> None:
    """Collect the static files where a source changed: hashing and compressing takes seconds.

    Several installations may share the directory, or it may be read-only and complete.
    """
    stamp, sources = root / ".sources", _fingerprint()
    if _is_current(stamp, sources):
        return
    root.mkdir(parents=True, exist_ok=True)
    with locked(root / ".lock"):
        if not _is_current(stamp, sources):  # another start may have done it while we waited
            call_command("collectstatic", verbosity=0, interactive=False)
            stamp.write_text(sources)


def _is_current(stamp: Path, sources: str) -> bool:
    return stamp.exists() and stamp.read_text() == sources


def _fingerprint() -> str:
    """Return a fingerprint of all static sources: path, size, time of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def require_free_port(host: str, port: int, *, patience: float = PATIENCE) -> None:
    """Wait until the port is free: a second server would silently share it (SO_REUSEPORT).

    Raises CommandError when it is still in use after ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while error := _port_error(host, port):
        if time.monotonic() > deadline:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Stop what listens there,"
                " or choose another with PORT."
            ) from error
        time.sleep(0.1)


def _port_error(host: str, port: int) -> OSError | None:
    """Return why the port cannot be used, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # So that connections of a former server, which linger for a minute, do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
