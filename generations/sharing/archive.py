"""A ZIP archive that streams: stored clips as they are, in constant memory, of known length."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.files.storage import default_storage

BLOCK = 256 * 1024
LONGEST_STEM = 80
# The ZIP specification (APPNOTE 4.3): bytes of the fixed parts around each entry.
LOCAL, CENTRAL, END, END64 = 30, 46, 22, 56 + 20
FIELD, FIELD64 = 20, 4  # the local ZIP64 field, and the head of the central one
DESCRIPTOR, DESCRIPTOR64 = 16, 24


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A file of the storage, and its name in the archive; ``size`` in bytes."""

    name: str
    stored: str
    size: int
    at: datetime


class _Sink:
    """What zipfile writes to. It cannot seek, so sizes and checksums follow each entry's bytes."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: no bytes are buffered elsewhere."""

    close = flush

    def take(self) -> bytes:
        taken, self._held = b"".join(self._held), []
        return taken


def stream(entries: Sequence[ArchiveEntry]) -> Iterator[bytes]:
    """Yield the archive in pieces; closing the generator closes the file that it is reading.

    Raise OSError where a file is missing or has another size than its row says: the download then
    breaks off, and nobody keeps an archive that only looks whole.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            yield from _pack(archive, sink, entry)
    yield sink.take()


def _pack(archive: zipfile.ZipFile, sink: _Sink, entry: ArchiveEntry) -> Iterator[bytes]:
    info = zipfile.ZipInfo(entry.name, entry.at.timetuple()[:6])
    info.file_size = entry.size  # without it zipfile could not choose ZIP64 before it writes
    with default_storage.open(entry.stored) as source, archive.open(info, "w") as target:
        written = 0
        while block := source.read(BLOCK):
            written += target.write(block)
            yield sink.take()
    if written != entry.size:
        raise OSError(f"{entry.stored} has {written} bytes, not {entry.size}.")


def length(entries: Sequence[ArchiveEntry]) -> int:
    """Return how many bytes ``stream`` will yield."""
    # A browser shows progress only where it knows the length, so zipfile is followed step by step.
    offset = directory = 0
    for entry in entries:
        name = len(entry.name.encode())  # twice in the archive: at the file and in the directory
        large = entry.size * 1.05 > zipfile.ZIP64_LIMIT  # as zipfile judges before it writes
        far = offset > zipfile.ZIP64_LIMIT
        wide = 8 * (2 * (entry.size > zipfile.ZIP64_LIMIT) + far)
        directory += CENTRAL + name + (FIELD64 + wide if wide else 0)
        offset += LOCAL + name + entry.size
        offset += FIELD + DESCRIPTOR64 if large else DESCRIPTOR
    many = len(entries) > zipfile.ZIP_FILECOUNT_LIMIT
    beyond = max(offset, directory) > zipfile.ZIP64_LIMIT
    return offset + directory + END + (END64 if many or beyond else 0)


def file_name(text: str) -> str:
    """Return a name that every file system takes, in any script; "" where nothing is left."""
    start = re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f\s]+', " ", text).strip(" .")
    return start[:LONGEST_STEM].strip(" .")
