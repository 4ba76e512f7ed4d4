"""Many clips at once, and callbacks that do not come or come too often."""

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from tests.processes.conftest import Build
from tests.processes.outcome import assert_all_is_right, wait_for_the_end
from tests.processes.site import PROMPT, ROOT, WORKERS, Site, one_site_at_a_time
from tests.processes.system import descendants

pytestmark = one_site_at_a_time("load")

CROWD = 60
FEW = 10


def all_end_right(site: Site, tasks: int, *, seconds: float) -> None:
    """Ten keys of five slots each."""
    site.start()
    site.order(tasks, keys=10)
    wait_for_the_end(site, tasks, seconds=seconds)
    assert_all_is_right(site, tasks)
    assert "Traceback" not in site.log.read_text()


def test_a_crowd_of_clips_ordered_at_once_all_end_right(build: Build) -> None:
    all_end_right(build(seconds_per_task=0.5), CROWD, seconds=240)


@pytest.mark.bench
@pytest.mark.timeout(1000)
def test_a_thousand_clips_ordered_at_once_all_end_right(build: Build) -> None:
    all_end_right(build(seconds_per_task=0.5), 1000, seconds=900)


@pytest.mark.endurance
@pytest.mark.timeout(600)
def test_two_hundred_files_at_once_whose_links_live_a_minute_are_all_kept_in_time(
    build: Build,
) -> None:
    """A hundred clips end together, each with its cover, on the embedded default."""
    site = build(seconds_per_task=40)
    site.start()
    site.order(100, keys=20, prompt=f"{PROMPT} [link 60]")
    wait_for_the_end(site, 100, seconds=300)
    lived = (
        "SELECT max((julianday(stored_at) - julianday(created_at)) * 86400) FROM generations_file"
    )
    print(f"\nthe last of 200 was kept {site.rows(lived)[0][0]:.0f} s after it was seen")
    assert site.count("file", "state = 'lost'") == 0
    assert site.count("file", "stored_at > expires_at") == 0, "no link had to be asked for anew"


def test_two_clusters_that_somebody_started_by_mistake_send_and_keep_each_clip_once(
    site: Site,
) -> None:
    site.start()
    second = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"],
        cwd=ROOT,
        env=site.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        site.wait(lambda: len(descendants(second.pid)) > WORKERS, "the second one works too")
        site.order(FEW, keys=2)
        wait_for_the_end(site, FEW, seconds=150)
        assert_all_is_right(site, FEW)
        assert second.poll() is None
    finally:
        os.killpg(second.pid, signal.SIGKILL)
        second.wait(60)


def test_with_every_callback_lost_all_clips_end_right(site: Site) -> None:
    site.start()
    site.order(FEW, keys=4, prompt=f"{PROMPT} [callback never]")
    wait_for_the_end(site, FEW, seconds=150)
    assert_all_is_right(site, FEW)
    assert site.count("callback") == 0


def test_with_every_callback_five_times_all_clips_end_right(site: Site) -> None:
    site.start()
    site.order(FEW, keys=4, prompt=f"{PROMPT} [callback five times]")
    wait_for_the_end(site, FEW, seconds=150)
    # All may be kept after the first of five.
    site.wait(lambda: all_came_five_times(site), "every callback was sent five times")
    assert_all_is_right(site, FEW)


def all_came_five_times(site: Site) -> bool:
    sent = Counter(each["task_id"] for each in site.provider.ask("callbacks"))
    return len(sent) == FEW and min(sent.values()) >= 5


def test_no_order_waits_behind_slow_files(site: Site) -> None:
    site.start()
    site.order(6, keys=2, prompt=f"{PROMPT} [slow body 90] [huge 1] [no cover]")  # in small steps
    fetching = "state = 'fetching' AND received > 0"
    site.wait(lambda: site.count("file", fetching) == WORKERS - 2, "all places are taken")
    site.wait(lambda: site.count("file") == 6, "the other files wait")
    site.do(f"place(tasks=1, prompt={PROMPT!r})")
    site.wait(lambda: site.provider.posts() == 7, "the order has arrived")
    assert site.count("file", "state = 'stored'") == 0
