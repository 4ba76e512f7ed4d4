"""The board of one ad film: its page, what changed of it, and what a person does there."""

import secrets

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from generations import films as works
from generations.films import BoardSegment, CutSelection, FilmRefused
from generations.lifecycle.order import OrderRefused
from generations.models import Film, Membership, Take
from generations.models.films import FILM_CUT, TAKE_KINDS, SegmentKind
from generations.providers.contract import TaskKind
from generations.providers.vidu.requests import (
    FORM_CUT_MEMBERS,
    FORM_EDIT_MEMBERS,
    FORM_EDIT_TYPES,
)
from generations.templatetags.formats import sentences
from generations.web.access import for_member, for_producer
from generations.web.layout.estimates import answer_of
from generations.web.layout.risks import has_news
from generations.web.messages import films
from generations.web.messages.orders import explain_beside_question
from generations.web.query import wants_part, whole_number

from .board import BoardPage, order_of
from .segments import segment_name


@require_safe
@for_member
def board(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the board, with the takes of one segment (``?at=``)."""
    shown = _board_page(membership, _find_film(membership, pk), request.GET.get("at", ""))
    return render(request, "films/board.html", _context(shown))


@require_safe
@for_member
def changes(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show what changed since the version that the page shows; 204 when nothing did.

    Without ``since`` show all of it: the takes of another segment (``?at=``) and what goes with
    them.
    """
    film = _find_film(membership, pk)
    # The version leaves out the worker: its warning comes and goes without a change of rows.
    is_known = request.GET.get("since") == str(works.board_version(film))
    if is_known and not has_news(request, membership.team):
        return HttpResponse(status=204)
    shown = _board_page(membership, film, request.GET.get("at", ""))
    return render(request, "films/board.html#changes", _context(shown, swap=True))


@require_safe
@for_member
def compare(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show two cuts, by their numbers in ``one`` and ``other``, and where they differ."""
    shown = _board_page(membership, _find_film(membership, pk), "")
    # By text, so that what is no number is simply no cut.
    cuts = {str(one.cut.number): one for one in shown.cuts.all}
    try:
        left, right = (cuts[request.GET.get(name, "")] for name in ("one", "other"))
    except KeyError as error:
        raise Http404 from error
    differing = shown.cuts.between(left.cut, right.cut)
    marks = shown.cuts.marks(left.cut, differing)
    context = _context(shown, pair=(left, right), differing=differing, marks=marks)
    return render(request, "films/compare.html", context)


@require_POST
@for_producer
def edit(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Order new takes: ``make`` (shot, narration, music), ``shot`` from 0, ``prompt``, ``count``.

    Vidu's names of these members are taken as well.
    """
    film, post = _find_film(membership, pk), request.POST
    kind = post.get("make", FORM_EDIT_TYPES.get(post.get(FORM_EDIT_MEMBERS["make"], ""), ""))
    if kind not in SegmentKind:
        return _answer(request, membership, film, "", films.in_words("type_unknown"), "edit")
    shot = _number(post.get("shot", post.get(FORM_EDIT_MEMBERS["shot"], "")))
    at = segment_name(kind, shot or 0)
    try:
        works.order_takes(
            membership,
            film,
            SegmentKind(kind),
            shot=shot,
            prompt=post.get("prompt", ""),
            count=_number(post.get("count", "")) or 1,
            accepts_unknown=_accepts_unknown(request, film, TAKE_KINDS[SegmentKind(kind)]),
            form_token=_token(request),
        )
    except OrderRefused as refused:
        return _answer(request, membership, film, at, explain_beside_question(refused), "edit")
    return _answer(request, membership, film, at)


@require_POST
@for_producer
def choose(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Put a take of ours (``take``) into the next cut."""
    film = _find_film(membership, pk)
    # A take of another film is not found here, and so none of another team.
    rows = Take.objects.filter(film=film).select_related("film__team", "segment")
    # 0 is the key of no row.
    take = rows.filter(pk=whole_number(request.POST.get("take", "")) or 0).first()
    if take is None:
        return _answer(request, membership, film, "", films.in_words("take_gone"), "choose")
    at = segment_name(take.segment.kind, take.segment.ordinal)
    try:
        works.choose_take(membership, take)
    except FilmRefused as refused:
        obstacles = sentences(*films.obstacles(refused.obstacles))
        return _answer(request, membership, film, at, obstacles, "choose")
    return _answer(request, membership, film, at)


@require_POST
@for_producer
def compose(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Order a cut: of what is chosen, or of what ``takes``, ``narration`` and ``music`` name.

    Vidu's names of these members are taken as well.
    """
    film, at = _find_film(membership, pk), request.POST.get("at", "")
    try:
        works.order_cut(
            membership,
            film,
            _pieces(request, film),
            accepts_unknown=_accepts_unknown(request, film, FILM_CUT),
            form_token=_token(request),
        )
    except OrderRefused as refused:
        return _answer(request, membership, film, at, explain_beside_question(refused), "compose")
    return _answer(request, membership, film, at)


def _pieces(request: HttpRequest, film: Film) -> CutSelection | None:
    """Return what the form names, by the provider's ids; what it leaves out is what is chosen.

    None where it names nothing at all.
    """
    named = {
        name: request.POST.getlist(name) or request.POST.getlist(alias)
        for name, alias in FORM_CUT_MEMBERS.items()
        if name in request.POST or alias in request.POST
    }
    if not named:
        return None
    board = works.load_board(film)
    # As in Django, the last of several values counts.
    (narration,) = named.get("narration", [_chosen_id(board.narration)])[-1:]
    (music,) = named.get("music", [_chosen_id(board.music)])[-1:]
    takes = named.get("takes") or [_chosen_id(shot) for shot in board.shots]
    return CutSelection(tuple(takes), narration, music)


def _chosen_id(segment: BoardSegment | None) -> str:
    return segment.chosen.remote_id if segment and segment.chosen else ""


@require_POST
@for_producer
def rename(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Change what the film is called (``title``)."""
    film = _find_film(membership, pk)
    works.rename_film(membership, film, request.POST.get("title", ""))
    return _answer(request, membership, film, request.POST.get("at", ""))


@require_POST
@for_producer
def check_now(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Ask the provider for the parts now."""
    film = _find_film(membership, pk)
    works.sync_soon(film)
    return _answer(request, membership, film, request.POST.get("at", ""))


def _find_film(membership: Membership, pk: int) -> Film:
    return get_object_or_404(Film.objects.for_team(membership.team).for_board(), pk=pk)


def _board_page(membership: Membership, film: Film, at: str) -> BoardPage:
    """Load the board for a person; ``at`` names the segment whose takes are shown."""
    return BoardPage(works.load_board(film), membership, at)


def _context(shown: BoardPage, **more: object) -> dict[str, object]:
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
        # Each drawing of the page has a token of its own, so a double press orders once.
        "token": secrets.token_urlsafe(18),
        **more,
    }


def _answer(
    request: HttpRequest,
    membership: Membership,
    film: Film,
    at: str,
    refused: str = "",
    act: str = "",
) -> HttpResponse:
    """Answer with the board as it is now: to a script what changed of it, else the page anew.

    ``refused`` says beside which button (``act``) why nothing was done.
    """
    if wants_part(request) or refused:
        # Read anew: what was just done may have changed the film.
        shown = _board_page(membership, _find_film(membership, film.pk), at)
        typed = {name: request.POST.get(name, "") for name in ("prompt", "count")}
        more = {"refused": refused, "act": act, "typed": typed}
        if refused:  # it is still the same press
            more |= {"token": _token(request), "answer": request.POST.get("accepts_unknown", "")}
        if wants_part(request):
            context = _context(shown, swap=True, **more)
            return render(request, "films/board.html#changes", context)
        return render(request, "films/board.html", _context(shown, **more), status=422)
    address = reverse("film", args=[membership.team.slug, film.pk])
    return redirect(f"{address}?{urlencode({'at': at})}" if at else address)


def _number(text: str) -> int | None:
    """Return a number: None where it is empty, -1, which nothing has, where it is none."""
    if not text:
        return None
    number = whole_number(text)
    return -1 if number is None else number


def _accepts_unknown(request: HttpRequest, film: Film, kind: TaskKind) -> bool:
    """Whether the person knows that nobody knows the price of this kind of part."""
    answer = answer_of(order_of(kind), [film.task.credential])
    return request.POST.get("accepts_unknown", "") == answer


def _token(request: HttpRequest) -> str:
    """Return the token of a press, which orders once. A form without one is a press of its own."""
    return request.POST.get("form_token", "")[:32] or secrets.token_urlsafe(18)
