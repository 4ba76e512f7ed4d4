"""What a file's header tells without a decoder: its format, a picture's size, a complete MP4.

All that is read here comes from strangers, and nothing here loads a decoder, so the site's own
processes may import it.
"""

import codecs
import re
import struct
from pathlib import Path
from typing import BinaryIO

from .containers import kind_of
from .facts import Facts, NotMedia, RejectReason

HEAD_BYTES = 1024
PICTURES = {"jpeg", "png", "webp"}  # that people may upload
SIGNATURES = [
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", "mxf"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"DKIF", "ivf"),
    (b"caff\x00\x01", "caf"),
    (b"#!AMR", "amr"),
    (b"\x0b\x77", "ac3"),
]
# With which an MP4 or a QuickTime file begins that has no ``ftyp`` (ISO/IEC 14496-12).
FIRST_BOXES = {
    *(b"styp", b"moov", b"moof", b"mdat", b"sidx", b"wide", b"free", b"skip", b"pnot"),
    *(b"uuid", b"emsg", b"prft", b"pdin"),
}
RIFF_FORMATS = {b"WAVE": "wav", b"WEBP": "webp", b"AVI ": "avi", b"AVIX": "avi"}
PACKET_SIZES = {188: 0, 192: 4, 204: 0}  # of MPEG-TS, with the place of the sync byte
OTHER_PICTURES = (b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"8BPS", b"\x00\x00\x01\x00", b"\xff\x0a")
# The brands of HEIC and AVIF (ISO/IEC 23008-12 section 10), after ``ftyp``.
PICTURE_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}

PLAYLISTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"<asx")
DASH = re.compile(rb"<(\w+:)?(mpd|smoothstreamingmedia)\b")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")

# A JPEG may have any number of segments before its size; a hostile one shall not keep us reading.
MAX_SEGMENTS = 10_000
# Start of frame (ITU-T T.81 table B.1); DHT, JPG and DAC have numbers between them.
FRAME_MARKERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}  # markers without a length


# ---- The format -----------------------------------------------------------------------------


def format_of(path: Path) -> str:
    """The format to open the file as: a libav demuxer, or a Pillow image format; "" if unknown.

    Raises NotMedia where the file is empty, a page or a playlist: playlists and concatenations
    make libav open other files.
    """
    return _format_of(_read_head(path))


def outline(path: Path) -> Facts:
    """What the first bytes tell without a decoder; raises NotMedia as ``format_of`` does."""
    head = _read_head(path)
    format_name = _format_of(head)
    kind = kind_of(format_name, head)
    return Facts(
        media_type=kind.media_type,
        container=format_name,
        codec="",
        bytes=path.stat().st_size,
        suffix=kind.suffix,
        content_type=kind.content_type,
    )


def picture_format_of(path: Path) -> str:
    """``jpeg``, ``png`` or ``webp``; raises NotMedia (OTHER_PICTURE for other pictures)."""
    head = _read_head(path)
    if (format_name := _by_signature(head)) in PICTURES:
        return format_name
    # HEIC and AVIF begin like an MP4, so that their brand comes before the format.
    if head.startswith(OTHER_PICTURES) or head[8:12] in PICTURE_BRANDS or b"<svg" in head.lower():
        raise NotMedia(RejectReason.OTHER_PICTURE)
    raise NotMedia(RejectReason.UNKNOWN if format_name else _rejection(head))


def is_media(head: bytes) -> bool:
    """Whether a file may begin so: it is no page, no playlist and not empty."""
    try:
        _format_of(head)
    except NotMedia:
        return False
    return True


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _format_of(head: bytes) -> str:
    if format_name := _by_signature(head):
        return format_name
    if (reason := _rejection(head)) != RejectReason.UNKNOWN:
        raise NotMedia(reason)
    return ""


