"""Image files; posters and placeholders of other files."""

import base64
import io
from pathlib import Path

from PIL import Image

from .facts import Facts, NotMedia, RejectReason

PLACEHOLDER_EDGE = 24
MAX_PIXELS = 64_000_000


def inspect(path: Path, format_name: str) -> Facts:
    """The facts of an image file by its header; raises NotMedia.

    It gets neither poster nor placeholder, because no page shows one.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(path, formats=[format_name]) as image:
            width, height = image.size
            image.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotMedia(RejectReason.DAMAGED) from error
    size = path.stat().st_size
    return Facts("image", format_name, codec=format_name, bytes=size, width=width, height=height)


def write_poster(image: Image.Image, outdir: Path) -> str:
    """Write ``poster.webp``; return the placeholder in base64."""
    image.save(outdir / "poster.webp", quality=80, method=2)
    return placeholder(image)


def placeholder(image: Image.Image) -> str:
    """A tiny WebP in base64; the image itself becomes that small."""
    image.thumbnail((PLACEHOLDER_EDGE, PLACEHOLDER_EDGE))
    buffer = io.BytesIO()
    image.save(buffer, "webp", quality=30, method=2)
    return base64.b64encode(buffer.getvalue()).decode()
