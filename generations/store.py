"""Where finished files are kept: the one seam to the file storage."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.files import File as Opened
from django.core.files.storage import FileSystemStorage, default_storage


def keep(local: Path, name: str) -> None:
    """Move a finished local file into the storage under ``name``; the same name is replaced."""
    if isinstance(default_storage._wrapped, FileSystemStorage):  # type: ignore[attr-defined]
        target = Path(default_storage.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(local, target)
        _flush(target.parent)
        return
    default_storage.delete(name)
    with local.open("rb") as file:
        default_storage.save(name, Opened(file))
    local.unlink()


def _flush(directory: Path) -> None:
    """A rename is only safe from a power cut once its directory is on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exists(name: str) -> bool:
    return default_storage.exists(name)


def read(name: str) -> bytes:
    """All of a small stored file; raises OSError where it is not there."""
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return content


@contextmanager
def at_hand(name: str) -> Iterator[Path]:
    """A stored file as a local one, not to be changed; raises OSError where it is not there."""
    if isinstance(default_storage._wrapped, FileSystemStorage):  # type: ignore[attr-defined]
        yield Path(default_storage.path(name))
        return
    with NamedTemporaryFile() as copy, default_storage.open(name) as file:
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)


def fingerprint(name: str) -> str:
    """SHA-256 of a stored file, in hex."""
    digest = hashlib.sha256()
    with default_storage.open(name) as file:
        for chunk in file.chunks(1024 * 1024):
            digest.update(chunk)
    return digest.hexdigest()
