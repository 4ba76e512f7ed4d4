"""Teams, invitations and roles: once is once, and a team keeps an owner."""

from datetime import timedelta

import pytest

from generations import clock
from generations.models import AuditEvent, Invitation, Membership, Role, Team, User
from generations.teams import members

pytestmark = pytest.mark.django_db


def person(email: str = "mei@harbourlane.example") -> User:
    return User.objects.create_user(email, "a long password")


@pytest.fixture
def owner() -> User:
    return person()


@pytest.fixture
def team(owner: User) -> Team:
    return members.add_team("Harbour Lane", owner)


def test_a_team_has_its_maker_as_owner_and_an_address_from_its_name(owner: User) -> None:
    team = members.add_team("Harbour Lane", owner)
    assert team.slug == "harbour-lane"
    assert Membership.objects.get(team=team, user=owner).role == Role.OWNER
    assert AuditEvent.objects.get(team=team).verb == "team.added"


def test_a_second_team_of_the_same_name_has_another_address(owner: User, team: Team) -> None:
    assert members.add_team("Harbour Lane", owner).slug == "harbour-lane-2"


@pytest.mark.parametrize("name", ["港湾路", "…", "😀"])
def test_a_name_without_latin_letters_still_has_an_address(owner: User, name: str) -> None:
    first, second = members.add_team(name, owner), members.add_team(name, owner)
    assert (first.slug, second.slug) == ("team", "team-2")
    assert first.name == name


def test_a_long_name_is_cut_to_an_address_that_fits(owner: User) -> None:
    slug = members.add_team("a-" * 40, owner).slug
    assert len(slug) <= members.SLUG_LENGTH
    assert not slug.endswith("-")


def test_only_the_hash_of_an_invitation_is_kept(owner: User, team: Team) -> None:
    invitation, token = members.invite(team, owner, Role.PRODUCER)
    assert token not in str(Invitation.objects.values().get())
    assert members.invitation(token) == invitation
    assert members.invitation("guessed") is None


def test_an_invitation_makes_a_member_of_its_role(owner: User, team: Team) -> None:
    invitation, _ = members.invite(team, owner, Role.VIEWER)
    assert members.accept(invitation, person("jonas@harbourlane.example")).role == Role.VIEWER


def test_an_invitation_is_good_once(owner: User, team: Team) -> None:
    invitation, token = members.invite(team, owner, Role.VIEWER)
    members.accept(invitation, person("jonas@harbourlane.example"))
    with pytest.raises(members.InvitationGone):
        members.accept(invitation, person("ana@harbourlane.example"))
    assert members.invitation(token) is None
    assert team.memberships.count() == 2


def test_a_member_who_opens_an_invitation_keeps_his_role_and_the_invitation_stays_open(
    owner: User, team: Team
) -> None:
    invitation, token = members.invite(team, owner, Role.VIEWER)
    assert members.accept(invitation, owner).role == Role.OWNER
    assert members.invitation(token) == invitation


def test_an_invitation_dies_after_a_week(owner: User, team: Team) -> None:
    with clock.frozen(clock.now() - timedelta(days=7, seconds=1)):
        invitation, token = members.invite(team, owner, Role.VIEWER)
    assert members.invitation(token) is None
    with pytest.raises(members.InvitationGone):
        members.accept(invitation, person("jonas@harbourlane.example"))


def test_a_revoked_invitation_opens_nothing(owner: User, team: Team) -> None:
    invitation, token = members.invite(team, owner, Role.VIEWER)
    members.revoke(invitation, owner)
    assert members.invitation(token) is None
    with pytest.raises(members.InvitationGone):
        members.revoke(invitation, owner)


def test_the_last_owner_can_neither_leave_nor_step_down(owner: User, team: Team) -> None:
    mine = team.memberships.get(user=owner)
    with pytest.raises(members.LastOwner):
        members.remove(mine, owner)
    with pytest.raises(members.LastOwner):
        members.change_role(mine, Role.VIEWER, owner)
    members.change_role(mine, Role.OWNER, owner)
    assert team.memberships.get().role == Role.OWNER


def test_an_owner_may_go_when_another_stays(owner: User, team: Team) -> None:
    invitation, _ = members.invite(team, owner, Role.OWNER)
    members.accept(invitation, person("jonas@harbourlane.example"))
    members.remove(team.memberships.get(user=owner), owner)
    assert [str(member.user) for member in team.memberships.all()] == ["jonas@harbourlane.example"]


def test_a_change_of_role_is_written_down_with_both_roles(owner: User, team: Team) -> None:
    invitation, _ = members.invite(team, owner, Role.VIEWER)
    member = members.accept(invitation, person("jonas@harbourlane.example"))
    members.change_role(member, Role.PRODUCER, owner)
    event = AuditEvent.objects.get(verb="member.role")
    assert (event.actor, event.subject) == (owner, "jonas@harbourlane.example")
    assert event.detail == {"before": "viewer", "after": "producer"}
