"""An amount that nobody knows is never 0: in the books, in totals, under caps, before a press."""

from decimal import Decimal

import pytest

from generations.billing import caps, ledger, prices
from generations.billing.usage import Period, Usage
from generations.lifecycle import order as ordering
from generations.models import (
    Attempt,
    AuditEvent,
    Cap,
    CapUse,
    Credential,
    CredentialPrice,
    Entry,
    Membership,
    Task,
    Total,
)
from generations.models.caps import WhenUnknown
from generations.models.ledger import SUMS, EntryKind, booking_day
from generations.models.prices import PriceUnit
from generations.models.tasks import CostBasis
from generations.providers.contract import Order
from tests.factories import make_credential, make_member
from tests.factories import wanted as priced

from .unpriced import KIND, MODEL, again, end, order, wanted

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Membership:
    return make_member()


@pytest.fixture
def credential(member: Membership) -> Credential:
    return make_credential(team=member.team, kind=KIND)


def entry(attempt: Attempt, kind: EntryKind) -> Entry:
    return Entry.objects.get(attempt=attempt, kind=kind)


def unit(credential: Credential) -> str:
    return credential.accounts.values_list("unit", flat=True)[0]


def cap(credential: Credential, amount: int, when_unknown: WhenUnknown) -> Cap:
    return Cap.objects.create(
        team=credential.team, unit=unit(credential), amount=amount, when_unknown=when_unknown
    )


def price(member: Membership, credential: Credential, **changed: object) -> CredentialPrice:
    values = {"kind": "text_to_video", "model": MODEL, "amount": Decimal(7)} | changed
    return prices.set_price(credential, member.user, **values)  # type: ignore[arg-type]


# ---- The books --------------------------------------------------------------------------------


def test_what_nobody_knows_is_held_and_closed_once_and_moves_nothing(
    member: Membership, credential: Credential
) -> None:
    attempt = end(order(member, credential, wanted()))
    entries = [entry(attempt, kind) for kind in (EntryKind.HOLD, EntryKind.SETTLE)]
    assert [(one.amount, one.basis, one.lines.count()) for one in entries] == [
        (None, "", 0),
        (None, "", 2),
    ]
    assert (attempt.estimate, attempt.booked) == (None, None)
    (balance,) = ledger.balances(member.team)
    assert (balance.spent, balance.held) == (0, 0)
    assert not list(ledger.verify())


def test_totals_count_what_is_unknown_until_somebody_knows_it(
    member: Membership, credential: Credential
) -> None:
    attempts = [end(order(member, credential, wanted())) for _ in range(3)]
    (sums,) = Total.objects.all().sums()
    assert sums.keys() == {"unit", *SUMS}
    assert (sums["clips"], sums["spent"], sums["unknown"]) == (3, 0, 3)
    ledger.correct(credential, 40, "told by phone", member.user, attempt=again(attempts[0]))
    ledger.correct(credential, 2, "and more", member.user, attempt=again(attempts[0]))
    today = booking_day()
    usage = Usage(member.team, unit(credential), Period(today, today))
    assert (usage.whole.spent, usage.whole.unknown, usage.whole.each) == (42, 2, 42)
    assert again(attempts[0]).booked == 42
    assert not list(ledger.verify())


@pytest.mark.parametrize(
    ("cost", "failed", "booked", "basis"),
    [
        (12, False, 12, CostBasis.PROVIDER),
        (0, False, 0, CostBasis.PROVIDER),
        (None, False, None, ""),
        (None, True, 0, ""),
        (3, True, 3, CostBasis.PROVIDER),
    ],
)
def test_an_order_without_a_price_is_booked_with_what_its_provider_says(
    member: Membership,
    credential: Credential,
    cost: int | None,
    failed: bool,
    booked: int | None,
    basis: str,
) -> None:
    attempt = end(order(member, credential, wanted()), cost, failed=failed)
    assert (attempt.booked, attempt.booked_basis) == (booked, basis)
    assert not list(ledger.verify())


def test_a_cost_that_is_told_after_the_end_is_booked_once(
    member: Membership, credential: Credential
) -> None:
    attempt = end(order(member, credential, wanted()))
    for cost in (79, 79, 80):
        attempt = end(attempt, cost)
    assert (attempt.cost, attempt.booked, attempt.booked_basis) == (79, 79, CostBasis.PROVIDER)
    assert not list(ledger.verify())


def test_verify_finds_an_unknown_charge_that_is_not_counted(
    member: Membership, credential: Credential
) -> None:
    end(order(member, credential, wanted()))
    Total.objects.update(unknown=0)
    Attempt.objects.update(booked=0)
    CapUse.objects.update(unknown=0)
    found = " ".join(ledger.verify())
    assert all(word in found for word in ("Total of", "Attempt", "CapUse of"))


# ---- Before the press -------------------------------------------------------------------------


def test_a_price_that_nobody_knows_is_asked_about_once_for_each_model_of_a_key(
    member: Membership, credential: Credential
) -> None:
    other = make_credential(team=member.team, kind=KIND, name="Another")
    assert ordering.needs_answer(credential, wanted())
    with pytest.raises(ordering.PriceUnknown) as refused:
        order(member, credential, wanted(), accepts=False)
    assert (refused.value.credential, refused.value.model) == (credential, MODEL)
    assert not Task.objects.exists()
    assert not Entry.objects.exists()
    order(member, credential, wanted())
    order(member, credential, wanted(duration=8), accepts=False)
    assert not ordering.needs_answer(credential, wanted())
    with pytest.raises(ordering.PriceUnknown):
        order(member, other, wanted(), accepts=False)


