"""The places of a collection: their order, their names, and which file stands in each."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generations.models import CollectionItem, File, Membership
from generations.models.files import FilePart, FileState
from generations.sharing import collections as verbs
from generations.web.access import for_producer
from generations.web.layout.fragments import wants_part

from .collections import arranged, find
from .forms import PlaceForm

OFFERED = 60  # files that may take a place


def _item(membership: Membership, pk: int, item: int) -> CollectionItem:
    items = CollectionItem.objects.present().filter(collection=find(membership, pk))
    return get_object_or_404(items.select_related("file", "collection"), pk=item)


def _answer(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """After a change: the collection as it is now, or with htmx its changed parts."""
    if wants_part(request):
        return arranged(request, membership, find(membership, pk))
    return redirect("collection", membership.team.slug, pk)


@require_POST
@for_producer
def order(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """``items``: all places in their new order, with commas; ``up``, ``down``: one by one step."""
    collection = find(membership, pk)
    for way in ("up", "down"):
        number = request.POST.get(way, "")
        if number.isdecimal():
            verbs.move(_item(membership, pk, int(number)), way)
            return _answer(request, membership, pk)
    wanted = [int(one) for one in request.POST.get("items", "").split(",") if one.isdecimal()]
    verbs.order(collection, wanted[: 2 * verbs.MOST_ITEMS])
    return _answer(request, membership, pk)


@require_POST
@for_producer
def name(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    found, form = _item(membership, pk, item), PlaceForm(request.POST)
    if form.is_valid():
        verbs.name(found, form.cleaned_data["title"])
    return _answer(request, membership, pk)


@require_POST
@for_producer
def take_out(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    verbs.take_out(_item(membership, pk, item))
    return _answer(request, membership, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def replace(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    """Choose the file that takes the place, from the team's newest."""
    found = _item(membership, pk, item)
    if request.method == "POST":
        number = request.POST.get("file", "")
        stored = File.objects.for_team(membership.team).filter(state=FileState.STORED)
        chosen = stored.filter(pk=number if number.isdecimal() else 0).first()
        if chosen and verbs.replace(found, chosen):
            return redirect("collection", membership.team.slug, pk)
        messages.error(request, _("Choose a clip that is not in the collection yet."))
    page = {"item": found, "collection": found.collection, "files": _offered(membership, found)}
    return render(request, "sharing/collections/replace.html", page)


def _offered(membership: Membership, item: CollectionItem) -> list[File]:
    """The newest stored clips that are not in the collection."""
    taken = CollectionItem.objects.kept().filter(collection=item.collection_id).values("file")
    files = File.objects.for_team(membership.team).filter(
        state=FileState.STORED,
        part__in=[FilePart.VIDEO, FilePart.AUDIO],
        task__binned_at=None,
    )
    rows = files.exclude(pk__in=taken).select_related("task").order_by("-stored_at", "-pk")
    return list(rows[:OFFERED])
