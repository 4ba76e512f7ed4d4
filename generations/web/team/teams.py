"""The start page: it leads to the last team that a person opened, or to making one."""

from collections.abc import Callable

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from generations.models import Team
from generations.teams import members

from .members import INVITATION


class TeamForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("You become its owner and can invite others.")
    )


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to an open invitation, else the last team, else any, else the form for a new one."""
    if token := request.session.get(INVITATION):
        return redirect("invitation", token)
    teams = Team.objects.visible_to(request.user).order_by("name", "pk")  # type: ignore[arg-type]
    last = teams.filter(slug=request.session.get("team", "")).first() or teams.first()
    return redirect("gallery", last.slug) if last else redirect("team_new")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        team = members.add_team(form.cleaned_data["name"], request.user)  # type: ignore[arg-type]
        return redirect("gallery", team.slug)
    has_team = Team.objects.visible_to(request.user).exists()  # type: ignore[arg-type]
    status = 422 if form.is_bound else 200
    return render(request, "team/new.html", {"form": form, "has_team": has_team}, status=status)


def remember_team(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: keep the team of the last page in the session, for ``home``."""

    def remember(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        membership = getattr(request, "membership", None)
        if membership and request.session.get("team") != membership.team.slug:
            request.session["team"] = membership.team.slug
        return response

    return remember
