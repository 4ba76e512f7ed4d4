"""The files of a backup: put into its folder, listed in the manifest, and checked.

The manifest has one line for each file. The file COMPLETE is written last; it holds the fingerprint
of the manifest.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST, MARK = "manifest.jsonl", "COMPLETE"
MEDIA, KEYS = "media", "keys"
FORMAT = 1
CHUNK = 1024 * 1024


class NotWhole(Exception):
    """The folder holds no finished backup, or it was changed since."""


class NotEmpty(Exception):
    """The target holds something already; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where a backup comes from. ``migrations`` are the applied ones, as ``app.name``."""

    format: int
    made_at: str
    engine: str
    migrations: list[str]
    faults: list[str]


@dataclass(frozen=True, slots=True)
class BackupFile:
    """One file of a backup; ``name`` is its path below the directory."""

    name: str
    size: int
    sha256: str


def describe(folder: Path, path: Path) -> BackupFile:
    """Describe a file of the folder for the manifest."""
    # Read again after it was copied: the copy is what a restore will find.
    return BackupFile(str(path.relative_to(folder)), path.stat().st_size, _fingerprint(path))


def finish(folder: Path, header: Header, entries: Iterable[BackupFile]) -> None:
    """Write the manifest, then COMPLETE once everything is on the disk."""
    path = folder / MANIFEST
    with path.open("w", encoding="utf-8") as file:
        for line in (asdict(header), *map(asdict, entries)):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    # The names of the files, too: else COMPLETE might survive a power cut that they do not.
    for directory in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
        _flush(directory)
    with (folder / MARK).open("w", encoding="utf-8") as file:
        file.write(_fingerprint(path) + "\n")
        file.flush()
        os.fsync(file.fileno())
    _flush(folder)


def read(folder: Path) -> tuple[Header, list[BackupFile]]:
    """Read the manifest of a finished backup. Raises NotWhole."""
    path = folder / MANIFEST
    try:
        mark = (folder / MARK).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotWhole(f"{folder} holds no whole backup: it has no file {MARK}.") from error
    if not path.exists() or _fingerprint(path) != mark:
        raise NotWhole(f"{path} was changed after the backup was made.")
    with path.open(encoding="utf-8") as file:
        header, *entries = (json.loads(line) for line in file)
    if header["format"] != FORMAT:
        raise NotWhole(f"{folder} is of another format than this Rushes reads.")
    return Header(**header), [BackupFile(**entry) for entry in entries]


def check(folder: Path, entries: Iterable[BackupFile]) -> Iterator[str]:
    """Yield a sentence for each file that is missing or has changed."""
    for entry in entries:
        path = folder / entry.name
        if not path.is_file():
            yield f"{entry.name} is missing."
        elif (path.stat().st_size, _fingerprint(path)) != (entry.size, entry.sha256):
            yield f"{entry.name} is not what it was."


def _fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(directory: Path) -> None:
    """Sync a directory, so that its new names survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---- Copies ---------------------------------------------------------------------------------


class Copier:
    """Put files into a folder, by hard links where the disk can. Stored files never change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Path] = {}  # copies by SHA-256

    def put(self, source: Path, name: str) -> Path:
        """Link or copy one file. Return its new path; raises OSError."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        # Never written over: the file there may be a link, whose other names would change with it.
        target.unlink(missing_ok=True)
        if not _linked(source, target):
            self._share(_copied(source, target), target)
        return target

    def _share(self, sha256: str, target: Path) -> None:
        """Replace a copy by a link to an earlier copy of the same bytes."""
        twin = self.known.setdefault(sha256, target)
        draft = target.with_name(f"{target.name}.link")
        if twin != target and _linked(twin, draft):
            draft.replace(target)


def _linked(source: Path, target: Path) -> bool:
    """Try to make a hard link; False where the disk cannot, e.g. to another disk."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise  # a copy would not find the source either
    except OSError:
        return False
    return True


def _copied(source: Path, target: Path) -> str:
    """Copy, hash and sync a file in one pass. Return the SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copy:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()
