"""What went from a balance without an order: owners book it, or say that it was none of theirs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations import clock
from generations.billing import ledger
from generations.models import (
    Account,
    Attempt,
    BalanceFall,
    Credential,
    Membership,
    Role,
    Task,
    Team,
)
from generations.models.ledger import FallState
from generations.models.tasks import TaskState
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return make_member(role=Role.OWNER)


@pytest.fixture
def key(owner: Membership) -> Credential:
    return make_credential(team=owner.team)


@pytest.fixture
def site(owner: Membership) -> Client:
    client = Client()
    client.force_login(owner.user)
    return client


def at(team: Team, rest: str = "") -> str:
    return f"/t/{team.slug}/usage/falls/{rest}"


def unknown(owner: Membership, key: Credential, count: int = 1) -> list[Attempt]:
    """Clips that came, of which nobody knows what they cost."""
    tasks = make_tasks(membership=owner, credential=key, count=count)
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(state=TaskState.SUCCEEDED)
    attempts = Attempt.objects.filter(task__in=tasks).order_by("pk")
    for attempt in attempts.select_related("task", "credential"):
        ledger.settle(attempt, None)
    return list(attempts.all())


def fall(key: Credential, amount: int = 79) -> BalanceFall:
    """A fall around now, with its other side taken from what is available."""
    now = clock.now()
    ledger.adjust(key, 1000, "for a test")
    return BalanceFall.objects.create(
        team=key.team,
        credential=key,
        unit="credit",
        amount=amount,
        since=now - timedelta(minutes=10),
        until=now + timedelta(minutes=10),
    )


def one_line(html: str) -> str:
    return " ".join(html.split())


def test_a_fall_is_shown_with_its_orders_and_booked_as_it_is_filled_in(
    site: Client, owner: Membership, key: Credential
) -> None:
    first, second = unknown(owner, key, 2)
    went = fall(key)
    assert "79 credits went from Studio key" in one_line(site.get(at(owner.team)).text)
    with case("the usage page leads there"):
        usage = one_line(site.get(f"/t/{owner.team.slug}/usage/").text)
        assert "79 credits went from Studio key, and no order explains it." in usage
        assert f'href="{at(owner.team)}"' in usage
        assert "2 not known" in usage
    page = site.get(at(owner.team)).text
    filled = dict(re.findall(r'name="(amount-\d+)" value="(\d+)"', page))
    assert filled == {f"amount-{second.pk}": "40", f"amount-{first.pk}": "39"}
    assert site.post(at(owner.team, f"{went.pk}/book"), filled).status_code == 302
    went.refresh_from_db()
    assert (went.state, went.booked) == (FallState.BOOKED, 79)
    booked = Attempt.objects.filter(pk__in=[first.pk, second.pk]).order_by("pk")
    assert list(booked.values_list("booked", "booked_basis")) == [(39, "balance"), (40, "balance")]
    assert "Every fall of a balance is explained." in site.get(at(owner.team)).text


def test_what_cannot_be_booked_is_told_and_nothing_of_it_is_booked(
    site: Client, owner: Membership, key: Credential
) -> None:
    first, second = unknown(owner, key, 2)
    went = fall(key)
    one, other = f"amount-{first.pk}", f"amount-{second.pk}"
    for sent, sentence in [
        ({}, "Type an amount beside the orders that explain it."),
        ({one: "", other: "0"}, "Type an amount beside the orders that explain it."),
        ({one: "many"}, "Type a number."),
        ({one: "9" * 5000}, "Type a number."),
        ({one: "40", other: "40"}, "Together these are 80 credits, and 79 credits are not"),
    ]:
        with case(sentence):
            answer = site.post(at(owner.team, f"{went.pk}/book"), sent)
            assert answer.status_code == 422
            assert sentence in answer.text
            if sent.get(one):
                assert f'name="{one}" value="{sent[one]}"' in answer.text
    assert not Attempt.objects.filter(booked__isnull=False).exists()
    with case("somebody else was faster"):
        site.post(at(owner.team, f"{went.pk}/dismiss"), {"reason": "a test"})
        answer = site.post(at(owner.team, f"{went.pk}/book"), {one: "5"})
        assert answer.status_code == 422


def test_an_owner_says_that_it_was_no_order_of_theirs(
    site: Client, owner: Membership, key: Credential
) -> None:
    went = fall(key)
    assert "No order of yours ended on this key in that time." in site.get(at(owner.team)).text
    site.post(at(owner.team, f"{went.pk}/dismiss"), {"reason": "  A trial in the console  "})
    went.refresh_from_db()
    assert (went.state, went.reason) == (FallState.DISMISSED, "A trial in the console")
    assert went.decided_by == owner.user
    again = site.post(at(owner.team, f"{went.pk}/dismiss"), follow=True)
    assert "Somebody else has decided about this already." in again.text


def test_cents_are_dollars(site: Client, owner: Membership, key: Credential) -> None:
    (attempt,) = unknown(owner, key)
    went = fall(key)
    for rows in (Account.objects.all(), BalanceFall.objects.all()):
        rows.update(unit="cent")
    page = site.get(at(owner.team)).text
    assert "$0.79 went from Studio key" in one_line(page)
    assert f'name="amount-{attempt.pk}" value="0.79"' in page
    answer = site.post(at(owner.team, f"{went.pk}/book"), {f"amount-{attempt.pk}": "$0.80"})
    assert "Together these are $0.80, and $0.79 are not explained." in answer.text


def test_only_owners_see_and_decide_it_and_only_their_own(
    owner: Membership, key: Credential
) -> None:
    went = fall(key)
    client = Client()
    client.force_login(make_member(team=owner.team, role=Role.PRODUCER).user)
    assert "no order explains it" not in client.get(f"/t/{owner.team.slug}/usage/").text
    assert client.get(at(owner.team)).status_code == 403
    stranger = make_member(role=Role.OWNER)
    client.force_login(stranger.user)
    assert client.post(at(stranger.team, f"{went.pk}/dismiss")).status_code == 404
    assert "79" not in client.get(at(stranger.team)).text


def test_the_usage_page_asks_as_many_queries_for_many_falls_as_for_one(
    site: Client, owner: Membership, key: Credential
) -> None:
    address = f"/t/{owner.team.slug}/usage/"
    counts = []
    for _ in range(4):
        fall(key)
        site.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert site.get(address).status_code == 200
        counts.append(len(captured))
    assert len(set(counts)) == 1
