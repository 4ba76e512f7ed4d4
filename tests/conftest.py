"""No network but loopback, files of its own for each test, and a ledger that can be emptied."""

import gc
import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as project_settings
from django.core.management.color import Style
from django.core.management.commands import flush
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import TestCase
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from tests.database import ON_POSTGRESQL, copy_template, template_database

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"

# Where the outcome decides, hypothesis throws the same dice each time; elsewhere it explores.
hypothesis.settings.register_profile("steady", derandomize=True)
if REQUIRE_ALL:
    hypothesis.settings.load_profile("steady")

# ---- Which tests run ------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None]:
    """Choose, mark, and in the end let the browser have its turn last."""
    _choose(config, items)
    for item in items:
        if _in_browser(item):
            item.add_marker(pytest.mark.xdist_group(_browser_group(item)))
        if reason := _missing(item):
            item.add_marker(pytest.mark.skip(reason=reason))
    yield  # xdist reads the groups, and others put the tests into an order of their own
    if all(item.get_closest_marker("slow") for item in items):
        items.sort(key=_turn_of_group)
    else:
        items.sort(key=_in_browser)


def _choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches the database runs; the run on SQLite has the rest.

    And of a parametrised test only the first case, unless the two databases differ in its subject.
    """
    here: list[pytest.Item] = []
    elsewhere: list[pytest.Item] = []
    seen: set[str] = set()
    for item in items:
        test = item.nodeid.partition("[")[0]
        is_another_case = ON_POSTGRESQL and test in seen and not _differs_by_database(item)
        (elsewhere if _runs_elsewhere(item) or is_another_case else here).append(item)
        seen.add(test)
    items[:] = here
    config.hook.pytest_deselected(items=elsewhere)


def _in_browser(item: pytest.Item) -> bool:
    """Whether it starts a Chromium.

    No test with an event loop may follow it in its worker: Playwright's stays in the thread.
    """
    return item.get_closest_marker("browser") is not None


# The groups of ``make slow``, which has a worker for each of the first three. Seeds are the first:
# each worker begins with another group, so they follow no browser.
SLOW_GROUPS = ("seeds", "crashes", "browser", "load", "outages", "pages")


def _turn_of_group(item: pytest.Item) -> int:
    marker = item.get_closest_marker("xdist_group")
    group = marker.args[0] if marker else ""
    return SLOW_GROUPS.index(group) if group in SLOW_GROUPS else len(SLOW_GROUPS)


def _browser_group(item: pytest.Item) -> str:
    """Two workers at most start a Chromium; the pages of all kinds are one half of the work."""
    return "pages" if item.path.stem == "test_every_page" else "browser"


def _runs_elsewhere(item: pytest.Item) -> bool:
    if ON_POSTGRESQL:
        only_sqlite = item.get_closest_marker("sqlite") is not None
        return only_sqlite or _in_browser(item) or not _touches_database(item)
    needs_postgresql = item.get_closest_marker("postgres") is not None
    return needs_postgresql and bool(os.environ.get("TEST_POSTGRES_URL"))


# Locks, constraints, triggers, SQL of our own, search, totals: here each case runs on PostgreSQL.
DIFFER_BY_DATABASE = {
    *("billing", "simulation", "operations", "uploads", "sharing"),
    *("test_fetch", "test_orders", "test_submission", "test_repeated_jobs", "test_waiting_line"),
    *("test_queue", "test_unclear", "test_database_faults", "test_search", "test_usage"),
}


def _differs_by_database(item: pytest.Item) -> bool:
    return bool({item.path.stem, item.path.parent.name} & DIFFER_BY_DATABASE)


def _touches_database(item: pytest.Item) -> bool:
    cls = getattr(item, "cls", None)
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(
        item.get_closest_marker("django_db")
        or fixtures & {"db", "transactional_db"}
        or (cls and issubclass(cls, TestCase))
    )


def _missing(item: pytest.Item) -> str:
    if _in_browser(item) and not CHROMIUM:
        return "no Chromium here: apt-get install chromium, or name one in CHROMIUM"
    if item.get_closest_marker("postgres") and not ON_POSTGRESQL:
        return "no PostgreSQL here: apt-get install postgresql, name it in TEST_POSTGRES_URL"
    return ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under REQUIRE_ALL=1 a skipped test is a failed one."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and REQUIRE_ALL is 1: {report.longrepr}"
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what was imported out of every later collection of garbage."""
    gc.collect()
    gc.freeze()


