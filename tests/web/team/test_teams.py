"""Home leads to the team that was seen last, or to making one."""

import pytest
from django.test import Client

from generations.models import Membership, Role, Team
from tests.factories import make_member, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Client:
    client = Client()
    client.force_login(make_user(email="mei@example.com"))
    return client


def test_a_guest_is_asked_to_sign_in() -> None:
    assert Client().get("/")["Location"].startswith("/accounts/login/")
    assert Client().get("/teams/new/")["Location"].startswith("/accounts/login/")


def test_home_leads_to_the_team_seen_last(site: Client) -> None:
    member = make_member(team=make_team(name="Aurel"))
    other = make_member(team=make_team(name="Birch"), user=member.user)
    site.force_login(member.user)
    assert site.get("/")["Location"] == f"/t/{member.team.slug}/"
    site.get(f"/t/{other.team.slug}/members/")
    assert site.get("/")["Location"] == f"/t/{other.team.slug}/"


def test_a_team_that_one_has_left_is_not_led_to(site: Client) -> None:
    member = make_member(team=make_team(name="Birch"))
    stays = make_member(team=make_team(name="Aurel"), user=member.user)
    site.force_login(member.user)
    site.get(f"/t/{member.team.slug}/members/")
    member.delete()
    assert site.get("/")["Location"] == f"/t/{stays.team.slug}/"


def test_a_person_without_a_team_is_offered_to_make_one(site: Client) -> None:
    assert site.get("/")["Location"] == "/teams/new/"
    assert "You are not in a team yet" in site.get("/teams/new/").content.decode()


def test_who_makes_a_team_owns_it(site: Client) -> None:
    answer = site.post("/teams/new/", {"name": "港湾 Lane"})
    team = Team.objects.get()
    assert answer["Location"] == f"/t/{team.slug}/"
    assert Membership.objects.get(team=team).role == Role.OWNER


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_that_is_none_is_refused(site: Client, name: str) -> None:
    assert site.post("/teams/new/", {"name": name}).status_code == 422
    assert not Team.objects.exists()
