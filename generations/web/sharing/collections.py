"""A team's collections: all of them, one to arrange, its clips, and the links that share it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.models import (
    Collection,
    CollectionItem,
    File,
    Membership,
    ShareLink,
    ShareVisit,
)
from generations.models.files import FileRole, FileState
from generations.sharing import archive, links, review
from generations.sharing import collections as verbs
from generations.web.access import for_member, for_producer
from generations.web.files.views import file_name_of
from generations.web.query import number_in_address, wants_part, whole_number, whole_numbers

from .forms import CollectionForm, ItemForm, LinkForm
from .room import Room, archive_entry, find_collection, member_address, send_archive

MOST_LISTED = 200  # collections, and links
MOST_REMARKS = 30  # beside the clips; all of them are in the review room
MOST_OFFERED = 60  # files that may replace an item's
LAST_VISITS = 8


@require_safe
@for_member
def collections(request: HttpRequest, membership: Membership) -> HttpResponse:
    return _list(request, membership, CollectionForm())


@require_POST
@for_producer
def new(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Make a collection, with the selected clips if any; ``share`` goes on to make its link."""
    form = CollectionForm(request.POST)
    if not form.is_valid():
        return _list(request, membership, form, status=422)
    made = verbs.make(membership.team, membership.user, **form.cleaned_data)
    _add_selected(request, membership, made)
    page = "share_new" if "share" in request.POST else "collection"
    return redirect(page, membership.team.slug, made.pk)


