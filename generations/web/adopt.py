"""Take in clips that were ordered elsewhere: paste their numbers, and watch them come."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from generations.lifecycle import adopt as adopting
from generations.lifecycle.adopt import Adoption, Outcome
from generations.models import Membership, Team

from .access import for_producer
from .cards import drawn
from .forms.adopt import AdoptForm
from .gallery import of_team

MOST_LISTED = 60


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def adopt(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The form and what was taken in lately; with ``?rows`` that list alone."""
    team = membership.team
    if "rows" in request.GET:
        return render(request, "adopt/page.html#rows", _lately(team))
    form = AdoptForm(team, request.POST or None)
    adoptions: list[Adoption] = []
    if form.is_valid():
        said = form.cleaned_data
        films = bool(said.get("films"))
        adoptions = adopting.adopt(membership, said["credential"], said["numbers"], films=films)
        form = AdoptForm(team, initial={"credential": said["credential"]})
    page = {
        "form": form,
        "taken": sum(each.outcome == Outcome.TAKEN for each in adoptions),
        "skipped": [each for each in adoptions if each.outcome != Outcome.TAKEN],
    } | _lately(team)
    return render(request, "adopt/page.html", page, status=422 if form.errors else 200)


def _lately(team: Team) -> dict[str, object]:
    """The last ones, and whether any of them will still change by itself."""
    adopted = of_team(team).filter(adopted_at__isnull=False).newest_first()
    rows = drawn(team, adopted[:MOST_LISTED])
    return {"rows": rows, "moving": any(card.is_moving for card in rows)}
