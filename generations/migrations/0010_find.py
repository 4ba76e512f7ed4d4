"""An index of the prompts' words: runs of three letters, kept in step by the database itself.

SQLite drops a table's triggers whenever Django makes the table anew. A migration that does so with
``generations_task`` runs ``install_triggers`` of this one again; ``tests/web/test_find.py`` tells.
"""

from django.db import migrations

# Two spaces follow each prompt, so that its last two letters begin a run as well.
TABLES = (
    "CREATE VIRTUAL TABLE generations_find USING fts5(prompt, content='', tokenize='trigram')",
    "CREATE VIRTUAL TABLE generations_find_runs USING fts5vocab('generations_find', 'row')",
    "INSERT INTO generations_find (rowid, prompt) SELECT id, prompt || '  ' FROM generations_task",
)
OUT = (
    "INSERT INTO generations_find (generations_find, rowid, prompt)"
    " VALUES ('delete', old.id, old.prompt || '  ');"
)
IN = "INSERT INTO generations_find (rowid, prompt) VALUES (new.id, new.prompt || '  ');"
TRIGGERS = {
    "generations_find_insert": f"AFTER INSERT ON generations_task BEGIN {IN} END",
    "generations_find_update": f"AFTER UPDATE OF prompt ON generations_task BEGIN {OUT} {IN} END",
    "generations_find_delete": f"AFTER DELETE ON generations_task BEGIN {OUT} END",
}
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # UPPER, for that is how Django asks without regard to case.
    "CREATE INDEX task_prompt_runs ON generations_task USING gin (UPPER(prompt) gin_trgm_ops)",
)


def install_triggers(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name, text in TRIGGERS.items():
            schema_editor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {text}")


def install(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in TABLES if sqlite else POSTGRESQL:
        schema_editor.execute(statement)
    install_triggers(apps, schema_editor)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute("DROP INDEX task_prompt_runs")
        return
    for name in TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER {name}")
    schema_editor.execute("DROP TABLE generations_find_runs")
    schema_editor.execute("DROP TABLE generations_find")


class Migration(migrations.Migration):
    dependencies = [("generations", "0009_collections")]
    operations = [migrations.RunPython(install, remove)]
