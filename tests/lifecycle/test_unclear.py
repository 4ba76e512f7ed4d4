"""An order whose outcome is unknown: never sent again by the machine, and found in every way."""

import json
from datetime import timedelta

import pytest

from generations.lifecycle import actions, callbacks, sweep, transitions
from generations.models import Attempt, AuditEvent, Callback, Entry, Task
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import Reason, Receipt
from tests.cases import case

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


def id_at_provider(world: World, task: Task) -> str:
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
    assert world.attempt(task).remote_id == id_at_provider(world, task)
    assert task.code == task.message == ""
    assert sum(world.posts.values()) == 3
    world.check_books(spent=105)


def test_an_order_that_may_not_have_arrived_stays_unclear_and_held(world: World) -> None:
    words = ("500 before", "drop before", "refuse Conflict")
    tasks = {word: world.order(f"[{word}] A lighthouse")[0] for word in words}
    for _ in range(12):
        world.wait(1500)
        sweep.sweep(0)
    for word, task in tasks.items():
        with case(word):
            task.refresh_from_db()
            assert task.state == TaskState.UNCLEAR
            assert world.posts[world.attempt(task).reference] == 1
    assert sum(world.posts.values()) == len(words)
    world.check_books(spent=0, held=35 * len(words))


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
    remote_id = id_at_provider(world, running)
    Attempt.objects.filter(task=running).update(remote_id="", state=AttemptState.WITHDRAWN)
    world.cluster.deliver("recover", world.attempt(task).pk)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    asked = [each.path for each in world.sandbox.requests if remote_id in each.path]
    assert asked, "the twin was looked at, and told apart by its reference"


def test_a_callback_on_its_token_finds_an_unclear_order(public_world: World) -> None:
    task = hidden(public_world)
    public_world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    public_world.check_books(spent=35)


def test_a_callback_that_came_before_the_lost_answer_finds_the_order(public_world: World) -> None:
    (task,) = public_world.order(
        "[callback early] [drop after] [list missing] [stuck] A lighthouse"
    )
    public_world.cluster.work()
    assert Callback.objects.filter(attempt__task=task).exists()
    task.refresh_from_db()
    assert task.state in {TaskState.QUEUED, TaskState.RUNNING}
    assert public_world.attempt(task).remote_id == id_at_provider(public_world, task)


