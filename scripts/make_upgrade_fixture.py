"""Make tests/fixtures/site_0_2_0.sqlite3: a small filled database of version 0.2.0.

Each table of the project has at least one row. ``tests/test_migrations.py`` migrates a copy of it
to the newest schema, so that every later version upgrades a site of 0.2.0. Run it again only while
0.2.0 is not released: ``python scripts/make_upgrade_fixture.py``.
"""

import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "tests" / "fixtures" / "site_0_2_0.sqlite3"


def main() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "project.settings"}
        _fill()
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.unlink(missing_ok=True)
        with closing(sqlite3.connect(Path(folder) / "rushes.sqlite3")) as database:
            database.execute("PRAGMA journal_mode = DELETE")
            database.execute("PRAGMA page_size = 512")  # most tables and indexes are nearly empty
            database.execute("VACUUM INTO ?", [str(TARGET)])
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size:,} bytes\n")


def _fill() -> None:
    """Migrate an empty database and add rows, all at one fixed time."""
    import django  # the environment had to be set first

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from generations import clock
    from generations.models import User
    from tests.full_site import empty_tables, fill_team

    call_command("migrate", verbosity=0, interactive=False)
    with clock.frozen(datetime(2026, 11, 29, 12, tzinfo=UTC)):
        fill_team(User.objects.create_superuser("operator@example.com", "rushes-rushes"))
    if missing := empty_tables():
        raise SystemExit(f"Tables without a row: {', '.join(missing)}")
    connections.close_all()


if __name__ == "__main__":
    main()
