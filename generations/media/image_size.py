"""A picture's width and height, read from its header before a decoder opens it."""

import struct
from pathlib import Path
from typing import BinaryIO

from .facts import NotMedia, RejectReason

MAX_SEGMENTS = 10_000
# Start of frame (ITU-T T.81 table B.1); DHT, JPG and DAC have numbers between them.
FRAME_MARKERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE_MARKERS = {0x01, *range(0xD0, 0xD9)}  # markers without a length


def read_size(path: Path, format_name: str) -> tuple[int, int]:
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
