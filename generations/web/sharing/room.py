"""The review room: a collection as one side sees it, its archive, and the pages of the team.

The team sees what came by all its links; a guest sees what came by the guest's own link. The pages
of guests stand in ``guest``, behind the gate.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from django.contrib import messages
from django.db.models import Count, Max, Prefetch, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from generations.models import (
    Collection,
    CollectionItem,
    File,
    Membership,
    Remark,
    ShareLink,
    Verdict,
)
from generations.models.collections import Decision
from generations.sharing import archive
from generations.sharing import review as verbs
from generations.templatetags.addresses import original_name, played_name
from generations.web.access import for_member, for_producer
from generations.web.files import responses
from generations.web.layout.cards import Mark, ratio_of
from generations.web.query import optional_number, wants_part

from .forms import AnswerForm

type FileAddress = Callable[[CollectionItem, str], str]
"""Return the URL of one of an item's files, by its name there (``clip.mp4``, ``poster.webp``)."""

UNDECIDED = Mark("", _("Not decided yet"))
APPROVED = Mark("check", _("Approved"), "leaf")
CHANGES = Mark("pencil-line", _("Changes asked"), "lamp")
DIFFERS = Mark("triangle-alert", _("Approved version differs"), "coral")
RENEWED = Mark("sparkles", _("New version"), "lamp")
# Where verdicts of several links differ, the first of these is shown: work to do comes first.
BY_WEIGHT = (CHANGES, DIFFERS, RENEWED, APPROVED)
MOST_SHOWN = 300  # remarks of one clip


class Clip:
    """One item of a room, with all that its page shows."""

    def __init__(self, item: CollectionItem, number: int, room: "Room") -> None:
        self.item, self.number, self.room = item, number, room
        self.pk, self.file, self.task = item.pk, item.file, item.file.task

    @cached_property
    def title(self) -> str:
        """Its title, else the start of its prompt where that may be read, else its number."""
        prompt = self.task.prompt if self.room.shows_prompts else ""
        start = " ".join(prompt[:120].split())
        return self.item.title or start or gettext("Clip %(number)s") % {"number": self.number}

    @property
    def prompt(self) -> str:
        return self.task.prompt if self.room.shows_prompts else ""

    @property
    def ratio(self) -> str:
        return ratio_of(self.file, self.task)

    @property
    def is_showable(self) -> bool:
        return self.file.is_stored and bool(self.file.name)

    @property
    def download_name(self) -> str:
        """Return e.g. ``02 The walk``: on a person's disk files keep the collection's order."""
        return f"{self.number:02} {archive.file_name(self.title)}".strip()

    @property
    def original(self) -> str:
        """The address of the file itself, for a person's disk."""
        return self.room.file_address(self.item, original_name(self.file))

    @property
    def video(self) -> str:
        """The address of what a browser plays."""
        return self.room.file_address(self.item, played_name(self.file))

    @property
    def poster(self) -> str:
        """The address of a still; a picture is its own."""
        if self.file.poster:
            return self.room.file_address(self.item, "poster.webp")
        return self.video if self.file.is_picture else ""

    @property
    def preview(self) -> str:
        return self.room.file_address(self.item, "preview.mp4") if self.file.preview else ""

    @property
    def verdicts(self) -> list[Verdict]:
        """The last verdict of each link."""
        return self.room.verdicts.get(self.pk, [])

    @cached_property
    def mark(self) -> Mark:
        given = {_mark(verdict, self.file.sha256) for verdict in self.verdicts}
        return next((mark for mark in BY_WEIGHT if mark in given), UNDECIDED)

    @property
    def open_remarks(self) -> int:
        return self.room.open_remarks.get(self.pk, 0)

    @cached_property
    def remarks(self) -> list[Remark]:
        """The remarks with their answers, in the order of the clip's time."""
        answers = Prefetch("replies", Remark.objects.select_related("author").order_by("pk"))
        mine = self.room.remarks.filter(item=self.item, answers=None)
        rows = mine.select_related("link").prefetch_related(answers).order_by("-pk")
        return sorted(rows[:MOST_SHOWN], key=lambda one: (one.start_ms or 0, one.pk))

    @property
    def unsettled(self) -> list[Remark]:
        return [remark for remark in self.remarks if not remark.settled_at]

    @property
    def settled(self) -> list[Remark]:
        return [remark for remark in self.remarks if remark.settled_at]


