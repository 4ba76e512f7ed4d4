"""Where finished files are kept: the one seam to the file storage."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files import File as Opened
from django.core.files.storage import FileSystemStorage, default_storage


def is_on_disk() -> bool:
    """Whether the storage is a directory of this machine."""
    return isinstance(default_storage._wrapped, FileSystemStorage)  # type: ignore[attr-defined]


def keep(local: Path, name: str) -> None:
    """Move a finished local file into the storage under ``name``; the same name is replaced."""
    if is_on_disk():
        target = Path(default_storage.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(local, target)
        _flush(target.parent)
        return
    put(local, name)
    local.unlink()


def put(local: Path, name: str) -> None:
    """Copy a local file into the storage; the same name is replaced."""
    default_storage.delete(name)
    with local.open("rb") as file:
        default_storage.save(name, Opened(file))


def share(known: str, name: str) -> bool:
    """Let the bytes that are stored as ``known`` be ``name``'s too, so that either may be deleted.

    False where the storage is no disk. Raises OSError where they cannot be linked.
    """
    if not is_on_disk():
        return False
    target = Path(default_storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    os.link(default_storage.path(known), target)
    _flush(target.parent)
    return True


def delete(name: str) -> None:
    """Forget one name; what is not there is no error."""
    default_storage.delete(name)


def _flush(directory: Path) -> None:
    """A rename is only safe from a power cut once its directory is on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exists(name: str) -> bool:
    return default_storage.exists(name)


def size(name: str) -> int:
    """Bytes of a stored file; raises OSError where it is not there."""
    return default_storage.size(name)


def names(folder: str = "") -> Iterator[str]:
    """Everything that is stored, below a folder or at all."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:  # nothing was ever stored
        return
    yield from (f"{folder}/{file}".lstrip("/") for file in sorted(files))
    for each in sorted(folders):
        yield from names(f"{folder}/{each}".lstrip("/"))


def free() -> int:
    """Bytes that are free where files are fetched, kept and written down, the least of them."""
    places = (settings.DATA_DIR, settings.PARTIAL_DIR, settings.MEDIA_ROOT)
    return min(shutil.disk_usage(place).free for place in places if Path(place).exists())


def read(name: str) -> bytes:
    """All of a small stored file; raises OSError where it is not there."""
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return content


@contextmanager
def at_hand(name: str) -> Iterator[Path]:
    """A stored file as a local one, not to be changed; raises OSError where it is not there."""
    if is_on_disk():
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
