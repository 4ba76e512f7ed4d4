"""The items of a collection: their order, their titles, and the file of each."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generations.models import CollectionItem, File, Membership
from generations.models.files import FileRole, FileState
from generations.sharing import collections as verbs
from generations.web.access import for_producer
from generations.web.layout.fragments import wants_part
from generations.web.query import whole_number, whole_numbers

from .collections import arranged, find
from .forms import ItemForm

MOST_OFFERED = 60  # files that may replace an item's


def _item(membership: Membership, pk: int, item: int) -> CollectionItem:
    items = CollectionItem.objects.present().filter(collection=find(membership, pk))
    return get_object_or_404(items.select_related("file", "collection"), pk=item)


def _answer(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the collection after a change; with htmx only its changed parts."""
    if wants_part(request):
        return arranged(request, membership, find(membership, pk))
    return redirect("collection", membership.team.slug, pk)


@require_POST
@for_producer
def order(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Set the order: ``items`` are all, separated by commas; ``up`` and ``down`` move one."""
    collection = find(membership, pk)
    for way in ("up", "down"):
        item = whole_number(request.POST.get(way, ""))
        if item is not None:
            verbs.move(_item(membership, pk, item), way)
            return _answer(request, membership, pk)
    wanted = whole_numbers(request.POST.get("items", "").split(","))
    verbs.set_order(collection, wanted[: 2 * verbs.MOST_ITEMS])
    return _answer(request, membership, pk)


@require_POST
@for_producer
def name(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    found, form = _item(membership, pk, item), ItemForm(request.POST)
    if form.is_valid():
        verbs.rename(found, form.cleaned_data["title"])
    return _answer(request, membership, pk)


@require_POST
@for_producer
def take_out(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    verbs.take_out(_item(membership, pk, item))
    return _answer(request, membership, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def replace(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    """Choose the file that replaces the item's, from the team's newest."""
    found = _item(membership, pk, item)
    if request.method == "POST":
        stored = File.objects.for_team(membership.team).filter(state=FileState.STORED)
        file = whole_number(request.POST.get("file", ""))
        chosen = None if file is None else stored.filter(pk=file).first()
        if chosen and verbs.replace(found, chosen):
            return redirect("collection", membership.team.slug, pk)
        messages.error(request, _("Choose a clip that is not in the collection yet."))
    page = {"item": found, "collection": found.collection, "files": _offered(membership, found)}
    return render(request, "sharing/collections/replace.html", page)


def _offered(membership: Membership, item: CollectionItem) -> list[File]:
    """Return the newest stored clips that are not in the collection."""
    taken = CollectionItem.objects.kept().filter(collection=item.collection_id).values("file")
    files = File.objects.for_team(membership.team).filter(
        state=FileState.STORED,
        role__in=[FileRole.VIDEO, FileRole.AUDIO],
        task__trashed_at=None,
    )
    rows = files.exclude(pk__in=taken).select_related("task").order_by("-stored_at", "-pk")
    return list(rows[:MOST_OFFERED])
