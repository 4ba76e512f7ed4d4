"""Restore a site from a backup, which is checked first; ordering is off afterwards."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from generations.billing import ledger
from generations.crypto import UnsealError
from generations.models import Credential
from generations.storage import inventory, store
from generations.teams import installation, key_rotation

from . import databases, files
from .files import KEYS, MEDIA, BackupFile, Copier, Header, NotEmpty


class Unfit(Exception):
    """This backup cannot be restored here."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. ``sealed``: count of API keys that no sealing key here opens.

    ``left``: count of media that stay in the backup, because no row of its database names them.
    """

    files: int
    left: int
    made_at: str
    sealed: int


def restore(folder: Path, *, force: bool = False) -> Restored:
    """Restore into an empty site or, with ``force``, in place of the site that is here.

    Raises NotWhole, Unfit, NotEmpty, EngineError, OSError. Whatever happens, nothing is
    ordered here until an operator allows it.
    """
    header, entries = files.read(folder)
    _check_header(header, folder, entries)
    if present := list(_present()):
        if not force:
            raise NotEmpty(f"There is a site here already: {', '.join(present)}.")
        if _is_running():
            raise NotEmpty("Rushes is running here. Stop it, wait 30 seconds, and try again.")
    # From here to `mark_as_copy` nothing starts here, so a restore that dies can be done again.
    installation.begin_restore()
    _put_keys(folder)
    databases.put(folder / databases.name())
    # The backup may be of an older Rushes; one of a newer was refused.
    call_command("migrate", verbosity=0, interactive=False)
    inside = f"{MEDIA}/"
    media = {e.name.removeprefix(inside) for e in entries if e.name.startswith(inside)}
    # What came after the copy of the database is fetched anew here, with a number and so a name
    # of its own. No row would name the old bytes, and the trash would never delete them.
    named = media & inventory.known_names()
    _put_media(folder, named)
    if faults := list(ledger.verify()):
        raise Unfit(f"The books do not hold: {faults[0]}")
    installation.mark_as_copy()
    sealed = sum(not _opens(row) for row in Credential.objects.exclude(sealed_key=""))
    return Restored(len(named), len(media - named), header.made_at, sealed)


def _check_header(header: Header, folder: Path, entries: Iterable[BackupFile]) -> None:
    if header.engine != connection.vendor:
        raise Unfit(f"It is of {header.engine}, and DATABASE_URL names {connection.vendor}.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or {}}
    if newer := sorted(set(header.migrations) - known):
        raise Unfit(f"It was made by a newer Rushes, or one with other parts: {newer[0]}.")
    if faults := list(files.check(folder, entries)):
        raise Unfit(" ".join(faults[:5]))


def _present() -> Iterator[str]:
    """Name what of a site is here already."""
    if not databases.is_empty():
        yield "its database"
    if next(store.names(), None):
        yield "its media"
    if (Path(settings.DATA_DIR) / "identity").exists():
        yield "its identity"


def _is_running() -> bool:
    try:
        return key_rotation.is_site_running()
    except DatabaseError:  # no tables, or those of another version
        return False


def _put_media(folder: Path, names: Iterable[str]) -> None:
    """Link or copy the files on a local disk; upload them to any other storage."""
    copier = Copier(Path(settings.MEDIA_ROOT))
    for name in sorted(names):
        if store.is_on_disk():
            copier.put(folder / MEDIA / name, name)
        else:
            store.copy_in(folder / MEDIA / name, name)


def _put_keys(folder: Path) -> None:
    """Put the backup's keys first, and keep those that are here already."""
    target = Path(settings.DATA_DIR) / KEYS
    for source in (folder / KEYS).glob("*"):
        target.mkdir(mode=0o700, exist_ok=True)
        lines = source.read_text(encoding="utf-8").split()
        if source.name == "credential_keys":
            lines += [key for key in settings.CREDENTIAL_KEYS if key not in lines]
            settings.CREDENTIAL_KEYS[:] = lines  # in place: `_opens` reads them in this process
        draft = target / f"{source.name}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join([*lines, ""]))
        draft.replace(target / source.name)


def _opens(credential: Credential) -> bool:
    """Whether a sealing key here opens the API key."""
    try:
        credential.open_key()
    except UnsealError:
        return False
    return True
