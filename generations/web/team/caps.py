"""Caps of a month: owners set them; an order that one stops is told which."""

from collections.abc import Iterator
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from generations.billing import caps as limits
from generations.models import Account, Cap, Membership, Team
from generations.models.ledger import booking_day
from generations.templatetags.formats import amount, figure
from generations.web.access import for_owner

from .cap_form import CapsForm, Place


@require_http_methods(["GET", "HEAD", "POST"])
@for_owner
def caps(request: HttpRequest, membership: Membership) -> HttpResponse:
    team = membership.team
    form = CapsForm(_places(team), request.POST or None)
    if form.is_valid():
        for place, most in form.changes:
            limits.change(team, place.user, place.unit, most, membership.user)
        messages.success(request, _("The caps are set. What is under way already goes on."))
        return redirect("caps", team.slug)
    return render(request, "team/caps.html", {"form": form}, status=422 if form.is_bound else 200)


def _places(team: Team) -> Iterator[Place]:
    """The team's own, then one for each member; in every unit that its keys count in."""
    uses = limits.uses(Cap.objects.for_team(team))
    found = {(use.cap.user_id, use.cap.unit): use for use in uses}
    accounts = Account.objects.filter(team=team, credential__removed_at=None)
    units = {*accounts.values_list("unit", flat=True), *(unit for _user, unit in found)}
    members = team.memberships.select_related("user").order_by("created_at", "pk")
    for user in [None, *(member.user for member in members)]:
        for unit in sorted(units):
            yield Place(user, unit, found.get((user.pk if user else None, unit)))


def month_name(day: date) -> str:
    return date_format(day, "F")


def over_cap(cap: Cap, left: int, needed: int) -> str:
    """Which cap stopped an order, and what is left under it."""
    values = {
        "most": amount(cap.amount, cap.unit),
        "month": month_name(booking_day()),
        "left": figure(left, cap.unit),
        "needed": figure(needed, cap.unit),
    }
    if cap.user_id:
        said = _(
            "Your cap for %(month)s is %(most)s and %(left)s of it are left; this needs %(needed)s."
        )
    else:
        said = _(
            "The team's cap for %(month)s is %(most)s and %(left)s of it are left; "
            "this needs %(needed)s."
        )
    return said % values
