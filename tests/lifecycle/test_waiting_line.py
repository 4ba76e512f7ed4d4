"""The line of a credential: its slots, the turns of its members, and its budget of requests."""

from bisect import bisect_left
from threading import Barrier

import pytest

from generations import clock
from generations.lifecycle import stops
from generations.models import Task
from generations.models.tasks import BUSY, TaskState
from generations.teams import provider_access
from tests.factories import make_member, make_tasks
from tests.threads import at_once

from .conftest import World

WINDOW = 60.0


def under_way(world: World) -> int:
    return Task.objects.filter(credential=world.credential, state__in=BUSY).count()


def test_never_more_tasks_at_once_than_slots(world: World) -> None:
    world.credential.slots = 2
    world.credential.save()
    world.order("[fail Canceled] A storm", count=7)
    most = 0
    for _ in range(60):
        world.wait()
        most = max(most, under_way(world), len(world.sandbox.context.engine.unfinished(world.key)))
    assert most == 2
    assert Task.objects.filter(state=TaskState.FAILED).count() == 7


def test_one_order_does_not_stand_behind_another_members_many(world: World) -> None:
    eager = world.membership
    for _ in range(2):
        make_tasks(
            membership=eager, credential=world.credential, prompt="[fail Canceled] Many", count=20
        )
    world.cluster.work()
    modest = make_member(team=eager.team)
    (single,) = make_tasks(
        membership=modest, credential=world.credential, prompt="[fail Canceled] One"
    )
    assert Task.objects.line_positions(eager.team)[single.pk] <= 2
    world.run(lambda: Task.objects.filter(state=TaskState.FAILED).exists())
    assert Task.objects.get(pk=single.pk).state != TaskState.WAITING
    assert Task.objects.filter(created_by=eager.user, state=TaskState.WAITING).count() >= 30


def test_members_with_many_orders_each_take_turns(world: World) -> None:
    world.credential.slots = 1
    world.credential.save()
    members = [world.membership, *(make_member(team=world.membership.team) for _ in range(2))]
    for member in members:
        make_tasks(
            membership=member, credential=world.credential, prompt="[fail Canceled] Many", count=4
        )
    world.run(lambda: Task.objects.filter(state=TaskState.FAILED).count() >= 6)
    ended = Task.objects.filter(state=TaskState.FAILED)
    assert [ended.filter(created_by=member.user).count() for member in members] == [2, 2, 2]


def most_in_a_window(times: list[float]) -> int:
    """The most that any 60 s hold, the last instant not counted."""
    ordered = sorted(times)
    return max(bisect_left(ordered, start + WINDOW) - place for place, start in enumerate(ordered))


@pytest.mark.parametrize("limit", [1, 2, 7, 10, 60, 300])
def test_a_budget_is_never_exceeded_and_nearly_all_used(world: World, limit: int) -> None:
    world.credential.requests_per_minute = limit
    world.credential.save()
    drawn: list[float] = []
    every = 0.5 if limit == 10 else 1.0
    for tick in range(round(600 / every)):
        drawn += [tick * every] * provider_access.take_requests(world.credential.pk, 1000)
        world.frozen_clock.advance(every)
    assert most_in_a_window(drawn) <= limit
    assert len(drawn) >= 0.95 * limit * 10


def test_two_processes_that_draw_at_once_never_exceed_the_budget(world: World) -> None:
    world.credential.requests_per_minute = 60
    world.credential.save()
    drawn: list[float] = []
    gate = Barrier(3, timeout=60)

    def draw() -> None:
        for _ in range(200):
            gate.wait()
            granted = provider_access.take_requests(world.credential.pk, 3)
            drawn.extend([clock.now().timestamp()] * granted)
            gate.wait()

    def tick() -> None:
        for _ in range(200):
            gate.wait()
            gate.wait()
            world.frozen_clock.advance(1)

    at_once([draw, draw, tick])
    assert most_in_a_window(drawn) <= 60
    assert len(drawn) >= 0.95 * 200


def test_sending_and_asking_share_the_budget_and_neither_starves(world: World) -> None:
    world.credential.requests_per_minute, world.credential.slots = 20, 5
    world.credential.save()
    world.order("[fail Canceled] A storm", count=20)
    start = world.frozen_clock.at.timestamp()
    for _ in range(90):
        world.wait()
    times = [each.at - start for each in world.sandbox.requests]
    assert most_in_a_window(times) <= 20
    assert len(times) >= 20
    assert Task.objects.filter(state=TaskState.FAILED).count() >= 5
    assert sum(world.posts.values()) >= 8


def test_a_task_that_waits_for_the_budget_says_so_and_goes_by_itself(world: World) -> None:
    world.credential.requests_per_minute = 6
    world.credential.save()
    tasks = world.order("[stuck] A storm", count=3)
    world.cluster.work()
    reasons = Task.objects.filter(state=TaskState.WAITING).values_list("obstacle", flat=True)
    assert "rate" in set(reasons)
    world.run(lambda: under_way(world) == len(tasks))
    assert sum(world.posts.values()) == 3


def test_callbacks_draw_on_the_same_budget(public_world: World) -> None:
    public_world.credential.requests_per_minute = 10
    public_world.credential.save()
    public_world.order("[callback again] [fail Canceled] A storm", count=5)
    start = public_world.frozen_clock.at.timestamp()
    for _ in range(80):
        public_world.wait()
    assert most_in_a_window([each.at - start for each in public_world.sandbox.requests]) <= 10


def test_a_paused_credential_sends_nothing_and_holds_its_line(world: World) -> None:
    stops.pause_key(world.credential, world.membership.user)
    stops.resume_key(world.credential, world.membership.user)
    world.order("[stuck] A storm", count=2)
    stops.pause_key(world.credential, world.membership.user)
    world.wait(60)
    assert set(Task.objects.values_list("state", "obstacle")) == {("waiting", "paused")}
    assert not world.posts
    stops.resume_key(world.credential, world.membership.user)
    world.wait(1)
    assert under_way(world) == 2
