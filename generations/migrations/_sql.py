"""What Django's schema cannot say: tables that are append-only, and the index of prompts.

SQLite drops a table's triggers whenever Django makes the table anew. A migration that changes one
of these tables must therefore end with ``reinstall_on_sqlite``; ``tests/test_migrations.py`` holds
it.
"""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

APPEND_ONLY = (
    "generations_entry",
    "generations_line",
    "generations_statementline",
    "generations_auditevent",
    "generations_event",
)

SQLITE_REFUSE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
# INSERT OR REPLACE deletes the old row without firing its DELETE trigger.
SQLITE_REFUSE_REPLACE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION table_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$
"""
POSTGRESQL_REFUSE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
FOR EACH ROW EXECUTE FUNCTION table_is_append_only()
"""


def install_append_only(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let the database itself refuse to change or delete a row of these tables."""
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    if not is_sqlite:
        schema_editor.execute(POSTGRESQL_FUNCTION)
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            text = SQLITE_REFUSE if is_sqlite else POSTGRESQL_REFUSE
            schema_editor.execute(text.format(table=table, verb=verb, VERB=verb.upper()))
        if is_sqlite:
            schema_editor.execute(SQLITE_REFUSE_REPLACE.format(table=table))


def reinstall_on_sqlite(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Install the triggers again that SQLite has dropped with the tables it made anew."""
    if schema_editor.connection.vendor == "sqlite":
        install_append_only(apps, schema_editor)
        install_search_triggers(apps, schema_editor)


def remove_append_only(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for table in APPEND_ONLY:
        for verb in ("update", "delete", "replace"):
            on = "" if is_sqlite else f" ON {table}"
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")
    if not is_sqlite:
        schema_editor.execute("DROP FUNCTION table_is_append_only()")


# SQLite: an index of all runs of three letters (trigrams) of the prompts. Two spaces follow each
# prompt, so that its last two letters begin a run as well.
SEARCH_TABLES = (
    "CREATE VIRTUAL TABLE generations_search USING fts5(prompt, content='', tokenize='trigram')",
    "CREATE VIRTUAL TABLE generations_search_runs USING fts5vocab('generations_search', 'row')",
    "INSERT INTO generations_search (rowid, prompt) SELECT id, prompt || '  ' FROM generations_task",
)
SEARCH_OUT = (
    "INSERT INTO generations_search (generations_search, rowid, prompt)"
    " VALUES ('delete', old.id, old.prompt || '  ');"
)
SEARCH_IN = "INSERT INTO generations_search (rowid, prompt) VALUES (new.id, new.prompt || '  ');"
SEARCH_TRIGGERS = {
    "generations_search_insert": f"AFTER INSERT ON generations_task BEGIN {SEARCH_IN} END",
    "generations_search_update": (
        f"AFTER UPDATE OF prompt ON generations_task BEGIN {SEARCH_OUT} {SEARCH_IN} END"
    ),
    "generations_search_delete": f"AFTER DELETE ON generations_task BEGIN {SEARCH_OUT} END",
}
SEARCH_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # UPPER, because Django asks that way where case does not matter.
    "CREATE INDEX task_prompt_runs ON generations_task USING gin (UPPER(prompt) gin_trgm_ops)",
)


def install_search_triggers(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for name, text in SEARCH_TRIGGERS.items():
            schema_editor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {text}")


def install_search(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Index the words of all prompts; the database keeps the index in step."""
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SEARCH_TABLES if is_sqlite else SEARCH_POSTGRESQL:
        schema_editor.execute(statement)
    install_search_triggers(apps, schema_editor)


def remove_search(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute("DROP INDEX task_prompt_runs")
        return
    for name in SEARCH_TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER {name}")
    schema_editor.execute("DROP TABLE generations_search_runs")
    schema_editor.execute("DROP TABLE generations_search")
