"""Make a backup while the site runs: the database first, then all files that it may name."""

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
from generations.lifecycle.trash import LEASE as TRASH_LEASE
from generations.models import Lease
from generations.storage import inventory, store
from generations.storage.inventory import StoredFile

from . import databases, files
from .files import KEYS, MEDIA, BackupFile, Copier, Header, NotEmpty

# The lease is renewed between two files, so it must outlast the copies of the database and of one.
LEASE_SECONDS = 3600.0
RENEW_SECONDS = 600.0
PATIENCE = 200.0  # seconds; longer than a deletion from the trash holds its lease


class Faulty(Exception):
    """The database or a file of the site is damaged; ``faults`` are sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults[:5]))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A finished backup: counts of media files and bytes, and each fault as a sentence."""

    files: int
    size: int
    faults: list[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the copied database says: faults of the ledger, stored files, applied migrations."""

    ledger_faults: list[str]
    stored: list[StoredFile]
    migrations: list[str]


def back_up(folder: Path, *, with_keys: bool = False, with_faults: bool = False) -> BackupResult:
    """Write a backup into an empty folder.

    Raises Faulty where the ledger of the copy does not add up or, unless ``with_faults``, where a
    stored file is missing or damaged; NotEmpty; EngineError; OSError.
    """
    _prepare_folder(folder)
    # The database first: a file that is stored meanwhile is one too many in the backup, but no row
    # is without its file.
    with _nothing_deleted() as renew:
        database = folder / databases.name()
        snapshot = databases.copy(database, _read_snapshot)
        # No option allows these: a restore refuses books that do not hold.
        if snapshot.ledger_faults:
            raise Faulty(snapshot.ledger_faults)
        media = list(_media(folder, renew))
    faults = list(_faults(snapshot.stored, media))
    if faults and not with_faults:
        raise Faulty(faults)
    entries = [files.describe(folder, database), *media, *_keys(folder, wanted=with_keys)]
    made_at = clock.now().isoformat()
    header = Header(files.FORMAT, made_at, connection.vendor, snapshot.migrations, faults)
    files.finish(folder, header, entries)
    return BackupResult(len(media), sum(entry.size for entry in media), faults)


def _prepare_folder(folder: Path) -> None:
    """Make an empty folder that only we can read. Raises NotEmpty."""
    # Such a backup would copy itself, and the next one this one.
    if Path(settings.MEDIA_ROOT).resolve() in [folder.resolve(), *folder.resolve().parents]:
        raise NotEmpty(f"{folder} lies among the media themselves.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty.")


def _read_snapshot() -> Snapshot:
    applied = MigrationRecorder(connection).applied_migrations()
    migrations = sorted(f"{app}.{name}" for app, name in applied)
    return Snapshot(list(ledger.verify()), list(inventory.stored_files()), migrations)


@contextmanager
def _nothing_deleted() -> "Iterator[LeaseRenewal]":
    """Hold the lease of the trash, so that it deletes no file while we read them."""
    holder, deadline = uuid.uuid4().hex, time.monotonic() + PATIENCE
    while not Lease.acquire(TRASH_LEASE, holder, LEASE_SECONDS):
        if time.monotonic() > deadline:
            raise Faulty(["Another backup is being made."])
        time.sleep(1)
    try:
        yield LeaseRenewal(holder)
    finally:
        Lease.release(TRASH_LEASE, holder)


class LeaseRenewal:
    """Renew the lease during a long copy."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self.taken = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self.taken > RENEW_SECONDS:
            Lease.acquire(TRASH_LEASE, self.holder, LEASE_SECONDS)
            self.taken = time.monotonic()


def _media(folder: Path, renew: LeaseRenewal) -> Iterator[BackupFile]:
    """Copy every stored file, whether a row names it or not."""
    copier = Copier(folder / MEDIA)
    (folder / MEDIA).mkdir(exist_ok=True)
    for name in store.names():
        renew()
        try:
            with store.local_path(name) as source:
                placed = copier.put(source, name)
        except FileNotFoundError:  # deleted since the list was read; ``_faults`` compares with rows
            continue
        yield files.describe(folder, placed)


def _faults(expected: list[StoredFile], media: list[BackupFile]) -> Iterator[str]:
    """Compare the copied files with the copied rows; each difference as a sentence."""
    found = {entry.name.removeprefix(f"{MEDIA}/"): entry for entry in media}
    for each in expected:
        entry = found.get(each.name)
        if entry is None:
            yield f"{each.name} is missing."
        elif each.size not in {None, entry.size} or each.sha256 not in {"", entry.sha256}:
            yield f"{each.name} is damaged."


def _keys(folder: Path, *, wanted: bool) -> Iterator[BackupFile]:
    """Copy the sealing keys and the session secret, where they are wanted."""
    if not wanted:
        return
    (folder / KEYS).mkdir(mode=0o700)
    secrets = {"credential_keys": settings.CREDENTIAL_KEYS, "secret_key": [settings.SECRET_KEY]}
    for name, lines in secrets.items():
        path = folder / KEYS / name
        # Private from the first moment on, which a later chmod would not be.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("\n".join([*lines, ""]))
            file.flush()
            os.fsync(file.fileno())
        yield files.describe(folder, path)
