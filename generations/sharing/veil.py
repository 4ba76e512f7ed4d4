"""What stands behind a gate: a poster so small and blurred that it gives nothing away."""

import base64
import io

from django.core.cache import cache
from django.core.files.storage import default_storage

from generations.models import Collection, File

EDGE = 64  # pixels across
BLUR = 1.5  # the look's 34 px of a wide window, at this size
KEPT = 86_400  # seconds


def veil(collection: Collection) -> str:
    """A tiny WebP in base64 of the first clip that has a poster; "" for none."""
    items = collection.items.showable().exclude(file__poster="").select_related("file")
    first = items.first()
    if first is None:
        return ""
    key = f"veil:{first.file.sha256}"
    made: str | None = cache.get(key)
    if made is None:
        made = _draw(first.file)
        cache.set(key, made, KEPT)
    return made


def _draw(file: File) -> str:
    """The poster is one that we made ourselves, so it is opened here and not in a child."""
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
