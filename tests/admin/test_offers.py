"""The catalogue of an installation: hidden, narrowed and added offers, and who was told."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import AuditEvent, OfferChange, Task, User
from generations.models.offers import catalogue
from generations.models.tasks import TaskState
from generations.providers.catalogue import catalogue as shipped
from generations.providers.contract import Order, Reason
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db

LIST = "/admin/generations/offerchange/"
KIND = "text_to_video"


def add(site: Client, **values: Any) -> Any:
    fields = {"provider": "vidu", "kind": KIND, "model": "viduq3-pro"}
    return site.post(reverse("admin:generations_offerchange_add"), fields | values)


def test_the_list_shows_every_offer_with_the_day_of_its_price(site: Client) -> None:
    page = site.get(LIST).content.decode()
    for offer in shipped("vidu").offers:
        assert offer.model in page
    checked_on = shipped("vidu").offer(KIND, "viduq3-pro").checked_on  # type: ignore[union-attr]
    assert checked_on
    assert checked_on.isoformat() in page


def test_a_hidden_offer_is_offered_no_more_and_every_team_is_told(
    site: Client, operator: User
) -> None:
    teams = [make_member().team for _ in range(2)]
    assert add(site, is_hidden="on", note="refused since Tuesday").status_code == 302
    assert catalogue("vidu").offer(KIND, "viduq3-pro") is None
    assert catalogue("vidu").offer("image_to_video", "viduq3-pro")
    for team in teams:
        event = AuditEvent.objects.get(team=team, verb="offer.changed")
        assert event.actor == operator
        assert event.detail["is_hidden"] is True


def test_a_hidden_offer_leaves_the_order_form(site: Client) -> None:
    member, client = make_member(), Client()
    make_credential(team=member.team)
    client.force_login(member.user)
    form = reverse("generate", args=[member.team.slug])
    assert "viduq3-turbo" in client.get(form).content.decode()
    add(site, model="viduq3-turbo", is_hidden="on")
    assert "viduq3-turbo" not in client.get(form).content.decode()


def test_an_added_model_follows_the_rules_of_another_without_its_price(site: Client) -> None:
    assert add(site, model="viduq4", like="viduq3-pro", durations="2-8").status_code == 302
    offer, like = catalogue("vidu").offer(KIND, "viduq4"), shipped("vidu").offer(KIND, "viduq3-pro")
    assert offer
    assert like
    assert (offer.like, offer.durations, offer.options) == (
        "viduq3-pro",
        tuple(range(2, 9)),
        like.options,
    )
    assert not offer.prices


def test_its_price_is_the_estimate_with_the_day_on_which_it_was_checked(site: Client) -> None:
    add(site, model="viduq4", like="viduq3-pro", prices="720p = 7.5", checked_on="2026-11-01")
    offer = catalogue("vidu").offer(KIND, "viduq4")
    assert offer
    assert offer.estimate(Order(KIND, "viduq4", "", duration=3, resolution="720p")) == 23
    assert offer.estimate(Order(KIND, "viduq4", "", duration=3, resolution="1080p")) is None
    assert offer.checked_on == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("like", {"model": "viduq4"}),
        ("like", {"model": "viduq4", "like": "viduq5"}),
        ("like", {"like": "viduq3-turbo"}),
        ("durations", {"durations": "short"}),
        ("resolutions", {"resolutions": "720p; 1080p"}),
        ("images", {"images": "7-1"}),
        ("prices", {"prices": "720p: 20"}),
        ("prices", {"prices": "4K = 20"}),
    ],
)
def test_a_mistake_is_told_beside_its_field(
    site: Client, field: str, values: dict[str, str]
) -> None:
    response = add(site, **values)
    assert response.context["adminform"].form.errors.keys() == {field}
    assert not OfferChange.objects.exists()


def test_a_change_is_undone_by_deleting_it(site: Client) -> None:
    make_member()
    add(site, is_hidden="on")
    row = OfferChange.objects.get()
    site.post(reverse("admin:generations_offerchange_delete", args=[row.pk]), {"post": "yes"})
    assert catalogue("vidu").offer(KIND, "viduq3-pro")
    assert AuditEvent.objects.filter(verb="offer.as_shipped").exists()


def test_a_model_that_its_provider_refused_twice_is_offered_to_be_hidden(site: Client) -> None:
    assert "is_hidden=1" not in site.get(LIST).content.decode()
    member = make_member()
    make_tasks(membership=member, credential=make_credential(team=member.team), count=2)
    Task.objects.update(state=TaskState.FAILED, reason=Reason.MODEL_UNAVAILABLE)
    assert site.get(LIST).content.decode().count("is_hidden=1") == 1


def test_nobody_but_operators_changes_an_offer(client: Client) -> None:
    member = make_member()
    client.force_login(member.user)
    assert add(client, is_hidden="on").status_code in {302, 403}
    assert not OfferChange.objects.exists()
