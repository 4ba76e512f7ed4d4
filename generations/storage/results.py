"""The bytes of results: where one is fetched, whether it is here, and one copy of equal ones."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from generations.models import File
from generations.models.files import FileState

from . import store

log = structlog.get_logger(__name__)


def is_stored(file: File) -> bool:
    """Whether the right bytes of a file are in the storage, whatever its row says of its state."""
    if not (file.sha256 and store.exists(file.name)):
        return False
    return store.sha256(file.name) == file.sha256


def share_bytes(file: File) -> bool:
    """Link the file to the same bytes of another file of the team. False where there are none."""
    twins = File.objects.filter(team=file.team_id, sha256=file.sha256, state=FileState.STORED)
    twin = twins.exclude(pk=file.pk).first()
    # Not by the row alone: bytes that are damaged there would be lost here too.
    try:
        return bool(
            twin and store.sha256(twin.name) == file.sha256 and store.add_link(twin.name, file.name)
        )
    except OSError as error:
        log.info("bytes not shared", file=file.pk, error=str(error))
        return False


@contextmanager
def lock(folder: Path) -> Iterator[bool]:
    """Lock the folder of one file; yield False where another process has it.

    The lock of a process that dies ends with it, unlike the lease in the row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
