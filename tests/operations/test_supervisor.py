"""Real processes that are started, killed, wedged and stopped."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Timer

import pytest
from django.core.management.base import CommandError
from django_q.models import OrmQ
from pytest_django import Settings

from generations import clock
from generations.models import Heartbeat, Lease, Task
from generations.models.tasks import TaskState
from generations.operations.startup import require_free_port
from generations.operations.supervisor import Child, HeartbeatMonitor, Supervisor, Watchdog
from tests.factories import make_credential, make_member, make_tasks
from tests.processes.system import free_port, lives
from tests.processes.system import until as wait_until

ROOT = Path(__file__).resolve().parents[2]
# Starts a grandchild, writes both numbers, and sleeps.
FAMILY = """
import os, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
draft = sys.argv[1] + ".draft"
open(draft, "w").write(f"{os.getpid()} {grandchild.pid}")
os.replace(draft, sys.argv[1])
time.sleep(300)
"""


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    wait_until(condition, "it happens", seconds, str)


@pytest.fixture
def supervisor(family: Child) -> Iterator[Supervisor]:
    supervisor = Supervisor([family], HeartbeatMonitor())
    yield supervisor
    supervisor.watchdog.dismiss()


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Child]:
    child = Child("family", [sys.executable, "-c", FAMILY, str(tmp_path / "pids")], tmp_path)
    yield child
    child.kill()


def pids(tmp_path: Path) -> list[int]:
    until((tmp_path / "pids").exists)
    return [int(word) for word in (tmp_path / "pids").read_text().split()]


def test_killing_a_child_kills_its_whole_family(family: Child, tmp_path: Path) -> None:
    family.check()
    parent, grandchild = pids(tmp_path)
    family.kill()
    until(lambda: not lives(parent) and not lives(grandchild))


def test_a_child_that_died_takes_its_family_along_and_starts_again(
    family: Child, tmp_path: Path
) -> None:
    family.check()
    parent, grandchild = pids(tmp_path)
    (tmp_path / "pids").unlink()
    os.kill(parent, signal.SIGKILL)
    until(family.has_ended)
    assert family.check()
    until(lambda: not lives(grandchild))
    assert family.check()
    assert pids(tmp_path)[0] != parent


def test_a_child_that_keeps_dying_is_started_more_and_more_slowly(tmp_path: Path) -> None:
    child = Child("short", ["/bin/false"], tmp_path)
    pauses = []
    for _ in range(9):
        child.start_after = 0
        child.check()
        until(child.has_ended)
        child.check()
        pauses.append(child.pause)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_what_a_child_says_is_repeated_under_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = Child("web", ["/bin/echo", "a line"], tmp_path)
    child.check()
    until(child.has_ended)
    until(lambda: "web     | a line\n" in capsys.readouterr().out, 2)
    child.kill()


def test_the_watchdog_kills_the_groups_when_its_owner_is_gone(
    family: Child, tmp_path: Path
) -> None:
    family.check()
    parent, grandchild = pids(tmp_path)
    watchdog = Watchdog()
    watchdog.watch([family.group or 0])
    assert watchdog.shell
    assert watchdog.shell.stdin
    watchdog.shell.stdin.close()  # as the end of the supervisor would
    until(lambda: not lives(parent) and not lives(grandchild))
    watchdog.dismiss()


def test_a_watchdog_that_was_killed_is_replaced(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.check()
    parent, grandchild = pids(tmp_path)
    killed = supervisor.watchdog.shell
    assert killed
    killed.kill()
    killed.wait()
    supervisor.check()
    watchdog = supervisor.watchdog.shell
    assert watchdog
    assert watchdog.stdin
    watchdog.stdin.close()  # as the end of the supervisor would
    until(lambda: not lives(parent) and not lives(grandchild))


def test_a_dismissed_watchdog_harms_nobody(family: Child, tmp_path: Path) -> None:
    family.check()
    parent, _ = pids(tmp_path)
    watchdog = Watchdog()
    watchdog.watch([family.group or 0])
    watchdog.watch([family.group or 0])
    watchdog.dismiss()
    time.sleep(0.3)
    assert lives(parent)


def test_a_port_that_is_taken_stops_the_start_and_names_itself() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(CommandError, match=f"Port {port} "):
            require_free_port("127.0.0.1", port, patience=0.3)
    require_free_port("127.0.0.1", port)


def test_the_start_waits_a_moment_for_a_server_that_is_ending() -> None:
    with socket.socket() as ending:
        port = free_port()
        ending.bind(("127.0.0.1", port))
        ending.listen()
        Timer(0.5, ending.close).start()
        require_free_port("127.0.0.1", port)


# ---- The monitor ------------------------------------------------------------------------------


def has_stalled(*, cluster_age: float) -> bool:
    return HeartbeatMonitor().probe(time.monotonic() - cluster_age)


@pytest.mark.django_db
def test_a_cluster_without_a_heartbeat_for_a_minute_has_stalled() -> None:
    Heartbeat.objects.create(name="cluster", at=clock.now() - timedelta(seconds=61))
    assert has_stalled(cluster_age=100)


@pytest.mark.django_db
def test_a_cluster_with_a_heartbeat_has_not_stalled() -> None:
    Heartbeat.objects.create(name="cluster", at=clock.now() - timedelta(seconds=30))
    assert not has_stalled(cluster_age=100)


@pytest.mark.django_db
def test_a_young_cluster_has_not_stalled() -> None:
    assert not has_stalled(cluster_age=30)


@pytest.mark.django_db
def test_a_cluster_whose_workers_all_hold_long_work_has_not_stalled(settings: Settings) -> None:
    for number in range(settings.WORKERS):
        end = clock.now() + timedelta(seconds=45)
        Lease.objects.create(name=f"work {number}", holder="somebody", until=end)
    assert not has_stalled(cluster_age=100)


@pytest.mark.django_db
def test_a_cluster_whose_workers_all_wait_for_a_slow_provider_has_not_stalled(
    settings: Settings,
) -> None:
    member = make_member()
    key = make_credential(team=member.team)
    make_tasks(membership=member, credential=key, count=settings.WORKERS)
    lease = clock.now() + timedelta(seconds=30)
    Task.objects.update(state=TaskState.SENDING, lease_until=lease)
    assert not has_stalled(cluster_age=100)


@pytest.mark.django_db(transaction=True)
def test_the_monitor_queues_a_heartbeat_once_in_a_while() -> None:
    monitor = HeartbeatMonitor()
    for _ in range(3):
        monitor.probe(time.monotonic())
    assert [job.func() for job in OrmQ.objects.all()] == [
        "generations.lifecycle.queue.record_heartbeat"
    ]


class Stalled(HeartbeatMonitor):
    def probe(self, started_at: float) -> bool:
        return True


def test_a_stalled_cluster_is_killed_with_its_family_and_starts_again(
    supervisor: Supervisor, family: Child, tmp_path: Path
) -> None:
    family.name = "cluster"
    family.check()
    parent, grandchild = pids(tmp_path)
    supervisor.monitor = Stalled()
    supervisor.check()
    until(lambda: not lives(parent) and not lives(grandchild))
    (tmp_path / "pids").unlink()
    assert family.check()
    assert pids(tmp_path)[0] != parent
