"""The review of a collection: remarks and verdicts of clients, answers of the team."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from generations import clock
from generations.models import (
    Collection,
    CollectionItem,
    ReadMarker,
    Remark,
    ShareLink,
    ShareVisit,
    User,
    Verdict,
    events,
)
from generations.models.collections import Decision
from generations.models.events import EventKind

MOST_REMARKS = 1000  # of one link; and as many verdicts
NAME_LENGTH = 60


class ReviewClosed(Exception):
    """The link has as many remarks or verdicts as it may; nothing was written."""


class AnotherFile(Exception):
    """The item holds another file than the guest saw; nothing was written."""


def introduce(visit: ShareVisit, name: str) -> None:
    """Keep the name that a guest gives; the first one of a session stays."""
    if name and not visit.name:
        visit.name = name
        visit.save(update_fields=["name"])


def add_remark(
    link: ShareLink,
    visit: ShareVisit,
    item: CollectionItem,
    text: str,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Remark:
    """Add a guest's remark, at a moment or over a range of the clip. Raise ReviewClosed."""
    with transaction.atomic():
        Collection.touch(item.collection_id)
        # Counted under the collection's lock, so that many at once keep to the limit.
        if len(link.remarks.values_list("pk")[:MOST_REMARKS]) == MOST_REMARKS:
            raise ReviewClosed
        remark = Remark.objects.create(
            item=item,
            file_id=item.file_id,  # what the guest looked at; the item may get a better file
            link=link,
            visit=visit,
            name=visit.name,
            text=text,
            start_ms=start_ms,
            end_ms=end_ms,
        )
        events.record(link.collection.team_id, EventKind.REMARK_MADE, remark.pk)
    return remark


def answer(remark: Remark, by: User, text: str) -> Remark:
    """Add a member's answer; the guests of the same link read it under the team's name."""
    with transaction.atomic():
        Collection.touch(remark.item.collection_id)
        reply = Remark.objects.create(
            item_id=remark.item_id,
            file_id=remark.file_id,
            link_id=remark.link_id,
            answers=remark,
            author=by,
            name=str(by)[:NAME_LENGTH],
            text=text,
        )
        team = remark.item.collection.team_id
        events.record(team, EventKind.REMARK_ANSWERED, remark.pk, answer=reply.pk)
    return reply


def settle(remark: Remark, by: User, *, settled: bool) -> None:
    """Mark a remark as done, or as open again."""
    now, who = (clock.now(), by) if settled else (None, None)
    with transaction.atomic():
        Collection.touch(remark.item.collection_id)
        Remark.objects.filter(pk=remark.pk).update(settled_at=now, settled_by=who)


def decide(
    link: ShareLink, visit: ShareVisit, item: CollectionItem, decision: Decision, sha256: str
) -> Verdict:
    """Record a guest's verdict on the file with this SHA-256. Raise AnotherFile or ReviewClosed.

    The file is read under the collection's lock, so nobody approves a file unseen that was replaced
    a moment ago.
    """
    with transaction.atomic():
        Collection.touch(item.collection_id)
        now = CollectionItem.objects.select_related("file").get(pk=item.pk)
        if now.file.sha256 != sha256:
            raise AnotherFile
        if len(link.verdicts.values_list("pk")[:MOST_REMARKS]) == MOST_REMARKS:
            raise ReviewClosed
        verdict = Verdict.objects.create(
            item=item,
            file=now.file,
            sha256=sha256,
            link=link,
            visit=visit,
            name=visit.name,
            decision=decision,
        )
        team = link.collection.team_id
        events.record(team, EventKind.VERDICT_GIVEN, verdict.pk, decision=decision)
    return verdict


def mark_read(collection: Collection, user: User) -> int:
    """Note that a member reads the remarks now. Return the newest one that the member had read."""
    markers = ReadMarker.objects.filter(collection=collection, user=user)
    known = markers.values_list("remark", flat=True).first() or 0
    # Only what guests said is new to a member; answers have no visit.
    remarks = Remark.objects.filter(item__collection=collection, item__removed_at=None)
    newest = remarks.exclude(visit=None).order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest > known:  # pages poll, and most polls find nothing to write
        ReadMarker.objects.update_or_create(
            collection=collection, user=user, defaults={"remark": newest}
        )
    return known


def approved_files(files: Iterable[int]) -> set[int]:
    """Return those of these files that are still the very bytes that a client approved."""
    verdicts = Verdict.objects.filter(file__in=files, sha256=F("file__sha256")).order_by("pk")
    # In the order in which they were given: the later verdict of a link replaces its earlier one.
    last = {
        (item, link): (file, decision)
        for item, link, file, decision in verdicts.values_list(
            "item_id", "link_id", "file_id", "decision"
        )
    }
    return {file for file, decision in last.values() if decision == Decision.APPROVED}
