"""The database of a site, copied while the site writes, and put back; on SQLite and PostgreSQL."""

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
    """Return the file name of the database in a backup of this engine."""
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE


def copy[Found](target: Path, read: Callable[[], Found]) -> Found:
    """Copy the database as it is at one instant. Return what ``read`` finds in the copy.

    On PostgreSQL ``read`` queries the site itself, in the snapshot of the dump. Raises EngineError.
    """
    return _dump(target, read) if connection.vendor == "postgresql" else _back_up(target, read)


def put(source: Path) -> None:
    """Replace the database with the copy. Raises EngineError."""
    if connection.vendor == "postgresql":
        _restore_dump(source)
    else:
        _replace(source)


def is_empty() -> bool:
    """Whether there is no database yet, or one without tables."""
    if connection.vendor == "sqlite" and not _database_path().exists():
        return True
    return not connection.introspection.table_names()


# ---- SQLite ---------------------------------------------------------------------------------


def _database_path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _back_up[Found](target: Path, read: Callable[[], Found]) -> Found:
    """Copy in one step, which is one read transaction: writers go on meanwhile."""
    # Only for reading: SQLite would make an empty database where there is none.
    source = f"{_database_path().resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(source, uri=True, timeout=30)) as site,
        closing(sqlite3.connect(target)) as copied,
    ):
        site.backup(copied)
        faults = copied.execute("PRAGMA integrity_check").fetchall()
        orphans = copied.execute("PRAGMA foreign_key_check").fetchall()
    if faults != [("ok",)] or orphans:
        raise EngineError(f"The copy of the database is not whole: {[*faults, *orphans][:3]}.")
    with _connected_to(target):
        found = read()
    with closing(sqlite3.connect(target)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
    _flush(target)
    return found


@contextmanager
def _connected_to(path: Path) -> Iterator[None]:
    """Send all queries to another file meanwhile. A command has no other thread that queries."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _replace(source: Path) -> None:
    connection.close()
    path = _database_path()
    draft = path.with_name(f"{path.name}.restoring")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, draft)
    _flush(draft)
    # SQLite would play the old database's log into the new one.
    for side in SIDE_FILES:
        path.with_name(path.name + side).unlink(missing_ok=True)
    draft.replace(path)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


# ---- PostgreSQL -----------------------------------------------------------------------------


def _dump[Found](target: Path, read: Callable[[], Found]) -> Found:
    """Dump the database and read it, both in one exported snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        # Another connection can use the snapshot only while this transaction is open.
        (snapshot,) = cursor.fetchone() or ("",)
        _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}")
        found = read()
    _run("pg_restore", "--file=/dev/null", str(target), names_database=False)  # read all of it
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
    """Return libpq's settings. On the command line, other users could see the password."""
    known: dict[str, Any] = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    return {variable: str(known[name]) for variable, name in names.items() if known.get(name)}
