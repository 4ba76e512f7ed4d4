"""kill -9 of each process while clips are under way."""

import os
import signal
import time

import pytest

from tests.processes.outcome import assert_all_is_right, go_on_to_the_end, wait_for_the_end
from tests.processes.site import PROMPT, Site, one_site_at_a_time
from tests.processes.system import lives, mentioning

pytestmark = one_site_at_a_time("crashes")

TASKS = 20
# The supervisor of ``up``, which waits 12 s instead of 40 s for a cluster that does no jobs.
HURRIED = (
    "from generations.operations.supervisor import HeartbeatMonitor, Supervisor, children;"
    "Supervisor(children(), HeartbeatMonitor(every=1, patience=12)).run()"
)


def order_and_watch_them_go(site: Site, tasks: int = TASKS, *, prompt: str = PROMPT) -> None:
    """Until the first are kept, others are at the provider, and others wait."""
    site.order(tasks, keys=2, prompt=prompt)
    site.wait(lambda: site.count("file", "state = 'stored'"), "the first file is stored")


def is_back(site: Site, word: str, killed: int) -> bool:
    return site.find(word) not in {0, killed} and site.is_ready()


@pytest.mark.parametrize("word", ["granian", "qcluster"])
def test_a_killed_group_comes_back_by_itself_and_all_ends_right(site: Site, word: str) -> None:
    site.start()
    order_and_watch_them_go(site)
    killed = site.find(word)
    assert killed, f"no {word} runs"  # 0 would be our own group
    os.killpg(killed, signal.SIGKILL)
    died_at = time.time()
    site.wait(lambda: is_back(site, word, killed), f"{word} is back")
    go_on_to_the_end(site, TASKS, died_at=died_at)
    assert_all_is_right(site, TASKS, attempts=site.count("attempt"))


def test_a_killed_supervisor_takes_all_along_and_a_new_one_goes_on(site: Site) -> None:
    """Also where its watchdog was killed before it."""
    site.start()
    killed = site.find("watchdog")
    assert killed, "no watchdog runs"  # 0 would be our own group
    os.kill(killed, signal.SIGKILL)
    order_and_watch_them_go(site)
    assert site.find("watchdog") not in {0, killed}
    family = site.family()
    site.send_signal(signal.SIGKILL)
    site.wait_for_its_end()
    died_at = time.time()
    site.wait(lambda: not any(map(lives, family)), "nothing is left")
    assert mentioning(str(site.data)) == []
    site.start()
    go_on_to_the_end(site, TASKS, died_at=died_at)
    assert_all_is_right(site, TASKS, attempts=site.count("attempt"))


def test_a_cluster_that_killed_workers_have_wedged_is_found_out_and_replaced(site: Site) -> None:
    """One of them waited for a job, and took the lock of the queue with it."""
    site.start("manage.py", "shell", "--no-imports", "-c", HURRIED)
    site.order(2, prompt=f"{PROMPT} [slow]")
    site.wait(lambda: site.count("task", "state = 'running'") == 2, "both clips are under way")
    cluster = site.find("qcluster")
    for worker in site.workers():
        os.kill(worker, signal.SIGKILL)
    died_at = time.time()
    site.wait(lambda: is_back(site, "qcluster", cluster), "the cluster was replaced", 120)
    assert "does no jobs any more" in site.log.read_text()
    site.let_leases_end(died_at)
    wait_for_the_end(site, 2)
    assert_all_is_right(site, 2)
