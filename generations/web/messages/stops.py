"""Why nothing is ordered now, in words: what is so, and what to do."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generations.models import Team
from generations.teams import ordering_stops


class Stop(NamedTuple):
    """``owners``: whether an owner of the team can end it."""

    code: str
    cause: str | Promise
    remedy: str | Promise
    owners: bool = False


_STAYS = _("What waits stays held and waits; what was sent is still fetched.")
STOPS: Mapping[str, Stop] = {
    ordering_stops.COPIED: Stop(
        ordering_stops.COPIED,
        _("This Rushes was copied or restored from a backup, so nothing is ordered from it."),
        _("An operator releases it once it is clear what the other one has sent."),
    ),
    ordering_stops.STOPPED: Stop(
        ordering_stops.STOPPED, _("An operator has stopped all ordering."), _STAYS
    ),
    ordering_stops.TEAM_STOPPED: Stop(
        ordering_stops.TEAM_STOPPED, _("Ordering is stopped for this team."), _STAYS, owners=True
    ),
    ordering_stops.LOW_DISK: Stop(
        ordering_stops.LOW_DISK,
        _("The disk of this server is nearly full, so nothing new is ordered."),
        _("It goes on by itself when there is room. What was sent is still fetched."),
    ),
    ordering_stops.QUOTA: Stop(
        ordering_stops.QUOTA,
        _("This team keeps as many bytes as it may, so nothing new is ordered."),
        _("Empty the bin, or ask an operator for more room. What was sent is still fetched."),
        owners=True,
    ),
}


def stop(team: Team) -> Stop | None:
    """What keeps a team from ordering now."""
    code = ordering_stops.against_ordering(team)
    return STOPS[code] if code else None
