"""A backup is made while orders run, and restored elsewhere; nothing is sent twice from it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.processes.conftest import Build
from tests.processes.outcome import assert_all_is_right, wait_for_the_end
from tests.processes.servers import PostgreSQL
from tests.processes.site import Site, one_site_at_a_time

pytestmark = one_site_at_a_time("outages")

TASKS = 20
type Settings = Callable[[str], dict[str, str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Iterator[Settings]:
    """The settings that give a site a database of its own, by a name."""
    if request.param == "sqlite":
        yield lambda name: {}
        return
    server = PostgreSQL()

    def make(name: str) -> dict[str, str]:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return {"DATABASE_URL": server.url.rpartition("/")[0] + f"/{name}"}

    yield make
    server.remove()


def test_a_site_that_is_restored_from_a_backup_made_at_work_ends_right(
    build: Build, databases: Settings, tmp_path: Path
) -> None:
    site = build(seconds_per_task=3)  # the backup begins before the last of them end
    site.settings |= databases("first")
    site.start()
    site.order(TASKS, keys=2)
    site.wait(lambda: site.count("file", "state = 'stored'"), "the first file is stored")
    assert "is whole" in site.manage("backup", str(tmp_path / "backup"))
    wait_for_the_end(site, TASKS, seconds=90)
    assert_all_is_right(site, TASKS)
    site.stop()

    with restored(site, databases, tmp_path) as other:
        under_way = other.count("task", "state <> 'succeeded'")
        assert under_way, "the backup was made while orders ran"
        restored_at = time.time()
        other.start()
        time.sleep(3)
        assert other.provider.posts() == TASKS, "nothing leaves before it is released"
        other.manage("allow_ordering")
        other.let_leases_end(restored_at)  # of the first site's workers; its own are at work
        wait_for_the_end(other, TASKS, seconds=150)
        assert_all_is_right(other, TASKS)
        assert "Every stored row has its bytes." in other.manage("verify_files")


@contextmanager
def restored(site: Site, databases: Settings, folder: Path) -> Iterator[Site]:
    """Another site of the backup, with the sealing keys of the first; stopped in the end."""
    (folder / "elsewhere").mkdir()
    other = Site(folder / "elsewhere", site.provider)
    keys = {"CREDENTIAL_KEYS_FILE": str(site.data / "keys" / "credential_keys")}
    other.settings |= databases("second") | keys
    assert "Ordering is off" in other.manage("restore", str(folder / "backup"))
    try:
        yield other
    finally:
        other.stop()
