"""The backdrop of the password page of a link: a poster too small and blurred to show anything."""

import base64
import io

from django.core.cache import cache
from django.core.files.storage import default_storage

from generations.models import Collection, File

EDGE = 64  # pixels across
BLUR = 1.5  # at this size as much as 34 px in a wide window
KEPT_SECONDS = 86_400


def blurred_poster(collection: Collection) -> str:
    """Return the blurred poster of the first clip that has one: a WebP in base64, "" for none."""
    items = collection.items.showable().exclude(file__poster="").select_related("file")
    first = items.first()
    if first is None:
        return ""
    key = f"backdrop:{first.file.sha256}"
    made: str | None = cache.get(key)
    if made is None:
        made = _draw(first.file)
        cache.set(key, made, KEPT_SECONDS)
    return made


def _draw(file: File) -> str:
    """Draw it here and not in a child process: Rushes made the poster, so it can be trusted."""
    from PIL import Image, ImageFilter

    try:
        with default_storage.open(file.poster) as source, Image.open(source) as image:
            image.thumbnail((EDGE, EDGE * 2))
            small = image.convert("RGB").filter(ImageFilter.GaussianBlur(BLUR))
    except OSError:
        return ""
    buffer = io.BytesIO()
    small.save(buffer, "webp", quality=50)
    return base64.b64encode(buffer.getvalue()).decode()
