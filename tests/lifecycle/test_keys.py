"""Who says that a key is bad, and how often, before a whole team's orders wait for it."""

import pytest

from generations import clock
from generations.lifecycle import stops, transitions
from generations.models import Credential, Task
from generations.models.tasks import TaskState
from generations.providers.contract import Reason, RemoteState, Report, Unauthorised, Unclear

from .conftest import World

REFUSED = Unauthorised("Unauthorized", "no such key", reason=Reason.KEY_REFUSED, raw="{}")


def running(world: World) -> Task:
    (task,) = world.order("[stuck] A lighthouse")
    world.cluster.work()
    world.cluster.lost |= {"fetch", "poll"}
    return task


def refuse(world: World, task: Task) -> Credential:
    transitions.record_no_answer(world.attempt(task), REFUSED)
    world.credential.refresh_from_db()
    return world.credential


def test_a_question_that_is_refused_pauses_the_key_only_at_the_second_time(world: World) -> None:
    task = running(world)
    first = refuse(world, task)
    assert (first.is_paused, first.doubted_at) == (False, clock.now())
    task.refresh_from_db()
    assert task.check_at
    wait = (task.check_at - clock.now()).total_seconds()
    assert 10 <= wait <= 30, "soon, and late enough to count"
    # Of many questions of one moment all may meet the same faulty gateway.
    world.frozen_clock.advance(9)
    assert not refuse(world, task).is_paused
    world.frozen_clock.advance(wait - 9)
    assert refuse(world, task).paused_reason == Reason.KEY_REFUSED
    transitions.resume_credential(world.credential, None)
    assert not refuse(world, task).is_paused, "it begins anew"


def test_a_good_answer_between_the_two_ends_the_doubt(world: World) -> None:
    task = running(world)
    refuse(world, task)
    world.frozen_clock.advance(60)
    transitions.apply_report(world.attempt(task), Report(RemoteState.RUNNING, progress=7))
    assert Credential.objects.get(pk=world.credential.pk).doubted_at is None
    world.frozen_clock.advance(60)
    assert not refuse(world, task).is_paused


def test_the_pollers_answers_end_the_doubt_also_where_they_bring_no_news(world: World) -> None:
    world.order("[stuck] A lighthouse")
    world.cluster.work()
    world.sandbox.set_fault(world.key, "[refuse Unauthorized]", on="query", times=1)
    world.wait(40)
    world.credential.refresh_from_db()
    assert world.credential.doubted_at
    world.wait(60)
    after = Credential.objects.get(pk=world.credential.pk)
    assert after.doubted_at is None
    assert not after.is_paused


def test_a_balance_that_is_refused_once_pauses_no_key(world: World) -> None:
    world.sandbox.set_fault(world.key, "[refuse Unauthorized]", on="any")
    for paused in (False, True):
        stops.read_balance(world.credential.pk)
        world.credential.refresh_from_db()
        assert world.credential.is_paused == paused
        world.frozen_clock.advance(60)


def test_an_order_that_the_provider_refuses_for_its_key_pauses_it_at_once(world: World) -> None:
    world.sandbox.set_fault(world.key, "[refuse Unauthorized]", on="create")
    first, second = world.order(count=2)
    world.cluster.work()
    world.credential.refresh_from_db()
    assert world.credential.is_paused
    states = [Task.objects.get(pk=task.pk).state for task in (first, second)]
    assert states == [TaskState.FAILED, TaskState.WAITING]
    world.check_books(spent=0, held=35)


def test_a_page_of_a_firewall_makes_one_order_unclear_and_the_others_wait(world: World) -> None:
    (first,) = world.order("[proxy create 403] A lighthouse")
    world.credential.slots = 1
    world.credential.save(update_fields=["slots"])
    others = world.order("A harbour", count=3)
    world.cluster.work()
    first.refresh_from_db()
    assert (first.state, first.reason) == (TaskState.UNCLEAR, Reason.GATEWAY)
    world.credential.refresh_from_db()
    assert not world.credential.is_paused
    waiting = Task.objects.filter(pk__in=[task.pk for task in others])
    assert {task.state for task in waiting} == {TaskState.WAITING}
    assert {task.obstacle for task in waiting} == {Reason.GATEWAY}
    world.wait(5 * 60)
    assert TaskState.QUEUED in {task.state for task in waiting.all()}


@pytest.mark.parametrize(("status", "obstacle"), [(405, "gateway"), (468, "gateway"), (502, "")])
def test_only_a_page_that_refuses_makes_the_others_wait(
    world: World, status: int, obstacle: str
) -> None:
    first, other = world.order(count=2)
    world.cluster.lose()
    attempt = transitions.claim(first.pk)
    assert attempt
    assert transitions.mark_sent(attempt)
    page = Unclear(f"http_{status}", reason=Reason.GATEWAY, status=status)
    transitions.mark_unclear(attempt, page)
    other.refresh_from_db()
    assert (other.state, other.obstacle) == (TaskState.WAITING, obstacle)
