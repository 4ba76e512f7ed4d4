"""What a stop of ordering says on every page, and who may end it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from generations import clock
from generations.lifecycle import stops
from generations.models import Credential, Membership, Role, Task, Team
from generations.storage import store
from generations.teams import installation, ordering_stops
from tests.cases import case
from tests.factories import make_credential, make_member

pytestmark = pytest.mark.django_db
ORDER = {
    "kind": "text_to_video",
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
    return site.get(reverse(name, args=[team.slug])).text


def stopped(code: str, owner: Membership, settings: Settings) -> None:
    if code == ordering_stops.COPIED:
        installation.ensure_identity()
        installation.mark_as_copy()
    elif code == ordering_stops.STOPPED:
        stops.stop(owner.user)
    elif code == ordering_stops.TEAM_STOPPED:
        stops.stop_team(owner.team, owner.user)
    elif code == ordering_stops.LOW_DISK:
        settings.MIN_FREE_MB = 2 * store.free_bytes() // ordering_stops.MEGABYTE
    else:
        Team.objects.update(quota=0)


# A later one hides those before it.
PRECEDENCE = (
    ordering_stops.QUOTA,
    ordering_stops.LOW_DISK,
    ordering_stops.TEAM_STOPPED,
    ordering_stops.STOPPED,
    ordering_stops.COPIED,
)
WORDS = {
    ordering_stops.TEAM_STOPPED: "Ordering is stopped for this team.",
    ordering_stops.QUOTA: "has reached its storage limit",
    ordering_stops.LOW_DISK: "is nearly full",
    ordering_stops.STOPPED: "An operator has stopped all ordering.",
    ordering_stops.COPIED: "was copied or restored",
}


def test_the_form_says_of_each_stop_why_it_refuses_as_the_page_around_it_does(
    site: Client, owner: Membership, credential: Credential, settings: Settings
) -> None:
    address = reverse("generate", args=[owner.team.slug])
    order = {**ORDER, "credential": credential.pk, "form_token": "press"}
    for code in PRECEDENCE:
        with case(code):
            stopped(code, owner, settings)
            response = site.post(address, order)
            assert response.status_code == 422
            html = response.text
            assert f'data-stop="{code}"' in html
            assert html.count(WORDS[code]) == 2
            assert "Nothing was ordered and nothing was charged." in html
    assert not Task.objects.exists()


def test_every_page_says_why(
    site: Client, owner: Membership, credential: Credential, settings: Settings
) -> None:
    stopped(ordering_stops.STOPPED, owner, settings)
    for page in ("gallery", "credentials", "members", "generate"):
        with case(page):
            html = see(site, page, owner.team)
            assert 'data-stop="stopped"' in html
            assert WORDS[ordering_stops.STOPPED] in html


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
    stops.stop_team(owner.team, owner.user)
    producer = make_member(team=owner.team)
    client.force_login(producer.user)
    html = see(client, "members", owner.team)
    assert 'data-stop="team_stopped"' in html
    assert "Allow" not in html
    assert client.post(reverse("ordering", args=[owner.team.slug])).status_code == 403
