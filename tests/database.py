"""The test database of a worker: a copy of one that is migrated once for all workers of a run."""

import fcntl
import shutil
from pathlib import Path

from django.conf import settings
from django.db import connection

ON_POSTGRESQL = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


def template_database(shared: Path) -> str:
    """A database with all tables and no rows: its name, or on SQLite its path.

    The first worker that asks makes it; ``shared`` is a folder of all workers.
    """
    made = shared / "template.made"
    with (shared / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_text(_migrate(shared))
    return made.read_text()


def _migrate(shared: Path) -> str:
    name, test = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
    before = test["NAME"]
    # On PostgreSQL it stays on the server, and the next run replaces it.
    test["NAME"] = f"test_{name}_template" if ON_POSTGRESQL else str(shared / "template.sqlite3")
    template = str(connection.creation.create_test_db(verbosity=0, autoclobber=True))
    test["NAME"] = before
    _use(name)
    return template


def copy_template(template: str, folder: Path) -> None:
    """From now on the connection is to a copy that is this worker's own."""
    if ON_POSTGRESQL:
        name = connection.settings_dict["NAME"]
        copy = connection.settings_dict["TEST"]["NAME"] or f"test_{name}"
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{copy}"')
            cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{template}"')
    else:
        copy = str(shutil.copy(template, folder / "test.sqlite3"))
    _use(copy)


def _use(name: str) -> None:
    # Nobody may be connected to a template that is copied; SQLite's last connection ends its log.
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
