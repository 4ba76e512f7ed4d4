"""What the provider reports: final is final, nothing goes left, and odd answers keep the state."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pytest_django import Settings

from generations.billing import ledger
from generations.lifecycle import transitions
from generations.models import Attempt, File, Task
from generations.models.tasks import TaskState
from generations.providers.contract import RemoteState, Report, Result

from .conftest import World, snapshot

VIDEO = Result("video", "https://cdn.example/v.mp4", "1")


def at_provider(world: World, *states: RemoteState) -> Task:
    (task,) = world.order("[stuck] A lighthouse")
    world.cluster.work()
    world.cluster.lost.add("fetch")
    say(world, task, *states)
    return task


def say(world: World, task: Task, *states: RemoteState, cost: int | None = None) -> None:
    """The provider tells these states, one after the other."""
    for state in states:
        results: Sequence[Result] = (VIDEO,) if state is RemoteState.SUCCEEDED else ()
        code = "Canceled" if state is RemoteState.FAILED else ""
        report = Report(state, progress=50, cost=cost, results=results, code=code)
        transitions.apply_report(world.attempt(task), report)
    task.refresh_from_db()


FINALS = (RemoteState.SUCCEEDED, RemoteState.FAILED, RemoteState.CANCELLED)


@pytest.mark.parametrize("first", FINALS)
@pytest.mark.parametrize("then", [RemoteState.QUEUED, RemoteState.RUNNING, *FINALS])
def test_a_final_state_never_changes_and_a_contradiction_raises_an_alarm(
    world: World, first: RemoteState, then: RemoteState
) -> None:
    task = at_provider(world, RemoteState.RUNNING, first)
    before, alarm = snapshot(), task.alarm
    say(world, task, then, cost=99)
    if then in FINALS and then != first:
        assert task.alarm == f"contradicted {then}"
        Task.objects.filter(pk=task.pk).update(alarm=alarm)
    assert snapshot() == before
    world.check_books(spent=35 if first is RemoteState.SUCCEEDED else 0)


def test_queued_after_running_goes_nowhere(world: World) -> None:
    task = at_provider(world, RemoteState.RUNNING)
    say(world, task, RemoteState.QUEUED)
    assert task.state == TaskState.RUNNING


@pytest.mark.parametrize("state", [RemoteState.RUNNING, RemoteState.FAILED])
def test_a_report_for_an_earlier_attempt_moves_nothing(world: World, state: RemoteState) -> None:
    world.sandbox.set_fault(world.key, "[429 QuotaExceeded]", on="create", times=1)
    (task,) = world.order("[stuck] A lighthouse")
    world.cluster.work()
    earlier = Attempt.objects.select_related("task", "credential").get(task=task, ordinal=1)
    world.wait(10)
    before = snapshot()
    transitions.apply_report(earlier, Report(state, progress=50))
    assert snapshot() == before


def test_an_unknown_word_in_the_middle_is_passed_over_by_the_poller(world: World) -> None:
    (task,) = world.order("[unknown word] [fail Canceled] A storm")
    world.end()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "Canceled")


def test_success_without_a_result_is_asked_again_until_it_has_one(world: World) -> None:
    (task,) = world.order("[empty creations] A lighthouse")
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert task.files.filter(role="video").count() == 1


@pytest.mark.parametrize("word", ["500 before", "drop after", "garbled", "429 SystemThrottling"])
def test_a_question_that_fails_is_asked_again(world: World, word: str) -> None:
    (task,) = world.order("[fail Canceled] A storm")
    world.cluster.work()
    world.sandbox.set_fault(world.key, f"[{word}]", on="query", times=3)
    world.end()
    task.refresh_from_db()
    assert (task.state, task.alarm, task.misses) == (TaskState.FAILED, "", 0)


def test_a_task_that_the_provider_does_not_find_three_times_raises_an_alarm(world: World) -> None:
    task = at_provider(world, RemoteState.RUNNING)
    world.sandbox.set_fault(world.key, "[refuse TaskNotFound]", on="query", times=2)
    for _ in range(2):
        world.wait(60)
    task.refresh_from_db()
    assert (task.alarm, task.misses) == ("", 2)
    world.wait(60)
    task.refresh_from_db()
    assert (task.alarm, task.misses) == ("", 0), "it was found again"
    world.sandbox.set_fault(world.key, "[refuse TaskNotFound]", on="query")
    for _ in range(4):
        world.wait(120)
    task.refresh_from_db()
    assert task.alarm.startswith("not_found ")
    assert task.state == TaskState.RUNNING
    world.check_books(spent=0, held=35)


@pytest.mark.parametrize(("cost", "spent"), [(35, 35), (20, 20), (50, 50), (0, 0), (None, 35)])
def test_success_costs_what_the_provider_says_it_charged(
    world: World, cost: int | None, spent: int
) -> None:
    task = at_provider(world, RemoteState.RUNNING)
    say(world, task, RemoteState.SUCCEEDED, cost=cost)
    assert world.attempt(task).cost == (35 if cost is None else cost)
    world.check_books(spent=spent)


@pytest.mark.parametrize(("cost", "spent"), [(0, 0), (None, 0), (10, 10)])
def test_a_failure_costs_nothing_unless_the_provider_charged_it(
    world: World, cost: int | None, spent: int
) -> None:
    task = at_provider(world, RemoteState.RUNNING)
    say(world, task, RemoteState.FAILED, cost=cost)
    world.check_books(spent=spent)


def test_what_we_and_the_provider_count_is_the_same_at_the_end(world: World) -> None:
    before = world.credits_left()
    world.order(count=2)
    world.order("[fail Canceled] A storm", count=2)
    world.end()
    (balance,) = ledger.balances(world.membership.team)
    assert before - world.credits_left() == balance.spent == 70


def test_progress_is_shown_and_a_page_is_told_of_each_change(world: World) -> None:
    task = at_provider(world, RemoteState.RUNNING)
    version = task.version
    transitions.apply_report(world.attempt(task), Report(RemoteState.RUNNING, progress=51))
    task.refresh_from_db()
    assert task.progress == 51
    assert task.version > version
    version = task.version
    transitions.apply_report(world.attempt(task), Report(RemoteState.RUNNING, progress=51))
    task.refresh_from_db()
    assert task.version == version, "no news, no change on the page"


def test_fresh_links_replace_old_ones_until_the_file_is_stored(world: World) -> None:
    task = at_provider(world, RemoteState.SUCCEEDED)
    fresh = Result("video", "https://cdn.example/fresh.mp4", "1")
    transitions.apply_report(world.attempt(task), Report(RemoteState.SUCCEEDED, results=(fresh,)))
    assert File.objects.get(task=task).url == fresh.url
    File.objects.update(state="stored")
    transitions.apply_report(world.attempt(task), Report(RemoteState.SUCCEEDED, results=(VIDEO,)))
    assert File.objects.get(task=task).url == fresh.url


def test_a_link_to_this_site_is_what_the_order_was_made_from(
    world: World, settings: Settings
) -> None:
    """A gateway repeats the order under names that results have too."""
    task = at_provider(world, RemoteState.QUEUED)
    source = Result("video", f"{settings.PUBLIC_URL}/sources/token/source.mp4")
    told = Report(RemoteState.SUCCEEDED, "processing", results=(source,))
    transitions.apply_report(world.attempt(task), told)
    task.refresh_from_db()
    assert (task.state, task.alarm, task.files.count()) == (TaskState.RUNNING, "", 0)
    transitions.apply_report(world.attempt(task), replace(told, results=(source, VIDEO)))
    task.refresh_from_db()
    assert (task.state, task.files.get().url) == (TaskState.SUCCEEDED, VIDEO.url)
