"""Tell a file's format by its first bytes, and see whether an MP4 is whole."""

import struct
from pathlib import Path
from typing import BinaryIO

from generations.media.facts import NotMedia, Reason

HEAD = 512
IMAGES = {"jpeg", "png", "webp"}


def format_of(path: Path) -> str:
    """The one format to open the file as: a libav demuxer, or a Pillow image format.

    Only what stands here is ever opened: playlists and concatenations, which make libav open
    other files, never are. Raises NotMedia.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise NotMedia(Reason.EMPTY)
    found = _by_signature(head)
    if not found:
        raise NotMedia(_what_else(head))
    return found


def _by_signature(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:4] == b"RIFF":
        return {b"WAVE": "wav", b"WEBP": "webp"}.get(head[8:12], "")
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    return _by_frame_sync(head)


SIGNATURES = [
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"ID3", "mp3"),
]


def picture_format_of(path: Path) -> str:
    """``jpeg``, ``png`` or ``webp``; raises NotMedia, which tells other kinds of picture apart."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if (found := _by_signature(head)) in IMAGES:
        return found
    if head.startswith(OTHER_PICTURES) or head[8:12] in PICTURE_BRANDS or b"<svg" in head.lower():
        raise NotMedia(Reason.OTHER_PICTURE)
    if found or not head:
        raise NotMedia(Reason.UNKNOWN if found else Reason.EMPTY)
    raise NotMedia(_what_else(head))


OTHER_PICTURES = (b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"8BPS", b"\x00\x00\x01\x00", b"\xff\x0a")
# The brands of HEIC and AVIF (ISO/IEC 23008-12 section 10), after ``ftyp``.
PICTURE_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}


def _by_frame_sync(head: bytes) -> str:
    """MPEG audio: 11 bits of sync, then the layer, which is 00 for AAC in ADTS."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0x06 else ""


def _what_else(head: bytes) -> Reason:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"#extm3u", b"ffconcat", b"[playlist]")) or b"<mpd" in text:
        return Reason.PLAYLIST
    return Reason.PAGE if text.startswith((b"<", b"{", b"[")) else Reason.UNKNOWN


def check_boxes(path: Path) -> None:
    """Raise NotMedia where an MP4's movie data or index goes on past the end of the file.

    Top-level boxes: ISO/IEC 14496-12 section 4.2.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size:
            length, kind = _box(file, at, size)
            if kind in {b"mdat", b"moov"} and at + length > size:
                raise NotMedia(Reason.DAMAGED)
            at += length


def _box(file: BinaryIO, at: int, size: int) -> tuple[int, bytes]:
    file.seek(at)
    length, kind = struct.unpack(">I4s", file.read(8))
    if length == 1:
        length = int.from_bytes(file.read(8))
    if length == 0:
        length = size - at
    return max(length, 8), kind
