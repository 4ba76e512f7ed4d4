"""Real processes that are started, killed, wedged and stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django_q.models import OrmQ
from pytest_django import Settings

from generations import clock
from generations.models import Lease, Pulse, Task
from generations.models.tasks import TaskState
from generations.supervise.child import Child
from generations.supervise.guard import Guard
from generations.supervise.heart import Heart
from generations.supervise.prepare import require_free
from generations.supervise.supervisor import Supervisor
from tests.factories import make_credential, make_member, make_tasks

ROOT = Path(__file__).resolve().parent.parent
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
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Child]:
    child = Child("family", [sys.executable, "-c", FAMILY, str(tmp_path / "pids")], tmp_path)
    yield child
    child.kill()


def pids(tmp_path: Path) -> list[int]:
    until((tmp_path / "pids").exists)
    return [int(word) for word in (tmp_path / "pids").read_text().split()]


def test_killing_a_child_kills_its_whole_family(family: Child, tmp_path: Path) -> None:
    family.tend()
    parent, grandchild = pids(tmp_path)
    family.kill()
    until(lambda: not lives(parent) and not lives(grandchild))


def test_a_child_that_died_takes_its_family_along_and_starts_again(
    family: Child, tmp_path: Path
) -> None:
    family.tend()
    parent, grandchild = pids(tmp_path)
    (tmp_path / "pids").unlink()
    os.kill(parent, signal.SIGKILL)
    until(family.has_ended)
    assert family.tend()
    until(lambda: not lives(grandchild))
    assert family.tend()
    assert pids(tmp_path)[0] != parent


def test_a_child_that_keeps_dying_is_started_more_and_more_slowly(tmp_path: Path) -> None:
    child = Child("short", ["/bin/false"], tmp_path)
    pauses = []
    for _ in range(9):
        child.start_after = 0
        child.tend()
        until(child.has_ended)
        child.tend()
        pauses.append(child.pause)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_what_a_child_says_is_repeated_under_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = Child("web", ["/bin/echo", "a line"], tmp_path)
    child.tend()
    until(child.has_ended)
    until(lambda: "web     | a line\n" in capsys.readouterr().out, 2)
    child.kill()


def test_the_guard_kills_the_groups_when_its_owner_is_gone(family: Child, tmp_path: Path) -> None:
    family.tend()
    parent, grandchild = pids(tmp_path)
    guard = Guard()
    guard.watch([family.group or 0])
    assert guard.shell
    assert guard.shell.stdin
    guard.shell.stdin.close()  # as the end of the supervisor would
    until(lambda: not lives(parent) and not lives(grandchild))
    guard.dismiss()


def test_a_dismissed_guard_harms_nobody(family: Child, tmp_path: Path) -> None:
    family.tend()
    parent, _ = pids(tmp_path)
    guard = Guard()
    guard.watch([family.group or 0])
    guard.watch([family.group or 0])
    guard.dismiss()
    time.sleep(0.3)
    assert lives(parent)


def test_a_port_that_is_taken_stops_the_start_and_names_itself() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} "):
            require_free("127.0.0.1", port)
    require_free("127.0.0.1", port)


# ---- The heart ------------------------------------------------------------------------------


def heart_finds_silence(*, cluster_age: float) -> bool:
    return Heart().is_silent(time.monotonic() - cluster_age)


@pytest.mark.django_db
def test_a_cluster_that_has_not_beaten_for_a_minute_is_silent() -> None:
    Pulse.objects.create(name="cluster", at=clock.now() - timedelta(seconds=61))
    assert heart_finds_silence(cluster_age=100)


@pytest.mark.django_db
def test_a_cluster_that_beats_is_not_silent() -> None:
    Pulse.objects.create(name="cluster", at=clock.now() - timedelta(seconds=30))
    assert not heart_finds_silence(cluster_age=100)


@pytest.mark.django_db
def test_a_young_cluster_has_time_to_beat_first() -> None:
    assert not heart_finds_silence(cluster_age=30)


@pytest.mark.django_db
def test_a_cluster_whose_workers_all_hold_long_work_is_not_silent(settings: Settings) -> None:
    for number in range(settings.WORKERS):
        end = clock.now() + timedelta(seconds=45)
        Lease.objects.create(name=f"work {number}", holder="somebody", until=end)
    assert not heart_finds_silence(cluster_age=100)


@pytest.mark.django_db
def test_a_cluster_whose_workers_all_wait_for_a_slow_provider_is_not_silent(
    settings: Settings,
) -> None:
    member = make_member()
    key = make_credential(team=member.team)
    make_tasks(membership=member, credential=key, count=settings.WORKERS)
    lease = clock.now() + timedelta(seconds=30)
    Task.objects.update(state=TaskState.SENDING, lease_until=lease)
    assert not heart_finds_silence(cluster_age=100)


@pytest.mark.django_db(transaction=True)
def test_the_heart_rings_a_beat_once_in_a_while() -> None:
    heart = Heart()
    for _ in range(3):
        heart.is_silent(time.monotonic())
    assert [job.func() for job in OrmQ.objects.all()] == ["generations.lifecycle.jobs.beat"]


class StoppedHeart(Heart):
    def is_silent(self, started_at: float) -> bool:
        return True


def test_a_silent_cluster_is_killed_with_its_family_and_starts_again(
    family: Child, tmp_path: Path
) -> None:
    family.name = "cluster"
    family.tend()
    parent, grandchild = pids(tmp_path)
    supervisor = Supervisor([family], StoppedHeart())
    supervisor.tend()
    until(lambda: not lives(parent) and not lives(grandchild))
    (tmp_path / "pids").unlink()
    assert family.tend()
    assert pids(tmp_path)[0] != parent


# ---- The whole ------------------------------------------------------------------------------


class Site:
    """``manage.py up`` on a free port with its own data."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.port = free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**kept, "DATA_DIR": str(data), "PORT": str(self.port), "WORKERS": "2"}
        environment |= settings
        self.log = data.parent / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def status(self, path: str) -> int:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as asked:
                asked.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                return int((asked.recv(100).split() or [b"", b"0"])[1])
        except OSError:
            return 0

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.status("/health/ready") == 200

    def family(self, pid: int | None = None) -> set[int]:
        """Everything that descends from the supervisor."""
        pid = pid or self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {int(c) for c in listed} | {d for c in listed for d in self.family(int(c))}

    def find(self, word: str) -> int:
        """The one child of the supervisor whose command holds this word."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in listed.read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_text()
            if word in command and "guard" not in command:
                return int(pid)
        return 0


@contextmanager
def running(data: Path, **settings: str) -> Iterator[Site]:
    site = Site(data, **settings)
    try:
        until(site.is_ready, 60)
        yield site
    finally:
        if site.process.poll() is None:
            site.process.terminate()
            site.process.wait(20)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path / "data") as site:
        yield site


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_is_stopped_nothing_is_left(site: Site, number: signal.Signals) -> None:
    family = site.family()
    assert len(family) > 6
    began = time.monotonic()
    site.process.send_signal(number)
    site.process.wait(15)
    until(lambda: not any(lives(pid) for pid in family), 5)
    assert time.monotonic() - began < 12
    if number != signal.SIGKILL:
        assert site.process.returncode == 0


@pytest.mark.slow
def test_web_and_cluster_come_back_after_a_kill(site: Site) -> None:
    for word in ("granian", "qcluster"):
        killed = site.find(word)
        os.kill(killed, signal.SIGKILL)
        until(lambda word=word, killed=killed: site.find(word) not in {0, killed})  # type: ignore[misc]
        until(site.is_ready, 30)


@pytest.mark.slow
def test_a_second_start_on_the_same_port_is_refused(site: Site) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={"PATH": os.defpath, "DATA_DIR": str(site.log.parent / "b"), "PORT": str(site.port)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert f"Port {site.port} on 127.0.0.1 cannot be used" in second.stderr


@pytest.mark.slow
def test_it_becomes_ready_with_redis_as_broker_and_cache(tmp_path: Path) -> None:
    url = os.environ.get("TEST_REDIS_URL")
    if not url:
        pytest.skip("no Redis here: apt-get install redis-server, name it in TEST_REDIS_URL")
    with running(tmp_path / "data", REDIS_URL=url) as site:
        assert site.status("/health/live") == 200
