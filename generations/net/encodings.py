"""The content encodings of a body: told by its bytes, because a header only claims them.

Stores keep the claim of an upload ("aws-chunked") beside plain bytes, gateways unpack a body and
leave the claim, or send gzip to whoever asked for none. So gzip is known by its signature, deflate
is tried where it is claimed, and whatever else is claimed means that the body is as it should be.
"""

import binascii
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
# How deflate begins with its usual head; ``x^`` is missing, because a text may begin so.
ZLIB = (b"x\x01", b"x\x9c", b"x\xda")
GZIP_BITS, ZLIB_BITS, RAW_BITS = 31, 15, -15
# The framing of an upload to S3 that a store has taken for the file's own bytes.
SIGNED_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8};chunk-signature=[0-9a-f]{64}\r\n")
PLAIN_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8} *\r\n")
CHUNK_SIZE = re.compile(rb" *[0-9a-fA-F]{1,16} *")
LONGEST_LINE = 256
MARKED_LIMIT = 256 * 1024  # of a reply that may have the marks of chunks in it
# The same without a claim, before what is no text: media have a zero soon.
BINARY_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8} *\r\n[^\0]{0,64}\0")
# A gateway that takes each body for text has written a file in base64. Known by how MP4, WebM,
# JPEG, PNG, GIF, RIFF, MP3 and Ogg begin in it, which no page does.
BASE64 = re.compile(
    rb"\"?(?:data:[\w/+.-]+;base64,)?"
    rb"(?:AAAA..Z0eX|GkXfo|/9j/|iVBORw0KGgo|R0lGOD|UklGR|SUQz|T2dnUw)"
    rb"[A-Za-z0-9+/=\r\n]+\"?"
)
NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


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
    body = _without_chunk_marks(body)
    pieces = decode([body], claimed, limit_bytes)
    if pieces is None:
        return body
    unpacked = bytearray()
    with suppress(DamagedBody):  # what came may hold the id of an order
        for piece in pieces:
            unpacked += piece
    return bytes(unpacked)


def _without_chunk_marks(body: bytes) -> bytes:
    """The body without the marks of chunks that a proxy has left in it, where each of them fits."""
    if PLAIN_CHUNK.match(body) and len(body) <= MARKED_LIMIT:
        with suppress(DamagedBody):
            return b"".join(_unframe(iter([body]))) or body
    return body


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
    plain = PLAIN_CHUNK if "aws-chunked" in claimed else BINARY_CHUNK
    if SIGNED_CHUNK.match(head) or plain.match(head):
        return _unframe(pieces)
    if BASE64.fullmatch(head):
        return _from_base64(pieces)
    if head.startswith(ZLIB) or "deflate" in claimed:
        for bits in (ZLIB_BITS, RAW_BITS) if "deflate" in claimed else (ZLIB_BITS,):
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
    buffer, left, is_first = b"", 0, True  # ``left``: bytes of the chunk that are still to come
    for piece in pieces:
        buffer += piece
        while buffer:
            if left:
                yield buffer[:left]
                buffer, left = buffer[left:], max(0, left - len(buffer))
                continue
            head = buffer if is_first else buffer[2:]  # behind the CRLF of the chunk before
            line, is_ended, rest = head.partition(b"\r\n")
            if len(line) > LONGEST_LINE or not (is_first or b"\r\n".startswith(buffer[:2])):
                raise DamagedBody("The framed body is damaged.")
            if not is_ended:
                break
            buffer, left, is_first = rest, _chunk_size(line), False
            if left == 0:
                return  # what follows are checksums
    raise DamagedBody("The framed body ends early or is damaged.")


def _from_base64(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest, is_first = b"", True
    for piece in pieces:
        text = piece.rpartition(b";base64,")[2] if is_first else piece
        rest, is_first = rest + NOT_BASE64.sub(b"", text), False
        whole = len(rest) // 4 * 4
        yield binascii.a2b_base64(rest[:whole])
        rest = rest[whole:]
    if len(rest) == 1:
        raise DamagedBody("The body in base64 ends early.")
    yield binascii.a2b_base64(rest + b"=" * (-len(rest) % 4))


def _chunk_size(line: bytes) -> int:
    size = line.partition(b";")[0]
    if not CHUNK_SIZE.fullmatch(size):
        raise DamagedBody("The framed body is damaged.")
    return int(size, 16)
