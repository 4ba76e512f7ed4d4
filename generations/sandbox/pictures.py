"""Reads the pictures of an order: downloads or decodes, checks and reduces them.

The rules are those of the ad film page (docs/wire.md, 2.4 and 2.13): png, jpeg or webp, a ratio
between 1:4 and 4:1, at most 50 MB.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image, ImageOps

from .downloads import DownloadFailure, download

MAX_BYTES = 50 * 1024 * 1024
MAX_RATIO = 4
MAX_KEPT_PIXELS = 1280  # of the longer side
FORMATS = ("PNG", "JPEG", "WEBP")
DATA_URI = re.compile(r"data:image/(?:png|jpeg|jpg|webp);base64,")


class PictureError(Exception):
    """A picture breaks a rule; `problem` is download, format, size or ratio."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class OrderPicture:
    """Width, height (pixels) and format of the original; `content` is a small JPEG of it."""

    width: int
    height: int
    format: str
    content: bytes


def read_picture(
    url: str, max_bytes: int = MAX_BYTES, formats: tuple[str, ...] = FORMATS
) -> OrderPicture:
    """The picture of a data URI or an http(s) URL; raises PictureError."""
    content = _decode(url) if url.startswith("data:") else _download(url, max_bytes)
    if len(content) > max_bytes:
        raise PictureError("size", f"the picture is larger than {max_bytes} bytes")
    return _check(content, formats)


def _check(content: bytes, formats: tuple[str, ...]) -> OrderPicture:
    try:
        image = Image.open(BytesIO(content), formats=formats)
        width, height = _upright_size(image)
        if max(width, height) > MAX_RATIO * min(width, height):
            raise PictureError("ratio", f"{width}x{height} is not between 1:4 and 4:1")
        return OrderPicture(width, height, (image.format or "").lower(), _reduced(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("size", "the picture has too many pixels") from error
    # Pillow has many exceptions for a broken file.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        raise PictureError("format", f"the picture is no whole {' or '.join(formats)}") from error


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    is_turned = image.getexif().get(ExifTags.Base.Orientation, 1) > 4
    return (height, width) if is_turned else (width, height)


def _reduced(image: Image.Image) -> bytes:
    """A JPEG of at most 1280 pixels, on white where the picture is transparent."""
    # Lets a JPEG be decoded at a fraction of its size, which takes a fraction of the time.
    image.draft("RGB", (MAX_KEPT_PIXELS, MAX_KEPT_PIXELS))
    small = ImageOps.exif_transpose(image).convert("RGBA")
    small.thumbnail((MAX_KEPT_PIXELS, MAX_KEPT_PIXELS))
    background = Image.new("RGB", small.size, "white")
    background.paste(small, (0, 0), small)
    content = BytesIO()
    background.save(content, "jpeg", quality=90)
    return content.getvalue()


def _decode(url: str) -> bytes:
    head = DATA_URI.match(url)
    if head is None:
        raise PictureError("format", "a data URI must be of a png, jpeg, jpg or webp, in Base64")
    try:
        return base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error as error:
        raise PictureError("format", "the data URI is not Base64") from error


def _download(url: str, most: int) -> bytes:
    try:
        return b"".join(download(url, most))
    except DownloadFailure as error:
        problem = "size" if error.is_too_large else "download"
        raise PictureError(problem, f"the picture: {error}") from error
