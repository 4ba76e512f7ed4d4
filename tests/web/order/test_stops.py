"""What a stop of ordering says on every page, and who may end it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from generations import clock
from generations.models import Credential, Membership, Role, Task, Team
from generations.storage import store
from generations.teams import installation, ordering_stops
from tests.factories import make_credential, make_member

pytestmark = pytest.mark.django_db
ORDER = {
    "kind": "text2video",
    "model": "viduq2",
    "prompt": "A fox",
    "duration": "5",
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "count": "1",
}


@pytest.fixture
def owner() -> Membership:
    return make_member(role=Role.OWNER)


@pytest.fixture
def site(client: Client, owner: Membership) -> Client:
    client.force_login(owner.user)
    return client


@pytest.fixture
def credential(owner: Membership) -> Credential:
    return make_credential(team=owner.team)


def see(site: Client, name: str, team: Team) -> str:
    return site.get(reverse(name, args=[team.slug])).content.decode()


def stopped(code: str, owner: Membership, settings: Settings) -> None:
    if code == ordering_stops.COPIED:
        installation.settle()
        installation.part()
    elif code == ordering_stops.STOPPED:
        ordering_stops.stop(owner.user)
    elif code == ordering_stops.TEAM_STOPPED:
        ordering_stops.stop_team(owner.team, owner.user)
    elif code == ordering_stops.LOW_DISK:
        settings.MIN_FREE_MB = 2 * store.free() // ordering_stops.MEGABYTE
    else:
        Team.objects.update(quota=0)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (ordering_stops.COPIED, "was copied or restored"),
        (ordering_stops.STOPPED, "An operator has stopped all ordering."),
        (ordering_stops.TEAM_STOPPED, "Ordering is stopped for this team."),
        (ordering_stops.LOW_DISK, "is nearly full"),
        (ordering_stops.QUOTA, "keeps as many bytes as it may"),
    ],
)
def test_every_page_says_why_and_the_form_refuses_with_the_same_words(
    site: Client,
    owner: Membership,
    credential: Credential,
    settings: Settings,
    code: str,
    words: str,
) -> None:
    stopped(code, owner, settings)
    for page in ("gallery", "credentials", "members", "generate"):
        html = see(site, page, owner.team)
        assert f'data-stop="{code}"' in html, page
        assert words in html
    address = reverse("generate", args=[owner.team.slug])
    response = site.post(address, {**ORDER, "credential": credential.pk, "form_token": "press"})
    assert response.status_code == 422
    html = response.content.decode()
    assert html.count(words) == 2
    assert "Nothing was ordered and nothing was charged." in html
    assert not Task.objects.exists()


def test_without_a_stop_nothing_is_said(site: Client, owner: Membership) -> None:
    assert "data-stop" not in see(site, "gallery", owner.team)


def test_an_owner_stops_and_allows_the_ordering_of_the_team(
    site: Client, owner: Membership
) -> None:
    assert "Stop ordering" in see(site, "members", owner.team)
    site.post(reverse("ordering", args=[owner.team.slug]), {"stop": "on"})
    owner.team.refresh_from_db()
    assert owner.team.stopped_by == owner.user
    assert owner.team.stopped_at
    assert clock.now() - owner.team.stopped_at < timedelta(minutes=1)
    assert "Allow ordering" in see(site, "members", owner.team)
    site.post(reverse("ordering", args=[owner.team.slug]))
    assert not Team.objects.exclude(stopped_at=None, stopped_by=None).exists()


def test_a_producer_reads_of_a_stop_and_cannot_end_it(client: Client, owner: Membership) -> None:
    ordering_stops.stop_team(owner.team, owner.user)
    producer = make_member(team=owner.team)
    client.force_login(producer.user)
    html = see(client, "members", owner.team)
    assert 'data-stop="team_stopped"' in html
    assert "Allow" not in html
    assert client.post(reverse("ordering", args=[owner.team.slug])).status_code == 403
