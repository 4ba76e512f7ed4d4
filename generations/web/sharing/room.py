"""A collection as one side sees it: its clips, with the verdicts and remarks on each.

The team sees what came by all its links; a guest sees what came by the guest's own link.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from django.db.models import Count, Max, Prefetch, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models import Collection, CollectionItem, Remark, ShareLink, Verdict
from generations.models.collections import Decision
from generations.sharing import archive
from generations.web.files.views import STEMS
from generations.web.layout.cards import Mark, ratio_of
from generations.web.query import optional_number

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
    def file_name(self) -> str:
        """Return the file's name in an address, e.g. ``clip.mp4``."""
        return STEMS.get(self.file.role, self.file.role) + Path(self.file.name).suffix

    @property
    def download_name(self) -> str:
        """Return e.g. ``02 The walk``: on a person's disk files keep the collection's order."""
        return f"{self.number:02} {archive.file_name(self.title)}".strip()

    @property
    def video(self) -> str:
        return self.room.file_address(self.item, self.file_name)

    @property
    def poster(self) -> str:
        return self.room.file_address(self.item, "poster.webp") if self.file.poster else ""

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

    @property
    def remarks(self) -> QuerySet[Remark]:
        """All remarks and answers that this side may read."""
        rows = Remark.objects.filter(item__collection=self.collection, item__removed_at=None)
        return rows.filter(link=self.link) if self.link else rows

    @cached_property
    def verdicts(self) -> Mapping[int, list[Verdict]]:
        rows = Verdict.objects.filter(item__collection=self.collection, item__removed_at=None)
        rows = rows.filter(link=self.link) if self.link else rows
        last = rows.values("item", "link").annotate(last=Max("pk")).values("last")
        found: dict[int, list[Verdict]] = {}
        for verdict in Verdict.objects.filter(pk__in=last).select_related("link").order_by("-pk"):
            found.setdefault(verdict.item_id, []).append(verdict)
        return found

    @cached_property
    def open_remarks(self) -> Mapping[int, int]:
        rows = self.remarks.filter(answers=None, settled_at=None)
        return dict(rows.values_list("item").annotate(Count("pk")).order_by())
