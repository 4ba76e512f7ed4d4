"""The database of a site, copied while it is written, and put in place again; on either engine."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction

SQLITE, POSTGRESQL = "database.sqlite3", "database.dump"
SIDE_FILES = ("-wal", "-shm", "-journal")


class EngineError(Exception):
    """The database could not be copied or restored; the message says why."""


def name() -> str:
    """What the copy is called in a backup of this engine."""
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE


def copy[Found](target: Path, look: Callable[[], Found]) -> Found:
    """Copy the database as it is at one instant; ``look`` is then called and sees the copy.

    On PostgreSQL it sees the same instant instead. Raises EngineError.
    """
    return _dump(target, look) if connection.vendor == "postgresql" else _back_up(target, look)


def put(source: Path) -> None:
    """Make the database what the copy is. Raises EngineError."""
    if connection.vendor == "postgresql":
        _restore_dump(source)
    else:
        _replace(source)


def is_empty() -> bool:
    """Whether there is no database yet, or one without tables."""
    if connection.vendor == "sqlite" and not _place().exists():
        return True
    return not connection.introspection.table_names()


# ---- SQLite ---------------------------------------------------------------------------------


def _place() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _back_up[Found](target: Path, look: Callable[[], Found]) -> Found:
    """In one step, which is one read transaction: writers go on meanwhile."""
    source = f"{_place().resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(source, uri=True, timeout=30)) as site,
        closing(sqlite3.connect(target)) as copied,
    ):
        site.backup(copied)
        faults = copied.execute("PRAGMA integrity_check").fetchall()
        orphans = copied.execute("PRAGMA foreign_key_check").fetchall()
    if faults != [("ok",)] or orphans:
        raise EngineError(f"The copy of the database is not whole: {[*faults, *orphans][:3]}.")
    with _standing_on(target):
        found = look()
    with closing(sqlite3.connect(target)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
    _flush(target)
    return found


@contextmanager
def _standing_on(path: Path) -> Iterator[None]:
    """All questions go to another file for a while; a command has no other thread that asks."""
    place = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = place


def _replace(source: Path) -> None:
    connection.close()
    place = _place()
    draft = place.with_name(f"{place.name}.restoring")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, draft)
    _flush(draft)
    for side in SIDE_FILES:
        place.with_name(place.name + side).unlink(missing_ok=True)
    draft.replace(place)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


# ---- PostgreSQL -----------------------------------------------------------------------------


def _dump[Found](target: Path, look: Callable[[], Found]) -> Found:
    """The dump and what is looked at share one exported snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone() or ("",)
        _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}")
        found = look()
    _run("pg_restore", "--file=/dev/null", str(target), names_database=False)  # it reads all of it
    _flush(target)
    return found


def _restore_dump(source: Path) -> None:
    connection.close()
    options = ["--no-owner", "--no-privileges", "--clean", "--if-exists"]
    _run("pg_restore", *options, "--single-transaction", "--exit-on-error", str(source))


def _run(program: str, *arguments: str, names_database: bool = True) -> None:
    path = shutil.which(program)
    if path is None:
        raise EngineError(f"{program} is not on the PATH: apt-get install postgresql-client.")
    database = [f"--dbname={connection.settings_dict['NAME']}"] if names_database else []
    done = subprocess.run(  # noqa: S603
        [path, *database, *arguments],
        env={**os.environ, **_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EngineError(f"{program} failed: {done.stderr.strip()[-500:]}")


def _environment() -> dict[str, str]:
    """How libpq reaches the server; a password on the command line could be seen by others."""
    known: dict[str, Any] = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    return {variable: str(known[name]) for variable, name in names.items() if known.get(name)}