def _mark(verdict: Verdict, sha256: str) -> Mark:
    approved = verdict.decision == Decision.APPROVED
    if verdict.sha256 == sha256:
        return APPROVED if approved else CHANGES
    return DIFFERS if approved else RENEWED


class Room:
    """A collection with its clips; ``link`` is the guest's, None for the team, which sees all."""

    def __init__(
        self, collection: Collection, file_address: FileAddress, link: ShareLink | None = None
    ) -> None:
        self.collection, self.file_address, self.link = collection, file_address, link
        self.shows_prompts = link is None or link.shows_prompts

    @cached_property
    def clips(self) -> list[Clip]:
        items = self.collection.items
        rows = items.showable() if self.link else items.present()
        rows = rows.select_related("file__task")
        # Numbered as this side sees them: a guest's numbers have no gaps for what is not stored.
        return [Clip(item, number, self) for number, item in enumerate(rows, start=1)]

    def find(self, item: int | None) -> Clip | None:
        """Return the clip of an item; without one the first clip that can be shown."""
        for clip in self.clips:
            if clip.pk == item or (item is None and clip.is_showable):
                return clip
        return None

    def wanted(self, query: str) -> Clip | None:
        """Return the clip that ``?clip=`` names; without the word the first one to be shown."""
        return self.find(optional_number(query))

    def beside(self, clip: Clip) -> tuple[Clip | None, Clip | None]:
        """Return the clips before and after one."""
        index = self.clips.index(clip)
        before = self.clips[index - 1] if index else None
        return before, self.clips[index + 1] if index + 1 < len(self.clips) else None

    def context(self, clip: Clip | None) -> dict[str, object]:
        """Return what the templates of both sides ask for."""
        before, after = self.beside(clip) if clip else (None, None)
        return {
            "collection": self.collection,
            "room": self,
            "clip": clip,
            "before": before,
            "after": after,
        }

    @property
    def remarks(self) -> QuerySet[Remark]:
        """All remarks and answers that this side may read."""
        rows = Remark.objects.filter(item__collection=self.collection, item__removed_at=None)
        return rows.filter(link=self.link) if self.link else rows

    @cached_property
    def verdicts(self) -> Mapping[int, list[Verdict]]:
        rows = Verdict.objects.filter(item__collection=self.collection, item__removed_at=None)
        rows = rows.filter(link=self.link) if self.link else rows
        # A verdict is never changed; the newest one of a link counts.
        last = rows.values("item", "link").annotate(last=Max("pk")).values("last")
        found: dict[int, list[Verdict]] = {}
        for verdict in Verdict.objects.filter(pk__in=last).select_related("link").order_by("-pk"):
            found.setdefault(verdict.item_id, []).append(verdict)
        return found

    @cached_property
    def open_remarks(self) -> Mapping[int, int]:
        rows = self.remarks.filter(answers=None, settled_at=None)
        return dict(rows.values_list("item").annotate(Count("pk")).order_by())


# ---- Clips as an archive --------------------------------------------------------------------


