"""A collection as one side sees it: its clips, what was decided of each, what was said.

The team sees what came by all its links; a guest what came by the guest's own.
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

type Place = Callable[[CollectionItem, str], str]
"""The address of one of a clip's parts, by its name there (``clip.mp4``, ``poster.webp``)."""

UNDECIDED = Mark("", _("Not decided yet"))
APPROVED = Mark("check", _("Approved"), "leaf")
CHANGES = Mark("pencil-line", _("Changes asked"), "lamp")
DIFFERS = Mark("triangle-alert", _("Approved version differs"), "coral")
RENEWED = Mark("sparkles", _("New version"), "lamp")
BY_WEIGHT = (CHANGES, DIFFERS, RENEWED, APPROVED)  # of several links' words the first one is told
MOST_SHOWN = 300  # remarks of one clip


class Clip:
    """One place of a room, with all that its page asks for."""

    def __init__(self, item: CollectionItem, number: int, room: "Room") -> None:
        self.item, self.number, self.room = item, number, room
        self.pk, self.file, self.task = item.pk, item.file, item.file.task

    @cached_property
    def title(self) -> str:
        """What the team called it, else its prompt where that may be seen, else its number."""
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
        """``clip.mp4``: what the file is called in an address."""
        return STEMS.get(self.file.part, self.file.part) + Path(self.file.name).suffix

    @property
    def called(self) -> str:
        """``02 The walk``: on a person's disk, where the collection's order stays."""
        return f"{self.number:02} {archive.plain(self.title)}".strip()

    @property
    def film(self) -> str:
        return self.room.place(self.item, self.file_name)

    @property
    def poster(self) -> str:
        return self.room.place(self.item, "poster.webp") if self.file.poster else ""

    @property
    def preview(self) -> str:
        return self.room.place(self.item, "preview.mp4") if self.file.preview else ""

    @property
    def verdicts(self) -> list[Verdict]:
        """The last one of each link."""
        return self.room.verdicts.get(self.pk, [])

    @cached_property
    def mark(self) -> Mark:
        said = {_mark(verdict, self.file.sha256) for verdict in self.verdicts}
        return next((mark for mark in BY_WEIGHT if mark in said), UNDECIDED)

    @property
    def open_remarks(self) -> int:
        return self.room.open_remarks.get(self.pk, 0)

    @cached_property
    def remarks(self) -> list[Remark]:
        """In the order of the clip's time, with their answers."""
        answers = Prefetch("replies", Remark.objects.select_related("author").order_by("pk"))
        asked = self.room.said.filter(item=self.item, answers=None)
        rows = asked.select_related("link").prefetch_related(answers).order_by("-pk")
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
    """``link``: whose guest looks, or None for the team, which sees everything."""

    def __init__(self, collection: Collection, place: Place, link: ShareLink | None = None) -> None:
        self.collection, self.place, self.link = collection, place, link
        self.shows_prompts = link is None or link.shows_prompts

    @cached_property
    def clips(self) -> list[Clip]:
        items = self.collection.items
        rows = items.showable() if self.link else items.present()
        rows = rows.select_related("file__task")
        return [Clip(item, number, self) for number, item in enumerate(rows, start=1)]

    def find(self, number: int | None) -> Clip | None:
        """The clip of this place; without a number the first one that can be seen."""
        for clip in self.clips:
            if clip.pk == number or (number is None and clip.is_showable):
                return clip
        return None

    def beside(self, clip: Clip) -> tuple[Clip | None, Clip | None]:
        """The one before and the one after."""
        at = self.clips.index(clip)
        before = self.clips[at - 1] if at else None
        return before, self.clips[at + 1] if at + 1 < len(self.clips) else None

    @property
    def said(self) -> QuerySet[Remark]:
        """All that this side may read."""
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
        rows = self.said.filter(answers=None, settled_at=None)
        return dict(rows.values_list("item").annotate(Count("pk")).order_by())
