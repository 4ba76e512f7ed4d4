"""Pictures: describe the images of a result, and normalize what people upload.

A normalized picture is upright, in sRGB, without metadata and not too large. The same input always
gives the same bytes, so that the same picture is stored once.
"""

import base64
import io
import struct
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageCms
from PIL.Image import Resampling, Transpose

from .containers import KINDS, plays_in_browsers
from .facts import Facts, MediaProblem, NotMedia, RejectReason
from .headers import picture_format_of, picture_size_of

# Of a result's image. Pillow warns above this, and refuses twice as many.
RESULT_MAX_PIXELS = 64_000_000
PLACEHOLDER_EDGE = 24

# Of an upload.
MAX_PIXELS = 50_000_000
MIN_EDGE = 32  # pixels of the shorter side
MAX_EDGE = 4096
MAX_BYTES = 10 * 1024**2
QUALITIES = (92, 85, 78)
THUMBNAIL_EDGE = 480
ORIENTATION = 0x0112  # the tag of EXIF 2.32 table 4; UPRIGHT turns each of its values back
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
SIDEWAYS = {5, 6, 7, 8}
# All that Pillow raises for broken files.
PILLOW_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
)
SRGB = ImageCms.createProfile("sRGB")


def inspect(path: Path, outline: Facts) -> Facts:
    """The facts of an image file. It is decoded, because most formats show a cut in nothing else.

    It gets neither poster nor placeholder, because no page shows one.
    """
    Image.MAX_IMAGE_PIXELS = RESULT_MAX_PIXELS
    facts = replace(outline, codec=outline.container, plays_in_browsers=plays_in_browsers(outline))
    try:
        with Image.open(path, formats=[outline.container]) as image:
            width, height = image.size
            # To look for EXIF in a PNG, Pillow would decode it first.
            if outline.container != "png" and _orientation(image) in SIDEWAYS:
                width, height = height, width
            image.load()
    except KeyError:  # Pillow has no decoder of this format
        return replace(facts, problem=MediaProblem.NO_STREAM)
    except (*PILLOW_ERRORS, Image.DecompressionBombError):
        return replace(facts, problem=MediaProblem.DAMAGED)
    return replace(facts, width=width, height=height)


def placeholder(image: Image.Image) -> str:
    """A tiny WebP in base64; the image itself becomes that small."""
    image.thumbnail((PLACEHOLDER_EDGE, PLACEHOLDER_EDGE))
    buffer = io.BytesIO()
    image.save(buffer, "webp", quality=30, method=2)
    return base64.b64encode(buffer.getvalue()).decode()


def normalize(path: Path, outdir: Path) -> Facts:
    """Check an uploaded file, decode it, and write the normalized picture; raises NotMedia."""
    format_name = picture_format_of(path)
    # Judged by the header, before a decoder reserves memory for what the file claims to be.
    size = picture_size_of(path, format_name)
    if size[0] * size[1] > MAX_PIXELS:
        raise NotMedia(RejectReason.TOO_MANY_PIXELS)
    if min(size) < MIN_EDGE:
        raise NotMedia(RejectReason.TOO_SMALL)
    try:
        return write(_decode(path, format_name, size), outdir)
    except PILLOW_ERRORS as error:
        raise NotMedia(RejectReason.DAMAGED) from error


def write(image: Image.Image, outdir: Path) -> Facts:
    """Write a picture and its thumbnail: PNG if something is transparent, else JPEG."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    image.info.clear()  # else Pillow copies some of the metadata into the new file
    format_name = "png" if image.mode == "RGBA" else "jpeg"
    image, content = _encode_within_limit(image, format_name)
    (outdir / f"picture.{'png' if format_name == 'png' else 'jpg'}").write_bytes(content)
    width, height = image.size
    image = _shrink(image, THUMBNAIL_EDGE)
    image.save(outdir / "thumbnail.webp", quality=80, method=4)
    return Facts(
        "image",
        container=format_name,
        codec=format_name,
        bytes=len(content),
        suffix=KINDS[format_name].suffix,
        content_type=KINDS[format_name].content_type,
        plays_in_browsers=True,
        width=width,
        height=height,
        placeholder=placeholder(image.copy()),
    )


# ---- Decode ---------------------------------------------------------------------------------


def _decode(path: Path, format_name: str, size: tuple[int, int]) -> Image.Image:
    """The picture in RGB, or in RGBA if something of it may be transparent."""
    Image.MAX_IMAGE_PIXELS = None  # its size was checked, and the check below proves it true
    with Image.open(path, formats=[format_name]) as opened:
        if opened.size != size:
            raise NotMedia(RejectReason.DAMAGED)
        # A JPEG may hold further pictures behind the main one (CIPA DC-007).
        if format_name != "jpeg" and getattr(opened, "is_animated", False):
            raise NotMedia(RejectReason.ANIMATED)
        opened.load()
        turn = UPRIGHT.get(_orientation(opened))
        # Made smaller first: each later step then has fewer pixels to work on.
        image = _shrink(_convert_mode(opened), MAX_EDGE)
        image = _convert_to_srgb(image, opened.info.get("icc_profile"))
    return image.transpose(turn) if turn is not None else image


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 (upright) if it cannot be read."""
    try:
        orientation: int = image.getexif().get(ORIENTATION, 1)
    except (*PILLOW_ERRORS, ZeroDivisionError):
        return 1
    return orientation


def _convert_mode(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be resized and that colour profiles know."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits of grey: convert() would clip instead of scale
        return image.point(lambda value: value * (1 / 256)).convert("L")
    # CMYK stays, because only its own profile tells which colours it means.
    return image if image.mode in {"RGB", "L", "CMYK"} else image.convert("RGB")


def _convert_to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        if profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if converted := ImageCms.profileToProfile(image, source, SRGB, outputMode=mode):
                return converted
    except (ImageCms.PyCMSError, OSError):
        pass  # not a profile, or one for another colour space: treat the picture as sRGB
    return image.convert(mode)


# ---- Encode ---------------------------------------------------------------------------------


def _encode_within_limit(image: Image.Image, format_name: str) -> tuple[Image.Image, bytes]:
    """The picture and its bytes, at most MAX_BYTES: with less quality first, then smaller."""
    while True:
        for quality in QUALITIES if format_name == "jpeg" else (0,):
            content = _encode(image, format_name, quality)
            if len(content) <= MAX_BYTES:
                return image, content
        # Bytes go with the pixels, so a side goes with their root; a little less ends the loop.
        scale = (MAX_BYTES / len(content)) ** 0.5 * 0.97
        image = _shrink(image, int(max(image.size) * scale))


def _encode(image: Image.Image, format_name: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    if format_name == "png":
        image.save(buffer, "png")
    else:
        image.save(buffer, "jpeg", quality=quality, optimize=True)
    return buffer.getvalue()


def _shrink(image: Image.Image, max_edge: int) -> Image.Image:
    width, height = image.size
    scale = max_edge / max(width, height)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return image.resize(size, Resampling.LANCZOS, reducing_gap=3.0)