class ArchiveStream:
    """The pieces of an archive; it holds one of the slots for whole files until it is closed."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        # A server may close more than once, but the slot is given back once.
        if self._is_open:
            self._is_open = False
            self._pieces.close()  # type: ignore[attr-defined]
            responses.stream_slots.release()


def archive_entry(file: File, name: str) -> archive.ArchiveEntry:
    """Return the entry of a stored file; ``name`` has no ending."""
    ending = "." + file.name.rpartition(".")[2]
    at = timezone.localtime(file.stored_at or file.created_at)
    return archive.ArchiveEntry(name + ending, file.name, file.size or 0, at)


def send_archive(
    request: HttpRequest, entries: Iterable[archive.ArchiveEntry], name: str
) -> HttpResponseBase:
    """Return 200 with the exact length, or 503 where too many whole files are being sent."""
    packed = list(entries)
    headers = {
        "Content-Type": "application/zip",
        "Content-Length": str(archive.length(packed)),
        "Content-Disposition": content_disposition_header(True, f"{name}.zip") or "attachment",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if request.method == "HEAD":  # needs no slot
        return HttpResponse(headers=headers)
    if not responses.stream_slots.acquire(blocking=False):
        return responses.try_later()
    return StreamingHttpResponse(ArchiveStream(archive.stream(packed)), headers=headers)


# ---- The pages of the team ------------------------------------------------------------------


def find_collection(membership: Membership, pk: int) -> Collection:
    """Return a collection of the member's team. Raise Http404."""
    collections = Collection.objects.for_team(membership.team).select_related("team")
    return get_object_or_404(collections, pk=pk)


def member_address(item: CollectionItem, name: str) -> str:
    """Return the address of one of an item's files for a member of the team."""
    return f"/files/{item.file_id}/{name}"


@require_safe
@for_member
def review(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the room with one clip. ``?clip=`` chooses it, ``?since=`` asks what changed."""
    collection = find_collection(membership, pk)
    if request.GET.get("since") == str(collection.version):
        return HttpResponse(status=204)
    wanted = request.GET.get("clip", "")
    shown = Room(collection, member_address)
    clip = shown.wanted(wanted)
    here = reverse("review", args=[membership.team.slug, pk])
    if wanted and clip is None:  # it was taken out while the page was open
        if wants_part(request):
            return HttpResponse(headers={"HX-Redirect": here})
        return redirect(here)
    page = shown.context(clip)
    # A poll that found nothing new has returned already, so it writes nothing.
    verbs.mark_read(collection, membership.user)
    if "since" in request.GET:
        page |= {"seen": request.GET.get("seen", ""), "swap": True}
        return render(request, "sharing/guest/changes.html", page)
    if wants_part(request):
        return render(request, "sharing/collections/review.html#part", page | {"swap": True})
    return render(request, "sharing/collections/review.html", page)


@require_POST
@for_producer
def answer(request: HttpRequest, membership: Membership, pk: int, remark: int) -> HttpResponse:
    found, form = _find_remark(membership, pk, remark), AnswerForm(request.POST)
    if form.is_valid():
        verbs.answer(found, membership.user, form.cleaned_data["text"])
    elif not wants_part(request):
        messages.error(request, gettext("Write an answer first. Nothing was sent."))
    return _answered(request, membership, found)


@require_POST
@for_producer
def settle(request: HttpRequest, membership: Membership, pk: int, remark: int) -> HttpResponse:
    """Mark a remark as done; with ``open`` in the form it is open again."""
    found = _find_remark(membership, pk, remark)
    verbs.settle(found, membership.user, settled="open" not in request.POST)
    return _answered(request, membership, found)


def _find_remark(membership: Membership, pk: int, remark: int) -> Remark:
    remarks = Remark.objects.filter(item__collection=find_collection(membership, pk), answers=None)
    return get_object_or_404(remarks.select_related("item__collection"), pk=remark)


def _answered(request: HttpRequest, membership: Membership, remark: Remark) -> HttpResponse:
    """Show the remarks of the clip as they are now."""
    pk, item = remark.item.collection_id, remark.item_id
    if not wants_part(request):
        here = reverse("review", args=[membership.team.slug, pk])
        return HttpResponseRedirect(f"{here}?clip={item}#remark-{remark.pk}")
    collection = find_collection(membership, pk)
    shown = Room(collection, member_address)
    page = shown.context(shown.find(item)) | {"swap": True, "seen": ""}
    return render(request, "sharing/guest/changes.html", page)
