"""Faults of the database: locked, read-only, full; on either engine."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from django.db import connection

TABLES = ("task", "attempt", "team", "file", "account")


def say(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def locked() -> Iterator[None]:
    """Somebody else writes for longer than anybody waits."""
    if _on_postgresql():
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            for table in TABLES:
                cursor.execute(f"LOCK TABLE generations_{table} IN EXCLUSIVE MODE")
            say("SET lock_timeout = '100ms'")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
                say("RESET lock_timeout")
        return
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        say("PRAGMA busy_timeout = 100")
        try:
            yield
        finally:
            say("PRAGMA busy_timeout = 30000")


@contextmanager
def read_only() -> Iterator[None]:
    on, off = ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")
    if _on_postgresql():
        name = "default_transaction_read_only"
        on, off = (f"SET {name} = on", f"RESET {name}")
    say(on)
    try:
        yield
    finally:
        say(off)


@contextmanager
def full() -> Iterator[None]:
    """Not one page more."""
    if _on_postgresql():
        say(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$",
            *(
                f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON generations_{table}"
                " FOR EACH ROW EXECUTE FUNCTION no_room()"
                for table in TABLES
            ),
        )
        try:
            yield
        finally:
            say("DROP FUNCTION no_room CASCADE")
        return
    _fill_the_free_pages()
    say("PRAGMA max_page_count = 1")  # never fewer than there are
    try:
        yield
    finally:
        say("PRAGMA max_page_count = 1073741823", "DROP TABLE padding")


def _fill_the_free_pages() -> None:
    """Pages that earlier rows have left would be written first."""
    say("CREATE TABLE padding (bytes BLOB)")
    with connection.cursor() as cursor:
        free = cursor.execute("PRAGMA freelist_count").fetchone()[0]
        for _ in range(free + 1):
            cursor.execute("INSERT INTO padding VALUES (zeroblob(4000))")


FAULTS = {"locked": locked, "read-only": read_only, "full": full}
