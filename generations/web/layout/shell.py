"""What every page of a team shows around its own content; asked for only where it is drawn."""

from collections.abc import Mapping
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import pgettext_lazy

from generations.billing import ledger
from generations.models import Collection, Membership, Task, Team
from generations.models.tasks import LIVE
from generations.web.messages.orders import Stop, current_stop
from generations.web.messages.reasons import Sentence

from .risks import AtRisk, Silence, UnclearOrders, at_risk, silence, unclear, visible_risks

THEMES: Mapping[str, Sentence] = {
    "dark": pgettext_lazy("theme", "Dark"),
    "light": pgettext_lazy("theme", "Light"),
    "system": pgettext_lazy("theme", "Same as the system"),
}
MOST_LIVE = 100
COLLECTIONS = 8  # in the rail


class Shell:
    """The frame of one person's page in one team; each part is a query or a few."""

    def __init__(self, membership: Membership) -> None:
        self.membership = membership
        self.team = membership.team
        self.user = membership.user

    @cached_property
    def teams(self) -> list[Team]:
        return list(Team.objects.visible_to(self.user).order_by("name")[:50])

    @cached_property
    def live(self) -> str:
        """How many tasks are in progress, short enough for a badge; "" for none."""
        live = Task.objects.for_team(self.team).filter(state__in=LIVE)
        # Not a COUNT: the badge shows no more than 99+, so counting may stop there.
        number = len(live.values_list("pk")[:MOST_LIVE])
        return f"{MOST_LIVE - 1}+" if number == MOST_LIVE else str(number or "")

    @cached_property
    def stop(self) -> Stop | None:
        """What keeps the team from ordering now."""
        return current_stop(self.team)

    @cached_property
    def silence(self) -> Silence | None:
        """How long the background worker has been silent while work of the team waits for it."""
        return silence(self.team)

    @cached_property
    def unclear(self) -> UnclearOrders | None:
        """Orders that have been unclear for too long, until somebody decides."""
        return unclear(self.team, alarmed=True) if "unclear" in self._visible_risks else None

    @cached_property
    def at_risk(self) -> AtRisk | None:
        """Files that should be stored by now."""
        return at_risk(self.team) if "at_risk" in self._visible_risks else None

    @cached_property
    def _visible_risks(self) -> set[str]:
        return visible_risks(self.team)

    @cached_property
    def collections(self) -> list[Collection]:
        """The collections that changed last."""
        return list(Collection.objects.for_team(self.team).counted(self.user)[:COLLECTIONS])

    @cached_property
    def balances(self) -> list[ledger.Balance]:
        """The unit that the team works with most comes first."""
        found = ledger.balances(self.team)
        return sorted(found, key=lambda one: (one.spent + one.held, one.known), reverse=True)


def shell(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``shell`` (None outside a team), ``theme``, ``themes``, ``sandbox``."""
    # ``access`` sets it; a page outside a team has none.
    membership: Membership | None = getattr(request, "membership", None)
    theme = request.COOKIES.get("theme", "dark")
    return {
        "shell": Shell(membership) if membership else None,
        "theme": theme if theme in THEMES else "dark",
        "themes": THEMES,
        "sandbox": settings.SANDBOX,
    }
