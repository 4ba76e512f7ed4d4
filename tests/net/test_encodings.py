"""Encodings of downloads are claimed, not meant: the bytes tell them."""

import base64
import gzip
import zlib
from pathlib import Path

import pytest

from generations.net.download import DownloadFailed, DownloadTooLarge
from tests.cases import case
from tests.net.origin import origin, reply

from .test_download import BODY, HALF, bring, names, whole


def deflated(body: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


def framed(body: bytes, extension: bytes) -> bytes:
    """The body as an SDK uploads it to S3, 64 KiB a chunk."""
    chunks = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    frames = [b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks]
    return b"".join(frames) + b"0" + extension + b"\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"


FILM = b"\0\0\0\x20ftypisom" + BODY[:99_999]
SIGNED = b";chunk-signature=" + b"0f" * 32
PACKED = [
    *((claim, BODY) for claim in ("aws-chunked", "utf-8", "UTF-8", "binary", "none", "identity")),
    *((claim, BODY) for claim in ("gzip", "deflate", "br", "zstd", "gzip, aws-chunked")),
    *((claim, gzip.compress(BODY)) for claim in ("gzip", "x-gzip", "GZIP", "", "aws-chunked,gzip")),
    ("gzip", gzip.compress(BODY[:HALF]) + gzip.compress(BODY[HALF:]) + bytes(100)),
    ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
    ("deflate", deflated(BODY, 15)),
    ("deflate", deflated(BODY, -15)),
    ("aws-chunked", framed(BODY, b"")),
    ("", framed(BODY, SIGNED)),
    ("aws-chunked", framed(BODY, b" ")),
    ("aws-chunked,gzip", framed(gzip.compress(BODY), b"")),
    *((claim, deflated(BODY, 15)) for claim in ("", "gzip", "zlib")),
    ("", b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),  # in one chunk that nobody claimed
]


def test_the_bytes_tell_the_encoding_and_not_what_is_claimed(target: Path) -> None:
    for claim, body in PACKED:
        head = f"Content-Encoding: {claim}" if claim else "X: y"
        with case(f"{claim}, {len(body)} bytes"), origin(reply(200, body, head)) as server:
            assert whole(target, bring(server, target))
            assert names(target) == {"clip.part"}


BASE64 = base64.b64encode(FILM)
URI = b"data:video/mp4;base64," + BASE64
WRITTEN = [BASE64, base64.encodebytes(FILM), b'"' + BASE64 + b'"', URI]


def test_a_film_that_a_gateway_wrote_as_text_is_a_film_again(target: Path) -> None:
    for body in WRITTEN:
        with case(body[:40]), origin(reply(200, body)) as server:
            assert bring(server, target).size == len(FILM)
            assert target.read_bytes() == FILM


def test_text_is_no_film(target: Path) -> None:
    for body in (b"404\r\nnot found\r\n", b"GkXfo is no link", b"x^2 + y^2", b"xyz" * 9000):
        with case(body[:40]), origin(reply(200, body)) as server:
            bring(server, target)
            assert target.read_bytes() == body


def test_a_packed_body_that_was_cut_goes_on_and_is_then_unpacked(target: Path) -> None:
    packed = gzip.compress(BODY)
    half = len(packed) // 2
    stated = f"Content-Range: bytes {half}-{len(packed) - 1}/{len(packed)}"
    with origin(
        reply(200, packed[:half], "Content-Encoding: gzip", 'ETag: "one"', length=len(packed)),
        reply(206, packed[half:], stated, 'ETag: "one"'),
    ) as server:
        with pytest.raises(DownloadFailed):
            bring(server, target)
        assert whole(target, bring(server, target))
    assert f"Range: bytes={half}-\r\n" in server.requests[1]


def test_a_packed_body_that_is_damaged_or_ends_early_is_a_failure_and_starts_again(
    target: Path,
) -> None:
    packed = gzip.compress(BODY)
    for bad in (packed[:-9], packed[:500] + bytes(500) + packed[1000:], framed(BODY, SIGNED)[:-99]):
        with origin(reply(200, bad, 'ETag: "one"'), reply(200, BODY)) as server:
            with pytest.raises(DownloadFailed):
                bring(server, target)
            assert names(target) == set()
            assert whole(target, bring(server, target))
        target.unlink()


def test_a_bomb_is_refused_and_leaves_nothing(target: Path) -> None:
    zeros = gzip.compress(bytes(10**7))
    bombs = {zeros: 10**9, gzip.compress(BODY): 10**6, gzip.compress(gzip.compress(BODY)): 10**6}
    for bomb, limit_bytes in bombs.items():
        with origin(reply(200, bomb)) as server, pytest.raises(DownloadTooLarge):
            bring(server, target, limit_bytes=limit_bytes)
        assert names(target) == set()
