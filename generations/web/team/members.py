"""The members of a team and its invitations: the list, the roles, and accepting one."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.lifecycle import stops
from generations.models import Membership, Role
from generations.teams import members as people
from generations.web.access import for_member, for_owner

INVITATION = "invitation"  # where the session keeps the token that lets a guest sign up


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.PRODUCER)


@require_safe
@for_member
def members(request: HttpRequest, membership: Membership) -> HttpResponse:
    return _page(request, membership)


@require_POST
@for_owner
def invite(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Invite somebody; the link is in this one response alone, so there is no redirect."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, membership, form=form, status=422)
    _invitation, token = people.invite(membership.team, membership.user, form.cleaned_data["role"])
    # Only the hash of the token is stored.
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    return _page(request, membership, link=link)


@require_POST
@for_owner
def revoke(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    invitation = get_object_or_404(membership.team.invitations, pk=pk)
    try:
        people.revoke(invitation, membership.user)
    except people.InvitationGone:
        messages.error(request, gettext("That invitation was already used or has expired."))
    return redirect("members", membership.team.slug)


@require_POST
@for_owner
def change_role(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    member = get_object_or_404(membership.team.memberships.select_related("user", "team"), pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, membership, form=form, status=422)
    try:
        people.change_role(member, form.cleaned_data["role"], membership.user)
    except people.LastOwner:
        return _page(request, membership, last_owner=member, status=422)
    return redirect("members", membership.team.slug)


@require_POST
@for_owner
def remove(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    member = get_object_or_404(membership.team.memberships.select_related("user", "team"), pk=pk)
    try:
        people.remove(member, membership.user)
    except people.LastOwner:
        return _page(request, membership, last_owner=member, status=422)
    # Who has left the team may not see its list any more.
    if member.user_id == membership.user_id:
        return redirect("home")
    return redirect("members", membership.team.slug)


@require_POST
@for_owner
def ordering(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Stop the team's ordering (``stop``), or allow it again."""
    act = stops.stop_team if "stop" in request.POST else stops.allow_team
    act(membership.team, membership.user)
    return redirect("members", membership.team.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show the page of an invitation's link; its button makes one a member."""
    invitation = people.invitation(token)
    if invitation is None:
        request.session.pop(INVITATION, None)
        return render(request, "team/members/gone.html", status=404)
    if not request.user.is_authenticated:
        # Signing in or up leads elsewhere first; ``home`` comes back here by this token.
        request.session[INVITATION] = token
        return render(request, "team/members/invitation.html", {"invitation": invitation})
    if request.method != "POST":
        return render(request, "team/members/invitation.html", {"invitation": invitation})
    try:
        people.accept(invitation, request.user)
    except people.InvitationGone:
        return render(request, "team/members/gone.html", status=404)
    request.session.pop(INVITATION, None)
    return redirect("gallery", invitation.team.slug)


def _page(
    request: HttpRequest,
    membership: Membership,
    *,
    form: RoleForm | None = None,
    link: str = "",
    last_owner: Membership | None = None,
    status: int = 200,
) -> HttpResponse:
    team = membership.team
    page = {
        "members": team.memberships.select_related("user").order_by("created_at", "pk"),
        "invitations": people.open_invitations()
        .filter(team=team)
        .select_related("invited_by")
        .order_by("-created_at"),
        "form": form or RoleForm(),
        "link": link,
        "last_owner": last_owner,
    }
    return render(request, "team/members/list.html", page, status=status)
