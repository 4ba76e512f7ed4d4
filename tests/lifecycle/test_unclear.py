"""An order whose outcome is unknown: never sent again by the machine, and found in every way."""

import json
from datetime import timedelta

import pytest

from generations.lifecycle import (
    actions,
    callbacks,
    sweep,
    transitions,
)
from generations.models import Attempt, Callback, Entry, Event, Task
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import Receipt

from .conftest import World

LOST_ANSWERS = ("drop after", "500 after", "502 after", "garbled", "no task id")


def unclear(world: World, words: str) -> Task:
    (task,) = world.order(f"{words} A lighthouse")
    world.cluster.work()
    world.cluster.lose()
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    return task


def hidden(world: World) -> Task:
    """Taken by the provider, but neither its answer nor its list tells of it."""
    return unclear(world, "[drop after] [list missing]")


def number_at_provider(world: World, task: Task) -> str:
    reference = world.attempt(task).reference
    tasks = world.sandbox.tasks.values()
    return next(each.id for each in tasks if each.order["payload"] == reference)


@pytest.mark.parametrize("word", LOST_ANSWERS)
def test_an_order_whose_answer_was_lost_is_found_in_the_providers_list(
    world: World, word: str
) -> None:
    world.order("Another clip of the same minute")
    (task,) = world.order(f"[{word}] A lighthouse")
    (twin,) = world.order(f"[{word}] A lighthouse")
    world.end()
    task.refresh_from_db()
    twin.refresh_from_db()
    assert task.state == twin.state == TaskState.SUCCEEDED
    assert world.attempt(task).number == number_at_provider(world, task)
    assert task.code == task.message == ""
    assert sum(world.posts.values()) == 3
    world.check_books(spent=105)


@pytest.mark.parametrize("word", ["500 before", "drop before", "refuse Conflict"])
def test_an_order_that_may_not_have_arrived_stays_unclear_and_held(world: World, word: str) -> None:
    (task,) = world.order(f"[{word}] A lighthouse")
    for _ in range(30):
        world.wait(600)
        sweep.sweep(0)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    assert sum(world.posts.values()) == 1
    world.check_books(spent=0, held=35)


def test_an_unclear_order_takes_no_slot(world: World) -> None:
    world.order("[500 before] A lighthouse", count=5)
    (last,) = world.order()
    world.cluster.work()
    last.refresh_from_db()
    assert last.state == TaskState.QUEUED


def test_another_order_with_the_same_words_is_never_taken_for_ours(world: World) -> None:
    (running,) = world.order("A lighthouse")
    task = unclear(world, "[500 before]")
    Task.objects.filter(pk=task.pk).update(prompt="A lighthouse")
    number = number_at_provider(world, running)
    Attempt.objects.filter(task=running).update(number="", state=AttemptState.WITHDRAWN)
    world.cluster.deliver("find", world.attempt(task).pk)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    asked = [each.path for each in world.sandbox.requests if number in each.path]
    assert asked, "the twin was looked at, and told apart by its reference"


def test_a_ring_on_its_token_finds_an_unclear_order(ringing: World) -> None:
    task = hidden(ringing)
    ringing.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    ringing.check_books(spent=35)


def test_a_ring_that_came_before_the_lost_answer_finds_the_order(ringing: World) -> None:
    (task,) = ringing.order("[callback early] [drop after] [list missing] [stuck] A lighthouse")
    ringing.cluster.work()
    assert Callback.objects.filter(attempt__task=task).exists()
    task.refresh_from_db()
    assert task.state in {TaskState.QUEUED, TaskState.RUNNING}
    assert ringing.attempt(task).number == number_at_provider(ringing, task)