@require_POST
@for_producer
def add(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Add the selected clips to a collection; with htmx answer with a line that says so."""
    pk = whole_number(request.POST.get("collection", ""))
    if pk is None:
        messages.error(request, _("Choose a collection first."))
        return _list(request, membership, CollectionForm(), status=422)
    collection = find_collection(membership, pk)
    added = _add_selected(request, membership, collection)
    if wants_part(request):
        page = {"collection": collection, "added": added, "swap": True}
        return render(request, "sharing/collections/added.html", page)
    return redirect("collection", membership.team.slug, collection.pk)


@require_safe
@for_member
def collection(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the clips in their order; ``?since=`` asks what changed, 204 when nothing did."""
    found = find_collection(membership, pk)
    if request.GET.get("since") == str(found.version):
        return HttpResponse(status=204)
    return _arranged(request, membership, found)


@require_POST
@for_producer
def edit(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found, form = find_collection(membership, pk), CollectionForm(request.POST)
    if form.is_valid():
        verbs.change(found, **form.cleaned_data)
    else:
        messages.error(request, _("A collection needs a title. Nothing was changed."))
    return redirect("collection", membership.team.slug, pk)


@require_POST
@for_producer
def remove(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    verbs.remove(find_collection(membership, pk), membership.user)
    return redirect("collections", membership.team.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_member
def download(request: HttpRequest, membership: Membership) -> HttpResponseBase:
    """Send clips as one archive: the ``files`` of a form, or ``?collection=`` in its order."""
    team = membership.team
    if "collection" in request.GET:
        pk = number_in_address(request.GET["collection"])
        return _whole_collection(request, find_collection(membership, pk))
    chosen = whole_numbers(request.POST.getlist("files"))[: verbs.MOST_ITEMS]
    files = File.objects.for_team(team).filter(
        pk__in=chosen, state=FileState.STORED, task__trashed_at=None
    )
    entries = [
        archive_entry(file, file_name_of(file))
        for file in files.exclude(name="").select_related("task")
    ]
    if not entries:
        return redirect("gallery", team.slug)
    return send_archive(request, entries, team.slug)


def _add_selected(
    request: HttpRequest, membership: Membership, collection: Collection
) -> int | None:
    """Add the selected clips. Return how many are new, None where they do not fit."""
    files = whole_numbers(request.POST.getlist("files"))
    try:
        return verbs.add(collection, files, membership.user) if files else 0
    except verbs.CollectionFull:
        if not wants_part(request):
            most = {"most": verbs.MOST_ITEMS}
            messages.error(request, _("A collection holds %(most)s clips at most.") % most)
        return None


def _arranged(request: HttpRequest, membership: Membership, found: Collection) -> HttpResponse:
    """Show the page on which a collection is arranged, or with htmx its parts that change."""
    room = Room(found, member_address)
    remarks = room.remarks.filter(answers=None).select_related("item", "link").order_by("-pk")
    page = {
        "collection": found,
        "room": room,
        "remarks": remarks[:MOST_REMARKS],
        "known": review.mark_read(found, membership.user),
        "links": ShareLink.objects.live().filter(collection=found).order_by("-pk"),
        "form": CollectionForm(
            initial={"title": found.title, "description": found.description},
        ),
    }
    if wants_part(request):
        return render(request, "sharing/collections/changes.html", page | {"swap": True})
    return render(request, "sharing/collections/collection.html", page)


def _whole_collection(request: HttpRequest, collection: Collection) -> HttpResponseBase:
    room = Room(collection, member_address)
    entries = [
        archive_entry(clip.file, clip.download_name) for clip in room.clips if clip.is_showable
    ]
    return send_archive(request, entries, archive.file_name(collection.title) or "clips")


def _list(
    request: HttpRequest, membership: Membership, form: CollectionForm, status: int = 200
) -> HttpResponse:
    team = membership.team
    live = Count("links", filter=Q(links__in=ShareLink.objects.live()), distinct=True)
    first = CollectionItem.objects.showable().select_related("file")[:3]
    rows = Collection.objects.for_team(team).counted(membership.user).annotate(live=live)
    page = {
        "collections": rows.prefetch_related(Prefetch("items", first, to_attr="first"))[
            :MOST_LISTED
        ],
        "form": form,
    }
    return render(request, "sharing/collections/list.html", page, status=status)


# ---- The clips of a collection --------------------------------------------------------------


@require_POST
@for_producer
def set_order(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Set the order: ``items`` are all, separated by commas; ``up`` and ``down`` move one."""
    collection = find_collection(membership, pk)
    for way in ("up", "down"):  # the buttons of browsers without script
        item = whole_number(request.POST.get(way, ""))
        if item is not None:
            verbs.move(_find_item(membership, pk, item), way)
            return _show_changed(request, membership, pk)
    wanted = whole_numbers(request.POST.get("items", "").split(","))
    verbs.set_order(collection, wanted[: 2 * verbs.MOST_ITEMS])
    return _show_changed(request, membership, pk)


@require_POST
@for_producer
def rename_item(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    found, form = _find_item(membership, pk, item), ItemForm(request.POST)
    if form.is_valid():
        verbs.rename(found, form.cleaned_data["title"])
    return _show_changed(request, membership, pk)


@require_POST
@for_producer
def take_item_out(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    verbs.take_out(_find_item(membership, pk, item))
    return _show_changed(request, membership, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def replace_item(request: HttpRequest, membership: Membership, pk: int, item: int) -> HttpResponse:
    """Choose the file that replaces the item's, from the team's newest."""
    found = _find_item(membership, pk, item)
    if request.method == "POST":
        stored = File.objects.for_team(membership.team).filter(state=FileState.STORED)
        file = whole_number(request.POST.get("file", ""))
        chosen = None if file is None else stored.filter(pk=file).first()
        if chosen and verbs.replace(found, chosen):
            return redirect("collection", membership.team.slug, pk)
        messages.error(request, _("Choose a clip that is not in the collection yet."))
    page = {
        "item": found,
        "collection": found.collection,
        "files": _replacements(membership, found),
    }
    return render(request, "sharing/collections/replace.html", page)


def _replacements(membership: Membership, item: CollectionItem) -> list[File]:
    """Return the newest stored clips that are not in the collection."""
    taken = CollectionItem.objects.kept().filter(collection=item.collection_id).values("file")
    files = File.objects.for_team(membership.team).filter(
        state=FileState.STORED,
        role__in=[FileRole.VIDEO, FileRole.AUDIO, FileRole.IMAGE],
        task__trashed_at=None,
    )
    rows = files.exclude(pk__in=taken).select_related("task").order_by("-stored_at", "-pk")
    return list(rows[:MOST_OFFERED])


def _find_item(membership: Membership, pk: int, item: int) -> CollectionItem:
    items = CollectionItem.objects.present().filter(collection=find_collection(membership, pk))
    return get_object_or_404(items.select_related("file", "collection"), pk=item)


def _show_changed(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the collection after a change; with htmx only its changed parts."""
    if wants_part(request):
        return _arranged(request, membership, find_collection(membership, pk))
    return redirect("collection", membership.team.slug, pk)


# ---- Share links ----------------------------------------------------------------------------


@require_safe
@for_member
def shares(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the live links: what each opens, who made it, how often and when it was opened."""
    rows = ShareLink.objects.live().for_team(membership.team)
    visits = Prefetch("visits", ShareVisit.objects.order_by("-pk")[:LAST_VISITS], to_attr="last")
    listed = rows.select_related("collection", "created_by").prefetch_related(visits)
    page = {"links": listed.order_by("-pk")[:MOST_LISTED]}
    return render(request, "sharing/links/list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
def new_link(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Make a link; its address is in this one response alone, so there is no redirect."""
    collection = find_collection(membership, pk)
    page: dict[str, Any] = {"collection": collection}
    if request.method != "POST":
        language = get_language() or settings.LANGUAGE_CODE
        page["form"] = LinkForm(initial={"language": language})
        return render(request, "sharing/links/new.html", page)
    form = page["form"] = LinkForm(request.POST)
    if not form.is_valid():
        return render(request, "sharing/links/new.html", page, status=422)
    made, token = links.make(collection, membership.user, form.terms)
    page |= {"made": made, "address": request.build_absolute_uri(reverse("guest", args=[token]))}
    answer = render(request, "sharing/links/new.html", page)
    # Whoever has the address may look, so no cache may keep the page that shows it.
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@for_producer
def revoke_link(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Revoke a link and return to the page of the button."""
    rows = ShareLink.objects.for_team(membership.team).select_related("collection__team")
    link = get_object_or_404(rows, pk=pk)
    links.revoke(link, membership.user)
    if request.POST.get("to") == "collection":
        return redirect("collection", membership.team.slug, link.collection_id)
    return redirect("shares", membership.team.slug)