@pytest.mark.parametrize("accepts", [True, False])
def test_a_cap_that_refuses_lets_nothing_pass_without_a_price(
    member: Membership, credential: Credential, accepts: bool
) -> None:
    refusing = cap(credential, 1000, WhenUnknown.REFUSE)
    with pytest.raises(ordering.CapUnknown) as refused:
        order(member, credential, wanted(), accepts=accepts)
    assert (refused.value.cap, refused.value.may_accept) == (refusing, False)
    assert not Task.objects.exists()


def test_a_cap_that_asks_asks_before_each_order_and_shows_how_many_it_let_pass(
    member: Membership, credential: Credential
) -> None:
    cap(credential, 100, WhenUnknown.ASK)
    for _ in range(2):
        with pytest.raises(ordering.CapUnknown) as refused:
            order(member, credential, wanted(), accepts=False)
        assert refused.value.may_accept
        end(order(member, credential, wanted()))
    (use,) = caps.uses(Cap.objects.all())
    assert (use.used, use.unknown, use.left) == (0, 2, 100)


def test_what_is_told_at_the_end_counts_under_the_cap_and_a_full_one_lets_nothing_pass(
    member: Membership, credential: Credential
) -> None:
    cap(credential, 100, WhenUnknown.ASK)
    end(order(member, credential, wanted()), 60)
    late = end(order(member, credential, wanted(duration=8)))
    ledger.correct(credential, 40, "told by phone", member.user, attempt=late)
    (use,) = caps.uses(Cap.objects.all())
    assert (use.used, use.unknown, use.is_full) == (100, 0, True)
    with pytest.raises(ordering.OverCap):
        order(member, credential, wanted(duration=9))
    assert not list(ledger.verify())


def test_an_owner_chooses_what_a_cap_does_without_a_price_and_it_is_written_down(
    member: Membership,
) -> None:
    for when in (WhenUnknown.ASK, WhenUnknown.REFUSE, WhenUnknown.REFUSE):
        caps.change(member.team, member.user, "credit", 100, member.user, when_unknown=when)
    assert Cap.objects.get().when_unknown == WhenUnknown.REFUSE
    events = AuditEvent.objects.filter(verb="cap.changed").order_by("pk")
    assert [event.detail["when_unknown"] for event in events] == ["ask", "refuse"]


# ---- Prices -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per", "amount", "estimate"),
    [
        (PriceUnit.SECOND, Decimal("7.15"), 36),
        (PriceUnit.CLIP, Decimal("7.15"), 8),
        (PriceUnit.SECOND, Decimal(0), 0),
    ],
)
def test_an_owners_price_is_the_estimate_and_the_cost_where_none_is_told(
    member: Membership, credential: Credential, per: PriceUnit, amount: Decimal, estimate: int
) -> None:
    price(member, credential, per=per, amount=amount)
    attempt = end(order(member, credential, wanted(), accepts=False))
    assert (attempt.estimate, attempt.estimate_basis) == (estimate, "price")
    assert (attempt.booked, attempt.booked_basis) == (estimate, CostBasis.PRICE)
    told = end(order(member, credential, wanted(), accepts=False), 5)
    assert (told.booked, told.booked_basis) == (5, CostBasis.PROVIDER)
    assert not list(ledger.verify())


def test_an_owners_price_comes_before_the_catalogues_and_that_of_its_resolution_before_all(
    member: Membership,
) -> None:
    vidu = make_credential(team=member.team)
    published = prices.estimate(vidu, priced())
    assert (published.amount, published.basis) == (35, "catalogue")
    anything = price(member, vidu, amount=Decimal(3))
    price(member, vidu, amount=Decimal(4), resolution="720p")
    price(member, vidu, amount=Decimal(9), resolution="1080p")
    price(member, make_credential(team=member.team, name="Another"), amount=Decimal(99))
    assert prices.estimate(vidu, priced()).amount == 20
    prices.remove_price(
        CredentialPrice.objects.get(credential=vidu, resolution="720p"), member.user
    )
    assert prices.estimate(vidu, priced()).amount == 15
    prices.remove_price(anything, member.user)
    assert prices.estimate(vidu, priced()) == published
    verbs = AuditEvent.objects.filter(verb__startswith="price.").values_list("verb", flat=True)
    assert list(verbs).count("price.removed") == 2


def test_the_last_one_of_its_kind_is_an_estimate_but_never_a_fact(
    member: Membership, credential: Credential
) -> None:
    end(order(member, credential, wanted()), 79)
    alike = prices.estimate(credential, wanted())
    assert (alike.amount, alike.basis) == (79, "last")
    other = make_credential(team=member.team, kind=KIND, name="Another")
    stranger = make_credential(team=make_member().team, kind=KIND)
    assert prices.estimate(other, wanted()).amount == 79
    unknown: list[tuple[Credential, Order]] = [
        (credential, wanted(duration=8)),
        (credential, wanted(resolution="1080p")),
        (stranger, wanted()),
    ]
    assert not any(prices.estimate(key, one).is_known for key, one in unknown)
    attempt = order(member, credential, wanted(), accepts=False)
    assert ledger.balances(member.team)[0].held == 79
    attempt = end(attempt)
    assert (attempt.booked, attempt.is_of_unknown_cost) == (None, True)
    assert ledger.balances(member.team)[0].held == 0
    assert not list(ledger.verify())