def test_a_callback_whose_job_was_lost_is_read_by_the_next_search(world: World) -> None:
    task = hidden(world)
    attempt = world.attempt(task)
    remote_id = id_at_provider(world, task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", remote_id=remote_id)
    world.frozen_clock.advance(60)
    sweep.sweep(0)
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED


def test_a_callback_whose_question_failed_is_asked_again_by_the_next_search(world: World) -> None:
    task = hidden(world)
    attempt = world.attempt(task)
    remote_id = id_at_provider(world, task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", remote_id=remote_id)
    world.sandbox.set_fault(world.key, "[500 before]", on="query", times=1)
    callbacks.answer_callbacks(attempt.pk)
    world.frozen_clock.advance(60)
    sweep.sweep(0)
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED


def test_a_callback_cannot_pass_off_another_task_as_ours(world: World) -> None:
    (other,) = world.order("Somebody else's clip")
    task = unclear(world, "[500 before]")
    remote_id = id_at_provider(world, other)
    Attempt.objects.filter(task=other).update(remote_id="")
    attempt = world.attempt(task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", remote_id=remote_id)
    callbacks.answer_callbacks(attempt.pk)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR


def test_one_id_that_is_gone_does_not_end_the_search(world: World) -> None:
    world.cluster.lost.add("recover")
    task = unclear(world, "[drop after]")
    world.cluster.lost.clear()
    attempt = world.attempt(task)
    Callback.objects.create(attempt=attempt, verdict="signed", nonce="1", remote_id="404404")
    world.cluster.deliver("recover", attempt.pk)
    task.refresh_from_db()
    assert task.state == TaskState.QUEUED


def test_a_person_gives_the_id_of_an_unclear_order(world: World) -> None:
    task = hidden(world)
    actions.accept_found_id(task, f" {id_at_provider(world, task)} ", world.membership.user)
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert AuditEvent.objects.filter(verb="task.found", actor=world.membership.user).count() == 1
    world.check_books(spent=35)


def test_an_id_that_is_unknown_or_another_orders_is_refused(world: World) -> None:
    (other,) = world.order("[stuck] Another clip")
    task = hidden(world)
    (stranger,) = world.order("[stuck] A third clip")
    world.cluster.work()
    known = id_at_provider(world, other)
    theirs = id_at_provider(world, stranger)
    Attempt.objects.filter(task=stranger).update(remote_id="")
    for remote_id, code in (
        ("404404", Reason.NOT_FOUND),
        (known, Reason.REMOTE_ID_TAKEN),
        (theirs, "another_order"),
    ):
        with pytest.raises(actions.NotFound) as refused:
            actions.accept_found_id(task, remote_id, world.membership.user)
        assert refused.value.code == code
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    assert not AuditEvent.objects.filter(verb="task.found").exists()


def test_a_person_releases_an_unclear_order_and_its_credits_come_back(world: World) -> None:
    task = unclear(world, "[500 before]")
    actions.release(task, world.membership.user, send_again=False)
    task.refresh_from_db()
    assert (task.state, task.reason) == (TaskState.FAILED, Reason.NEVER_ARRIVED)
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
    transitions.mark_accepted(late, Receipt("9110260474603"))
    task.refresh_from_db()
    assert task.state == TaskState.FAILED
    assert "9110260474603" in task.alarm
    world.check_books(spent=0)


def test_a_callback_after_a_person_gave_up_raises_an_alarm_and_changes_nothing(
    public_world: World,
) -> None:
    task = hidden(public_world)
    remote_id = id_at_provider(public_world, task)
    actions.release(task, public_world.membership.user, send_again=True)
    Task.objects.filter(pk=task.pk).update(prompt="A lighthouse")
    public_world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert remote_id in task.alarm, "both attempts ran, and a person must know"
    assert task.misses == 0
    assert Entry.objects.filter(kind="settle").count() == 1


def test_a_task_beyond_the_longest_time_is_unclear_until_the_provider_ends_it(
    world: World,
) -> None:
    (task,) = world.order("[stuck] A lighthouse")
    world.wait(30)
    world.frozen_clock.advance(49 * 3600)
    sweep.sweep(0)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.UNCLEAR, "overdue")
    world.check_books(spent=0, held=35)
    remote_id = world.attempt(task).remote_id
    world.sandbox.fail(remote_id, "Canceled")
    world.frozen_clock.advance(7200)
    sweep.sweep(0)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "Canceled")
    world.check_books(spent=0)


def test_searches_grow_seldom_with_the_age_of_the_order(world: World) -> None:
    attempt = world.attempt(unclear(world, "[500 before]"))
    assert attempt.sent_at
    for age, pause in ((60, 30), (3600, 300), (86_400, 3600)):
        world.frozen_clock.at = attempt.sent_at + timedelta(seconds=age)
        Attempt.objects.update(searched_at=world.frozen_clock.at - timedelta(seconds=pause - 1))
        sweep.sweep(0)
        assert ("recover", attempt.pk) not in world.cluster.jobs
        world.frozen_clock.advance(1)
        sweep.sweep(0)
        assert ("recover", attempt.pk) in world.cluster.jobs
        world.cluster.lose()


def test_what_is_searched_for_is_asked_in_the_time_around_the_order(world: World) -> None:
    task = hidden(world)
    world.cluster.deliver("recover", world.attempt(task).pk)
    lists = [each for each in world.sandbox.requests if each.path == "/ent/v2/tasks"]
    sent_at = world.attempt(task).sent_at
    assert sent_at
    assert lists
    assert lists[0].value("created_at.from") < sent_at.isoformat() < lists[0].value("created_at.to")
    assert json.loads(world.sandbox.requests[0].body)["payload"] == world.attempt(task).reference


# ---- In the open ----------------------------------------------------------------------------


def alarms() -> int:
    return AuditEvent.objects.filter(verb="task.unclear").count()


def test_an_order_that_is_unclear_for_a_quarter_of_an_hour_raises_one_alarm(world: World) -> None:
    task = unclear(world, "[500 before]")
    world.frozen_clock.advance(14 * 60)
    sweep.sweep(0)
    assert alarms() == 0
    for _ in range(3):
        world.frozen_clock.advance(60)
        sweep.sweep(0)
    assert alarms() == 1
    task.refresh_from_db()
    assert task.alarmed_at
    assert task.unclear_at
    assert (task.alarmed_at - task.unclear_at) >= transitions.UNCLEAR_TOO_LONG


def test_a_new_try_that_becomes_unclear_too_has_an_alarm_of_its_own(world: World) -> None:
    task = unclear(world, "[500 before]")
    world.frozen_clock.advance(16 * 60)
    sweep.sweep(0)
    actions.release(task, world.membership.user, send_again=True)
    world.cluster.deliver("send", world.credential.pk)
    task.refresh_from_db()
    assert (task.state, task.alarmed_at) == (TaskState.UNCLEAR, None)
    sweep.sweep(0)
    assert alarms() == 1
    world.frozen_clock.advance(16 * 60)
    sweep.sweep(0)
    assert alarms() == 2


def test_nothing_that_is_unclear_ever_becomes_failed_by_itself(world: World) -> None:
    task = unclear(world, "[500 before]")
    for hours in (1, 24, 24 * 7, 24 * 60):
        world.frozen_clock.advance(hours * 3600)
        sweep.sweep(0)
        world.cluster.work()
        world.cluster.poll()
    task.refresh_from_db()
    assert (task.state, alarms()) == (TaskState.UNCLEAR, 1)
    world.check_books(spent=0, held=35)
