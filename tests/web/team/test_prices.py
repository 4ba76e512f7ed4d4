"""The prices of a key: owners enter them, everybody reads them, mistakes stand at their fields."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations import clock
from generations.billing import prices
from generations.models import AuditEvent, Credential, CredentialPrice, Membership, Role
from generations.models.prices import PriceUnit
from tests.billing.test_caps import NOVEMBER
from tests.cases import case
from tests.factories import make_credential, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return make_member(role=Role.OWNER)


@pytest.fixture
def site(owner: Membership) -> Client:
    client = Client()
    client.force_login(owner.user)
    return client


@pytest.fixture
def vidu(owner: Membership) -> Credential:
    return make_credential(team=owner.team)


@pytest.fixture
def apixo(owner: Membership) -> Credential:
    return make_credential(team=owner.team, kind="apixo", name="Apixo")


def at(key: Credential) -> str:
    return f"/t/{key.team.slug}/credentials/{key.pk}/prices/"


def typed(**other: str) -> dict[str, str]:
    return {
        "offer": "text_to_video|viduq2",
        "resolution": "720p",
        "amount": "7.5",
        "per": "second",
        "checked_on": "2026-11-01",
        **other,
    }


def test_an_owner_enters_changes_and_removes_a_price(
    site: Client, owner: Membership, vidu: Credential
) -> None:
    with clock.frozen(NOVEMBER):
        assert site.post(at(vidu), typed()).status_code == 302
        price = CredentialPrice.objects.get()
        assert (price.model, price.resolution, price.per) == ("viduq2", "720p", PriceUnit.SECOND)
        assert (price.amount, price.changed_by) == (Decimal("7.5"), owner.user)
        page = site.get(at(vidu)).text
        assert "7.5 credits a second" in page
        assert "checked on 1 Nov 2026" in page
        assert "35 credits for 5 s" in page  # the catalogue's, beside it
        site.post(at(vidu), typed(amount="30", per="clip"))
        assert CredentialPrice.objects.get().amount == 30
        begun = site.get(
            at(vidu), {"kind": "text_to_video", "model": "viduq2", "resolution": "720p"}
        )
        assert 'name="amount" value="30"' in begun.text
    site.post(f"{at(vidu)}{price.pk}/remove")
    assert not CredentialPrice.objects.exists()
    verbs = AuditEvent.objects.filter(team=owner.team, verb__startswith="price")
    assert list(verbs.order_by("pk").values_list("verb", flat=True)) == [
        "price.changed",
        "price.changed",
        "price.removed",
    ]


def test_a_price_in_cents_is_typed_and_shown_in_dollars(site: Client, apixo: Credential) -> None:
    sent = typed(offer="image_to_video|vidu-q3", resolution="", amount="$0.0425", checked_on="")
    assert site.post(at(apixo), sent).status_code == 302
    assert CredentialPrice.objects.get().amount == Decimal("4.25")
    page = site.get(at(apixo)).text
    assert "$0.0425 a second" in page
    assert "any resolution" in page


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"offer": ""}, "Choose a model."),
        ({"offer": "text_to_video|viduq9"}, "Select a valid choice."),
        ({"resolution": "540p", "offer": "text_to_video|viduq1"}, "This model makes 1080p."),
        ({"amount": ""}, "Type the price."),
        ({"amount": "cheap"}, "Type a number such as 7.5"),
        ({"amount": "-1"}, "Type a number such as 7.5"),
        ({"amount": "0.00001"}, "Type a number such as 7.5"),
        ({"amount": "9" * 5000}, "at most 20 characters"),
        ({"checked_on": "2026-02-30"}, "Give a day, or leave it empty."),
        ({"checked_on": "2199-01-01"}, "This day has not come yet"),
        ({"offer": "shot_take|footage", "resolution": ""}, "Enter it for a clip."),
    ],
)
def test_what_is_no_price_is_told_beside_its_field_and_stays_there(
    site: Client, vidu: Credential, other: dict[str, str], sentence: str
) -> None:
    answer = site.post(at(vidu), typed(**other))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not CredentialPrice.objects.exists()
    if "amount" in other:
        assert f'value="{other["amount"]}"' in answer.text or not other["amount"]


def test_a_price_for_all_resolutions_is_known_for_each_of_them(
    site: Client, owner: Membership, apixo: Credential
) -> None:
    for model, unknown in [("vidu-q3", 6), ("vidu-q3-turbo", 3)]:
        with case(model):
            groups = site.get(at(apixo)).context["groups"]
            assert next(one for one in groups if one.kind == "text_to_video").unknown == unknown
        prices.set_price(
            apixo, owner.user, kind="text_to_video", model=model, amount=Decimal("4.5")
        )
    page = site.get(at(apixo))
    assert page.context["groups"][0].unknown == 0


def test_every_member_reads_and_only_owners_change(owner: Membership, vidu: Credential) -> None:
    prices.set_price(vidu, owner.user, kind="text_to_video", model="viduq2", amount=Decimal(7))
    client = Client()
    client.force_login(make_member(team=owner.team, role=Role.PRODUCER).user)
    page = client.get(at(vidu))
    assert "7 credits a second" in page.text
    assert "price-form" not in page.text
    assert client.post(at(vidu), typed()).status_code == 403
    with case("a key of another team"):
        foreign = make_credential(team=make_member().team)
        assert client.get(at(foreign)).status_code == 404


def test_it_asks_as_many_queries_for_many_prices_as_for_none(
    site: Client, owner: Membership, vidu: Credential
) -> None:
    site.get(at(vidu))
    counts = []
    for resolution in ("", "540p", "720p", "1080p"):
        prices.set_price(
            vidu,
            owner.user,
            kind="text_to_video",
            model="viduq2",
            resolution=resolution,
            amount=Decimal(7),
        )
        with CaptureQueriesContext(connection) as captured:
            assert site.get(at(vidu)).status_code == 200
        counts.append(len(captured))
    assert len(set(counts)) == 1
    assert counts[0] <= 14
