"""The file storage: the only module that reads and writes stored files.

Names are paths below the root of the storage, e.g. ``3/812/1.mp4``.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files import File as DjangoFile
from django.core.files.storage import FileSystemStorage, default_storage


def is_on_disk() -> bool:
    """Whether the storage is a directory of this machine (else S3)."""
    return isinstance(default_storage, FileSystemStorage)


def move_in(local: Path, name: str) -> None:
    """Move a complete local file into the storage; replaces a file of the same name."""
    if is_on_disk():
        target = Path(default_storage.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        # One step, so that no half file ever has the name. It works within one file system only:
        # what is moved in comes from PARTIAL_DIR, beside MEDIA_ROOT.
        os.replace(local, target)
        _flush(target.parent)
        return
    copy_in(local, name)
    local.unlink()


def copy_in(local: Path, name: str) -> None:
    """Copy a local file into the storage; replaces a file of the same name."""
    # Where the name is taken, Django would save under another one beside it.
    default_storage.delete(name)
    with local.open("rb") as file:
        default_storage.save(name, DjangoFile(file))


def add_link(existing: str, name: str) -> bool:
    """Store the bytes of ``existing`` as ``name`` too, so that either may be deleted.

    Returns False if the storage is no disk. Raises OSError if they cannot be linked.
    """
    if not is_on_disk():
        return False
    target = Path(default_storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    # A link does not replace a name, and a worker that died may have left this one.
    target.unlink(missing_ok=True)
    os.link(default_storage.path(existing), target)
    _flush(target.parent)
    return True


def delete(name: str) -> None:
    """Delete a stored file; a missing one is no error."""
    default_storage.delete(name)


def exists(name: str) -> bool:
    return default_storage.exists(name)


def size(name: str) -> int:
    """Bytes of a stored file; raises OSError if it is missing."""
    return default_storage.size(name)


def names(folder: str = "") -> Iterator[str]:
    """Every stored name below a folder, or in the whole storage."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:  # nothing was ever stored
        return
    yield from (f"{folder}/{file}".lstrip("/") for file in sorted(files))
    for child in sorted(folders):
        yield from names(f"{folder}/{child}".lstrip("/"))


def free_bytes() -> int:
    """Free bytes of the disk with the least: of the database, downloads and stored files."""
    # Some are made by the first file in them.
    folders = (settings.DATA_DIR, settings.PARTIAL_DIR, settings.MEDIA_ROOT)
    return min(shutil.disk_usage(folder).free for folder in folders if Path(folder).exists())


def read(name: str) -> bytes:
    """All bytes of a small stored file; raises OSError if it is missing."""
    with default_storage.open(name) as file:
        content: bytes = file.read()
    return content


@contextmanager
def local_path(name: str) -> Iterator[Path]:
    """A stored file as a local file, only for reading; raises OSError if it is missing."""
    if is_on_disk():
        yield Path(default_storage.path(name))
        return
    with NamedTemporaryFile() as copy, default_storage.open(name) as file:
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)


def sha256(name: str) -> str:
    """SHA-256 of a stored file, in hex."""
    digest = hashlib.sha256()
    with default_storage.open(name) as file:
        for chunk in file.chunks(1024 * 1024):
            digest.update(chunk)
    return digest.hexdigest()


def _flush(directory: Path) -> None:
    """Write a directory to disk: only then does a rename in it survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
