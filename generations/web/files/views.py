"""Stored files for those who may see them: from the disk, by a proxy, or from object storage."""

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
from generations.sources import find_by_token
from generations.templatetags.addresses import original_name

from .responses import from_disk

DERIVED = {"poster", "preview", "proxy"}  # what Rushes made of a file and stores with it
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
# Of the types that a file is known by, those that no browser may take for a page.
SHOWN_TYPES = re.compile(r"(video|audio)/[\w.+-]+|image/(?!svg)[\w.+-]+")


@require_safe
def source(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """Send a clip or a sound to the provider that was given its address; the token is the login."""
    # A token that was forged or has expired gets the same answer as one that never was.
    row = find_by_token(token)
    if row is None:
        raise Http404
    shown = row.content_type if SHOWN_TYPES.fullmatch(row.content_type) else ""
    return deliver(request, row.name, f'"{row.sha256}"', content_type=shown)


@require_safe
@login_required
def file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """Send a stored file, or what was made of it, to a member of its team; others get 404.

    ``?download=1`` sends it as a download with a file name.
    """
    mine = File.objects.visible_to(request.user)  # type: ignore[arg-type]
    return serve(request, get_object_or_404(mine.select_related("task"), pk=pk), name)


def serve(
    request: HttpRequest, row: File, name: str, *, filename: str = "", seconds: int = 3600
) -> HttpResponseBase:
    """Send a file, its poster, its preview or its proxy, by its name in the address.

    The caller has checked who asks. ``filename`` is the name on a person's disk without the ending,
    "" for one of the prompt and the model. The browser may keep the file for ``seconds``.
    """
    stored, etag = _find(row, name)
    filename = (filename or file_name_of(row)) + Path(stored).suffix
    is_download = "download" in request.GET
    disposition = content_disposition_header(is_download, filename) or "inline"
    is_original = stored == row.name and SHOWN_TYPES.fullmatch(row.content_type)
    content_type = row.content_type if is_original else ""
    return deliver(request, stored, etag, disposition, content_type=content_type, seconds=seconds)


def deliver(
    request: HttpRequest,
    stored: str,
    etag: str,
    disposition: str = "inline",
    *,
    content_type: str = "",
    seconds: int = 3600,
) -> HttpResponseBase:
    """Send anything that the storage holds; the caller has checked who asks.

    ``content_type``: "" for the usual type of its ending.
    """
    usual = TYPES.get(Path(stored).suffix.lower(), "application/octet-stream")
    headers = {
        "Content-Type": content_type or usual,
        "Content-Disposition": disposition,
        "Cache-Control": f"private, max-age={seconds}",
        # The bytes come from providers and people: no browser may take them for a page.
        "X-Content-Type-Options": "nosniff",
    }
    # The proxy in front reads the file, and answers conditions and ranges itself.
    if prefix := settings.MEDIA_ACCEL:
        address = f"{prefix.rstrip('/')}/{filepath_to_uri(stored)}"
        return HttpResponse(headers={**headers, "X-Accel-Redirect": address})
    try:
        path = Path(default_storage.path(stored))
    except NotImplementedError:
        return _elsewhere(stored, headers)
    return from_disk(request, path, {**headers, "ETag": etag})


def _find(row: File, name: str) -> tuple[str, str]:
    """Return the path in the storage and the ETag. Raise Http404 for what is not stored (yet)."""
    stem = name.partition(".")[0]
    if stem in DERIVED:
        stored, etag = getattr(row, stem), f'"{row.sha256}-{stem}"'
    elif stem == original_name(row).partition(".")[0]:
        stored, etag = row.name, f'"{row.sha256}"'
    else:
        raise Http404
    if not stored or not row.is_stored:
        raise Http404
    return stored, etag


def file_name_of(row: File) -> str:
    """Return e.g. ``A fox in the snow - <model> - 42``, in the script of the prompt."""
    # Without the signs that a file system somewhere does not allow in a name.
    start = re.sub(r'[\\/:*?"<>|\x00-\x1f\x7f\s]+', " ", row.task.prompt[:200]).strip(" .")
    if len(start) > 48:
        start = start[:48].rpartition(" ")[0] or start[:48]
    return " - ".join(filter(None, [start, row.task.model, str(row.task_id)]))


def _elsewhere(stored: str, headers: dict[str, str]) -> HttpResponse:
    """Redirect to the object storage, by a signed URL that soon expires."""
    # Typed as Any: only object storages take ``parameters``.
    storage: Any = default_storage
    parameters = {
        "ResponseContentDisposition": headers["Content-Disposition"],
        "ResponseContentType": headers["Content-Type"],
    }
    address = storage.url(stored, parameters=parameters)
    # Not to be kept: the signed address would expire in a cache.
    return HttpResponseRedirect(address, headers={"Cache-Control": "private, no-store"})
