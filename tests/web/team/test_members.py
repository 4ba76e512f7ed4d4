"""People come by invitation, once, and owners say who may do what."""

import re

import pytest
from django.test import Client

from generations.models import Invitation, Membership, Role, User
from generations.teams import members
from tests.cases import case
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return make_member(role=Role.OWNER)


@pytest.fixture
def at(owner: Membership) -> str:
    return f"/t/{owner.team.slug}/members/"


@pytest.fixture
def site(owner: Membership) -> Client:
    client = Client()
    client.force_login(owner.user)
    return client


def link(site: Client, at: str, role: str = "producer") -> str:
    """The address of a new invitation, read from the one page that shows it."""
    page = site.post(f"{at}invite", {"role": role}).content.decode()
    found = re.search(r'value="http://testserver(/invitations/[^"]+/)"', page)
    assert found
    return found[1]


def test_the_list_shows_who_is_in_the_team(site: Client, at: str, owner: Membership) -> None:
    jonas = make_member(team=owner.team, user=make_user(name="Jonas Weber"))
    page = site.get(at).content.decode()
    assert "Jonas Weber" in page
    assert f'data-member="{jonas.pk}"' in page


def test_the_link_of_an_invitation_is_shown_once(site: Client, at: str) -> None:
    address = link(site, at)
    assert address not in site.get(at).content.decode()
    assert "Open invitations" in site.get(at).content.decode()


def test_a_role_that_is_none_is_refused(site: Client, at: str) -> None:
    assert site.post(f"{at}invite", {"role": "king"}).status_code == 422
    assert not Invitation.objects.exists()


def test_a_revoked_link_opens_nothing(site: Client, at: str) -> None:
    address = link(site, at)
    site.post(f"{at}invitations/{Invitation.objects.get().pk}/revoke")
    answer = Client().get(address)
    assert answer.status_code == 404
    assert "This invitation no longer works" in answer.content.decode()


def test_revoking_what_was_used_says_so(site: Client, at: str, owner: Membership) -> None:
    invitation, _ = members.invite(owner.team, owner.user, Role.VIEWER)
    members.accept(invitation, make_user())
    page = site.post(f"{at}invitations/{invitation.pk}/revoke", follow=True).content.decode()
    assert "That invitation was already used or has expired." in page


def test_a_guest_makes_an_account_by_the_link_and_is_in(site: Client, at: str) -> None:
    address = link(site, at, "viewer")
    guest = Client()
    assert "Join Harbour Lane" in guest.get(address).content.decode()
    typed = {
        "email": "Ana@Harbourlane.example",
        "password1": "a long enough pass",
        "password2": "a long enough pass",
    }
    answer = guest.post("/accounts/signup/", typed, follow=True)
    assert answer.redirect_chain[-1][0] == at.removesuffix("members/")
    member = Membership.objects.get(user__email="ana@harbourlane.example")
    assert member.role == Role.VIEWER
    assert Invitation.objects.get().accepted_by == member.user


def test_nobody_makes_an_account_without_an_invitation() -> None:
    guest = Client()
    assert "By invitation" in guest.get("/accounts/signup/").content.decode()
    typed = {"email": "ana@example.com", "password1": "a long enough", "password2": "a long enough"}
    guest.post("/accounts/signup/", typed)
    assert not User.objects.exists()


def test_an_invitation_that_ended_meanwhile_makes_no_account(site: Client, at: str) -> None:
    guest = Client()
    guest.get(link(site, at))
    Invitation.objects.update(expires_at="2020-01-01T00:00:00Z")
    typed = {"email": "ana@example.com", "password1": "a long enough", "password2": "a long enough"}
    guest.post("/accounts/signup/", typed)
    assert not User.objects.filter(email="ana@example.com").exists()


def test_a_person_with_an_account_signs_in_and_joins(site: Client, at: str) -> None:
    jonas = make_user(email="jonas@example.com", password="a long password")
    guest = Client()
    address = link(site, at)
    guest.get(address)
    typed = {"login": jonas.email, "password": "a long password"}
    answer = guest.post("/accounts/login/", typed, follow=True)
    assert answer.redirect_chain[-1][0] == address
    assert guest.post(address)["Location"] == at.removesuffix("members/")
    assert Membership.objects.get(user=jonas).role == Role.PRODUCER


def test_looking_at_an_invitation_does_not_join(site: Client, at: str) -> None:
    guest = Client()
    guest.force_login(make_user())
    assert guest.get(link(site, at)).status_code == 200
    assert Membership.objects.count() == 1


def test_an_owner_changes_a_role_and_removes(site: Client, at: str, owner: Membership) -> None:
    member = make_member(team=owner.team)
    site.post(f"{at}{member.pk}/role", {"role": "viewer"})
    member.refresh_from_db()
    assert member.role == Role.VIEWER
    site.post(f"{at}{member.pk}/remove")
    assert owner.team.memberships.get() == owner


def test_the_last_owner_stays_and_the_page_says_why(
    site: Client, at: str, owner: Membership
) -> None:
    forms: dict[str, dict[str, str]] = {"role": {"role": "viewer"}, "remove": {}}
    for act, form in forms.items():
        with case(act):
            answer = site.post(f"{at}{owner.pk}/{act}", form)
            assert answer.status_code == 422
            assert "A team needs at least one owner." in answer.content.decode()
            owner.refresh_from_db()
            assert owner.role == Role.OWNER


def test_an_owner_who_leaves_is_led_home(site: Client, at: str, owner: Membership) -> None:
    make_member(team=owner.team, role=Role.OWNER)
    assert site.post(f"{at}{owner.pk}/remove")["Location"] == "/"


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.VIEWER])
def test_others_see_the_list_and_change_nothing(
    site: Client, at: str, owner: Membership, role: Role
) -> None:
    site.force_login(make_member(team=owner.team, role=role).user)
    page = site.get(at).content.decode()
    assert "<select" not in page
    assert "Create a link" not in page
    for act in ("invite", f"{owner.pk}/role", f"{owner.pk}/remove", "invitations/1/revoke"):
        assert site.post(f"{at}{act}", {"role": "owner"}).status_code == 403


def test_members_of_another_team_are_not_found(site: Client, at: str) -> None:
    foreign = make_member(role=Role.OWNER)
    invitation, _ = members.invite(foreign.team, foreign.user, Role.OWNER)
    assert site.post(f"{at}{foreign.pk}/remove").status_code == 404
    assert site.post(f"{at}{foreign.pk}/role", {"role": "viewer"}).status_code == 404
    assert site.post(f"{at}invitations/{invitation.pk}/revoke").status_code == 404
    assert site.get(f"/t/{foreign.team.slug}/members/").status_code == 404


def test_a_guest_is_asked_to_sign_in(at: str) -> None:
    assert Client().get(at)["Location"].startswith("/accounts/login/")


def test_an_act_by_get_is_refused(site: Client, at: str) -> None:
    for act in ("invite", "1/role", "1/remove", "invitations/1/revoke"):
        with case(act):
            assert site.get(f"{at}{act}").status_code == 405
