"""What clients say: remarks at a moment or over a range, verdicts; the team answers and settles."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from generations import clock
from generations.models import (
    Collection,
    CollectionItem,
    Glance,
    Remark,
    ShareLink,
    ShareVisit,
    User,
    Verdict,
)
from generations.models.collections import Decision

MOST_REMARKS = 1000  # of one link
NAME_LENGTH = 60


class ReviewClosed(Exception):
    """The link has as many remarks as it may; nothing was written."""


class AnotherFile(Exception):
    """The place holds another file than the guest saw; nothing was written."""


def introduce(visit: ShareVisit, name: str) -> None:
    """A guest gives a name, once in a session."""
    if name and not visit.name:
        visit.name = name
        visit.save(update_fields=["name"])


def remark(
    link: ShareLink,
    visit: ShareVisit,
    item: CollectionItem,
    text: str,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Remark:
    """A guest's remark. Raises ReviewClosed."""
    with transaction.atomic():
        Collection.touch(item.collection_id)
        if len(link.remarks.values_list("pk")[:MOST_REMARKS]) == MOST_REMARKS:
            raise ReviewClosed
        return Remark.objects.create(
            item=item,
            file_id=item.file_id,
            link=link,
            visit=visit,
            name=visit.name,
            text=text,
            start_ms=start_ms,
            end_ms=end_ms,
        )


def answer(remark: Remark, by: User, text: str) -> Remark:
    """A member's answer; the guests of the same link read it under the team's name."""
    with transaction.atomic():
        Collection.touch(remark.item.collection_id)
        return Remark.objects.create(
            item_id=remark.item_id,
            file_id=remark.file_id,
            link_id=remark.link_id,
            answers=remark,
            author=by,
            name=str(by)[:NAME_LENGTH],
            text=text,
        )


def settle(remark: Remark, by: User, *, settled: bool) -> None:
    """Done, or open again."""
    now, who = (clock.now(), by) if settled else (None, None)
    with transaction.atomic():
        Collection.touch(remark.item.collection_id)
        Remark.objects.filter(pk=remark.pk).update(settled_at=now, settled_by=who)


def decide(
    link: ShareLink, visit: ShareVisit, item: CollectionItem, decision: Decision, sha256: str
) -> Verdict:
    """A guest's decision on the file with this fingerprint. Raises AnotherFile, ReviewClosed."""
    with transaction.atomic():
        Collection.touch(item.collection_id)
        now = CollectionItem.objects.select_related("file").get(pk=item.pk)
        if now.file.sha256 != sha256:
            raise AnotherFile
        if len(link.verdicts.values_list("pk")[:MOST_REMARKS]) == MOST_REMARKS:
            raise ReviewClosed
        return Verdict.objects.create(
            item=item,
            file=now.file,
            sha256=sha256,
            link=link,
            visit=visit,
            name=visit.name,
            decision=decision,
        )


def look(collection: Collection, user: User) -> int:
    """A member reads what clients said; the newest remark that the member knew before."""
    seen = Glance.objects.filter(collection=collection, user=user)
    known = seen.values_list("remark", flat=True).first() or 0
    said = Remark.objects.filter(item__collection=collection, item__removed_at=None)
    newest = said.exclude(visit=None).order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest > known:
        Glance.objects.update_or_create(
            collection=collection, user=user, defaults={"remark": newest}
        )
    return known


def approved(files: Iterable[int]) -> set[int]:
    """Those of these files that are still the very bytes that a client approved."""
    verdicts = Verdict.objects.filter(file__in=files, sha256=F("file__sha256")).order_by("pk")
    last = {
        (item, link): (file, decision)
        for item, link, file, decision in verdicts.values_list(
            "item_id", "link_id", "file_id", "decision"
        )
    }
    return {file for file, decision in last.values() if decision == Decision.APPROVED}
