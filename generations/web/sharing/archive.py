"""Many clips in one response: an archive that streams from the first byte on."""

from collections.abc import Iterable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from generations.models import File
from generations.sharing import archive
from generations.web.files import responses


class ArchiveStream:
    """The pieces of an archive; it holds one of the slots for whole files until it is closed."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._pieces.close()  # type: ignore[attr-defined]
            responses.stream_slots.release()


def entry(file: File, name: str) -> archive.ArchiveEntry:
    """Return the entry of a stored file; ``name`` has no ending."""
    ending = "." + file.name.rpartition(".")[2]
    at = timezone.localtime(file.stored_at or file.created_at)
    return archive.ArchiveEntry(name + ending, file.name, file.size or 0, at)


def answer(
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
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    if not responses.stream_slots.acquire(blocking=False):
        return responses.try_later()
    return StreamingHttpResponse(ArchiveStream(archive.stream(packed)), headers=headers)
