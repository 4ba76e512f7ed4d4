"""The pages of a client behind a share link. Every view here passes the gate."""

import ipaddress

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations.models import CollectionItem
from generations.models.collections import Decision
from generations.sharing import links, review
from generations.sharing.archive import file_name
from generations.web.files.views import serve
from generations.web.query import wants_part

from .forms import PasswordForm, ReviewForm
from .gate import LANGUAGES, Guest, for_guest, for_visitor
from .room import Clip, Room, archive_entry, send_archive

KEPT_SECONDS = 300  # how long a browser may keep clips, also after the link was revoked
# The gate is always the outermost decorator: a refused method, too, tells nothing of a token.


# ---- The password ---------------------------------------------------------------------------


@for_visitor
@require_safe
def page(request: HttpRequest, guest: Guest) -> HttpResponse:
    """Ask for the password, or show the room.

    ``?clip=`` chooses the clip, ``?since=`` asks what changed.
    """
    if not guest.is_inside:
        return _outside(request, guest)
    if (language := request.GET.get("language", "")) in LANGUAGES:
        guest.keep(language=language)  # in the session, so that addresses stay as they were sent
        return redirect("guest", guest.token)
    if "since" in request.GET:
        return _changes(request, guest)
    if request.method == "GET":
        guest.enter()
    return _room(request, guest, request.GET.get("clip", ""))


def _outside(request: HttpRequest, guest: Guest) -> HttpResponse:
    """Ask for the password on a whole page: a guest outside gets no part of the room."""
    if "since" in request.GET:
        raise Http404
    if wants_part(request):
        return HttpResponse(headers={"HX-Redirect": reverse("guest", args=[guest.token])})
    return _ask_password(request, guest, PasswordForm())


@for_visitor
@require_POST
def unlock(request: HttpRequest, guest: Guest) -> HttpResponse:
    """Try the password, which is sent in the form and stands in no address."""
    form = PasswordForm(request.POST)
    if guest.is_inside:
        return redirect("guest", guest.token)
    if not form.is_valid():
        return _ask_password(request, guest, form, status=422)
    try:
        if links.try_password(guest.link, form.cleaned_data["password"], _address(request)):
            guest.unlock()
            return redirect("guest", guest.token)
    except links.TooManyTries:
        form.add_error("password", _("Too many tries. Wait ten minutes, then try again."))
        return _ask_password(request, guest, form, status=429)
    form.add_error("password", _("That is not the password of this link."))
    return _ask_password(request, guest, form, status=422)


