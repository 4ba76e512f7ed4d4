"""What should be in the file storage, according to the rows.

A new kind of stored file is added here too, or a backup would miss it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from generations.models import File, Upload
from generations.models.files import FileState

BATCH_ROWS = 1000
MADE = ("poster", "preview", "proxy")  # what was made of a file and stands beside it


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One stored name; ``size`` and ``sha256`` if its row has them.

    ``file_id`` is the key of the File row that names it as result, poster, preview or proxy.
    """

    name: str
    size: int | None = None
    sha256: str = ""
    file_id: int | None = None


def stored_files() -> Iterator[StoredFile]:
    """Every file that a row calls stored."""
    files = File.objects.filter(state=FileState.STORED)
    for pk, name, size, sha256, *made in _read(files, "name", "size", "sha256", *MADE):
        yield StoredFile(name, size, sha256, pk)
        yield from (StoredFile(beside, file_id=pk) for beside in made if beside)
    uploads = Upload.objects.all()
    for _pk, stored, size, sha256, thumbnail in _read(
        uploads, "stored", "size", "sha256", "thumbnail"
    ):
        yield StoredFile(stored, size, sha256)
        yield StoredFile(thumbnail)


def known_names() -> set[str]:
    """Every name in a row, also of files that are not stored yet."""
    files = _read(File.objects.all(), "name", *MADE)
    uploads = _read(Upload.objects.all(), "stored", "thumbnail")
    return {name for _pk, *row in chain(files, uploads) for name in row if name}


def _read(rows: QuerySet[Any], *fields: str) -> Iterator[tuple[Any, ...]]:
    """Primary key and fields of each row, in batches.

    The caller may need hours for all rows, and no query may stay open so long.
    """
    last = 0
    while batch := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", *fields)[:BATCH_ROWS]
    ):
        yield from batch
        last = batch[-1][0]
