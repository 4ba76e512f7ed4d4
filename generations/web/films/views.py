"""The board of one ad film: its page, what changed of it, and two of its cuts side by side."""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from generations import films as works
from generations.models import Film, Membership
from generations.web.access import for_member
from generations.web.layout.silence import has_news
from generations.web.messages import films

from .board import BoardPage


def find_film(membership: Membership, pk: int) -> Film:
    return get_object_or_404(Film.objects.for_team(membership.team).for_board(), pk=pk)


def board_page(membership: Membership, film: Film, at: str) -> BoardPage:
    """Load the board for a person; ``at`` names the segment whose takes are shown."""
    return BoardPage(works.load_board(film), membership, at)


def context_of(shown: BoardPage, **more: object) -> dict[str, object]:
    """Return all that the templates of a board ask for."""
    film = shown.film
    return {
        "shown": shown,
        "board": shown.board,
        "film": film,
        "task": film.task,
        "title": films.title(film),
        "voice": films.voice(film),
        "alarm": films.alarm(film.alarm),
        "unit": shown.unit,
        "token": secrets.token_urlsafe(18),
        **more,
    }


@require_safe
@for_member
def board(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the board, with the takes of one segment (``?at=``)."""
    shown = board_page(membership, find_film(membership, pk), request.GET.get("at", ""))
    return render(request, "films/board.html", context_of(shown))


@require_safe
@for_member
def changes(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show what changed since the version that the page shows; 204 when nothing did.

    Without ``since`` show all of it: the takes of another segment (``?at=``) and what goes with
    them.
    """
    film = find_film(membership, pk)
    is_known = request.GET.get("since") == str(works.board_version(film))
    if is_known and not has_news(request, membership.team):
        return HttpResponse(status=204)
    shown = board_page(membership, film, request.GET.get("at", ""))
    return render(request, "films/changes.html", context_of(shown, swap=True))


@require_safe
@for_member
def compare(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show two cuts, by their numbers in ``one`` and ``other``, and where they differ."""
    shown = board_page(membership, find_film(membership, pk), "")
    cuts = {str(one.cut.number): one for one in shown.cuts.all}
    try:
        left, right = (cuts[request.GET.get(name, "")] for name in ("one", "other"))
    except KeyError as error:
        raise Http404 from error
    differing = shown.cuts.between(left.cut, right.cut)
    marks = shown.cuts.marks(left.cut, differing)
    context = context_of(shown, pair=(left, right), differing=differing, marks=marks)
    return render(request, "films/compare.html", context)
