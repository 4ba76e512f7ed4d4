"""Ordering: one press makes one set of tasks, and what is refused holds nothing."""

from dataclasses import replace

import pytest

from generations import clock
from generations.billing import ledger
from generations.lifecycle import order as ordering
from generations.lifecycle import transitions
from generations.models import Attempt, Entry, Membership, Role, Task
from generations.providers.contract import Reason
from generations.teams import credentials
from tests.factories import make_credential, make_member, make_user, wanted
from tests.threads import at_once

from .conftest import World


def test_a_double_press_makes_one_set_of_tasks(world: World) -> None:
    first, again = (
        ordering.order(world.membership, world.credential, wanted(), count=3, form_token="press")
        for _ in range(2)
    )
    assert [task.pk for task in first] == [task.pk for task in again]
    assert Task.objects.count() == 3
    world.cluster.work()
    assert len(world.posts) == 3
    world.check_books(spent=0, held=105)


def test_two_presses_at_the_same_instant_make_one_set_of_tasks(world: World) -> None:
    def press() -> list[Task]:
        return ordering.order(
            world.membership, world.credential, wanted(), count=2, form_token="press"
        )

    made = [[task.pk for task in tasks] for tasks in at_once([press] * 4)]
    assert all(pks == made[0] for pks in made)
    assert Task.objects.count() == 2
    world.check_books(spent=0, held=70)


def test_a_press_in_another_team_with_the_same_token_is_its_own(world: World) -> None:
    other = make_member()
    credential = make_credential(team=other.team, base_url=world.sandbox.url)
    ordering.order(world.membership, world.credential, wanted(), form_token="press")
    ordering.order(other, credential, wanted(), form_token="press")
    assert Task.objects.count() == 2


def nothing_was_made() -> bool:
    kinds = set(Entry.objects.values_list("kind", flat=True))
    return not (Task.objects.exists() or Attempt.objects.exists() or kinds - {"adjust"})


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("model", {"model": "viduq9"}),
        ("model", {"kind": "image_to_video"}),
        ("prompt", {"prompt": " "}),
        ("prompt", {"prompt": "x" * 100_000}),
        ("duration", {"duration": 99}),
        ("resolution", {"resolution": "8K"}),
        ("aspect_ratio", {"aspect_ratio": "7:3"}),
        ("seed", {"seed": -1}),
        ("images", {"images": ("https://example.com/a.png",)}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_order_that_the_model_cannot_make_holds_nothing(
    world: World, field: str, changes: dict[str, object]
) -> None:
    order = replace(wanted(), **changes)  # type: ignore[arg-type]
    with pytest.raises(ordering.Invalid) as refused:
        ordering.order(world.membership, world.credential, order, form_token="press")
    assert field in {problem.field for problem in refused.value.problems}
    assert nothing_was_made()


@pytest.mark.parametrize("count", [0, -1, 21])
def test_too_many_or_none_at_once_are_refused(world: World, count: int) -> None:
    with pytest.raises(ordering.Invalid):
        world.order(count=count)
    assert nothing_was_made()


def test_when_not_enough_is_left_all_is_refused_and_the_provider_asked_for_a_top_up(
    world: World,
) -> None:
    world.sandbox.context.engine.account(world.key).credits = 80
    assert credentials.read_balance(world.credential) == 80
    with pytest.raises(ordering.NotEnough) as refused:
        world.order(count=3)
    assert (refused.value.left, refused.value.needed) == (80, 105)
    assert nothing_was_made()
    world.sandbox.context.engine.account(world.key).credits = 500
    world.cluster.work()
    world.order(count=3)
    world.check_books(spent=0, held=105)


def test_a_paused_credential_takes_no_order_also_where_the_page_is_old(world: World) -> None:
    seen_on_the_page = world.credential
    now = type(seen_on_the_page).objects.get(pk=seen_on_the_page.pk)
    transitions.pause_credential(now, Reason.CREDITS_SPENT)
    with pytest.raises(ordering.Paused) as refused:
        world.order()
    assert refused.value.code == Reason.CREDITS_SPENT
    assert nothing_was_made()


def test_a_removed_credential_takes_no_order(world: World) -> None:
    seen_on_the_page = type(world.credential).objects.get(pk=world.credential.pk)
    credentials.remove(world.credential, world.membership.user)
    world.credential = seen_on_the_page
    with pytest.raises(ordering.Paused) as refused:
        world.order()
    assert refused.value.code == Reason.KEY_REMOVED
    assert nothing_was_made()


def test_nobody_orders_on_another_teams_credential(world: World) -> None:
    stranger = make_member()
    with pytest.raises(PermissionError):
        ordering.order(stranger, world.credential, wanted(), form_token="press")
    assert nothing_was_made()


def test_a_viewer_orders_nothing(world: World) -> None:
    viewer: Membership = make_member(team=world.membership.team, user=make_user(), role=Role.VIEWER)
    with pytest.raises(PermissionError):
        ordering.order(viewer, world.credential, wanted(), form_token="press")
    assert nothing_was_made()


def test_an_order_says_nothing_to_the_provider_before_it_is_committed(world: World) -> None:
    (task,) = world.order()
    assert not world.sandbox.requests
    assert world.cluster.jobs == [("send", world.credential.pk)]
    assert (task.state, task.created_at) == ("waiting", clock.now())
    assert ledger.available(world.credential) is None
