"""Members of a team: add a team, invite, accept, change a role, remove."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from generations import clock
from generations.models import Invitation, Membership, Role, Team, User, audit
from generations.models.tasks import new_token

INVITATION_LIFE = timedelta(days=7)
SLUG_LENGTH = 60


class PeopleError(Exception):
    """A change of members that is refused; nothing was changed."""


class LastOwner(PeopleError):
    """A team keeps at least one owner."""


class InvitationGone(PeopleError):
    """The invitation was used or revoked, or has expired."""


def add_team(name: str, owner: User) -> Team:
    """Add a team with its first owner; its slug comes from the name."""
    with transaction.atomic():
        team = _new_team(name)
        Membership.objects.create(team=team, user=owner, role=Role.OWNER)
        audit.record(team, owner, "team.added", name)
    return team


def invite(team: Team, by: User, role: str) -> tuple[Invitation, str]:
    """Add an invitation. Return it and its token, of which only the hash is stored."""
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
    """Return the invitations that may still be accepted."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=clock.now())


def invitation(token: str) -> Invitation | None:
    """Return the open invitation of a token, or None."""
    return open_invitations().select_related("team").filter(token_hash=_hash(token)).first()


def accept(invitation: Invitation, user: User) -> Membership:
    """Add the user to the team; a member keeps the present role. Raises InvitationGone."""
    with transaction.atomic():
        member = Membership.objects.filter(team=invitation.team, user=user).first()
        if member:
            return member
        # Conditional, because two people may open one link at the same moment.
        won = open_invitations().filter(pk=invitation.pk)
        if not won.update(accepted_at=clock.now(), accepted_by=user):
            raise InvitationGone
        audit.record(invitation.team, user, "invitation.accepted", f"{invitation.pk}")
        return Membership.objects.create(team=invitation.team, user=user, role=invitation.role)


def revoke(invitation: Invitation, by: User) -> None:
    """End an invitation. Raises InvitationGone where it was accepted already."""
    with transaction.atomic():
        if not open_invitations().filter(pk=invitation.pk).update(revoked_at=clock.now()):
            raise InvitationGone
        audit.record(invitation.team, by, "invitation.revoked", f"{invitation.pk}")


def change_role(membership: Membership, role: str, by: User) -> None:
    """Change a role. Raises LastOwner where the team would have no owner left."""
    with transaction.atomic():
        before = _require_owner(membership, becomes=Role(role))
        Membership.objects.filter(pk=membership.pk).update(role=Role(role))
        audit.record(
            membership.team, by, "member.role", membership.user.email, before=before, after=role
        )
    membership.role = role


def remove(membership: Membership, by: User) -> None:
    """End a membership; what the person ordered stays. Raises LastOwner."""
    with transaction.atomic():
        _require_owner(membership, becomes=None)
        Membership.objects.filter(pk=membership.pk).delete()
        audit.record(membership.team, by, "member.removed", membership.user.email)


def _require_owner(membership: Membership, *, becomes: Role | None) -> str:
    """Return the present role. The team is locked, so that two owners cannot leave at once."""
    team = Team.objects.select_for_update().get(pk=membership.team_id)
    owners = team.memberships.filter(role=Role.OWNER).values_list("pk", flat=True)
    if becomes != Role.OWNER and list(owners) == [membership.pk]:
        raise LastOwner
    return membership.role


def _new_team(name: str) -> Team:
    for slug in _slugs(name):
        try:
            # A savepoint: PostgreSQL refuses all further work of a transaction that failed.
            with transaction.atomic():
                return Team.objects.create(name=name, slug=slug)
        except IntegrityError:
            continue
    raise AssertionError("there is always a next suffix")


def _slugs(name: str) -> Iterator[str]:
    """Yield ``harbour-lane``, ``harbour-lane-2`` …; ``team`` without a Latin letter."""
    stem = slugify(name)[:SLUG_LENGTH].strip("-") or "team"
    yield stem
    for suffix in count(2):
        yield f"{stem}-{suffix}"


def _hash(token: str) -> str:
    # Neither salted nor slow: nobody can guess a token of 256 random bits.
    return hashlib.sha256(token.encode()).hexdigest()