# ---- The network is closed ------------------------------------------------------------------


class NetworkClosed(BaseException):
    """A test tried to leave the machine; no ``except Exception`` may swallow it."""


def _close_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _judge(arguments[1][0])
    elif event == "socket.getaddrinfo":
        _judge(arguments[0])


def _judge(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name.endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        local = name == "localhost" or name.endswith(".localhost") or name == socket.gethostname()
    else:
        local = address.is_loopback or address.is_unspecified
    if not local:
        raise NetworkClosed(f"A test tried to reach {name}.")


sys.addaudithook(_close_network)

# ---- Settings, files, database --------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def _collected() -> None:
    """The server of the journeys starts before any test has files of its own."""
    Path(project_settings.STATIC_ROOT).mkdir(exist_ok=True)


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: Path) -> None:
    """Each test has its own media, cache and static files; passwords hash fast."""
    static = tmp_path / "static"
    static.mkdir()
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PARTIAL_DIR = tmp_path / "partial"
    settings.STATIC_ROOT = static
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": str(tmp_path),
        }
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def _database_beside_browser() -> Iterator[None]:
    """Django would refuse each query, and the last clean-up, beside Playwright's event loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def template(
    _database_beside_browser: None,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
    shared_folder: Path,
) -> str:
    """The migrated database that the others are copied from: its name, or on SQLite its path."""
    with django_db_blocker.unblock():
        return template_database(shared_folder)


@pytest.fixture(scope="session")
def django_db_setup(
    template: str, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """In place of pytest-django's own, which migrates once for each worker.

    SQLite lies in a file as in production, not in memory, so that threads and processes share it.
    """
    with django_db_blocker.unblock():
        connection.settings_dict["CONN_MAX_AGE"] = None  # django-q would connect anew for each job
        if not ON_POSTGRESQL:  # no row of a test is worth a wait for the disk
            options = connection.settings_dict["OPTIONS"]
            options["init_command"] += "PRAGMA synchronous=OFF;"
        name = connection.settings_dict["NAME"]
        copy_template(template, tmp_path_factory.mktemp("database"))
    with _quick_flush():
        yield
    with django_db_blocker.unblock():
        connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def _quick_flush() -> Iterator[None]:
    """How a transactional test cleans up: quickly, and in spite of the ledger's triggers."""
    with pytest.MonkeyPatch.context() as patch:
        # Content types and permissions stay; to make them anew took longer than most tests.
        patch.setattr(flush, "sql_flush", _flush_of_rows)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_: None)
        if not ON_POSTGRESQL:  # PostgreSQL empties by TRUNCATE, which fires no row trigger
            operations = type(connection.ops)
            execute = operations.execute_sql_flush
            patch.setattr(operations, "execute_sql_flush", _without_triggers(execute))
        yield


KEPT = {"django_content_type", "auth_permission"}


def _flush_of_rows(style: Style, connection: BaseDatabaseWrapper, **options: bool) -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return connection.ops.sql_flush(style, [name for name in names if name not in KEPT], **options)


type Flush = Callable[[BaseDatabaseOperations, Iterable[str]], None]


def _without_triggers(execute: Flush) -> Flush:
    def lifted(operations: BaseDatabaseOperations, sql_list: Iterable[str]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            execute(operations, sql_list)
            for _, definition in triggers:
                cursor.execute(definition)

    return lifted


# ---- The browser ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, silent on the network; as root it needs --no-sandbox."""
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    switches += ["--disable-component-update", "--disable-sync", "--no-first-run"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": switches}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """In place of pytest-playwright's own, a method with session scope, which pytest warns of."""
    return live_server.url
