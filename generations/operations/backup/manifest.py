"""The manifest of a backup: one line for each file, and the file COMPLETE written last."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "manifest.jsonl"
MARK = "COMPLETE"
FORMAT = 1


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


def finish(folder: Path, header: Header, entries: Iterable[BackupFile]) -> None:
    """Write the manifest, then COMPLETE once everything is on the disk."""
    path = folder / NAME
    with path.open("w", encoding="utf-8") as file:
        for line in (asdict(header), *map(asdict, entries)):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    for directory in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
        flush(directory)
    with (folder / MARK).open("w", encoding="utf-8") as file:
        file.write(fingerprint(path) + "\n")
        file.flush()
        os.fsync(file.fileno())
    flush(folder)


def read(folder: Path) -> tuple[Header, list[BackupFile]]:
    """Read the manifest of a finished backup. Raises NotWhole."""
    try:
        mark = (folder / MARK).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotWhole(f"{folder} holds no whole backup: it has no file {MARK}.") from error
    if not (folder / NAME).exists() or fingerprint(folder / NAME) != mark:
        raise NotWhole(f"{folder / NAME} was changed after the backup was made.")
    with (folder / NAME).open(encoding="utf-8") as file:
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
        elif (path.stat().st_size, fingerprint(path)) != (entry.size, entry.sha256):
            yield f"{entry.name} is not what it was."


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry(folder: Path, path: Path) -> BackupFile:
    """Describe a file of the folder for the manifest."""
    return BackupFile(str(path.relative_to(folder)), path.stat().st_size, fingerprint(path))


def flush(directory: Path) -> None:
    """Sync a directory, so that its new names survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
