"""Owners set caps; whoever is stopped by one is told which, and what is left."""

import pytest
from django.test import Client

from generations import clock
from generations.models import Account, Cap, CapUse, Membership, Role, Task
from generations.models.caps import WhenUnknown, month_of
from generations.models.ledger import booking_day
from tests.billing.test_caps import NOVEMBER
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    owner = make_member(role=Role.OWNER)
    make_credential(team=owner.team)
    return owner


@pytest.fixture
def site(owner: Membership) -> Client:
    client = Client()
    client.force_login(owner.user)
    return client


def save(site: Client, owner: Membership, **typed: str) -> int:
    return site.post(f"/t/{owner.team.slug}/caps/", typed).status_code


def caps() -> list[tuple[object, str, int]]:
    rows = Cap.objects.order_by("pk")
    return [(cap.user, cap.unit, cap.amount) for cap in rows.select_related("user")]


def test_an_owner_sets_a_cap_for_the_team_and_for_a_member_and_lifts_one(
    site: Client, owner: Membership
) -> None:
    own = f"{owner.user_id}-credit"
    assert save(site, owner, **{"team-credit": "12,000", own: "500"}) == 302
    assert caps() == [(None, "credit", 12_000), (owner.user, "credit", 500)]
    save(site, owner, **{"team-credit": "12000", own: ""})
    assert caps() == [(None, "credit", 12_000)]


def test_what_is_no_amount_changes_nothing_and_stays_in_its_field(
    site: Client, owner: Membership
) -> None:
    for typed in ("much", "-5", "1.5", "1e3", "٣", "9" * 19, "9" * 5000, "1,23"):
        with case(typed[:20]):
            response = site.post(f"/t/{owner.team.slug}/caps/", {"team-credit": typed})
            page = response.content.decode()
            assert response.status_code == 422
            assert f'value="{typed}"' in page
            assert "Type a number, or nothing for no cap." in page
            assert not Cap.objects.exists()


def test_a_cap_of_money_is_typed_in_dollars(site: Client, owner: Membership) -> None:
    Account.objects.update(unit="cent")
    for typed, cents in {"$120.50": 12_050, "1,000": 100_000, "0.9": 90}.items():
        with case(typed):
            save(site, owner, **{"team-cent": typed})
            assert caps() == [(None, "cent", cents)]
            Cap.objects.all().delete()
    save(site, owner, **{"team-cent": "0.9"})
    assert "$" in site.get(f"/t/{owner.team.slug}/caps/").content.decode()
    assert save(site, owner, **{"team-cent": "9" * 5000}) == 422


def test_an_owner_chooses_what_a_cap_does_where_no_price_is_known(
    site: Client, owner: Membership
) -> None:
    save(site, owner, **{"team-credit": "500", "team-credit-unknown": "refuse"})
    assert Cap.objects.get().when_unknown == WhenUnknown.REFUSE
    with case("what a form leaves out stays"):
        save(site, owner, **{"team-credit": "600"})
        assert Cap.objects.get().when_unknown == WhenUnknown.REFUSE
    with case("what is no choice"):
        assert save(site, owner, **{"team-credit-unknown": "pass"}) == 422
    with case("what is not in the use is told beside it"):
        CapUse.objects.create(
            team=owner.team, unit="credit", month=month_of(booking_day()), amount=90, unknown=2
        )
        page = " ".join(site.get(f"/t/{owner.team.slug}/caps/").text.split())
        assert "90 of 600 credits in" in page
        assert ", and 2 of unknown cost" in page


def press(site: Client, owner: Membership) -> str:
    order = {
        "credential": str(owner.team.credentials.get().pk),
        "kind": "text_to_video",
        "model": "viduq2",
        "prompt": "A lighthouse at dusk",
        "duration": "5",
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "count": "2",
        "form_token": "press",
    }
    response = site.post(f"/t/{owner.team.slug}/new/", order)
    assert response.status_code == 422
    return response.content.decode()


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (False, "The team&#x27;s cap for November is 100 credits and 65 of it are left; "),
        (True, "Your cap for November is 100 credits and 65 of it are left; "),
    ],
)
def test_an_order_that_a_cap_stops_says_which_and_what_is_left(
    site: Client, owner: Membership, own: bool, sentence: str
) -> None:
    user = owner.user if own else None
    Cap.objects.create(team=owner.team, user=user, unit="credit", amount=100)
    with clock.frozen(NOVEMBER):
        make_tasks(membership=owner, credential=owner.team.credentials.get())
        page = press(site, owner)
    assert f"{sentence}this needs 70." in page
    assert "Nothing was ordered and nothing was charged." in page
    assert Task.objects.count() == 1
