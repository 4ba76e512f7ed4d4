"""A picture that somebody gave, made our own: upright, in sRGB, without a word of metadata.

The same bytes come out for the same bytes that went in, so that a picture is known again.
"""

import io
import struct
from pathlib import Path

from PIL import Image, ImageCms
from PIL.Image import Resampling, Transpose

from generations.media import still
from generations.media.facts import Facts, NotMedia, Reason
from generations.media.measure import size_of
from generations.media.signature import picture_format_of

MOST_PIXELS = 50_000_000
FEWEST = 32  # pixels of the shorter side: less is no picture
LONGEST = 4096
MOST_BYTES = 10 * 1024**2
QUALITIES = (92, 85, 78)
THUMBNAIL = 480
ORIENTATION = 0x0112  # EXIF 2.32 table 4; what turns each value upright
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
# In how many ways Pillow says that a file is broken.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error)
SRGB = ImageCms.createProfile("sRGB")


def take(path: Path, outdir: Path) -> Facts:
    """Judge a given file, decode it, and keep it; raises NotMedia."""
    kind = picture_format_of(path)
    size = size_of(path, kind)
    if size[0] * size[1] > MOST_PIXELS:
        raise NotMedia(Reason.TOO_MANY_PIXELS)
    if min(size) < FEWEST:
        raise NotMedia(Reason.TOO_SMALL)
    try:
        return keep(_decoded(path, kind, size), outdir)
    except BROKEN as error:
        raise NotMedia(Reason.DAMAGED) from error


def _decoded(path: Path, kind: str, size: tuple[int, int]) -> Image.Image:
    """In RGB, or in RGBA where something of it may be transparent."""
    Image.MAX_IMAGE_PIXELS = None  # it was judged already, and must be what it was judged by
    with Image.open(path, formats=[kind]) as opened:
        if opened.size != size:
            raise NotMedia(Reason.DAMAGED)
        # A JPEG may carry further pictures behind the one that is meant (CIPA DC-007).
        if kind != "jpeg" and getattr(opened, "is_animated", False):
            raise NotMedia(Reason.ANIMATED)
        opened.load()
        turn = UPRIGHT.get(_orientation(opened))
        image = _in_srgb(_shrunk(_plain(opened), LONGEST), opened.info.get("icc_profile"))
    return image.transpose(turn) if turn is not None else image


def _orientation(image: Image.Image) -> int:
    """As the camera noted; a note that cannot be read is none."""
    try:
        noted: int = image.getexif().get(ORIENTATION, 1)
    except (*BROKEN, ZeroDivisionError):
        return 1
    return noted


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that can be resized and has a colour profile of its own kind."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits of grey, which convert() would cut off instead
        return image.point(lambda value: value * (1 / 256)).convert("L")
    return image if image.mode in {"RGB", "L", "CMYK"} else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else None
        found = ImageCms.profileToProfile(image, given, SRGB, outputMode=mode) if given else None
    except (ImageCms.PyCMSError, OSError):  # it is no profile, or one of other colours
        found = None
    return found or image.convert(mode)


def _shrunk(image: Image.Image, longest: int) -> Image.Image:
    width, height = image.size
    scale = longest / max(width, height)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return image.resize(size, Resampling.LANCZOS, reducing_gap=3.0)


def keep(image: Image.Image, outdir: Path) -> Facts:
    """Write the picture and its thumbnail; what is opaque all over needs no transparency."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    image.info.clear()  # Pillow writes some of what it read into what it saves
    kind = "png" if image.mode == "RGBA" else "jpeg"
    image, content = _fitting(image, kind)
    (outdir / f"picture.{'png' if kind == 'png' else 'jpg'}").write_bytes(content)
    width, height = image.size
    image = _shrunk(image, THUMBNAIL)
    image.save(outdir / "thumbnail.webp", quality=80, method=4)
    return Facts(
        "image",
        container=kind,
        codec=kind,
        bytes=len(content),
        width=width,
        height=height,
        placeholder=still.placeholder(image.copy()),
    )


def _fitting(image: Image.Image, kind: str) -> tuple[Image.Image, bytes]:
    """The picture in so few bytes that an order can carry it: with less detail, then smaller."""
    while True:
        for quality in QUALITIES if kind == "jpeg" else (0,):
            content = _encoded(image, kind, quality)
            if len(content) <= MOST_BYTES:
                return image, content
        share = (MOST_BYTES / len(content)) ** 0.5 * 0.97
        image = _shrunk(image, int(max(image.size) * share))


def _encoded(image: Image.Image, kind: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    if kind == "png":
        image.save(buffer, "png")
    else:
        image.save(buffer, "jpeg", quality=quality, optimize=True)
    return buffer.getvalue()
