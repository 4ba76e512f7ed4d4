"""What a balance lost is either booked or shown as not explained, and never both."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from generations import clock
from generations.billing import caps, falls, ledger
from generations.lifecycle import order as ordering
from generations.models import (
    Attempt,
    AuditEvent,
    BalanceFall,
    Cap,
    Credential,
    Entry,
    Membership,
)
from generations.models.caps import WhenUnknown
from generations.models.ledger import EntryKind, FallState
from generations.models.tasks import CostBasis
from tests.factories import make_credential, make_member

from .unpriced import KIND, again, end, order, read, wanted

pytestmark = pytest.mark.django_db
LATER = 3600


@pytest.fixture
def frozen() -> Iterator[clock.FrozenClock]:
    with clock.frozen(clock.now()) as frozen_clock:
        yield frozen_clock


@pytest.fixture
def member() -> Membership:
    return make_member()


@pytest.fixture
def credential(member: Membership, frozen: clock.FrozenClock) -> Credential:
    """A key with 1,000 left and a reading a while ago."""
    made = make_credential(team=member.team, kind=KIND)
    read(made, 1000)
    frozen.advance(LATER)
    return made


def spent(credential: Credential) -> int:
    return credential.accounts.get(name="spent").balance


def available(credential: Credential) -> int:
    return credential.accounts.get(name="available").balance


def test_an_evening_of_orders_without_a_price_is_booked_to_the_cent(
    member: Membership, credential: Credential, frozen: clock.FrozenClock
) -> None:
    Cap.objects.create(
        team=member.team,
        unit=credential.accounts.values_list("unit", flat=True)[0],
        amount=100,
        when_unknown=WhenUnknown.ASK,
    )
    left = 1000
    charges = {5: 79, 1: 16}
    for duration, cost in charges.items():
        with pytest.raises(ordering.CapUnknown):
            order(member, credential, wanted(duration=duration), accepts=False)
        attempt = order(member, credential, wanted(duration=duration))
        frozen.advance(60)
        end(attempt)
        left -= cost
        read(credential, left)
        frozen.advance(60)
        attempt = again(attempt)
        assert (attempt.booked, attempt.booked_basis) == (cost, CostBasis.BALANCE)
    (use,) = caps.uses(Cap.objects.all())
    assert (use.used, use.unknown) == (95, 0)
    # What was seen of the first is the estimate of the next like it, and no cap lets it pass.
    with pytest.raises(ordering.OverCap) as refused:
        order(member, credential, wanted(duration=5))
    assert (refused.value.left, refused.value.needed) == (5, 79)
    assert (spent(credential), available(credential)) == (95, left)
    assert not falls.open_falls(member.team)
    assert not list(ledger.verify())


def test_two_orders_that_ended_together_wait_for_a_person(
    member: Membership, credential: Credential, frozen: clock.FrozenClock
) -> None:
    attempts = [order(member, credential, wanted()) for _ in range(2)]
    read(credential, 950)  # while they run nobody can tell
    assert not falls.open_falls(member.team)
    for attempt in attempts:
        end(attempt)
    read(credential, 905)
    (fall,) = falls.open_falls(member.team)
    assert (fall.amount, fall.left, spent(credential), available(credential)) == (95, 95, 0, 905)
    assert falls.candidates(fall) == attempts[::-1]
    with pytest.raises(falls.NotBookable, match="amount"):
        falls.book(fall, attempts[0], 96, member.user)
    falls.book(fall, attempts[0], 79, member.user)
    frozen.advance(60)
    read(credential, 905)  # what is left belongs to the other, which alone is unknown now
    fall.refresh_from_db()
    assert (fall.booked, fall.left) == (79, 16)
    falls.book(fall, attempts[1], 16, member.user)
    with pytest.raises(falls.NotBookable, match="closed"):
        falls.book(fall, attempts[1], 1, member.user)
    assert [again(attempt).booked for attempt in attempts] == [79, 16]
    assert (spent(credential), available(credential)) == (95, 905)
    assert AuditEvent.objects.filter(verb="fall.booked").count() == 2
    assert not list(ledger.verify())


def test_what_others_spent_with_the_account_is_one_fall_that_a_person_dismisses(
    member: Membership, credential: Credential, frozen: clock.FrozenClock
) -> None:
    for remaining in (980, 950):
        read(credential, remaining)
        frozen.advance(LATER)
    (fall,) = falls.open_falls(member.team)
    assert (fall.amount, falls.candidates(fall)) == (50, [])
    falls.dismiss(fall, member.user, "the editor's own tests")
    with pytest.raises(falls.NotBookable):
        falls.dismiss(fall, member.user)
    assert not falls.open_falls(member.team)
    assert spent(credential) == 0
    assert not list(ledger.verify())


def test_an_order_of_known_cost_beside_it_keeps_the_machine_from_booking(
    member: Membership, credential: Credential
) -> None:
    end(order(member, credential, wanted()), 40)
    unknown = end(order(member, credential, wanted(duration=8)))
    read(credential, 881)
    (fall,) = falls.open_falls(member.team)
    assert (fall.amount, falls.candidates(fall)[0]) == (79, unknown)
    assert again(unknown).booked is None


def test_a_charge_that_comes_after_the_end_is_no_fall_and_no_top_up(
    member: Membership, credential: Credential, frozen: clock.FrozenClock
) -> None:
    end(order(member, credential, wanted()), 79)
    read(credential, 1000)
    assert available(credential) == 921
    frozen.advance(60)
    read(credential, 921)
    assert (available(credential), spent(credential)) == (921, 79)
    assert not BalanceFall.objects.exists()


def test_a_cost_that_is_told_late_explains_the_fall_that_it_made(
    member: Membership, credential: Credential, frozen: clock.FrozenClock
) -> None:
    attempts = [end(order(member, credential, wanted())) for _ in range(2)]
    read(credential, 905)
    end(attempts[0], 79)
    (fall,) = falls.open_falls(member.team)
    assert (fall.left, spent(credential), available(credential)) == (16, 79, 905)
    end(attempts[1], 20)  # more than was seen to go
    fall.refresh_from_db()
    assert (fall.state, fall.booked, spent(credential)) == (FallState.BOOKED, 95, 99)
    assert not list(ledger.verify())


def test_a_cost_that_is_told_late_takes_the_place_of_what_the_balance_said(
    member: Membership, credential: Credential, frozen: clock.FrozenClock
) -> None:
    attempt = end(order(member, credential, wanted()))
    read(credential, 900)  # 79 for it, and 21 that somebody else spent
    assert again(attempt).booked == 100
    end(attempt, 79)
    frozen.advance(LATER)
    read(credential, 900)
    (fall,) = falls.open_falls(member.team)
    assert (again(attempt).booked, spent(credential), fall.left) == (79, 79, 21)
    assert not list(ledger.verify())


def test_what_came_back_was_no_fall(
    member: Membership, credential: Credential, frozen: clock.FrozenClock
) -> None:
    end(order(member, credential, wanted()), failed=True)
    read(credential, 921)  # charged at first
    assert [fall.amount for fall in falls.open_falls(member.team)] == [79]
    frozen.advance(LATER)
    read(credential, 1000)  # and refunded
    assert BalanceFall.objects.get().state == FallState.RETURNED
    assert (available(credential), spent(credential)) == (1000, 0)


def test_the_first_balance_of_a_key_is_no_fall(member: Membership) -> None:
    made = make_credential(team=member.team, kind=KIND)
    end(order(member, made, wanted()), 40)
    end(order(member, made, wanted(), accepts=False), failed=True)
    read(made, 10)
    assert available(made) == 10
    assert not BalanceFall.objects.exists()


# ---- Any sequence of orders, readings and balances --------------------------------------------


class Provider(RuleBasedStateMachine):
    """A provider's true balance beside our books.

    What is booked, and what is shown as not explained, is what was charged: less only what a top-up
    has hidden, because nobody saw the balance fall before it rose.
    """

    def __init__(self) -> None:
        super().__init__()
        self._around = transaction.atomic()
        self._around.__enter__()
        self._time = clock.frozen(clock.now())
        self.clock = self._time.__enter__()
        self.member = make_member()
        self.credential = make_credential(team=self.member.team, kind=KIND)
        self.balance, self.charged, self.top_ups = 5000, 0, 0
        read(self.credential, self.balance)
        self.clock.advance(LATER)
        self.running: list[Attempt] = []
        self.ended: list[tuple[Attempt, int]] = []

    def teardown(self) -> None:
        try:
            self.the_sums_agree()
        finally:
            self._time.__exit__(None, None, None)
            transaction.set_rollback(True)
            self._around.__exit__(None, None, None)

    def _charge(self, amount: int) -> None:
        self.balance -= amount
        self.charged += amount

    @rule(seconds=st.sampled_from([5, 60, 900]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(duration=st.integers(3, 6))
    def order(self, duration: int) -> None:
        if len(self.running) < 3:
            self.running.append(order(self.member, self.credential, wanted(duration=duration)))

    @rule(data=st.data(), cost=st.integers(0, 90), is_told=st.booleans())
    def succeed(self, data: st.DataObject, cost: int, is_told: bool) -> None:
        for attempt in self._one(data, self.running):
            self.running.remove(attempt)
            self._charge(cost)
            self.ended.append((end(attempt, cost if is_told else None), cost))

    @rule(data=st.data(), cost=st.sampled_from([0, 0, 12]))
    def fail(self, data: st.DataObject, cost: int) -> None:
        for attempt in self._one(data, self.running):
            self.running.remove(attempt)
            self._charge(cost)
            end(attempt, cost or None, failed=True)

    @rule(data=st.data())
    def tell_late(self, data: st.DataObject) -> None:
        for attempt, cost in self._one(data, self.ended):
            end(attempt, cost)

    @rule(amount=st.integers(1, 60))
    def spend_elsewhere(self, amount: int) -> None:
        self._charge(amount)

    @rule(amount=st.integers(1, 400))
    def top_up(self, amount: int) -> None:
        self.balance += amount
        self.top_ups += amount

    @rule()
    def read_balance(self) -> None:
        read(self.credential, self.balance)

    @rule(data=st.data())
    def book(self, data: st.DataObject) -> None:
        for fall in self._one(data, falls.open_falls(self.member.team)):
            for attempt in self._one(data, falls.candidates(fall)):
                amount = data.draw(st.integers(1, fall.left))
                falls.book(fall, attempt, amount, self.member.user)

    @rule(data=st.data())
    def dismiss(self, data: st.DataObject) -> None:
        for fall in self._one(data, falls.open_falls(self.member.team)):
            falls.dismiss(fall, self.member.user)

    def the_sums_agree(self) -> None:
        for attempt in self.running:
            end(attempt, 0)
        self.clock.advance(timedelta(days=1).total_seconds())
        read(self.credential, self.balance)
        assert available(self.credential) == self.balance
        unexplained = sum(fall.amount - fall.booked for fall in BalanceFall.objects.all())
        rises = Entry.objects.filter(kind=EntryKind.ADJUST, amount__gt=0).order_by("pk")[1:]
        seen = sum(rise.amount or 0 for rise in rises)
        hidden = self.top_ups - seen
        assert spent(self.credential) + unexplained == self.charged - hidden
        if not self.top_ups:
            assert not hidden
        assert not list(ledger.verify())

    def _one[Row](self, data: st.DataObject, rows: list[Row]) -> Iterator[Row]:
        if rows:
            yield rows[data.draw(st.integers(0, len(rows) - 1))]


def test_what_is_booked_and_what_is_not_explained_is_what_the_balance_lost() -> None:
    run_state_machine_as_test(
        Provider,
        settings=how(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
