"""The content encodings of a body: told by its bytes, because a header only claims them.

Stores keep the claim of an upload ("aws-chunked") beside plain bytes, gateways unpack a body and
leave the claim, or send gzip to whoever asked for none. So gzip is known by its signature, deflate
is tried where it is claimed, and whatever else is claimed means that the body is as it should be.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

MAX_LAYERS = 3
HEAD_BYTES = 4096
PIECE_BYTES = 64 * 1024
# Deflate can pack a thousandfold, but films do by a few percent. The first megabytes are free,
# because a second of silence as WAV or a reply full of blanks packs well.
MAX_RATIO = 500
FREE_BYTES = 4 * 1024 * 1024

GZIP = b"\x1f\x8b\x08"
GZIP_BITS, ZLIB_BITS, RAW_BITS = 31, 15, -15
# The framing of an upload to S3 that a store has taken for the file's own bytes.
SIGNED_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8};chunk-signature=[0-9a-f]{64}\r\n")
PLAIN_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8}\r\n")
LONGEST_LINE = 256


class DamagedBody(Exception):
    """The encoded body ends early or is not what its first bytes promise."""


class InflatedTooLarge(Exception):
    """The body unpacks to more bytes than are allowed."""


def decode(chunks: Iterable[bytes], claimed: str, limit_bytes: int) -> Iterator[bytes] | None:
    """Return the body without its encodings, in small pieces; None where it has none.

    ``claimed`` is the header Content-Encoding. Reading the pieces raises DamagedBody, or
    InflatedTooLarge beyond ``limit_bytes`` and for a body that inflates as only a bomb does.
    """
    pieces, is_encoded = iter(chunks), False
    for _ in range(MAX_LAYERS):
        head, pieces, is_whole = _peek(pieces)
        layer = _layer(head, is_whole, claimed, pieces, limit_bytes)
        if layer is None:
            break
        pieces, is_encoded = layer, True
    return pieces if is_encoded else None


def unpack(body: bytes, claimed: str, limit_bytes: int) -> bytes:
    """Return a whole body without its encodings; of one that is damaged, what could be unpacked.

    Raises InflatedTooLarge.
    """
    pieces = decode([body], claimed, limit_bytes)
    if pieces is None:
        return body
    unpacked = bytearray()
    with suppress(DamagedBody):  # what came may hold the id of an order
        for piece in pieces:
            unpacked += piece
    return bytes(unpacked)


def _peek(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes], bool]:
    """Return the first bytes, all pieces again, and whether the first bytes are all of them."""
    head = b""
    try:
        for piece in pieces:
            head += piece
            if len(head) >= HEAD_BYTES:
                return head, chain([head], pieces), False
    except (DamagedBody, InflatedTooLarge) as error:  # of the layer outside
        return head, _fail_after(head, error), True
    return head, iter([head]), True


def _fail_after(piece: bytes, error: Exception) -> Iterator[bytes]:
    yield piece
    raise error


def _layer(
    head: bytes, is_whole: bool, claimed: str, pieces: Iterator[bytes], limit_bytes: int
) -> Iterator[bytes] | None:
    """Return the pieces without their outermost encoding; None where there is none."""
    claimed = claimed.lower()
    if head.startswith(GZIP):
        return _inflate(pieces, GZIP_BITS, limit_bytes)
    if SIGNED_CHUNK.match(head) or ("aws-chunked" in claimed and PLAIN_CHUNK.match(head)):
        return _unframe(pieces)
    if "deflate" in claimed:
        for bits in (ZLIB_BITS, RAW_BITS):
            if _inflates(head, bits, is_whole):
                return _inflate(pieces, bits, limit_bytes)
    return None


def _inflates(head: bytes, bits: int, is_whole: bool) -> bool:
    """Whether the first bytes unpack. Few bytes may do so by chance, but then they do not end."""
    inflater = zlib.decompressobj(bits)
    try:
        found = inflater.decompress(head, FREE_BYTES)
    except zlib.error:
        return False
    return bool(found) and (inflater.eof or not is_whole)


def _inflate(pieces: Iterator[bytes], bits: int, limit_bytes: int) -> Iterator[bytes]:
    received = written = 0
    inflater, rest = zlib.decompressobj(bits), b""
    try:
        for piece in pieces:
            received += len(piece)
            rest += piece
            while rest:
                if inflater.eof:
                    if len(rest) < len(GZIP) and GZIP.startswith(rest):
                        break  # too few bytes to tell whether a further member begins
                    if not rest.startswith(GZIP):
                        return  # padding
                    inflater = zlib.decompressobj(bits)
                found = inflater.decompress(rest, PIECE_BYTES)
                rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
                written += len(found)
                _check_size(written, received, limit_bytes)
                yield found
        yield inflater.flush()
    except zlib.error as error:
        raise DamagedBody(f"The encoded body is damaged: {error}.") from error
    if not inflater.eof:
        raise DamagedBody("The encoded body ends early.")


def _check_size(written: int, received: int, limit_bytes: int) -> None:
    if written > limit_bytes:
        raise InflatedTooLarge(f"The body unpacks to more than {limit_bytes} bytes.")
    if written > FREE_BYTES and written > MAX_RATIO * received:
        raise InflatedTooLarge(f"The body unpacks to more than {MAX_RATIO} times its size.")


def _unframe(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Undo ``aws-chunked``: a size in hex and perhaps a signature, CRLF, that many bytes, CRLF."""
    buffer = b""
    for piece in pieces:
        buffer += piece
        while (end := buffer.find(b"\r\n")) >= 0:
            size = _chunk_size(buffer[:end])
            if size == 0:
                return  # what follows are checksums
            following = end + 2 + size + 2
            if len(buffer) < following:
                break
            yield buffer[end + 2 : following - 2]
            buffer = buffer[following:]
        if end < 0 and len(buffer) > LONGEST_LINE:
            break
    raise DamagedBody("The framed body ends early or is damaged.")


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise DamagedBody("The framed body is damaged.") from error
