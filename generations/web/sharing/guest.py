"""What a client sees behind a share link, and says about it. Every address here has the gate."""

import ipaddress

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations.models import CollectionItem
from generations.models.collections import Decision
from generations.sharing import archive, links, review, veil
from generations.web.files.views import serve
from generations.web.layout.fragments import wants_part

from . import archive as archive_page
from .forms import PasswordForm, SayForm
from .gate import (
    LANGUAGES,
    Guest,
    at_the_gate,
    for_guest,
)
from .room import Clip, Room

KEPT_SECONDS = 300  # a browser may keep films so long after a link was taken back


def room_of(guest: Guest) -> Room:
    base = reverse("guest", args=[guest.token])

    def place(item: CollectionItem, name: str) -> str:
        return f"{base}clips/{item.pk}/{name}"

    return Room(guest.link.collection, place, guest.link)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


# ---- The gate -------------------------------------------------------------------------------


@at_the_gate
@require_safe
def page(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The gate or the room. ``?clip=`` chooses what is played, ``?since=`` asks what changed."""
    if not guest.is_inside:
        return _outside(request, guest)
    if (language := request.GET.get("language", "")) in LANGUAGES:
        guest.keep(language=language)
        return redirect("guest", guest.token)
    if "since" in request.GET:
        return _changes(request, guest)
    if request.method == "GET":
        guest.enter()
    return _room(request, guest, request.GET.get("clip", ""))


def _outside(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The gate, as a whole page; a part of the room is not there yet."""
    if "since" in request.GET:
        raise Http404
    if wants_part(request):
        return HttpResponse(headers={"HX-Redirect": reverse("guest", args=[guest.token])})
    return _gate(request, guest, PasswordForm())


@at_the_gate
@require_POST
def unlock(request: HttpRequest, guest: Guest) -> HttpResponse:
    """A try of the password; the address never carries it."""
    form = PasswordForm(request.POST)
    if guest.is_inside:
        return redirect("guest", guest.token)
    if not form.is_valid():
        return _gate(request, guest, form, status=422)
    try:
        if links.try_password(guest.link, form.cleaned_data["password"], _address(request)):
            guest.unlock()
            return redirect("guest", guest.token)
    except links.TooManyTries:
        form.add_error("password", _("Too many tries. Wait ten minutes, then try again."))
        return _gate(request, guest, form, status=429)
    form.add_error("password", _("That is not the password of this link."))
    return _gate(request, guest, form, status=422)


def _address(request: HttpRequest) -> str:
    """Who tries: an address, or for IPv6 the network that a single customer is given."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _gate(
    request: HttpRequest, guest: Guest, form: PasswordForm, status: int = 200
) -> HttpResponse:
    collection = guest.link.collection
    page = {"guest": guest, "collection": collection, "form": form, "veil": veil.veil(collection)}
    return render(request, "sharing/guest/gate.html", page, status=status)


# ---- The room -------------------------------------------------------------------------------


def _seen(guest: Guest, clip: Clip | None, room: Room) -> dict[str, object]:
    before, after = room.beside(clip) if clip else (None, None)
    return {
        "guest": guest,
        "collection": room.collection,
        "room": room,
        "clip": clip,
        "before": before,
        "after": after,
    }


def _room(request: HttpRequest, guest: Guest, wanted: str) -> HttpResponse:
    room = room_of(guest)
    clip = room.find(_number(wanted))
    if wanted and clip is None:  # it was taken out, or was never here
        return redirect("guest", guest.token)
    page = _seen(guest, clip, room) | {"form": SayForm(is_known=bool(guest.name))}
    if wants_part(request):
        return render(request, "sharing/guest/room.html#part", page | {"swap": True})
    return render(request, "sharing/guest/room.html", page)


def _changes(request: HttpRequest, guest: Guest) -> HttpResponse:
    """204 when nothing changed; a page whose clip is gone begins anew."""
    if request.GET["since"] == str(guest.link.collection.version):
        return HttpResponse(status=204)
    room, wanted = room_of(guest), request.GET.get("clip", "")
    clip = room.find(_number(wanted))
    if wanted and clip is None:
        return HttpResponse(headers={"HX-Redirect": reverse("guest", args=[guest.token])})
    seen = _seen(guest, clip, room) | {"seen": request.GET.get("seen", ""), "swap": True}
    return render(request, "sharing/guest/changes.html", seen)


@for_guest
@require_POST
def say(request: HttpRequest, guest: Guest, pk: int) -> HttpResponse:
    """A remark, a decision, or both."""
    room = room_of(guest)
    clip = room.find(pk)
    if clip is None:
        raise Http404
    form = SayForm(request.POST, is_known=bool(guest.name))
    if form.is_valid() and _say(guest, clip, form):
        return _said(request, guest, clip)
    seen = _seen(guest, clip, room) | {"form": form}
    if wants_part(request):
        return render(request, "sharing/guest/say.html", seen, status=422)
    return render(request, "sharing/guest/room.html", seen, status=422)


def _say(guest: Guest, clip: Clip, form: SayForm) -> bool:
    said, visit = form.cleaned_data, guest.visit()
    review.introduce(visit, said["name"])
    guest.keep(name=visit.name)
    try:
        if said["decision"]:
            decision = Decision(said["decision"])
            review.decide(guest.link, visit, clip.item, decision, said["sha256"])
        if said["text"]:
            place = said["start_ms"], said["end_ms"]
            review.remark(guest.link, visit, clip.item, said["text"], *place)
    except review.AnotherFile:
        form.add_error(None, _("A newer version came meanwhile. Look at it, then decide."))
    except review.ReviewClosed:
        form.add_error(None, _("This link has taken all the remarks it can. Write to the studio."))
    return form.is_valid()


def _said(request: HttpRequest, guest: Guest, clip: Clip) -> HttpResponse:
    if not wants_part(request):
        address = reverse("guest", args=[guest.token])
        return HttpResponseRedirect(f"{address}?clip={clip.pk}")
    guest.link.collection.refresh_from_db(fields=["version"])
    room = room_of(guest)
    seen = _seen(guest, room.find(clip.pk), room)
    page = seen | {"form": SayForm(is_known=True), "swap": True, "fresh": True}
    return render(request, "sharing/guest/said.html", page)


# ---- Files ----------------------------------------------------------------------------------


@for_guest
@require_safe
def file(request: HttpRequest, guest: Guest, pk: int, name: str) -> HttpResponseBase:
    """A clip of the collection, its poster or its preview; named for a disk where that may be."""
    if "download" in request.GET and not guest.link.allows_downloads:
        raise Http404
    room = room_of(guest)
    if "download" in request.GET:
        clip = room.find(pk)
        item, called = (clip.item, clip.called) if clip else (None, "")
    else:
        items = guest.link.collection.items.showable().select_related("file__task")
        item, called = items.filter(pk=pk).first(), f"{pk}"
    if item is None:
        raise Http404
    return serve(request, item.file, name, called=called, seconds=KEPT_SECONDS)


@for_guest
@require_safe
def everything(request: HttpRequest, guest: Guest) -> HttpResponseBase:
    """All clips as one archive, under the names that the page shows."""
    if not guest.link.allows_downloads:
        raise Http404
    entries = [archive_page.entry(clip.file, clip.called) for clip in room_of(guest).clips]
    if not entries:
        raise Http404
    return archive_page.answer(
        request, entries, archive.plain(guest.link.collection.title) or "clips"
    )
