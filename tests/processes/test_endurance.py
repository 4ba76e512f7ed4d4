"""kill -9 of any process of the site, again and again, while clips are under way."""

import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.processes.conftest import Build
from tests.processes.outcome import all_unclear_are_lost, assert_all_is_right, wait_for_the_end
from tests.processes.site import Site, one_site_at_a_time
from tests.processes.system import command

pytestmark = one_site_at_a_time("crashes")

BACK = 60.0  # seconds, in which the service must be back without a person


class Killer:
    """Kills one process after another, and sees how long the service needs to come back."""

    def __init__(self, site: Site, every: float) -> None:
        self.site = site
        self.every = every
        self.dice = random.Random(6)
        self.kills: list[tuple[float, str]] = []
        self.waits: list[tuple[float, str]] = []  # seconds until it was back, after which kill

    def work(self, seconds: float) -> None:
        ends = time.time() + seconds
        for _ in self._turns(ends):
            self._kill()
        while self.kills:
            self._look()

    def _turns(self, ends: float) -> Iterator[None]:
        while (began := time.time()) < ends:
            yield
            while time.time() < began + self.every:
                self._look()

    def _kill(self) -> None:
        victim = self.dice.choice(sorted(self.site.family()))
        who = command(victim)[-40:] or str(victim)
        os.kill(victim, signal.SIGKILL)
        self.kills.append((time.time(), who))

    def _look(self) -> None:
        """Start the supervisor again, as the system would; note for which kills all is well."""
        time.sleep(0.1)
        supervisor = self.site.process
        if supervisor and supervisor.poll() is not None:
            self.site.start()
        now, heartbeat = time.time(), self._last_heartbeat()
        well = self.site.status("/health/ready") == 200 and self.site.has_all_workers()
        for at, who in list(self.kills):
            if well and heartbeat > at:
                self.kills.remove((at, who))
                self.waits.append((now - at, who))
            else:
                assert now - at < BACK, f"not back {now - at:.0f} s after the kill of {who}"

    def _last_heartbeat(self) -> float:
        """When the cluster last did a job, in Unix seconds."""
        ((at,),) = self.site.rows("SELECT at FROM generations_heartbeat WHERE name = 'cluster'")
        return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()


def decide_and_end(site: Site, tasks: int) -> None:
    """Leases end by themselves; of what is unclear and never arrived a person says so."""
    sending = "state = 'sending'"  # a dead sender's order is, until its lease ends
    site.wait(
        lambda: not site.count("task", sending) and all_unclear_are_lost(site),
        "what arrived was found again",
        240,
    )
    if site.count("task", "state = 'unclear'"):
        site.do("send_again()")
    wait_for_the_end(site, tasks, seconds=240)


@pytest.mark.parametrize(
    ("tasks", "seconds", "every"),
    [
        pytest.param(40, 25, 5, id="half a minute"),
        pytest.param(300, 300, 10, id="five minutes", marks=pytest.mark.endurance),
    ],
)
@pytest.mark.timeout(1200)
def test_whatever_is_killed_all_ends_right_and_the_service_is_back_by_itself(
    build: Build, tasks: int, seconds: float, every: float
) -> None:
    site = build(seconds_per_task=seconds / tasks * 6)
    site.start()
    site.order(tasks, keys=2)
    killer = Killer(site, every)
    killer.work(seconds)
    in_the_end = dict(site.rows(HOW_MANY))
    decide_and_end(site, tasks)
    assert_all_is_right(site, tasks, attempts=site.count("attempt"))
    waits = sorted(wait for wait, _who in killer.waits)
    print(
        f"\n{len(waits)} kills; back after {waits[len(waits) // 2]:.1f} s (p50),"
        f" {waits[-1]:.1f} s (most); when the killing ended: {in_the_end};"
        f" {site.count('attempt') - tasks} decided by a person"
    )
    for wait, who in killer.waits:
        print(f"{wait:6.1f} s  {who}")


HOW_MANY = "SELECT state, count(*) FROM generations_task GROUP BY state"
