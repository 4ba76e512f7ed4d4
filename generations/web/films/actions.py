"""What a person does on the board of a film: a new take, another choice, a cut, another name."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from generations import films as works
from generations.films import BoardSegment, CutSelection, FilmRefused
from generations.lifecycle.order import OrderRefused
from generations.models import Film, Membership, Take
from generations.models.films import SegmentKind
from generations.providers.vidu.form_names import CUT_MEMBERS, EDIT_MEMBERS, EDIT_TYPES
from generations.templatetags.formats import sentences
from generations.web.access import for_producer
from generations.web.layout.fragments import wants_part
from generations.web.messages import films
from generations.web.messages.orders import explain_refusal
from generations.web.query import whole_number

from .timeline import segment_name
from .views import board_page, context_of, find_film


@require_POST
@for_producer
def edit(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Order new takes: ``make`` (shot, narration, music), ``shot`` from 0, ``prompt``, ``count``.

    Vidu's names of these members are taken as well.
    """
    film, post = find_film(membership, pk), request.POST
    kind = post.get("make", EDIT_TYPES.get(post.get(EDIT_MEMBERS["make"], ""), ""))
    if kind not in SegmentKind:
        return _answer(request, membership, film, "", films.in_words("type_unknown"), "edit")
    shot = _number(post.get("shot", post.get(EDIT_MEMBERS["shot"], "")))
    at = segment_name(kind, shot or 0)
    try:
        works.order_takes(
            membership,
            film,
            SegmentKind(kind),
            shot=shot,
            prompt=post.get("prompt", ""),
            count=_number(post.get("count", "")) or 1,
            form_token=_token(request),
        )
    except OrderRefused as refused:
        return _answer(request, membership, film, at, explain_refusal(refused), "edit")
    return _answer(request, membership, film, at)


@require_POST
@for_producer
def choose(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Put a take of ours (``take``) into the next cut."""
    film = find_film(membership, pk)
    rows = Take.objects.filter(film=film).select_related("film__team", "segment")
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
    film, at = find_film(membership, pk), request.POST.get("at", "")
    try:
        works.order_cut(membership, film, _pieces(request, film), form_token=_token(request))
    except OrderRefused as refused:
        return _answer(request, membership, film, at, explain_refusal(refused), "compose")
    return _answer(request, membership, film, at)


def _pieces(request: HttpRequest, film: Film) -> CutSelection | None:
    """Return what the form names, by the provider's ids; what it leaves out is what is chosen.

    None where it names nothing at all.
    """
    named = {
        name: request.POST.getlist(name) or request.POST.getlist(alias)
        for name, alias in CUT_MEMBERS.items()
        if name in request.POST or alias in request.POST
    }
    if not named:
        return None
    board = works.load_board(film)
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
    film = find_film(membership, pk)
    works.rename_film(membership, film, request.POST.get("title", ""))
    return _answer(request, membership, film, request.POST.get("at", ""))


@require_POST
@for_producer
def check_now(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Ask the provider for the parts now."""
    film = find_film(membership, pk)
    works.sync_soon(film)
    return _answer(request, membership, film, request.POST.get("at", ""))


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
        shown = board_page(membership, find_film(membership, film.pk), at)
        more = {"refused": refused, "act": act, "typed": request.POST.get("prompt", "")}
        if wants_part(request):
            context = context_of(shown, swap=True, **more)
            return render(request, "films/changes.html", context)
        return render(request, "films/board.html", context_of(shown, **more), status=422)
    address = reverse("film", args=[membership.team.slug, film.pk])
    return redirect(f"{address}?{urlencode({'at': at})}" if at else address)


def _number(text: str) -> int | None:
    """Return a number: None where it is empty, -1, which nothing has, where it is none."""
    if not text:
        return None
    number = whole_number(text)
    return -1 if number is None else number


def _token(request: HttpRequest) -> str:
    """Return the token of a press, which orders once. A form without one is a press of its own."""
    return request.POST.get("form_token", "")[:32] or secrets.token_urlsafe(18)
