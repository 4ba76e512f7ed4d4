"""What must be true before anything starts: tables, schedules, static files, a free port."""

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

PATIENCE = 5.0  # seconds; a killed supervisor's server may still be ending


def prepare() -> None:
    """Bring database and static files up to date; two that start together take turns.

    Raises CommandError where a restore did not end.
    """
    if installation.is_being_restored():
        raise CommandError("A restore did not end here: run manage.py restore again, with --force.")
    with alone(settings.DATA_DIR / "start.lock"):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        installation.settle()
        queue.make_schedules()
        _collect_static(settings.STATIC_ROOT)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold this lock file, after whoever holds it now."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _collect_static(root: Path) -> None:
    """Only where a source changed: hashing and compressing takes seconds.

    Several installations may share the directory, or it may be read-only and complete.
    """
    mark, sources = root / ".sources", _sources()
    if _reads(mark, sources):
        return
    root.mkdir(parents=True, exist_ok=True)
    with alone(root / ".lock"):
        if not _reads(mark, sources):
            call_command("collectstatic", verbosity=0, interactive=False)
            mark.write_text(sources)


def _reads(mark: Path, sources: str) -> bool:
    return mark.exists() and mark.read_text() == sources


def _sources() -> str:
    """A fingerprint of every static source: path, size, time of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: found[0]):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def require_free(host: str, port: int, *, patience: float = PATIENCE) -> None:
    """A second server would silently share the port (SO_REUSEPORT).

    Raises CommandError when it stays taken for these seconds.
    """
    gives_up = time.monotonic() + patience
    while error := _refusal(host, port):
        if time.monotonic() > gives_up:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Stop what listens there,"
                " or choose another with PORT."
            ) from error
        time.sleep(0.1)


def _refusal(host: str, port: int) -> OSError | None:
    """Why the port cannot be used; None where it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
