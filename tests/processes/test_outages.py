"""The database or the queue goes away under a site at work, and comes back."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes.outcome import assert_all_is_right, wait_for_the_end
from tests.processes.servers import PostgreSQL, Redis
from tests.processes.site import PROMPT, Site, one_site_at_a_time

pytestmark = one_site_at_a_time("outages")

TASKS = 12
PLAIN = "The database is not responding"
LOGIN = "/accounts/login/"


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    server = PostgreSQL()
    yield server
    server.remove()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    yield server
    server.stop()


def work(site: Site, *, prompt: str = PROMPT) -> None:
    """Until the first clips are kept, others are at the provider, and others wait."""
    site.start()
    site.order(TASKS, keys=2, prompt=prompt)
    site.wait(lambda: site.count("file", "state = 'stored'"), "the first file is stored")


def check_plain(status: int, page: str) -> None:
    """A page as ever, or one that says what is wrong in a sentence."""
    assert status == 200 or (status == 503 and PLAIN in page), (status, page[:500])
    assert "Traceback" not in page


def test_a_database_that_is_locked_for_ten_seconds_only_makes_everybody_wait(site: Site) -> None:
    work(site)
    with closing(sqlite3.connect(site.data / "rushes.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            check_plain(*site.page(LOGIN))
            time.sleep(0.5)
        other.execute("ROLLBACK")
    wait_for_the_end(site, TASKS, seconds=100)
    assert_all_is_right(site, TASKS)


def end_after_a_storm(site: Site, *, since: float) -> None:
    """Leases of those who could not write any more end; what was sent is found by its reference."""
    site.let_leases_end(since)
    done = f"{TASKS} tasks succeeded and their files are stored"
    site.wait(lambda: all_is_kept(site), done, 200)
    assert_all_is_right(site, TASKS, attempts=site.count("attempt"))


def all_is_kept(site: Site) -> bool:
    succeeded = site.count("task", "state = 'succeeded'")
    return succeeded == TASKS and site.count("file", "state = 'stored'") == 2 * TASKS


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_server_that_is_restarted_under_load_loses_and_doubles_nothing(
    site: Site, postgresql: PostgreSQL, mode: str
) -> None:
    site.settings["DATABASE_URL"] = postgresql.url
    work(site)
    postgresql.stop(mode)
    status, page = site.page("/invitations/nobody/")
    assert (status, PLAIN in page) == (503, True), page[:500]
    time.sleep(3)
    check_plain(*site.page(LOGIN))
    postgresql.start()
    stormed = time.time()
    site.wait(lambda: site.status("/health/ready") == 200, "the site is ready again", 90)
    check_plain(*site.page(LOGIN))
    end_after_a_storm(site, since=stormed)


def test_a_queue_that_is_flushed_again_and_again_loses_no_work(site: Site, redis: Redis) -> None:
    site.settings["REDIS_URL"] = redis.url
    site.start()
    site.order(TASKS, keys=2)
    for _ in range(20):
        redis.ask("flushall")
        check_plain(*site.page(LOGIN))
        time.sleep(0.25)
    end_after_a_storm(site, since=time.time())


def test_what_is_ordered_while_the_queue_is_down_goes_when_it_is_back(
    site: Site, redis: Redis
) -> None:
    site.settings["REDIS_URL"] = redis.url
    site.start()
    redis.stop()
    site.order(TASKS, keys=2)
    assert site.count("task", "state = 'waiting'") == TASKS
    redis.start()
    site.wait(lambda: site.status("/health/ready") == 200, "the site is ready again", 120)
    end_after_a_storm(site, since=time.time())
