"""Pictures for orders, as files and as data URIs."""

import base64
from io import BytesIO
from typing import Any

from PIL import Image

Colour = tuple[int, int, int]
RED: Colour = (200, 30, 30)


def encoded(
    width: int, height: int, kind: str = "png", colour: Colour = RED, **options: Any
) -> bytes:
    kept = BytesIO()
    Image.new("RGB", (width, height), colour).save(kept, kind, **options)
    return kept.getvalue()


def still(
    width: int = 320, height: int = 180, kind: str = "png", colour: Colour = RED, **options: Any
) -> str:
    """A picture of one colour as a data URI."""
    content = base64.b64encode(encoded(width, height, kind, colour, **options)).decode()
    return f"data:image/{kind};base64,{content}"
