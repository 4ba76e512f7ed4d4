"""Nothing leaves while ordering is stopped, and all goes on when it is allowed again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from generations import clock
from generations.lifecycle import order as ordering
from generations.lifecycle import stops, sweep
from generations.lifecycle.stops import allow
from generations.models import AuditEvent, File, Role, Task, Team
from generations.models.tasks import TaskState
from generations.storage import store
from generations.teams import installation, ordering_stops
from tests.factories import make_credential, make_member, make_tasks, wanted

from .conftest import World


def stop_the_team(world: World, settings: Settings) -> None:
    stops.stop_team(world.membership.team, world.membership.user)


def stop_all(world: World, settings: Settings) -> None:
    stops.stop(world.membership.user)


def copy_the_database(world: World, settings: Settings) -> None:
    installation.ensure_identity()
    installation.mark_as_copy()


def fill_the_disk(world: World, settings: Settings) -> None:
    """So far that nothing new may be ordered; what was paid for still has room."""
    settings.MIN_FREE_MB = 2 * store.free_bytes() // ordering_stops.MEGABYTE


STOPS: dict[str, Callable[[World, Settings], None]] = {
    ordering_stops.TEAM_STOPPED: stop_the_team,
    ordering_stops.STOPPED: stop_all,
    ordering_stops.COPIED: copy_the_database,
    ordering_stops.LOW_DISK: fill_the_disk,
}


def go_on(world: World, settings: Settings) -> None:
    """End whatever stops it; nothing was sent elsewhere."""
    settings.MIN_FREE_MB = 0
    stops.allow_team(world.membership.team, world.membership.user)
    allow(world.membership.user, nothing_was_sent=True)


def team(world: World) -> Team:
    return Team.objects.get(pk=world.membership.team_id)


@pytest.mark.parametrize("code", STOPS)
def test_while_it_is_stopped_nothing_new_is_ordered(
    world: World, settings: Settings, code: str
) -> None:
    STOPS[code](world, settings)
    world.membership.team.refresh_from_db()
    with pytest.raises(ordering.Stopped) as refusal:
        world.order()
    assert refusal.value.code == code
    assert not Task.objects.exists()
    world.check_books(spent=0)


@pytest.mark.parametrize("code", STOPS)
def test_what_waits_stays_waiting_says_why_and_goes_when_it_may(
    world: World, settings: Settings, code: str
) -> None:
    tasks = world.order(count=2)
    STOPS[code](world, settings)
    before = team(world).sequence
    for _ in range(3):
        world.wait(60)
    assert not world.posts
    assert {(task.state, task.obstacle) for task in Task.objects.all()} == {("waiting", code)}
    assert team(world).sequence == before + 1, "pages hear of it once"
    go_on(world, settings)
    world.wait(60)
    sweep.sweep(0)
    world.end()
    assert sum(world.posts.values()) == len(tasks)
    assert set(Task.objects.values_list("state", "obstacle")) == {("succeeded", "")}
    world.check_books(spent=70)


def test_the_poller_sends_at_once_what_was_held_back(world: World) -> None:
    world.order()
    stops.stop(None)
    world.wait()
    stops.allow(None)
    world.cluster.poll()
    assert sum(world.posts.values()) == 1


@pytest.mark.parametrize("code", STOPS)
def test_what_the_provider_has_ends_and_is_fetched_all_the_same(
    world: World, settings: Settings, code: str
) -> None:
    world.order()
    world.cluster.work()
    STOPS[code](world, settings)
    world.finish()
    assert set(Task.objects.values_list("state", flat=True)) == {TaskState.SUCCEEDED}
    assert set(File.objects.values_list("state", flat=True)) == {"stored"}


def test_the_stop_of_one_team_stops_no_other(world: World) -> None:
    stops.stop_team(world.membership.team, world.membership.user)
    other = make_member()
    credential = make_credential(team=other.team, base_url=world.sandbox.url)
    make_tasks(membership=other, credential=credential)
    world.cluster.work()
    assert sum(world.posts.values()) == 1


def test_a_press_that_was_ordered_before_the_stop_is_still_that_order(world: World) -> None:
    first = ordering.order(world.membership, world.credential, wanted(), form_token="press")
    stops.stop(None)
    again = ordering.order(world.membership, world.credential, wanted(), form_token="press")
    assert again == first


def test_stops_and_their_ends_are_written_down_once_with_who_did_it(world: World) -> None:
    team = world.membership.team
    owner = make_member(team=team, role=Role.OWNER).user
    for _ in range(2):
        stops.stop_team(team, owner)
        stops.stop(owner)
    for _ in range(2):
        stops.allow(owner)
        stops.allow_team(team, owner)
    verbs = AuditEvent.objects.filter(team=team, actor=owner).order_by("pk").values_list("verb")
    assert [verb for (verb,) in verbs] == [
        "team.ordering_stopped",
        "ordering.stopped",
        "ordering.allowed",
        "team.ordering_allowed",
    ]


def as_before_it_was_sent(task: Task) -> None:
    """As it stands in a copy of the database from a moment earlier."""
    Task.objects.filter(pk=task.pk).update(
        state=TaskState.WAITING, accepted_at=None, check_at=None, lease_until=None
    )
    task.attempts.update(state="ready", remote_id="", sent_at=None, answered_at=None, reply="")


def test_in_a_copy_nothing_that_waited_is_sent_and_what_the_other_sent_is_found(
    world: World, settings: Settings
) -> None:
    (sent,) = world.order("A fox in the snow")
    world.cluster.work()
    as_before_it_was_sent(sent)
    (kept,) = world.order("Another fox")
    world.cluster.lose()
    copy_the_database(world, settings)
    assert allow(None) == 2
    for _ in range(3):
        world.wait(60)
        sweep.sweep(0)
    world.cluster.work()
    assert dict(Task.objects.values_list("pk", "state")) == {
        sent.pk: TaskState.SUCCEEDED,
        kept.pk: TaskState.UNCLEAR,
    }
    assert Task.objects.get(pk=kept.pk).code == ordering_stops.COPIED
    assert sum(world.posts.values()) == 1
    world.check_books(spent=35, held=35)


def test_what_a_dead_sender_of_a_copy_had_claimed_is_not_sent_either(world: World) -> None:
    (task,) = world.order()
    world.cluster.lose()
    Task.objects.update(state=TaskState.SENDING, lease_until=clock.now() + timedelta(seconds=5))
    installation.ensure_identity()
    installation.mark_as_copy()
    assert allow(None) == 1
    for _ in range(3):
        world.wait(60)
        sweep.sweep(0)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    assert not world.posts


def test_orders_of_a_released_copy_go_as_ever(world: World, settings: Settings) -> None:
    copy_the_database(world, settings)
    allow(None)
    world.order()
    world.end()
    world.check_books(spent=35)
