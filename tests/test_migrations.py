"""Migrations: what Django's schema cannot say is there, and a site of 0.2.0 upgrades."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, router
from pytest_django import DjangoDbBlocker

from generations.billing import ledger
from generations.migrations import _sql
from generations.models import AuditEvent, Entry, Event, Line, StatementLine, Task

FIXTURE = Path(__file__).parent / "fixtures" / "site_0_2_0.sqlite3"
UPGRADED = "upgraded"
APPEND_ONLY = (Entry, Line, StatementLine, AuditEvent, Event)


def triggers() -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree() -> None:
    call_command("makemigrations", "generations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_append_only_tables_have_their_triggers() -> None:
    assert set(_sql.APPEND_ONLY) == {model._meta.db_table for model in APPEND_ONLY}
    verbs = ["update", "delete", *(["replace"] if connection.vendor == "sqlite" else [])]
    wanted = {f"{table}_no_{verb}" for table in _sql.APPEND_ONLY for verb in verbs}
    assert wanted <= triggers()


@pytest.mark.django_db
def test_prompts_are_indexed() -> None:
    if connection.vendor == "sqlite":
        assert set(_sql.SEARCH_TRIGGERS) <= triggers()
        assert "generations_search" in connection.introspection.table_names()
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_indexes WHERE indexname = 'task_prompt_runs'")
            assert cursor.fetchone()


class ToUpgraded:
    """A database router: all queries go to the upgraded database."""

    def db_for_read(self, model: object, **hints: object) -> str:
        return UPGRADED

    db_for_write = db_for_read


@pytest.fixture
def upgraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A copy of the site of 0.2.0, migrated to the newest schema."""
    path = tmp_path / "site.sqlite3"
    shutil.copyfile(FIXTURE, path)
    known = {**connections["default"].settings_dict, "NAME": str(path)}
    monkeypatch.setitem(connections.databases, UPGRADED, known)
    with django_db_blocker.unblock():
        call_command("migrate", database=UPGRADED, verbosity=0, interactive=False)
        monkeypatch.setattr(router, "routers", [ToUpgraded()])
        yield
        connections[UPGRADED].close()
    del connections[UPGRADED]


@pytest.mark.sqlite
def test_a_site_of_0_2_0_upgrades_to_the_newest_schema(upgraded: None) -> None:
    with closing(sqlite3.connect(FIXTURE)) as before:
        names = {name for (name,) in before.execute("SELECT name FROM sqlite_master")}
    for model in apps.get_app_config("generations").get_models():
        found = list(model._default_manager.all())  # every table can be read
        assert found or model._meta.db_table not in names, f"{model.__name__} has no row"
    assert not list(ledger.verify())
    for model in APPEND_ONLY:
        rows = model._default_manager.all()
        with pytest.raises(DatabaseError, match="append-only"):
            rows._raw_delete(rows.db)
    Task.objects.update(prompt="Rain over the harbour")
    with connections[UPGRADED].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM generations_search WHERE prompt MATCH 'harbour'")
        assert cursor.fetchone() == (Task.objects.count(),)
