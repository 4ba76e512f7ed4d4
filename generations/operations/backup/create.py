"""Make a backup while the site runs: the database first, then all files that it may name."""

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from generations import clock
from generations.billing import ledger
from generations.lifecycle.trash import LEASE as BIN
from generations.models import Lease
from generations.storage import inventory, store
from generations.storage.inventory import Kept

from . import databases, manifest
from .manifest import Entry, Header, NotEmpty

MEDIA, KEYS = "media", "keys"
LEASE_SECONDS = 3600.0
RENEW_SECONDS = 600.0
PATIENCE = 200.0  # longer than a deletion from the bin has the lease


class Faulty(Exception):
    """The database or a file of the site is damaged; ``faults`` are sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults[:5]))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Made:
    """A whole backup: how many media files and bytes, and what in them is not as it should be."""

    files: int
    size: int
    faults: list[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the copied database says at the instant of the copy."""

    books: list[str]
    kept: list[Kept]
    migrations: list[str]


def back_up(folder: Path, *, with_keys: bool = False, with_faults: bool = False) -> Made:
    """Write a backup into an empty folder.

    Raises Faulty where the books of the copy do not hold or, unless ``with_faults``, where a stored
    file is missing or damaged; NotEmpty; EngineError; OSError.
    """
    _take(folder)
    with _nothing_deleted() as renew:
        database = folder / databases.name()
        seen = databases.copy(database, _look)
        if seen.books:
            raise Faulty(seen.books)
        media = list(_media(folder, renew))
    faults = list(_faults(seen.kept, media))
    if faults and not with_faults:
        raise Faulty(faults)
    entries = [manifest.entry(folder, database), *media, *_keys(folder, wanted=with_keys)]
    manifest.finish(folder, _header(seen, faults), entries)
    return Made(len(media), sum(entry.size for entry in media), faults)


def _take(folder: Path) -> None:
    """An empty folder of our own, and not among the files that are copied."""
    if Path(settings.MEDIA_ROOT).resolve() in [folder.resolve(), *folder.resolve().parents]:
        raise NotEmpty(f"{folder} lies among the media themselves.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty.")


def _look() -> Seen:
    applied = MigrationRecorder(connection).applied_migrations()
    migrations = sorted(f"{app}.{name}" for app, name in applied)
    return Seen(list(ledger.verify()), list(inventory.everything()), migrations)


def _header(seen: Seen, faults: list[str]) -> Header:
    made_at = clock.now().isoformat()
    return Header(manifest.FORMAT, made_at, connection.vendor, seen.migrations, faults)


@contextmanager
def _nothing_deleted() -> "Iterator[Renew]":
    """While the files are read the bin deletes none."""
    holder, deadline = uuid.uuid4().hex, time.monotonic() + PATIENCE
    while not Lease.take(BIN, holder, LEASE_SECONDS):
        if time.monotonic() > deadline:
            raise Faulty(["Another backup is being made."])
        time.sleep(1)
    try:
        yield Renew(holder)
    finally:
        Lease.give_back(BIN, holder)


class Renew:
    """Keeps the lease of a long copy."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self.taken = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self.taken > RENEW_SECONDS:
            Lease.take(BIN, self.holder, LEASE_SECONDS)
            self.taken = time.monotonic()


def _media(folder: Path, renew: Renew) -> Iterator[Entry]:
    """Everything that is stored, whether a row names it or not."""
    copier = Copier(folder / MEDIA)
    (folder / MEDIA).mkdir(exist_ok=True)
    for name in store.names():
        renew()
        try:
            with store.at_hand(name) as source:
                placed = copier.place(source, name)
        except FileNotFoundError:  # it went while we read the list; if it should not, it is missed
            continue
        yield manifest.entry(folder, placed)


def _faults(expected: list[Kept], media: list[Entry]) -> Iterator[str]:
    """What the copied rows call stored and the copied files are not."""
    found = {entry.name.removeprefix(f"{MEDIA}/"): entry for entry in media}
    for each in expected:
        entry = found.get(each.name)
        if entry is None:
            yield f"{each.name} is missing."
        elif each.size not in {None, entry.size} or each.sha256 not in {"", entry.sha256}:
            yield f"{each.name} is damaged."


def _keys(folder: Path, *, wanted: bool) -> Iterator[Entry]:
    """The sealing keys and the secret of the sessions, only where they are asked for."""
    if not wanted:
        return
    (folder / KEYS).mkdir(mode=0o700)
    secrets = {"credential_keys": settings.CREDENTIAL_KEYS, "secret_key": [settings.SECRET_KEY]}
    for name, lines in secrets.items():
        path = folder / KEYS / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("\n".join([*lines, ""]))
            file.flush()
            os.fsync(file.fileno())
        yield manifest.entry(folder, path)


CHUNK = 1024 * 1024


class Copier:
    """Puts files into a folder, each content once; a file never changes once it is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Path] = {}  # what was copied already, by fingerprint

    def place(self, source: Path, name: str) -> Path:
        """Where it lies then; raises OSError."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if not _linked(source, target):
            self._share(_copied(source, target), target)
        return target

    def _share(self, sha256: str, target: Path) -> None:
        """Let a copy be the earlier one of the same bytes."""
        twin = self.known.setdefault(sha256, target)
        draft = target.with_name(f"{target.name}.link")
        if twin != target and _linked(twin, draft):
            draft.replace(target)


def _linked(source: Path, target: Path) -> bool:
    """Whether the disk could make it another link; it cannot across disks."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _copied(source: Path, target: Path) -> str:
    """Copy and hash in one pass, onto the disk; the SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copy:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()
