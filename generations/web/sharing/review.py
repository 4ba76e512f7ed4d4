"""The team's side of a review: read the remarks of clients, answer and settle them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generations.models import Collection, Membership, Remark
from generations.sharing import review as verbs
from generations.web.access import for_member, for_producer
from generations.web.layout.fragments import wants_part

from .collections import find, of_member
from .forms import AnswerForm
from .room import Clip, Room


def _context(collection: Collection, room: Room, clip: Clip | None) -> dict[str, object]:
    before, after = room.beside(clip) if clip else (None, None)
    return {"collection": collection, "room": room, "clip": clip, "before": before, "after": after}


@require_safe
@for_member
def room(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the room with one clip. ``?clip=`` chooses it, ``?since=`` asks what changed."""
    collection = find(membership, pk)
    if request.GET.get("since") == str(collection.version):
        return HttpResponse(status=204)
    wanted = request.GET.get("clip", "")
    shown = Room(collection, of_member)
    clip = shown.wanted(wanted)
    here = reverse("review", args=[membership.team.slug, pk])
    if wanted and clip is None:  # it was taken out while the page was open
        if wants_part(request):
            return HttpResponse(headers={"HX-Redirect": here})
        return redirect(here)
    page = _context(collection, shown, clip)
    verbs.mark_read(collection, membership.user)
    if "since" in request.GET:
        page |= {"seen": request.GET.get("seen", ""), "swap": True}
        return render(request, "sharing/guest/changes.html", page)
    if wants_part(request):
        return render(request, "sharing/collections/review.html#part", page | {"swap": True})
    return render(request, "sharing/collections/review.html", page)


def _find(membership: Membership, pk: int, remark: int) -> Remark:
    remarks = Remark.objects.filter(item__collection=find(membership, pk), answers=None)
    return get_object_or_404(remarks.select_related("item__collection"), pk=remark)


def _answered(request: HttpRequest, membership: Membership, remark: Remark) -> HttpResponse:
    """Show the remarks of the clip as they are now."""
    pk, item = remark.item.collection_id, remark.item_id
    if not wants_part(request):
        here = reverse("review", args=[membership.team.slug, pk])
        return HttpResponseRedirect(f"{here}?clip={item}#remark-{remark.pk}")
    collection = find(membership, pk)
    shown = Room(collection, of_member)
    page = _context(collection, shown, shown.find(item)) | {"swap": True, "seen": ""}
    return render(request, "sharing/guest/changes.html", page)


@require_POST
@for_producer
def answer(request: HttpRequest, membership: Membership, pk: int, remark: int) -> HttpResponse:
    found, form = _find(membership, pk, remark), AnswerForm(request.POST)
    if form.is_valid():
        verbs.answer(found, membership.user, form.cleaned_data["text"])
    elif not wants_part(request):
        messages.error(request, _("Write an answer first. Nothing was sent."))
    return _answered(request, membership, found)


@require_POST
@for_producer
def settle(request: HttpRequest, membership: Membership, pk: int, remark: int) -> HttpResponse:
    """Mark a remark as done; with ``open`` in the form it is open again."""
    found = _find(membership, pk, remark)
    verbs.settle(found, membership.user, settled="open" not in request.POST)
    return _answered(request, membership, found)
