"""Whose rows a person sees: staff whatever they have the right to, auditors all of their teams."""

from django.db.models import Q
from django.http import HttpRequest

from generations.models import Membership, Role


def audited(request: HttpRequest) -> frozenset[int]:
    """The teams whose auditor the person is; asked once for each request."""
    known: frozenset[int] | None = getattr(request, "audited", None)
    if known is None:
        known = frozenset(teams_audited(request.user.pk))
        request.audited = known  # type: ignore[attr-defined]
    return known


def teams_audited(user: int | None) -> list[int]:
    seats = Membership.objects.filter(user=user, role=Role.AUDITOR)
    return list(seats.values_list("team", flat=True)) if user else []


def may_enter(request: HttpRequest) -> bool:
    """Staff and auditors come into the admin site at all."""
    user = request.user
    return user.is_active and (user.is_staff or bool(audited(request)))


def sees_all_teams(request: HttpRequest) -> bool:
    """Staff with rights to the books see every team; who audits only, some."""
    user = request.user
    return bool(user.is_staff and user.has_perm("generations.view_entry"))


def in_sight(request: HttpRequest, path: str = "team") -> Q:
    """The condition that a row is of a team which the person may see the books of."""
    return Q() if sees_all_teams(request) else Q(**{f"{path}__in": audited(request)})


def may_import(request: HttpRequest) -> bool:
    """Auditors import statements for their teams, staff where they have the right to."""
    user = request.user
    staffed = user.is_staff and user.has_perm("generations.add_statement")
    return bool(staffed or audited(request))
