"""A file's format, by its first bytes (its signature), and whether an MP4 is complete."""

import struct
from pathlib import Path
from typing import BinaryIO

from .facts import NotMedia, RejectReason

HEAD_BYTES = 512
IMAGES = {"jpeg", "png", "webp"}
SIGNATURES = [
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"ID3", "mp3"),
]
OTHER_PICTURES = (b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"8BPS", b"\x00\x00\x01\x00", b"\xff\x0a")
# The brands of HEIC and AVIF (ISO/IEC 23008-12 section 10), after ``ftyp``.
PICTURE_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}


def format_of(path: Path) -> str:
    """The one format to open the file as: a libav demuxer, or a Pillow image format.

    Only these formats are opened, because playlists and concatenations make libav open other
    files. Raises NotMedia.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise NotMedia(RejectReason.EMPTY)
    if format_name := _by_signature(head):
        return format_name
    raise NotMedia(_rejection(head))


def _by_signature(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:4] == b"RIFF":
        return {b"WAVE": "wav", b"WEBP": "webp"}.get(head[8:12], "")
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    return _by_frame_sync(head)


def picture_format_of(path: Path) -> str:
    """``jpeg``, ``png`` or ``webp``; raises NotMedia (OTHER_PICTURE for other pictures)."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if (format_name := _by_signature(head)) in IMAGES:
        return format_name
    if head.startswith(OTHER_PICTURES) or head[8:12] in PICTURE_BRANDS or b"<svg" in head.lower():
        raise NotMedia(RejectReason.OTHER_PICTURE)
    if not head:
        raise NotMedia(RejectReason.EMPTY)
    raise NotMedia(RejectReason.UNKNOWN if format_name else _rejection(head))


def _by_frame_sync(head: bytes) -> str:
    """MPEG audio: 11 bits of sync, then the version and the layer, which is 00 for AAC in ADTS."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0x06 else ""


def _rejection(head: bytes) -> RejectReason:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"#extm3u", b"ffconcat", b"[playlist]")) or b"<mpd" in text:
        return RejectReason.PLAYLIST
    return RejectReason.PAGE if text.startswith((b"<", b"{", b"[")) else RejectReason.UNKNOWN


def check_boxes(path: Path) -> None:
    """Raise NotMedia if the data or the index of an MP4 ends after the end of the file.

    Top-level boxes: ISO/IEC 14496-12 section 4.2.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = 0
        while start + 8 <= size:
            length, box_type = _box(file, start, size)
            if box_type in {b"mdat", b"moov"} and start + length > size:
                raise NotMedia(RejectReason.DAMAGED)
            start += length


def _box(file: BinaryIO, start: int, size: int) -> tuple[int, bytes]:
    """Length and type of the box at ``start``. A length of 1 means 64 bits, 0 to the end."""
    file.seek(start)
    length, box_type = struct.unpack(">I4s", file.read(8))
    if length == 1:
        length = int.from_bytes(file.read(8))
    if length == 0:
        length = size - start
    return max(length, 8), box_type
