"""What should be in the file storage, by the rows. A new kind of stored file is named here too."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from generations.models import File, Upload
from generations.models.files import FileState

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """One stored name; ``size`` and ``sha256`` where its row knows them.

    ``file`` is the number of the File that it is, or that it was made beside.
    """

    name: str
    size: int | None = None
    sha256: str = ""
    file: int | None = None


def everything() -> Iterator[Kept]:
    """Every name that a row calls stored."""
    yield from _files()
    yield from _uploads()


def names() -> set[str]:
    """Every name that a row knows, also of files that are on their way to it."""
    files = _read(File.objects.all(), "name", "poster", "preview")
    uploads = _read(Upload.objects.all(), "stored", "thumbnail")
    return {name for _pk, *row in chain(files, uploads) for name in row if name}


def _files() -> Iterator[Kept]:
    stored = File.objects.filter(state=FileState.STORED)
    rows = _read(stored, "name", "size", "sha256", "poster", "preview")
    for pk, name, size, sha256, *made in rows:
        yield Kept(name, size, sha256, pk)
        yield from (Kept(each, file=pk) for each in made if each)


def _uploads() -> Iterator[Kept]:
    rows = _read(Upload.objects.all(), "stored", "size", "sha256", "thumbnail")
    for _pk, stored, size, sha256, thumbnail in rows:
        yield Kept(stored, size, sha256)
        yield Kept(thumbnail)


def _read(rows: QuerySet[Any], *fields: str) -> Iterator[tuple[Any, ...]]:
    """Number and fields of each row, so many at once: whoever goes through them may take hours."""
    last = 0
    while batch := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", *fields)[:AT_ONCE]
    ):
        yield from batch
        last = batch[-1][0]
