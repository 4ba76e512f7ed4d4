"""Pictures for orders, as files and as data URIs."""

import base64
from io import BytesIO
from typing import Any

from PIL import Image

Colour = tuple[int, int, int]
RED: Colour = (200, 30, 30)
GREEN: Colour = (30, 160, 30)
BLUE: Colour = (30, 30, 200)
WHITE: Colour = (255, 255, 255)


def encoded(
    width: int, height: int, kind: str = "png", colour: Colour = RED, **options: Any
) -> bytes:
    """A picture of one colour; `options` are those of Pillow's encoder."""
    content = BytesIO()
    Image.new("RGB", (width, height), colour).save(content, kind, **options)
    return content.getvalue()


def still(
    width: int = 320, height: int = 180, kind: str = "png", colour: Colour = RED, **options: Any
) -> str:
    """The same as a data URI."""
    content = base64.b64encode(encoded(width, height, kind, colour, **options)).decode()
    return f"data:image/{kind};base64,{content}"
