"""SQLite's INSERT OR REPLACE deletes without a word to the triggers: the ledger refuses it too.

A migration that makes one of these tables anew runs ``install`` again, as for those of 0002.
"""

from django.db import migrations

TABLES = ("generations_entry", "generations_line")
TRIGGER = """
CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            schema_editor.execute(TRIGGER.format(table=table))


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            schema_editor.execute(f"DROP TRIGGER {table}_no_replace")


class Migration(migrations.Migration):
    dependencies = [("generations", "0013_glances")]
    operations = [migrations.RunPython(install, remove)]
