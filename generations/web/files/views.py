"""Private media behind one gate: from the disk, by a proxy, or from the object storage."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.encoding import filepath_to_uri
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from generations.models import File

from .send import from_disk

MADE_BESIDE = {"poster", "preview"}  # what we made of a file, and keep next to it
STEMS = {"video": "clip"}  # a file's name in an address is its part, save for the clip
TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
}


@require_safe
@login_required
def file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """A stored file, its poster or its preview, for a member of its team (else 404).

    ``?download=1`` names it for a person's disk.
    """
    mine = File.objects.visible_to(request.user)  # type: ignore[arg-type]
    return serve(request, get_object_or_404(mine.select_related("task"), pk=pk), name)


def serve(
    request: HttpRequest, row: File, name: str, *, called: str = "", seconds: int = 3600
) -> HttpResponseBase:
    """One of a file's parts by its name in the address; the caller has checked who asks.

    ``called`` is its name on a person's disk, without the ending, in place of the prompt and the
    model; ``seconds``: how long the person's browser may keep it.
    """
    stored, etag = _find(row, name)
    disposition = _disposition(request, called or called_by_prompt(row), stored)
    return deliver(request, stored, etag, disposition, seconds=seconds)


def deliver(
    request: HttpRequest,
    stored: str,
    etag: str,
    disposition: str = "inline",
    *,
    seconds: int = 3600,
) -> HttpResponseBase:
    """Anything that the storage holds, to a person who may see it."""
    headers = {
        "Content-Type": TYPES.get(Path(stored).suffix.lower(), "application/octet-stream"),
        "Content-Disposition": disposition,
        "Cache-Control": f"private, max-age={seconds}",
        "X-Content-Type-Options": "nosniff",
    }
    if place := settings.MEDIA_ACCEL:
        address = f"{place.rstrip('/')}/{filepath_to_uri(stored)}"
        return HttpResponse(headers={**headers, "X-Accel-Redirect": address})
    try:
        path = Path(default_storage.path(stored))
    except NotImplementedError:
        return _elsewhere(stored, headers)
    return from_disk(request, path, {**headers, "ETag": etag})


def _find(row: File, name: str) -> tuple[str, str]:
    """The storage name and the ETag; 404 for what is not there (yet)."""
    stem = name.partition(".")[0]
    if stem in MADE_BESIDE:
        stored, etag = getattr(row, stem), f'"{row.sha256}-{stem}"'
    elif stem == STEMS.get(row.part, row.part):
        stored, etag = row.name, f'"{row.sha256}"'
    else:
        raise Http404
    if not stored or not row.is_stored:
        raise Http404
    return stored, etag


def _disposition(request: HttpRequest, called: str, stored: str) -> str:
    filename = called + Path(stored).suffix
    return content_disposition_header("download" in request.GET, filename) or "inline"


def called_by_prompt(row: File) -> str:
    """``A fox in the snow - viduq2 - 42``, in whatever script the prompt is."""
    start = re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f\s]+', " ", row.task.prompt[:200]).strip(" .")
    if len(start) > 48:
        start = start[:48].rpartition(" ")[0] or start[:48]
    words = [start, row.task.model, str(row.task_id)]
    return " - ".join(filter(None, words))


def _elsewhere(stored: str, headers: dict[str, str]) -> HttpResponse:
    """The object storage serves it, under a signed address that soon dies."""
    storage: Any = default_storage
    told = {
        "ResponseContentDisposition": headers["Content-Disposition"],
        "ResponseContentType": headers["Content-Type"],
    }
    address = storage.url(stored, parameters=told)
    return HttpResponseRedirect(address, headers={"Cache-Control": "private, no-store"})
