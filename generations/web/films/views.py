"""The board of one ad film: its page, what changed of it, and two of its cuts side by side."""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from generations import films as works
from generations.models import Film, Membership
from generations.web.access import for_member
from generations.web.layout.silence import has_news

from . import messages
from .board import Shown


def find(membership: Membership, pk: int) -> Film:
    return get_object_or_404(Film.objects.for_team(membership.team).for_board(), pk=pk)


def shown_to(membership: Membership, film: Film, at: str) -> Shown:
    """The board as a person sees it; ``at`` is the strip whose takes are shown."""
    return Shown(works.load_board(film), membership, at)


def page(shown: Shown, **more: object) -> dict[str, object]:
    """All that the templates of a board ask for."""
    film = shown.film
    return {
        "shown": shown,
        "board": shown.board,
        "film": film,
        "task": film.task,
        "title": messages.title(film),
        "voice": messages.voice(film),
        "alarm": messages.alarm(film.alarm),
        "unit": shown.unit,
        "token": secrets.token_urlsafe(18),
        **more,
    }


@require_safe
@for_member
def board(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """The board, with the takes of one strip (``?at=``)."""
    shown = shown_to(membership, find(membership, pk), request.GET.get("at", ""))
    return render(request, "films/board.html", page(shown))


@require_safe
@for_member
def changes(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """What changed since the version that the page shows; 204 when nothing did.

    Without ``since`` all of it: the takes of another strip (``?at=``) and what goes with them.
    """
    film = find(membership, pk)
    is_known = request.GET.get("since") == str(works.version(film))
    if is_known and not has_news(request, membership.team):
        return HttpResponse(status=204)
    shown = shown_to(membership, film, request.GET.get("at", ""))
    return render(request, "films/changes.html", page(shown, swap=True))


@require_safe
@for_member
def compare(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Two cuts of a film, by their numbers in ``one`` and ``other``, and where they differ."""
    shown = shown_to(membership, find(membership, pk), "")
    cuts = {str(one.cut.number): one for one in shown.cuts.all}
    try:
        left, right = (cuts[request.GET.get(name, "")] for name in ("one", "other"))
    except KeyError as error:
        raise Http404 from error
    differing = shown.cuts.between(left.cut, right.cut)
    marks = shown.cuts.marks(left.cut, differing)
    context = page(shown, pair=(left, right), differing=differing, marks=marks)
    return render(request, "films/compare.html", context)
