"""Permissions: staff see what Django permits, auditors see all rows of their teams."""

from django.db.models import Q
from django.http import HttpRequest

from generations.models import Membership, Role


def audited_teams(request: HttpRequest) -> frozenset[int]:
    """Return the primary keys of the teams that the person audits; queried once for a request."""
    known: frozenset[int] | None = getattr(request, "audited", None)
    if known is None:
        known = frozenset(teams_audited_by(request.user.pk))
        request.audited = known  # type: ignore[attr-defined]
    return known


def teams_audited_by(user: int | None) -> list[int]:
    """Return the primary keys of the teams that a user audits."""
    seats = Membership.objects.filter(user=user, role=Role.AUDITOR)
    return list(seats.values_list("team", flat=True)) if user else []


def may_enter(request: HttpRequest) -> bool:
    """Whether the person may open the admin site: staff and auditors."""
    user = request.user
    return user.is_active and (user.is_staff or bool(audited_teams(request)))


def may_see_all_teams(request: HttpRequest) -> bool:
    """Whether the person sees every team: staff who may view the ledger."""
    user = request.user
    return bool(user.is_staff and user.has_perm("generations.view_entry"))


def visible(request: HttpRequest, path: str = "team") -> Q:
    """Return the condition for rows of teams whose ledger the person may see."""
    return Q() if may_see_all_teams(request) else Q(**{f"{path}__in": audited_teams(request)})


def may_import(request: HttpRequest) -> bool:
    """Whether the person may import statements: auditors, and staff with the permission."""
    user = request.user
    staffed = user.is_staff and user.has_perm("generations.add_statement")
    return bool(staffed or audited_teams(request))
