"""Takes the pictures of an order: fetched or unpacked, judged, and reduced to what a clip shows.

The rules are those of the ad film page: png, jpeg or webp, a ratio between 1:4 and 4:1, 50 MB.
Pictures are fetched from this machine only: the sandbox never goes out into the world.
"""

import base64
import binascii
import http.client
import re
import time
from dataclasses import dataclass
from io import BytesIO
from ipaddress import ip_address
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, build_opener

from PIL import ExifTags, Image, ImageOps

MOST_BYTES = 50 * 1024 * 1024
MOST_RATIO = 4
FETCH_SECONDS = 10.0
MOST_PIXELS_KEPT = 1280  # of the longer side
PIECE = 1 << 16
FORMATS = ("PNG", "JPEG", "WEBP")
DATA = re.compile(r"data:image/(?:png|jpeg|jpg|webp);base64,")


class Unfit(Exception):
    """A picture cannot be taken; `word` is one of download, format, size and ratio."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


@dataclass(frozen=True, slots=True)
class Picture:
    """Measures and format are those of what was sent; `content` is a small JPEG of it."""

    width: int
    height: int
    format: str
    content: bytes


def take(address: str, most: int = MOST_BYTES) -> Picture:
    """The picture behind a data URI or an http(s) URL; Unfit when it breaks a rule."""
    content = _unpack(address) if address.startswith("data:") else _fetch(address)
    if len(content) > most:
        raise Unfit("size", f"the picture is larger than {most} bytes")
    return judge(content)


def judge(content: bytes) -> Picture:
    """The picture in these bytes; Unfit when it breaks a rule."""
    if len(content) > MOST_BYTES:
        raise Unfit("size", "the picture is larger than 50 MB")
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
        width, height = _upright(image)
        if max(width, height) > MOST_RATIO * min(width, height):
            raise Unfit("ratio", f"{width}x{height} is not between 1:4 and 4:1")
        return Picture(width, height, (image.format or "").lower(), _reduced(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unfit("size", "the picture has too many pixels") from error
    # Pillow tells of a broken file in many ways: OSError, SyntaxError, EOFError and others.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        raise Unfit("format", "the picture is no whole png, jpeg or webp") from error


def _upright(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    lies = image.getexif().get(ExifTags.Base.Orientation, 1) > 4
    return (height, width) if lies else (width, height)


def _reduced(image: Image.Image) -> bytes:
    image.draft("RGB", (MOST_PIXELS_KEPT, MOST_PIXELS_KEPT))
    small = ImageOps.exif_transpose(image).convert("RGBA")
    small.thumbnail((MOST_PIXELS_KEPT, MOST_PIXELS_KEPT))
    ground = Image.new("RGB", small.size, "white")
    ground.paste(small, (0, 0), small)
    kept = BytesIO()
    ground.save(kept, "jpeg", quality=90)
    return kept.getvalue()


def _unpack(address: str) -> bytes:
    head = DATA.match(address)
    if head is None:
        raise Unfit("format", "a data URI must be of a png, jpeg, jpg or webp, in Base64")
    try:
        return base64.b64decode(address[head.end() :], validate=True)
    except binascii.Error as error:
        raise Unfit("format", "the data URI is not Base64") from error


def _fetch(address: str) -> bytes:
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not _is_here(parts.hostname or ""):
            raise Unfit("download", "only http(s) addresses of this machine are fetched")
        with _opener().open(address, timeout=FETCH_SECONDS) as response:
            return _read(response)
    except HTTPError as error:
        with error:  # it holds the connection
            raise Unfit("download", f"the picture's address answers {error.code}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unfit("download", f"the picture could not be fetched: {error}") from error


def _read(response: IO[bytes]) -> bytes:
    content, deadline = bytearray(), time.monotonic() + FETCH_SECONDS
    while piece := response.read(PIECE):
        content += piece
        if len(content) > MOST_BYTES:
            raise Unfit("size", "the picture is larger than 50 MB")
        if time.monotonic() > deadline:
            raise Unfit("download", "the picture took more than 10 seconds")
    return bytes(content)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Stay(HTTPRedirectHandler):
    """Follows no redirect, which could lead out of this machine."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener() -> OpenerDirector:
    return build_opener(ProxyHandler({}), _Stay())