def _address(request: HttpRequest) -> str:
    """Return who tries: an address, or for IPv6 the /64 network that one customer has."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _ask_password(
    request: HttpRequest, guest: Guest, form: PasswordForm, status: int = 200
) -> HttpResponse:
    collection = guest.link.collection
    page = {
        "guest": guest,
        "collection": collection,
        "form": form,
        "backdrop": links.blurred_poster(collection),
    }
    return render(request, "sharing/guest/password.html", page, status=status)


# ---- The room -------------------------------------------------------------------------------


def _room(request: HttpRequest, guest: Guest, wanted: str) -> HttpResponse:
    room = _room_of(guest)
    clip = room.wanted(wanted)
    if wanted and clip is None:  # it was taken out, or was never here
        return redirect("guest", guest.token)
    page = _context(guest, room, clip) | {"form": ReviewForm(is_known=bool(guest.name))}
    if wants_part(request):
        return render(request, "sharing/guest/page.html#part", page | {"swap": True})
    return render(request, "sharing/guest/page.html", page)


def _changes(request: HttpRequest, guest: Guest) -> HttpResponse:
    """Return 204 when nothing changed; a page whose clip is gone loads anew."""
    if request.GET["since"] == str(guest.link.collection.version):
        return HttpResponse(status=204)
    room, wanted = _room_of(guest), request.GET.get("clip", "")
    clip = room.wanted(wanted)
    if wanted and clip is None:
        return HttpResponse(headers={"HX-Redirect": reverse("guest", args=[guest.token])})
    page = _context(guest, room, clip) | {"seen": request.GET.get("seen", ""), "swap": True}
    return render(request, "sharing/guest/changes.html", page)


@for_guest
@require_POST
def give_review(request: HttpRequest, guest: Guest, pk: int) -> HttpResponse:
    """Take a remark, a decision, or both."""
    room = _room_of(guest)
    clip = room.find(pk)
    if clip is None:
        raise Http404
    form = ReviewForm(request.POST, is_known=bool(guest.name))
    if form.is_valid() and _write(guest, clip, form):
        return _after_review(request, guest, clip)
    page = _context(guest, room, clip) | {"form": form}
    if wants_part(request):
        return render(request, "sharing/guest/remark_form.html", page, status=422)
    return render(request, "sharing/guest/page.html", page, status=422)


def _write(guest: Guest, clip: Clip, form: ReviewForm) -> bool:
    """Write the guest's decision and remark. Return False with the reason in the form."""
    values, visit = form.cleaned_data, guest.visit()
    review.introduce(visit, values["name"])
    guest.keep(name=visit.name)
    try:
        # First the decision: where it is refused, the remark stays in the form with it.
        if values["decision"]:
            decision = Decision(values["decision"])
            review.decide(guest.link, visit, clip.item, decision, values["sha256"])
        if values["text"]:
            moments = values["start_ms"], values["end_ms"]
            review.add_remark(guest.link, visit, clip.item, values["text"], *moments)
    except review.AnotherFile:
        form.add_error(None, _("There is a newer version now. Watch it, then decide."))
    except review.ReviewClosed:
        form.add_error(None, _("This link has reached its limit of remarks. Write to the team."))
    return form.is_valid()


def _after_review(request: HttpRequest, guest: Guest, clip: Clip) -> HttpResponse:
    """Show the clip with what was written; with htmx only the parts that changed."""
    if not wants_part(request):
        address = reverse("guest", args=[guest.token])
        return HttpResponseRedirect(f"{address}?clip={clip.pk}")
    guest.link.collection.refresh_from_db(fields=["version"])
    room = _room_of(guest)
    page = _context(guest, room, room.find(clip.pk))
    page |= {"form": ReviewForm(is_known=True), "swap": True}
    return render(request, "sharing/guest/remark_sent.html", page)


def _room_of(guest: Guest) -> Room:
    """Return the room of the guest's link, with addresses that carry its token."""
    base = reverse("guest", args=[guest.token])

    def file_address(item: CollectionItem, name: str) -> str:
        return f"{base}clips/{item.pk}/{name}"

    return Room(guest.link.collection, file_address, guest.link)


def _context(guest: Guest, room: Room, clip: Clip | None) -> dict[str, object]:
    return {"guest": guest} | room.context(clip)


# ---- Files ----------------------------------------------------------------------------------


@for_guest
@require_safe
def file(request: HttpRequest, guest: Guest, pk: int, name: str) -> HttpResponseBase:
    """Send a clip, its poster or its preview; ``?download`` names it for a person's disk."""
    if "download" in request.GET and not guest.link.allows_downloads:
        raise Http404
    room = _room_of(guest)
    if "download" in request.GET:  # its name has the clip's number, which only the room knows
        clip = room.find(pk)
        item, filename = (clip.item, clip.download_name) if clip else (None, "")
    else:  # one query, for players ask for many ranges
        items = guest.link.collection.items.showable().select_related("file__task")
        item, filename = items.filter(pk=pk).first(), f"{pk}"
    if item is None:
        raise Http404
    return serve(request, item.file, name, filename=filename, seconds=KEPT_SECONDS)


@for_guest
@require_safe
def archive(request: HttpRequest, guest: Guest) -> HttpResponseBase:
    """Send all clips as one archive, under the names that the page shows."""
    if not guest.link.allows_downloads:
        raise Http404
    entries = [archive_entry(clip.file, clip.download_name) for clip in _room_of(guest).clips]
    if not entries:
        raise Http404
    name = file_name(guest.link.collection.title) or "clips"
    return send_archive(request, entries, name)
