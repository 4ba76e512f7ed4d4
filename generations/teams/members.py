"""Who belongs to which team: make a team, invite, join, change a role, leave."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from generations import audit, clock
from generations.models import Invitation, Membership, Role, Team, User
from generations.models.tasks import new_token

INVITATION_LIFE = timedelta(days=7)
SLUG_LENGTH = 60


class PeopleError(Exception):
    """An act on members that cannot be done; nothing was changed."""


class LastOwner(PeopleError):
    """A team keeps at least one owner."""


class InvitationGone(PeopleError):
    """The invitation was used, revoked or outlived."""


def add_team(name: str, owner: User) -> Team:
    """Make a team with its first owner; its address comes from the name."""
    with transaction.atomic():
        team = _new_team(name)
        Membership.objects.create(team=team, user=owner, role=Role.OWNER)
        audit.record(team, owner, "team.added", name)
    return team


def invite(team: Team, by: User, role: str) -> tuple[Invitation, str]:
    """An invitation and its token; the token is returned this once and only its hash is kept."""
    token = new_token()
    with transaction.atomic():
        invitation = Invitation.objects.create(
            team=team,
            role=Role(role),
            token_hash=_hash(token),
            invited_by=by,
            expires_at=clock.now() + INVITATION_LIFE,
        )
        audit.record(team, by, "invitation.added", f"{invitation.pk}", role=str(invitation.role))
    return invitation, token


def open_invitations() -> "QuerySet[Invitation]":
    """Invitations that may still be accepted."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=clock.now())


def invitation(token: str) -> Invitation | None:
    """The live invitation that this token opens."""
    return open_invitations().select_related("team").filter(token_hash=_hash(token)).first()


def accept(invitation: Invitation, user: User) -> Membership:
    """Join the team, once per invitation; a member stays what he is. Raises InvitationGone."""
    with transaction.atomic():
        member = Membership.objects.filter(team=invitation.team, user=user).first()
        if member:
            return member
        won = open_invitations().filter(pk=invitation.pk)
        if not won.update(accepted_at=clock.now(), accepted_by=user):
            raise InvitationGone
        audit.record(invitation.team, user, "invitation.accepted", f"{invitation.pk}")
        return Membership.objects.create(team=invitation.team, user=user, role=invitation.role)


def revoke(invitation: Invitation, by: User) -> None:
    """End an invitation. Raises InvitationGone where somebody joined by it already."""
    with transaction.atomic():
        if not open_invitations().filter(pk=invitation.pk).update(revoked_at=clock.now()):
            raise InvitationGone
        audit.record(invitation.team, by, "invitation.revoked", f"{invitation.pk}")


def change_role(membership: Membership, role: str, by: User) -> None:
    """Raises LastOwner where the team would have no owner left."""
    with transaction.atomic():
        before = _keep_an_owner(membership, becomes=Role(role))
        Membership.objects.filter(pk=membership.pk).update(role=Role(role))
        audit.record(
            membership.team, by, "member.role", membership.user.email, before=before, after=role
        )
    membership.role = role


def remove(membership: Membership, by: User) -> None:
    """End a membership; what the person ordered stays. Raises LastOwner."""
    with transaction.atomic():
        _keep_an_owner(membership, becomes=None)
        Membership.objects.filter(pk=membership.pk).delete()
        audit.record(membership.team, by, "member.removed", membership.user.email)


def _keep_an_owner(membership: Membership, *, becomes: Role | None) -> str:
    """The role that the person has now, with the team locked: two owners cannot leave at once."""
    team = Team.objects.select_for_update().get(pk=membership.team_id)
    owners = team.memberships.filter(role=Role.OWNER).values_list("pk", flat=True)
    if becomes != Role.OWNER and list(owners) == [membership.pk]:
        raise LastOwner
    return membership.role


def _new_team(name: str) -> Team:
    for slug in _slugs(name):
        try:
            with transaction.atomic():
                return Team.objects.create(name=name, slug=slug)
        except IntegrityError:
            continue
    raise AssertionError("there is always a next number")


def _slugs(name: str) -> Iterator[str]:
    """``harbour-lane``, ``harbour-lane-2`` …; ``team`` where the name has no Latin letter."""
    stem = slugify(name)[:SLUG_LENGTH].strip("-") or "team"
    yield stem
    for number in count(2):
        yield f"{stem}-{number}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
