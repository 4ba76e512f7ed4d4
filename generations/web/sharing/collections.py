"""A team's collections: all of them, one to arrange, and what is put into them."""

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generations.models import Collection, CollectionItem, File, Membership, ShareLink
from generations.models.files import FileState
from generations.sharing import archive, review
from generations.sharing import collections as verbs
from generations.web.access import for_member, for_producer
from generations.web.files.views import file_name_of
from generations.web.layout.fragments import wants_part
from generations.web.query import number_in_address, whole_number, whole_numbers

from . import archive as archive_page
from .forms import CollectionForm
from .room import Room

MOST_LISTED = 200
MOST_REMARKS = 30  # beside the clips; all of them are in the review room


def find(membership: Membership, pk: int) -> Collection:
    """Return a collection of the member's team. Raise Http404."""
    collections = Collection.objects.for_team(membership.team).select_related("team")
    return get_object_or_404(collections, pk=pk)


def of_member(item: CollectionItem, name: str) -> str:
    """Return the address of one of an item's files for a member of the team."""
    return f"/files/{item.file_id}/{name}"


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
    collection = find(membership, pk)
    added = _add_selected(request, membership, collection)
    if wants_part(request):
        page = {"collection": collection, "added": added, "swap": True}
        return render(request, "sharing/collections/added.html", page)
    return redirect("collection", membership.team.slug, collection.pk)


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


@require_safe
@for_member
def collection(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the clips in their order; ``?since=`` asks what changed, 204 when nothing did."""
    found = find(membership, pk)
    if request.GET.get("since") == str(found.version):
        return HttpResponse(status=204)
    return arranged(request, membership, found)


def arranged(request: HttpRequest, membership: Membership, found: Collection) -> HttpResponse:
    """Show the page on which a collection is arranged, or with htmx its parts that change."""
    room = Room(found, of_member)
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


@require_POST
@for_producer
def edit(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found, form = find(membership, pk), CollectionForm(request.POST)
    if form.is_valid():
        verbs.change(found, **form.cleaned_data)
    else:
        messages.error(request, _("A collection needs a title. Nothing was changed."))
    return redirect("collection", membership.team.slug, pk)


@require_POST
@for_producer
def remove(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    verbs.remove(find(membership, pk), membership.user)
    return redirect("collections", membership.team.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_member
def download(request: HttpRequest, membership: Membership) -> HttpResponseBase:
    """Send clips as one archive: the ``files`` of a form, or ``?collection=`` in its order."""
    team = membership.team
    if "collection" in request.GET:
        pk = number_in_address(request.GET["collection"])
        return _whole_collection(request, find(membership, pk))
    chosen = whole_numbers(request.POST.getlist("files"))[: verbs.MOST_ITEMS]
    files = File.objects.for_team(team).filter(
        pk__in=chosen, state=FileState.STORED, task__trashed_at=None
    )
    entries = [
        archive_page.entry(file, file_name_of(file))
        for file in files.exclude(name="").select_related("task")
    ]
    if not entries:
        return redirect("gallery", team.slug)
    return archive_page.answer(request, entries, team.slug)


def _whole_collection(request: HttpRequest, collection: Collection) -> HttpResponseBase:
    room = Room(collection, of_member)
    entries = [
        archive_page.entry(clip.file, clip.download_name) for clip in room.clips if clip.is_showable
    ]
    return archive_page.answer(request, entries, archive.file_name(collection.title) or "clips")


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
