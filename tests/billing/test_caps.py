"""Caps: never passed by an order, exact to the unit, whoever orders at the same instant."""

from datetime import UTC, datetime
from functools import partial

import pytest

from generations import clock
from generations.billing import caps, ledger
from generations.lifecycle import order as ordering
from generations.lifecycle import transitions
from generations.models import Attempt, AuditEvent, Cap, CapUse, Credential, Entry, Membership, Task
from tests.factories import make_credential, make_member, make_tasks, make_user
from tests.threads import at_once

PRICE = 35  # what a clip of the factories is estimated at
NOVEMBER = datetime(2026, 11, 30, 23, 50, tzinfo=UTC)


@pytest.fixture
def member(db: None) -> Membership:
    return make_member()


@pytest.fixture
def credential(member: Membership) -> Credential:
    return make_credential(team=member.team)


def cap(member: Membership, amount: int, *, own: bool = False, unit: str = "credit") -> Cap:
    user = member.user if own else None
    return Cap.objects.create(team=member.team, user=user, unit=unit, amount=amount)


def order(member: Membership, credential: Credential, count: int = 1) -> list[Task]:
    return make_tasks(membership=member, credential=credential, count=count)


def refused(member: Membership, credential: Credential, count: int = 1) -> ordering.OverCap:
    """The refusal of an order; nothing may have come of it."""
    before = Task.objects.count(), Entry.objects.count()
    with pytest.raises(ordering.OverCap) as found:
        order(member, credential, count)
    assert (Task.objects.count(), Entry.objects.count()) == before
    assert not list(ledger.verify())
    return found.value


def used(member: Membership, *, own: bool = False) -> int:
    rows = CapUse.objects.filter(team=member.team, user=member.user if own else None)
    return sum(rows.values_list("amount", flat=True))


def test_a_cap_can_be_used_to_its_last_unit_and_no_further(
    member: Membership, credential: Credential
) -> None:
    cap(member, 2 * PRICE)
    order(member, credential, count=2)
    over = refused(member, credential)
    assert (over.cap.user, over.left, over.needed) == (None, 0, PRICE)


def test_an_order_of_several_is_refused_whole_and_told_what_was_left_before_it(
    member: Membership, credential: Credential
) -> None:
    cap(member, 3 * PRICE + 10)
    order(member, credential)
    over = refused(member, credential, count=3)
    assert (over.left, over.needed) == (2 * PRICE + 10, 3 * PRICE)


def test_a_members_cap_binds_that_member_alone(member: Membership, credential: Credential) -> None:
    cap(member, PRICE, own=True)
    order(member, credential)
    assert refused(member, credential).cap.user == member.user
    order(make_member(team=member.team, user=make_user()), credential)


def test_the_team_binds_a_member_whose_own_cap_has_room(
    member: Membership, credential: Credential
) -> None:
    cap(member, 10 * PRICE, own=True)
    cap(member, PRICE)
    order(make_member(team=member.team, user=make_user()), credential)
    assert refused(member, credential).cap.user is None


def test_a_cap_in_one_unit_says_nothing_of_another(
    member: Membership, credential: Credential
) -> None:
    cap(member, 0, unit="point")
    order(member, credential)


def test_another_teams_cap_says_nothing(member: Membership, credential: Credential) -> None:
    cap(make_member(), 0)
    order(member, credential)


def attempt_of(task: Task) -> Attempt:
    return task.attempts.select_related("task", "credential").latest("ordinal")


def test_what_came_back_may_be_ordered_again(member: Membership, credential: Credential) -> None:
    cap(member, PRICE)
    (task,) = order(member, credential)
    refused(member, credential)
    transitions.cancel(task)
    assert used(member) == 0
    order(member, credential)


@pytest.mark.parametrize(("cost", "left"), [(20, 15), (35, 0), (60, 0)])
def test_what_was_charged_counts_in_the_place_of_what_was_held(
    member: Membership, credential: Credential, cost: int, left: int
) -> None:
    team_cap = cap(member, PRICE)
    (task,) = order(member, credential)
    ledger.settle(attempt_of(task), cost)
    assert (used(member), used(member, own=True)) == (cost, cost)
    assert caps.remaining(team_cap) == left


def test_a_try_that_is_made_anew_needs_no_room_under_a_cap(
    member: Membership, credential: Credential
) -> None:
    (task,) = order(member, credential)
    cap(member, 0)
    Task.objects.update(state="unclear")
    Attempt.objects.update(state="unclear")
    assert transitions.release_unclear(attempt_of(task), send_again=True)
    assert used(member) == PRICE
    assert not list(ledger.verify())


def test_what_has_no_price_is_refused_where_nothing_is_left(
    member: Membership, credential: Credential
) -> None:
    cap(member, PRICE)
    (task,) = order(member, credential)
    attempt = Attempt.objects.create(task=task, credential=credential, ordinal=2, estimate=0)
    with pytest.raises(caps.CapExceeded):
        ledger.hold(attempt)
    Cap.objects.update(amount=PRICE + 1)
    ledger.hold(attempt)


def test_a_new_month_begins_at_nothing_and_old_orders_end_in_their_own(
    member: Membership, credential: Credential
) -> None:
    team_cap = cap(member, PRICE)
    with clock.frozen(NOVEMBER) as frozen_clock:
        (task,) = order(member, credential)
        refused(member, credential)
        frozen_clock.advance(20 * 60)  # December
        assert caps.remaining(team_cap) == PRICE
        ledger.release(attempt_of(task))
        assert caps.remaining(team_cap) == PRICE
        order(member, credential)
        refused(member, credential)
    assert not list(ledger.verify())


def test_an_owner_sets_moves_and_lifts_a_cap_and_each_is_written_down(member: Membership) -> None:
    for amount in (100, 250, 250, None):
        caps.change(member.team, member.user, "credit", amount, member.user)
    assert not Cap.objects.exists()
    told = (
        AuditEvent.objects.filter(verb="cap.changed")
        .order_by("pk")
        .values_list("detail", flat=True)
    )
    assert [(detail["before"], detail["after"]) for detail in told] == [
        (None, 100),
        (100, 250),
        (250, None),
    ]


@pytest.mark.parametrize(
    ("amount", "percent", "near", "full"),
    [
        *((100, 35, False, False), (44, 79, False, False), (43, 81, True, False)),
        *((35, 100, True, True), (0, 100, True, True)),
    ],
)
def test_how_much_of_a_cap_is_used_is_told_in_percent(
    member: Membership,
    credential: Credential,
    amount: int,
    percent: int,
    near: bool,
    full: bool,
) -> None:
    order(member, credential)
    cap(member, amount)
    (use,) = caps.uses(Cap.objects.all())
    assert (use.cap in Cap.objects.near(use.month)) is near
    assert (use.used, use.percent, use.is_near, use.is_full) == (PRICE, percent, near, full)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("own", [False, True], ids=["of the team", "of the member"])
def test_fifty_orders_at_the_same_instant_use_a_cap_exactly(own: bool) -> None:
    member = make_member()
    keys = [make_credential(team=member.team, name=f"Key {number}") for number in range(5)]
    cap(member, 20 * PRICE + 34, own=own)

    def press(number: int) -> ordering.OverCap | None:
        try:
            order(member, keys[number % len(keys)])
        except ordering.OverCap as over:
            return over
        return None

    answers = at_once([partial(press, number) for number in range(50)])
    refusals = [answer for answer in answers if answer]
    assert len(refusals) == 30
    assert used(member, own=own) == 20 * PRICE
    assert {refusal.left for refusal in refusals} == {34}
    assert not list(ledger.verify())
