"""A world in one process: the sandbox over real HTTP, a stopped clock, and a cluster of one."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from math import ceil
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django_q.models import OrmQ
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from generations import clock
from generations.billing import ledger
from generations.lifecycle import poll
from generations.lifecycle.queue import JOBS
from generations.models import Attempt, Credential, Entry, File, Film, Line, Membership, Task
from generations.models.ledger import EntryKind
from generations.models.tasks import AT_PROVIDER, FINAL, TaskState, read_alarms
from generations.sandbox.app import Sandbox
from generations.sandbox.http import Request
from tests.factories import make_credential, make_member, make_tasks

SEED = 7  # equal seeds draw equal clips, which are made once


class Cluster:
    """Does what the queue holds, in its order; the poller goes one round for each job."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.lost: set[str] = set()  # jobs that are never done
        self._runner = asyncio.Runner()
        self._throttle = poll.EnqueueThrottle(every=0)

    def close(self) -> None:
        self._runner.close()

    def work(self) -> None:
        """Until the queue is empty."""
        while row := OrmQ.objects.order_by("pk").first():
            self._take(row)

    def work_in_disorder(self, dice: random.Random) -> None:
        """The same, with jobs lost, doubled and out of order."""
        while rows := list(OrmQ.objects.order_by("pk")):
            row = dice.choice(rows)
            if dice.random() < 0.3:
                row.delete()
                continue
            if dice.random() < 0.3:
                self.do(*self._job(row))
            self._take(row)

    def lose(self) -> None:
        """Every queued job is lost."""
        OrmQ.objects.all().delete()

    @property
    def jobs(self) -> list[tuple[str, int]]:
        """What is queued, in order."""
        names = {path: job for job, path in JOBS.items()}
        jobs = map(self._job, OrmQ.objects.order_by("pk"))
        return [(names[path], row_id) for path, row_id in jobs]

    def poll(self) -> None:
        """One round of the poller, and the jobs that it queues."""
        poll.go_round(self._runner, self._throttle)
        self.work()

    def deliver(self, job: str, row_id: int) -> None:
        """One job, as if it had been queued."""
        self.do(JOBS[job], row_id)

    def _take(self, row: OrmQ) -> None:
        job = self._job(row)
        row.delete()
        self.do(*job)

    @staticmethod
    def _job(row: OrmQ) -> tuple[str, int]:
        return row.task["func"], row.task["args"][0]

    def do(self, path: str, row_id: int) -> None:
        if path in {JOBS[job] for job in self.lost}:
            return
        self.done.append(path.rpartition(".")[2])
        if path == JOBS["poll"]:
            poll.go_round(self._runner, self._throttle)
            return
        module, _, name = path.rpartition(".")
        getattr(import_module(module), name)(row_id)


