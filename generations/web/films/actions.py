"""What a person does on the board of a film: a new take, another choice, a cut, another name."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from generations import films as works
from generations.films import BoardStrip, FilmRefused, Obstacle, Pieces
from generations.lifecycle.order import OrderRefused
from generations.models import Film, Membership, Take
from generations.templatetags.formats import sentences
from generations.web.access import for_producer
from generations.web.layout.fragments import wants_part

from . import messages
from .takes import TYPES
from .timeline import place
from .views import find, page, shown_to

KINDS = {word: kind for kind, word in TYPES.items()}


def _answer(
    request: HttpRequest,
    membership: Membership,
    film: Film,
    at: str,
    refused: str = "",
    act: str = "",
) -> HttpResponse:
    """The board as it is now: to a script what changed of it, else the page anew.

    ``refused`` says beside which button (``act``) why nothing was done.
    """
    if wants_part(request) or refused:
        shown = shown_to(membership, find(membership, film.pk), at)
        more = {"refused": refused, "act": act, "typed": request.POST.get("prompt", "")}
        if wants_part(request):
            return render(request, "films/changes.html", page(shown, swap=True, **more))
        return render(request, "films/board.html", page(shown, **more), status=422)
    address = reverse("film", args=[membership.team.slug, film.pk])
    return redirect(f"{address}?{urlencode({'at': at})}" if at else address)


def said(*found: Obstacle | str) -> str:
    """What is in the way, in words."""
    known = [Obstacle(one) if isinstance(one, str) else one for one in found]
    return sentences(*messages.obstacles(known))


def _number(text: str) -> int | None:
    """A whole number that somebody sent; -1, which nothing has, where it is none."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


@require_POST
@for_producer
def edit(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Order new takes: ``type``, ``storyboard_video_index`` of a shot from 0, ``prompt``."""
    film = find(membership, pk)
    kind = KINDS.get(request.POST.get("type", ""))
    if kind is None:
        return _answer(request, membership, film, "", said("type_unknown"), "edit")
    shot = _number(request.POST.get("storyboard_video_index", ""))
    at = place(kind, shot or 0)
    try:
        works.redo(
            membership,
            film,
            kind,
            shot=shot,
            prompt=request.POST.get("prompt", ""),
            count=_number(request.POST.get("count", "")) or 1,
            form_token=_token(request),
        )
    except OrderRefused as refused:
        return _answer(request, membership, film, at, messages.refusal(refused), "edit")
    return _answer(request, membership, film, at)


@require_POST
@for_producer
def choose(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Put a take of ours (``take``) into the next cut."""
    film = find(membership, pk)
    rows = Take.objects.filter(film=film).select_related("film__team", "strip")
    take = rows.filter(pk=_number(request.POST.get("take", "")) or 0).first()
    if take is None:
        return _answer(request, membership, film, "", said("take_gone"), "choose")
    at = place(take.strip.kind, take.strip.ordinal)
    try:
        works.choose(membership, take)
    except FilmRefused as refused:
        return _answer(request, membership, film, at, said(*refused.obstacles), "choose")
    return _answer(request, membership, film, at)


@require_POST
@for_producer
def compose(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Order a cut: of what is chosen, or of what ``video_task_ids`` and the others name."""
    film, at = find(membership, pk), request.POST.get("at", "")
    try:
        works.compose(membership, film, _pieces(request, film), form_token=_token(request))
    except OrderRefused as refused:
        return _answer(request, membership, film, at, messages.refusal(refused), "compose")
    return _answer(request, membership, film, at)


def _pieces(request: HttpRequest, film: Film) -> Pieces | None:
    """What the form names, by the provider's numbers; what it leaves out is what is chosen."""
    post = request.POST
    names = ("video_task_ids", "narration_task_id", "bgm_task_id")
    if not any(name in post for name in names):
        return None
    shown = works.load_board(film)
    chosen = [_remote(shot) for shot in shown.shots]
    return Pieces(
        tuple(post.getlist("video_task_ids") or chosen),
        post.get("narration_task_id", _remote(shown.narration)),
        post.get("bgm_task_id", _remote(shown.music)),
    )


def _remote(strip: BoardStrip | None) -> str:
    return strip.chosen.remote if strip and strip.chosen else ""


@require_POST
@for_producer
def rename(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """What the film is called (``title``)."""
    film = find(membership, pk)
    works.rename(membership, film, request.POST.get("title", ""))
    return _answer(request, membership, film, request.POST.get("at", ""))


@require_POST
@for_producer
def look(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Ask the provider for the parts now."""
    film = find(membership, pk)
    works.look_again(film)
    return _answer(request, membership, film, request.POST.get("at", ""))


def _token(request: HttpRequest) -> str:
    """One press orders once; a form without a token is a press of its own."""
    return request.POST.get("form_token", "")[:32] or secrets.token_urlsafe(18)
