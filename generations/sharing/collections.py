"""Collections: make and change them, put files in, take them out, set their order."""

from collections.abc import Iterable, Sequence
from typing import Literal

from django.db import transaction
from django.db.models import F

from generations import clock
from generations.models import Collection, CollectionItem, File, Team, User, audit

MOST_ITEMS = 500


class CollectionFull(Exception):
    """The collection would hold more than MOST_ITEMS files; nothing was changed."""


def make(team: Team, by: User, title: str, description: str = "") -> Collection:
    """Make an empty collection and write it into the team's history."""
    with transaction.atomic():
        collection = Collection.objects.create(
            team=team, created_by=by, title=title, description=description
        )
        audit.record(team, by, "collection.added", title)
    return collection


def change(collection: Collection, *, title: str, description: str) -> None:
    """Change what clients read above the clips."""
    with transaction.atomic():
        Collection.touch(collection.pk)
        Collection.objects.filter(pk=collection.pk).update(title=title, description=description)


def remove(collection: Collection, by: User) -> None:
    """Remove a collection; its links open nothing from now on, its files stay in the gallery."""
    with transaction.atomic():
        Collection.objects.filter(pk=collection.pk).update(removed_at=clock.now())
        audit.record(collection.team, by, "collection.removed", collection.title)


def add(collection: Collection, files: Iterable[int], by: User) -> int:
    """Add files of the team by their primary keys, at the end and in this order.

    Keys of another team and files that are in it already are passed over. Return how many are new.
    Raise CollectionFull.
    """
    # One more than fits is enough to find out that they do not fit.
    wanted = list(dict.fromkeys(files))[: MOST_ITEMS + 1]
    with transaction.atomic():
        Collection.touch(collection.pk)  # locks the row, so that no two add beyond the limit
        present = list(collection.items.kept().values_list("file_id", "position"))
        ours = set(
            File.objects.filter(team_id=collection.team_id, pk__in=wanted)
            .exclude(pk__in=[pk for pk, _ in present])
            .values_list("pk", flat=True)
        )
        if len(present) + len(ours) > MOST_ITEMS:
            raise CollectionFull
        end = max((position for _, position in present), default=0)
        new = [pk for pk in wanted if pk in ours]
        CollectionItem.objects.bulk_create(
            CollectionItem(collection=collection, file_id=pk, position=position, added_by=by)
            for position, pk in enumerate(new, start=end + 1)
        )
        Collection.objects.filter(pk=collection.pk).update(size=len(present) + len(new))
    return len(new)


def take_out(item: CollectionItem) -> None:
    """Take a file out of its collection; the remarks and verdicts about it are kept."""
    with transaction.atomic():
        Collection.touch(item.collection_id)
        # Only the first of two presses counts it out.
        here = CollectionItem.objects.kept().filter(collection=item.collection_id)
        if here.filter(pk=item.pk).update(removed_at=clock.now()):
            Collection.objects.filter(pk=item.collection_id).update(size=F("size") - 1)


def rename(item: CollectionItem, title: str) -> None:
    """Set what clients read under the clip."""
    with transaction.atomic():
        Collection.touch(item.collection_id)
        CollectionItem.objects.filter(pk=item.pk).update(title=title)


def replace(item: CollectionItem, file: File) -> bool:
    """Give an item a better file. Return False where the collection has that file already."""
    with transaction.atomic():
        Collection.touch(item.collection_id)
        items = CollectionItem.objects.kept().filter(collection=item.collection_id)
        if items.filter(file=file).exists():
            return False
        return bool(items.filter(pk=item.pk).update(file=file))


def set_order(collection: Collection, wanted: Sequence[int]) -> None:
    """Set the order by the items' primary keys; items that are not named follow as they were."""
    with transaction.atomic():
        Collection.touch(collection.pk)
        items = list(collection.items.present())
        rank = {pk: position for position, pk in enumerate(dict.fromkeys(wanted))}
        # The page may be older than the collection: it may name an item that is gone, or miss one.
        _write_order(sorted(items, key=lambda item: rank.get(item.pk, len(rank))))


def move(item: CollectionItem, way: Literal["up", "down"]) -> None:
    """Move an item one step towards the beginning or the end; at the end nothing changes."""
    with transaction.atomic():
        Collection.touch(item.collection_id)
        items = list(CollectionItem.objects.present().filter(collection=item.collection_id))
        index = next((at for at, one in enumerate(items) if one.pk == item.pk), None)
        if index is None:  # it was taken out meanwhile
            return
        other = index + (1 if way == "down" else -1)
        if not 0 <= other < len(items):
            return
        items[index], items[other] = items[other], items[index]
        _write_order(items)


def _write_order(items: Sequence[CollectionItem]) -> None:
    # What is in the trash is not among them and keeps its old position.
    moved = []
    for position, item in enumerate(items, start=1):
        if item.position != position:
            item.position = position
            moved.append(item)
    CollectionItem.objects.bulk_update(moved, ["position"])