def _by_signature(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return _iso_format(head[8:40])
    if head[4:8] in FIRST_BOXES and not _is_text(head[:4]):  # a length, and no word of a page
        return "mov"
    if head[:4] == b"RIFF":
        return RIFF_FORMATS.get(head[8:12], "")
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return "aiff"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "bmp"
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    if _is_transport_stream(head):
        return "mpegts"
    # Last, because a sync is a few bits only, which other files may have too.
    return "" if head.startswith(BYTE_ORDER_MARKS) else _by_frame_sync(head)


def _iso_format(brands: bytes) -> str:
    if brands[:4] not in PICTURE_BRANDS:
        return "mov"
    return "avif" if b"avi" in brands else "heic"


def _is_transport_stream(head: bytes) -> bool:
    """Whether at least three packets follow each other, each with its sync byte."""
    return any(
        len(head) > 2 * size + first and head[first::size][:3] == b"GGG"
        for size, first in PACKET_SIZES.items()
    )


def _by_frame_sync(head: bytes) -> str:
    """MPEG audio: 11 bits of sync, then the version and the layer, which is 00 for AAC in ADTS."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0x06 else ""


def _rejection(head: bytes) -> RejectReason:
    if not head:
        return RejectReason.EMPTY
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    # A DASH playlist is XML, which would count as a page.
    if text.startswith(PLAYLISTS) or DASH.search(text):
        return RejectReason.PLAYLIST
    is_page = text.startswith((b"<", b"{", b"[")) or _is_text(head)
    return RejectReason.PAGE if is_page else RejectReason.UNKNOWN


def _is_text(head: bytes) -> bool:
    """Whether the bytes are letters of some encoding; media have control characters at once."""
    encodings = ("utf-16",) if head.startswith(BYTE_ORDER_MARKS) else ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            # The last letter may be cut.
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return bool(text) and not CONTROL.search(text)
    return False


# ---- The size of a picture ------------------------------------------------------------------


def picture_size_of(path: Path, format_name: str) -> tuple[int, int]:
    """Width and height in pixels of a ``jpeg``, ``png`` or ``webp``; raises NotMedia."""
    with path.open("rb") as file:
        try:
            width, height = {"jpeg": _jpeg, "png": _png, "webp": _webp}[format_name](file)
        except (struct.error, IndexError) as error:
            raise NotMedia(RejectReason.DAMAGED) from error
    if not width or not height:
        raise NotMedia(RejectReason.DAMAGED)
    return width, height


def _png(file: BinaryIO) -> tuple[int, int]:
    """From the chunk IHDR, which is the first one (W3C PNG section 5.6)."""
    _, name, width, height = struct.unpack(">8x I4sII", file.read(24))
    return (width, height) if name == b"IHDR" else (0, 0)


def _jpeg(file: BinaryIO) -> tuple[int, int]:
    """From the start of frame, after any number of other segments (ITU-T T.81 annex B)."""
    file.seek(2)
    for _ in range(MAX_SEGMENTS):
        while (marker := file.read(1)[0]) == 0xFF:
            pass  # fill bytes before a marker
        if marker in BARE_MARKERS:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in FRAME_MARKERS:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        file.seek(length - 2, 1)
    return 0, 0


def _webp(file: BinaryIO) -> tuple[int, int]:
    """From the first chunk: lossy, lossless, or extended (RFC 9649 sections 2 and 3)."""
    head = file.read(30)
    name, body = head[12:16], head[20:]
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8X" and len(body) == 10:
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    return 0, 0


# ---- The end of a file ----------------------------------------------------------------------

# A recorder that cannot seek writes as much where it does not know the length.
LEAST_UNKNOWN_LENGTH = 0x7FFF_FF00
SEGMENT = b"\x18\x53\x80\x67"  # of Matroska (RFC 8794, RFC 9559)


def is_cut(path: Path, format_name: str) -> bool:
    """Whether a file ends before the end that it names, or before its index.

    libav does not complain of a short file whose index is in front: it plays what is there.
    """
    ends = {"mov": _end_of_boxes, "matroska": _end_of_segment}
    ends |= dict.fromkeys(("avi", "wav"), _end_of_riff)
    if (read_end := ends.get(format_name)) is None:
        return False
    size = path.stat().st_size
    with path.open("rb") as file:
        return read_end(file, size) > size


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """Where the data and the index of an MP4 end; beyond the file where it has no index yet.

    Top-level boxes: ISO/IEC 14496-12 section 4.2.
    """
    start, has_index = 0, False
    while start + 8 <= size:
        length, box_type = _box(file, start, size)
        has_index = has_index or box_type in {b"moov", b"moof"}
        # Only these two count: a clip plays without whatever else the end of the file lacks.
        if box_type in {b"mdat", b"moov"} and start + length > size:
            return start + length
        start += length
    return size if has_index else size + 1


def _end_of_segment(file: BinaryIO, size: int) -> int:
    """Where the only segment of a Matroska file ends: its length is a number of 1 to 8 bytes."""
    head = file.read(HEAD_BYTES)
    at = head.find(SEGMENT) + len(SEGMENT)
    if at < len(SEGMENT) or at >= len(head) or not head[at]:
        return 0
    width = 9 - head[at].bit_length()
    length = int.from_bytes(head[at : at + width]) & ((1 << 7 * width) - 1)
    is_known = length < (1 << 7 * width) - 1  # all ones: a live recording
    return at + width + length if is_known else 0


def _end_of_riff(file: BinaryIO, size: int) -> int:
    """Where the first part of an AVI ends, or a WAV."""
    length = int.from_bytes(file.read(8)[4:], "little")
    return 8 + length if 0 < length < LEAST_UNKNOWN_LENGTH else 0


def _box(file: BinaryIO, start: int, size: int) -> tuple[int, bytes]:
    """Length and type of the box at ``start``. A length of 1 means 64 bits, 0 to the end."""
    file.seek(start)
    length, box_type = struct.unpack(">I4s", file.read(8))
    if length == 1:
        length = int.from_bytes(file.read(8))
    if length == 0:
        length = size - start
    # At least the header itself, else a hostile length would never let the walk go forward.
    return max(length, 8), box_type