@dataclass
class World:
    """One team with one key at the sandbox; time moves for both sides together."""

    sandbox: Sandbox
    frozen_clock: clock.FrozenClock
    cluster: Cluster
    membership: Membership
    credential: Credential

    def order(self, prompt: str = "A lighthouse at dusk", *, count: int = 1) -> list[Task]:
        return make_tasks(
            membership=self.membership,
            credential=self.credential,
            prompt=prompt,
            count=count,
            seed=SEED,
        )

    def wait(self, seconds: float = 1) -> None:
        """Let time pass on both sides, and the cluster go round once."""
        self.frozen_clock.advance(seconds)
        self.sandbox.advance(seconds)
        self.cluster.work()
        self.cluster.poll()

    def run(self, until: Callable[[], bool], *, most: int = 120) -> None:
        """Wait until something holds; seconds in which nothing is due pass at once."""
        self.cluster.work()
        while most > 0:
            if until():
                return
            seconds = min(self.seconds_to_next(), most)
            self.wait(seconds)
            most -= seconds
        raise AssertionError("it did not happen in time")

    def seconds_to_next(self) -> int:
        """Whole seconds, at least 1, until something is due on either side."""
        if Credential.objects.filter(requests_per_minute__gt=0).exists():
            return 1  # a budget refills all the time
        now = self.frozen_clock.at
        ours = [
            *Task.objects.filter(state__in=AT_PROVIDER).values_list("check_at", flat=True),
            *Task.objects.filter(state=TaskState.WAITING).values_list("not_before", flat=True),
            *File.objects.unfetched().values_list("not_before", flat=True),
            *File.objects.unfetched().values_list("lease_until", flat=True),
            *Film.objects.expected().values_list("due_at", flat=True),
            *Film.objects.expected().values_list("lease_until", flat=True),
        ]
        due = [(at - now).total_seconds() for at in ours if at]
        next_due = self.sandbox.next_due
        due += [next_due - now.timestamp()] if next_due else []
        return max(1, ceil(min(due, default=1)))

    def end(self) -> None:
        """Until every task ended; no file is fetched."""
        self.cluster.lost.add("fetch")
        self.run(lambda: not Task.objects.exclude(state__in=FINAL).exists())
        self.cluster.lost.remove("fetch")

    def finish(self) -> None:
        """Until every task ended and every file is stored or lost."""
        self.run(lambda: not Task.objects.exclude(state__in=FINAL).exists())
        self.run(lambda: not File.objects.unfetched().exists())

    @property
    def key(self) -> str:
        return self.credential.open_key().reveal()

    def attempt(self, task: Task) -> Attempt:
        """The newest attempt of a task."""
        return (
            Attempt.objects.select_related("task__team", "credential__team")
            .filter(task=task)
            .latest("ordinal")
        )

    @property
    def posts(self) -> Counter[str]:
        """How many orders left, by the reference that each carried."""
        bodies = (json.loads(each.body) for each in self.sandbox.requests if is_order(each))
        return Counter(body["payload"] for body in bodies)

    @property
    def questions(self) -> int:
        """How often the state of a task was asked for."""
        return sum(each.path.endswith("/creations") for each in self.sandbox.requests)

    def credits_left(self) -> int:
        """What the provider itself says is left of the key."""
        return self.sandbox.context.engine.account(self.key).credits

    def check_books(self, *, spent: int, held: int = 0) -> None:
        """No order left twice, every hold is closed once or still held, and the sums are right."""
        assert max(self.posts.values(), default=1) == 1
        assert not list(ledger.verify())
        (balance,) = ledger.balances(self.membership.team)
        assert (balance.spent, balance.held) == (spent, held)
        holds = Entry.objects.filter(kind=EntryKind.HOLD).values_list("attempt", flat=True)
        assert sorted(holds) == sorted(Attempt.objects.values_list("pk", flat=True))


def is_order(request: Request) -> bool:
    return (request.method, request.path) == ("POST", "/ent/v2/text2video")


def snapshot() -> list[object]:
    """All that matters of all rows; not when to look again, nor how often it was looked."""
    task = ("pk", "state", "code", "message", "progress", "alarm", "accepted_at", "finished_at")
    attempt = ("pk", "task", "ordinal", "state", "remote_id", "cost", "sent_at")
    file = ("pk", "task", "role", "state", "sha256", "name")
    return [
        list(Task.objects.order_by("pk").values_list(*task)),
        list(Attempt.objects.order_by("pk").values_list(*attempt)),
        list(File.objects.order_by("pk").values_list(*file)),
        list(Line.objects.order_by("pk").values_list("entry__kind", "account", "amount")),
        list(Credential.objects.order_by("pk").values_list("paused_at", "paused_reason")),
    ]


def alarm_codes() -> set[str]:
    """The alarms of all tasks, but the one that each stored clip has here: the sandbox of the tests
    makes clips of one second and 160 pixels, whatever is ordered."""
    texts = Task.objects.exclude(alarm="").values_list("alarm", flat=True)
    return {alarm.code for text in texts for alarm in read_alarms(text)} - {"not_delivered"}


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clips of all tests: equal ones are made once, which saves most of the drawing."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
def sandbox(clip_folder: Path) -> Iterator[Sandbox]:
    with Sandbox.running(clip_folder=clip_folder) as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox, settings: Settings, transactional_db: None) -> Iterator[World]:
    settings.SANDBOX = True
    settings.SANDBOX_URL = sandbox.url
    settings.PUBLIC_URL = "http://callbacks.invalid"
    membership = make_member()
    credential = make_credential(team=membership.team, base_url=sandbox.url)
    start = datetime.fromtimestamp(sandbox.context.clock.now(), UTC)
    cluster = Cluster()
    with clock.frozen(start) as frozen_clock:
        yield World(sandbox, frozen_clock, cluster, membership, credential)
    cluster.close()


@pytest.fixture
def public_world(world: World, settings: Settings) -> Iterator[World]:
    """The same world at an address that the sandbox's callbacks reach."""
    server = LiveServer("localhost")
    settings.PUBLIC_URL = server.url
    yield world
    server.stop()


assert "orm" in project_settings.Q_CLUSTER, "these tests read the queue from the database"
