"""Nothing leaves while ordering is stopped or a key is refused, and all goes on afterwards."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from generations import clock
from generations.billing import ledger
from generations.lifecycle import order as ordering
from generations.lifecycle import stops, sweep, transitions
from generations.models import AuditEvent, Credential, File, Role, Task, Team
from generations.models.tasks import TaskState
from generations.providers.contract import Order, Reason
from generations.storage import store
from generations.teams import installation, ordering_stops
from tests.factories import make_credential, make_member, make_tasks, wanted
from tests.threads import at_once

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
    stops.allow(world.membership.user, nothing_was_sent=True)


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
    assert stops.allow(None) == 2
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
    assert stops.allow(None) == 1
    for _ in range(3):
        world.wait(60)
        sweep.sweep(0)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    assert not world.posts


def test_orders_of_a_released_copy_go_as_ever(world: World, settings: Settings) -> None:
    copy_the_database(world, settings)
    stops.allow(None)
    world.order()
    world.end()
    world.check_books(spent=35)


# ---- A key that is refused ------------------------------------------------------------------

REASONS = {
    "Unauthorized": Reason.KEY_REFUSED,
    "Forbidden": Reason.KEY_NOT_ALLOWED,
    "CreditInsufficient": Reason.CREDITS_SPENT,
}


def notices(world: World) -> list[tuple[str, str]]:
    """Verb and reason of all that was written down of pauses."""
    events = AuditEvent.objects.filter(team=world.membership.team, verb="credential.paused")
    return [(event.subject, event.detail["reason"]) for event in events]


def check_told_once(world: World, reason: str) -> None:
    world.credential.refresh_from_db()
    assert (world.credential.is_paused, world.credential.paused_reason) == (True, reason)
    assert notices(world) == [(world.credential.name, reason)]


@pytest.mark.parametrize("code", REASONS)
def test_many_orders_that_are_refused_for_the_key_make_one_notice(world: World, code: str) -> None:
    world.sandbox.set_fault(world.key, f"[refuse {code}]", on="create")
    world.order(count=10)
    for _ in range(5):
        world.wait(60)
        sweep.sweep(0)
    check_told_once(world, REASONS[code])
    assert sum(world.posts.values()) == 1
    states = set(Task.objects.values_list("state", "obstacle"))
    assert states == {(TaskState.FAILED, ""), (TaskState.WAITING, "paused")}


@pytest.mark.parametrize("code", REASONS)
def test_many_questions_that_are_refused_make_one_notice_too(world: World, code: str) -> None:
    world.order("[stuck] A storm", count=5)
    world.cluster.work()
    world.sandbox.set_fault(world.key, f"[refuse {code}]", on="query")
    for _ in range(5):
        world.wait(60)
    check_told_once(world, REASONS[code])
    world.sandbox.set_fault(world.key, "")
    world.wait(600)
    assert set(Task.objects.values_list("state", flat=True)) <= {"queued", "running"}


def test_payment_required_pauses_a_key_as_a_refused_one_does(world: World) -> None:
    world.credential = make_credential(
        team=world.membership.team,
        kind="apixo",
        base_url=world.sandbox.base_url("apixo"),
        name="APIXO",
        key=f"sandbox-broke-{uuid4().hex}",
    )
    fox = Order("text_to_video", "vidu-q3", "A fox", 5, "720p", "16:9")
    for _ in range(3):
        ordering.order(
            world.membership,
            world.credential,
            fox,
            accepts_unknown=True,
            form_token=uuid4().hex,
        )
    world.cluster.work()
    world.credential.refresh_from_db()
    check_told_once(world, Reason.CREDITS_SPENT)
    assert sum(request.method == "POST" for request in world.sandbox.requests) == 1
    assert sorted(Task.objects.values_list("state", flat=True)) == ["failed", "waiting", "waiting"]
    assert not list(ledger.verify())


def test_two_who_find_out_at_the_same_instant_tell_it_once(world: World) -> None:
    credentials = Credential.objects.select_related("team")
    at_once(
        [
            partial(transitions.pause_credential, credentials.get(pk=world.credential.pk), reason)
            for reason in [*REASONS.values(), Reason.KEY_SEALED]
        ]
    )
    ((name, code),) = notices(world)
    world.credential.refresh_from_db()
    assert (name, code) == (world.credential.name, world.credential.paused_reason)


def test_the_page_of_the_keys_tells_the_reason_once(world: World, client: Client) -> None:
    world.sandbox.set_fault(world.key, "[refuse Forbidden]", on="create")
    world.order(count=3)
    world.wait(60)
    client.force_login(world.membership.user)
    html = client.get(reverse("credentials", args=[world.membership.team.slug])).content.decode()
    assert html.count("The provider does not allow this key to order.") == 1
