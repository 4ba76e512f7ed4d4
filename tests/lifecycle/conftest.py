"""A world in one process: the sandbox over real HTTP, a stopped clock, and a cluster of one."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.conf import settings as project_settings
from django_q.models import OrmQ
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from generations import clock
from generations.billing import ledger
from generations.lifecycle import poll
from generations.lifecycle.queue import VERBS
from generations.models import Attempt, Credential, Entry, File, Line, Membership, Task
from generations.models.ledger import EntryKind
from generations.models.tasks import FINAL
from generations.sandbox.app import Sandbox
from generations.sandbox.http import Request
from tests.factories import make_credential, make_member, make_tasks


class Cluster:
    """Does what the queue holds, in its order; the watch goes one round for each bell."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.lost: set[str] = set()  # verbs whose bells nobody hears
        self._runner = asyncio.Runner()
        self._bells = poll.Bells(every=0)

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
        """Every bell that was rung is lost."""
        OrmQ.objects.all().delete()

    @property
    def bells(self) -> list[tuple[str, int]]:
        """What was rung and not done yet, in order."""
        names = {path: verb for verb, path in VERBS.items()}
        jobs = map(self._job, OrmQ.objects.order_by("pk"))
        return [(names[path], number) for path, number in jobs]

    def look(self) -> None:
        """One round of the watch, and what it rang for."""
        poll.go_round(self._runner, self._bells)
        self.work()

    def deliver(self, verb: str, number: int) -> None:
        """One job, as if it had been queued."""
        self.do(VERBS[verb], number)

    def _take(self, row: OrmQ) -> None:
        job = self._job(row)
        row.delete()
        self.do(*job)

    @staticmethod
    def _job(row: OrmQ) -> tuple[str, int]:
        return row.task["func"], row.task["args"][0]

    def do(self, path: str, number: int) -> None:
        if path in {VERBS[verb] for verb in self.lost}:
            return
        self.done.append(path.rpartition(".")[2])
        if path == VERBS["watch"]:
            poll.go_round(self._runner, self._bells)
            return
        module, _, name = path.rpartition(".")
        getattr(import_module(module), name)(number)


@dataclass
class World:
    """One team with one key at the sandbox; time moves for both sides together."""

    sandbox: Sandbox
    hands: clock.Hands
    cluster: Cluster
    membership: Membership
    credential: Credential

    def order(self, prompt: str = "A lighthouse at dusk", *, count: int = 1) -> list[Task]:
        return make_tasks(
            membership=self.membership, credential=self.credential, prompt=prompt, count=count
        )

    def wait(self, seconds: float = 1) -> None:
        """Time passes on both sides, and the cluster goes round once."""
        self.hands.move(seconds)
        self.sandbox.advance(seconds)
        self.cluster.work()
        self.cluster.look()

    def run(self, until: Callable[[], bool], *, most: int = 120) -> None:
        """Wait second by second until something holds."""
        self.cluster.work()
        for _ in range(most):
            if until():
                return
            self.wait()
        raise AssertionError(f"it did not happen within {most} s")

    def end(self) -> None:
        """Until every task ended; no file is fetched."""
        self.cluster.lost.add("mirror")
        self.run(lambda: not Task.objects.exclude(state__in=FINAL).exists())
        self.cluster.lost.remove("mirror")

    def finish(self) -> None:
        """Until every task ended and every file is stored or lost."""
        self.run(lambda: not Task.objects.exclude(state__in=FINAL).exists())
        self.run(lambda: not poll.unfetched().exists())

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
        return self.sandbox.stage.studio.account(self.key).credits

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


def everything() -> list[object]:
    """All that matters of all rows; not when to look again, nor how often it was looked."""
    task = ("pk", "state", "code", "message", "progress", "alarm", "accepted_at", "finished_at")
    attempt = ("pk", "task", "ordinal", "state", "number", "cost", "sent_at")
    file = ("pk", "task", "part", "state", "sha256", "name")
    return [
        list(Task.objects.order_by("pk").values_list(*task)),
        list(Attempt.objects.order_by("pk").values_list(*attempt)),
        list(File.objects.order_by("pk").values_list(*file)),
        list(Line.objects.order_by("pk").values_list("entry__kind", "account", "amount")),
        list(Credential.objects.order_by("pk").values_list("paused_at", "paused_code")),
    ]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.running() as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox, settings: Settings, transactional_db: None) -> Iterator[World]:
    settings.SANDBOX = True
    settings.SANDBOX_URL = sandbox.url
    settings.PUBLIC_URL = "http://callbacks.invalid"
    membership = make_member()
    credential = make_credential(team=membership.team, base_url=sandbox.url)
    start = datetime.fromtimestamp(sandbox.stage.clock.now(), UTC)
    cluster = Cluster()
    with clock.stopped(start) as hands:
        yield World(sandbox, hands, cluster, membership, credential)
    cluster.close()


@pytest.fixture
def ringing(world: World, settings: Settings) -> Iterator[World]:
    """The same world with a door that the sandbox's callbacks reach."""
    server = LiveServer("localhost")
    settings.PUBLIC_URL = server.url
    yield world
    server.stop()


assert "orm" in project_settings.Q_CLUSTER, "these tests read the queue from the database"
