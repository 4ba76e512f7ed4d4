"""Pictures: an image file, and the poster and placeholder of a video."""

import base64
import io
from pathlib import Path

from PIL import Image

from generations.media.facts import Facts, NotMedia, Reason

PLACEHOLDER_EDGE = 24
MOST_PIXELS = 64_000_000


def look(path: Path, kind: str) -> Facts:
    """The facts of an image file by its header; raises NotMedia. No page shows a picture of it."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(path, formats=[kind]) as image:
            width, height = image.size
            image.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotMedia(Reason.DAMAGED) from error
    size = path.stat().st_size
    return Facts("image", container=kind, codec=kind, bytes=size, width=width, height=height)


def save(image: Image.Image, outdir: Path) -> str:
    """Write ``poster.webp``; the placeholder in base64."""
    image.save(outdir / "poster.webp", quality=80, method=2)
    return placeholder(image)


def placeholder(image: Image.Image) -> str:
    """A tiny WebP in base64; the image itself becomes that small."""
    image.thumbnail((PLACEHOLDER_EDGE, PLACEHOLDER_EDGE))
    buffer = io.BytesIO()
    image.save(buffer, "webp", quality=30, method=2)
    return base64.b64encode(buffer.getvalue()).decode()