def test_a_ring_whose_job_was_lost_is_read_by_the_next_search(world: World) -> None:
    task = hidden(world)
    attempt = world.attempt(task)
    number = number_at_provider(world, task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", number=number)
    world.hands.move(60)
    sweep.sweep(0)
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED


def test_a_ring_whose_question_failed_is_asked_again_by_the_next_search(world: World) -> None:
    task = hidden(world)
    attempt = world.attempt(task)
    number = number_at_provider(world, task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", number=number)
    world.sandbox.fault(world.key, "[500 before]", on="query", times=1)
    callbacks.answer(attempt.pk)
    world.hands.move(60)
    sweep.sweep(0)
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED


def test_a_ring_cannot_pass_off_another_task_as_ours(world: World) -> None:
    (other,) = world.order("Somebody else's clip")
    task = unclear(world, "[500 before]")
    number = number_at_provider(world, other)
    Attempt.objects.filter(task=other).update(number="")
    attempt = world.attempt(task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", number=number)
    callbacks.answer(attempt.pk)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR


def test_one_number_that_is_gone_does_not_end_the_search(world: World) -> None:
    world.cluster.lost.add("find")
    task = unclear(world, "[drop after]")
    world.cluster.lost.clear()
    attempt = world.attempt(task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", number="404404")
    world.cluster.deliver("find", attempt.pk)
    task.refresh_from_db()
    assert task.state == TaskState.QUEUED


def test_a_person_gives_the_number_of_an_unclear_order(world: World) -> None:
    task = hidden(world)
    actions.found(task, f" {number_at_provider(world, task)} ", world.membership.user)
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert Event.objects.filter(verb="task.found", actor=world.membership.user).count() == 1
    world.check_books(spent=35)


def test_a_number_that_is_unknown_or_another_orders_is_refused(world: World) -> None:
    (other,) = world.order("[stuck] Another clip")
    task = hidden(world)
    (stranger,) = world.order("[stuck] A third clip")
    world.cluster.work()
    known = number_at_provider(world, other)
    theirs = number_at_provider(world, stranger)
    Attempt.objects.filter(task=stranger).update(number="")
    for number, code in (
        ("404404", "TaskNotFound"),
        (known, "number_taken"),
        (theirs, "another_order"),
    ):
        with pytest.raises(actions.NotFound) as refused:
            actions.found(task, number, world.membership.user)
        assert refused.value.code == code
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    assert not Event.objects.filter(verb="task.found").exists()


def test_a_person_releases_an_unclear_order_and_its_credits_come_back(world: World) -> None:
    task = unclear(world, "[500 before]")
    actions.release(task, world.membership.user, send_again=False)
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "never_arrived")
    with pytest.raises(actions.TooLate):
        actions.release(task, world.membership.user, send_again=True)
    world.check_books(spent=0)


def test_a_person_sends_an_unclear_order_again_as_a_new_attempt(world: World) -> None:
    task = unclear(world, "[500 before]")
    Task.objects.filter(pk=task.pk).update(prompt="A lighthouse")
    actions.release(task, world.membership.user, send_again=True)
    with pytest.raises(actions.TooLate):
        actions.release(task, world.membership.user, send_again=True)
    world.check_books(spent=0, held=35)
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert sum(world.posts.values()) == 2
    world.check_books(spent=35)


def test_an_answer_after_a_person_gave_up_raises_an_alarm_and_changes_nothing(
    world: World,
) -> None:
    task = hidden(world)
    late = world.attempt(task)
    actions.release(task, world.membership.user, send_again=False)
    transitions.accepted(late, Receipt("9110260474603"))
    task.refresh_from_db()
    assert task.state == TaskState.FAILED
    assert "9110260474603" in task.alarm
    world.check_books(spent=0)


def test_a_ring_after_a_person_gave_up_raises_an_alarm_and_changes_nothing(
    ringing: World,
) -> None:
    task = hidden(ringing)
    number = number_at_provider(ringing, task)
    actions.release(task, ringing.membership.user, send_again=True)
    Task.objects.filter(pk=task.pk).update(prompt="A lighthouse")
    ringing.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert number in task.alarm, "both attempts ran, and a person must know"
    assert task.misses == 0
    assert Entry.objects.filter(kind="settle").count() == 1


def test_a_task_beyond_the_longest_time_is_unclear_until_the_provider_ends_it(
    world: World,
) -> None:
    (task,) = world.order("[stuck] A lighthouse")
    world.wait(30)
    world.hands.move(49 * 3600)
    sweep.sweep(0)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.UNCLEAR, "overdue")
    world.check_books(spent=0, held=35)
    number = world.attempt(task).number
    world.sandbox.stage.studio._end(world.sandbox.tasks[number], "failed", "Canceled")
    world.hands.move(7200)
    sweep.sweep(0)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "Canceled")
    world.check_books(spent=0)


def test_searches_grow_seldom_with_the_age_of_the_order(world: World) -> None:
    attempt = world.attempt(unclear(world, "[500 before]"))
    assert attempt.sent_at
    for age, pause in ((60, 30), (3600, 300), (86_400, 3600)):
        world.hands.at = attempt.sent_at + timedelta(seconds=age)
        Attempt.objects.update(looked_at=world.hands.at - timedelta(seconds=pause - 1))
        sweep.sweep(0)
        assert ("find", attempt.pk) not in world.cluster.bells
        world.hands.move(1)
        sweep.sweep(0)
        assert ("find", attempt.pk) in world.cluster.bells
        world.cluster.lose()


def test_what_is_searched_for_is_asked_in_the_time_around_the_order(world: World) -> None:
    task = hidden(world)
    world.cluster.deliver("find", world.attempt(task).pk)
    lists = [each for each in world.sandbox.requests if each.path == "/ent/v2/tasks"]
    sent_at = world.attempt(task).sent_at
    assert sent_at
    assert lists
    assert lists[0].value("created_at.from") < sent_at.isoformat() < lists[0].value("created_at.to")
    assert json.loads(world.sandbox.requests[0].body)["payload"] == world.attempt(task).reference


# ---- In the open ----------------------------------------------------------------------------


def alarms() -> int:
    return Event.objects.filter(verb="task.unclear").count()


def test_an_order_that_is_unclear_for_a_quarter_of_an_hour_raises_one_alarm(world: World) -> None:
    task = unclear(world, "[500 before]")
    world.hands.move(14 * 60)
    sweep.sweep(0)
    assert alarms() == 0
    for _ in range(3):
        world.hands.move(60)
        sweep.sweep(0)
    assert alarms() == 1
    task.refresh_from_db()
    assert task.alarmed_at
    assert task.unclear_at
    assert (task.alarmed_at - task.unclear_at) >= transitions.UNCLEAR_TOO_LONG


def test_a_new_try_that_becomes_unclear_too_has_an_alarm_of_its_own(world: World) -> None:
    task = unclear(world, "[500 before]")
    world.hands.move(16 * 60)
    sweep.sweep(0)
    actions.release(task, world.membership.user, send_again=True)
    world.cluster.deliver("send", world.credential.pk)
    task.refresh_from_db()
    assert (task.state, task.alarmed_at) == (TaskState.UNCLEAR, None)
    sweep.sweep(0)
    assert alarms() == 1
    world.hands.move(16 * 60)
    sweep.sweep(0)
    assert alarms() == 2


def test_nothing_that_is_unclear_ever_becomes_failed_by_itself(world: World) -> None:
    task = unclear(world, "[500 before]")
    for hours in (1, 24, 24 * 7, 24 * 60):
        world.hands.move(hours * 3600)
        sweep.sweep(0)
        world.cluster.work()
        world.cluster.look()
    task.refresh_from_db()
    assert (task.state, alarms()) == (TaskState.UNCLEAR, 1)
    world.check_books(spent=0, held=35)
