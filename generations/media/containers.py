"""Containers: their true file ending and MIME type, and what today's browsers play.

The keys of ``KINDS`` are FFmpeg's names of demuxers and Pillow's of images; where one of these
stands for several containers, the header of the file tells which (``kind_of``).
"""

from dataclasses import dataclass, replace

from .facts import Facts


@dataclass(frozen=True, slots=True)
class Kind:
    """``media_type`` is None where a file of this kind may be a video or a sound."""

    suffix: str
    content_type: str
    media_type: str | None = None


UNKNOWN = Kind("bin", "application/octet-stream")
KINDS = {
    "mp4": Kind("mp4", "video/mp4"),
    "quicktime": Kind("mov", "video/quicktime"),
    "m4a": Kind("m4a", "audio/mp4", "audio"),
    "3gp": Kind("3gp", "video/3gpp"),
    "webm": Kind("webm", "video/webm"),
    "matroska": Kind("mkv", "video/x-matroska"),
    "mpegts": Kind("ts", "video/mp2t"),
    "mpeg": Kind("mpg", "video/mpeg"),
    "avi": Kind("avi", "video/x-msvideo"),
    "flv": Kind("flv", "video/x-flv"),
    "asf": Kind("wmv", "video/x-ms-wmv"),
    "ogg": Kind("ogg", "audio/ogg"),
    "mxf": Kind("mxf", "application/mxf"),
    "ivf": Kind("ivf", "video/x-ivf", "video"),
    "h264": Kind("h264", "video/h264", "video"),
    "hevc": Kind("h265", "video/h265", "video"),
    "mp3": Kind("mp3", "audio/mpeg", "audio"),
    "wav": Kind("wav", "audio/wav", "audio"),
    "aac": Kind("aac", "audio/aac", "audio"),
    "flac": Kind("flac", "audio/flac", "audio"),
    "aiff": Kind("aiff", "audio/aiff", "audio"),
    "caf": Kind("caf", "audio/x-caf", "audio"),
    "amr": Kind("amr", "audio/amr", "audio"),
    "ac3": Kind("ac3", "audio/ac3", "audio"),
    "jpeg": Kind("jpg", "image/jpeg", "image"),
    "png": Kind("png", "image/png", "image"),
    "webp": Kind("webp", "image/webp", "image"),
    "gif": Kind("gif", "image/gif", "image"),
    "bmp": Kind("bmp", "image/bmp", "image"),
    "tiff": Kind("tiff", "image/tiff", "image"),
    "avif": Kind("avif", "image/avif", "image"),
    "heic": Kind("heic", "image/heic", "image"),
}
# What a container is called once its streams are known.
WITH_SOUND_ALONE = {
    "mp4": Kind("m4a", "audio/mp4"),
    "webm": Kind("webm", "audio/webm"),
    "mkv": Kind("mka", "audio/x-matroska"),
    "3gp": Kind("3gp", "audio/3gpp"),
    "wmv": Kind("wma", "audio/x-ms-wma"),
}
WITH_PICTURES = {"ogg": Kind("ogv", "video/ogg")}

# Brands of ISO media files after ``ftyp`` (registered at mp4ra.org); all others are MP4.
BRANDS = {b"qt  ": "quicktime", b"M4A ": "m4a", b"M4B ": "m4a"}
# QuickTime files from before 2001 begin with one of these boxes instead of ``ftyp``.
OLD_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
DOCUMENT_TYPE = b"\x42\x82"  # of EBML (RFC 8794 section 11.2.5)


def kind_of(format_name: str, head: bytes) -> Kind:
    """The kind of a file with this demuxer and these first bytes."""
    if format_name == "mov":
        return KINDS[_iso_kind(head)]
    if format_name == "matroska" and b"webm" in head.partition(DOCUMENT_TYPE)[2][:8]:
        return KINDS["webm"]
    return KINDS.get(format_name, UNKNOWN)


def _iso_kind(head: bytes) -> str:
    named = head.find(b"ftyp")  # other boxes may stand before it
    if named < 0 and head[4:8] in OLD_QUICKTIME:
        return "quicktime"
    brand = head[named + 4 : named + 8] if named >= 0 else b""
    return "3gp" if brand.startswith((b"3gp", b"3g2")) else BRANDS.get(brand, "mp4")


def with_media_type(facts: Facts, media_type: str) -> Facts:
    """The facts of a file whose streams are known now, with the ending and type that follow."""
    kind = Kind(facts.suffix, facts.content_type)
    kind = (WITH_SOUND_ALONE if media_type == "audio" else WITH_PICTURES).get(facts.suffix, kind)
    return replace(facts, media_type=media_type, suffix=kind.suffix, content_type=kind.content_type)


# ---- What browsers play ---------------------------------------------------------------------

EIGHT_BITS = {"yuv420p", "yuvj420p"}
VIDEO_CODECS = {
    "mp4": {"h264": EIGHT_BITS, "vp9": EIGHT_BITS, "av1": {*EIGHT_BITS, "yuv420p10le"}},
    "webm": {
        "vp8": {*EIGHT_BITS, "yuva420p"},
        "vp9": {*EIGHT_BITS, "yuva420p", "yuv420p10le"},
        "av1": {*EIGHT_BITS, "yuv420p10le"},
    },
}
# Of the sound; "" is none at all.
AUDIO_CODECS = {
    "mp4": {"", "aac", "mp3", "opus", "flac"},
    "m4a": {"aac", "mp3", "opus", "flac"},
    "webm": {"", "opus", "vorbis"},
    "ogg": {"opus", "vorbis", "flac"},
    "mp3": {"mp3"},
    "wav": {"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"},
    "aac": {"aac"},
    "flac": {"flac"},
}
IMAGES = {"jpg", "png", "webp", "gif", "bmp", "avif"}


def plays_in_browsers(facts: Facts) -> bool | None:
    """Whether today's browsers play or show the file; None where it is not known."""
    if facts.media_type == "image":
        return facts.suffix in IMAGES
    if not facts.codec or facts.has_audio is None:
        return None
    if facts.audio_codec not in AUDIO_CODECS.get(facts.suffix, ()):
        return False
    if facts.media_type == "audio":
        return True
    return facts.pixel_format in VIDEO_CODECS.get(facts.suffix, {}).get(facts.codec, ())
