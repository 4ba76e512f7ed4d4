"""What a backup holds, line by line, and the mark that says it is whole."""

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
    """It is no backup, or one that did not end, or one that was changed since."""


class NotEmpty(Exception):
    """Something is there already, and was left as it is."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where it comes from. ``migrations`` are those of the database, as ``app.name``."""

    format: int
    made_at: str
    engine: str
    migrations: list[str]
    faults: list[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the backup; its name is the path below the directory."""

    name: str
    size: int
    sha256: str


def finish(folder: Path, header: Header, entries: Iterable[Entry]) -> None:
    """Write the manifest, and only once all of it is on the disk the mark."""
    path = folder / NAME
    with path.open("w", encoding="utf-8") as file:
        for line in (asdict(header), *map(asdict, entries)):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    for place in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
        flush(place)
    with (folder / MARK).open("w", encoding="utf-8") as file:
        file.write(fingerprint(path) + "\n")
        file.flush()
        os.fsync(file.fileno())
    flush(folder)


def read(folder: Path) -> tuple[Header, list[Entry]]:
    """The manifest of a whole backup; raises NotWhole."""
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
    return Header(**header), [Entry(**entry) for entry in entries]


def check(folder: Path, entries: Iterable[Entry]) -> Iterator[str]:
    """Each file that is missing or has changed, as a sentence."""
    for entry in entries:
        path = folder / entry.name
        if not path.is_file():
            yield f"{entry.name} is missing."
        elif (path.stat().st_size, fingerprint(path)) != (entry.size, entry.sha256):
            yield f"{entry.name} is not what it was."


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry(folder: Path, path: Path) -> Entry:
    """The line of a file that lies in the folder now."""
    return Entry(str(path.relative_to(folder)), path.stat().st_size, fingerprint(path))


def flush(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
