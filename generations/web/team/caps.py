"""The monthly caps of a team and its members, which owners set."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from generations.billing import caps as limits
from generations.models import Account, Cap, Membership, Team
from generations.web.access import for_owner

from .cap_form import CapRow, CapsForm


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def caps(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the caps, or set all of them at once."""
    team = membership.team
    form = CapsForm(_cap_rows(team), request.POST or None)
    if form.is_valid():
        for row, most in form.changes:
            limits.change(team, row.user, row.unit, most, membership.user)
        messages.success(request, _("The caps are saved. Clips in progress continue."))
        return redirect("caps", team.slug)
    return render(request, "team/caps.html", {"form": form}, status=422 if form.is_bound else 200)


def _cap_rows(team: Team) -> Iterator[CapRow]:
    """Yield the team's caps, then those of each member, in every unit of the team's keys."""
    uses = limits.uses(Cap.objects.for_team(team))
    found = {(use.cap.user_id, use.cap.unit): use for use in uses}
    accounts = Account.objects.filter(team=team, credential__removed_at=None)
    units = {*accounts.values_list("unit", flat=True), *(unit for _user, unit in found)}
    members = team.memberships.select_related("user").order_by("created_at", "pk")
    for user in [None, *(member.user for member in members)]:
        for unit in sorted(units):
            yield CapRow(user, unit, found.get((user.pk if user else None, unit)))
