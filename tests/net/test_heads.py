"""Heads of replies that an HTTP parser would refuse are read; nothing of a body is touched."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from generations.net.client import async_client, client
from generations.net.heads import ResponseHeads
from generations.net.sockets import AddressPolicy
from tests.cases import case
from tests.net.origin import origin, raw

OK = b"HTTP/1.1 200 OK"
CHUNKED = b"Transfer-Encoding: chunked"
SIX = b"Content-Length: 6"
# The lines of a head as it came, and those that go on.
HEADS: list[tuple[list[bytes], list[bytes]]] = [
    ([OK, b"X-A: b", SIX], [OK, b"X-A: b", SIX]),
    ([b"http/1.1 200"], [b"HTTP/1.1 200 "]),
    ([b"HTTP/2 200", SIX], [b"HTTP/1.1 200 ", SIX]),
    ([b"HTTP/1.0 404 Not  Found"], [b"HTTP/1.0 404 Not  Found"]),
    ([OK, CHUNKED, CHUNKED, SIX], [OK, CHUNKED]),
    ([OK, b"transfer-encoding: gzip, Chunked"], [OK, CHUNKED]),
    ([OK, b"Transfer-Encoding: identity", SIX], [OK, SIX]),
    ([OK, b"Content-Length: 6, 6", b"content-length : 6"], [OK, SIX]),
    ([OK, SIX, b"Content-Length: 7"], [OK]),
    *(([OK, b"Content-Length: " + value], [OK]) for value in (b"", b"-1", b"undefined", b"+6")),
    ([OK, b"X-A : b", b"X A: b", b"X-\xe9: b", b": b", b"no colon"], [OK, b"X-A: b"]),
    ([OK, b"X-A: b\r\n  c"], [OK, b"X-A: b c"]),
    ([b"SSH-2.0-OpenSSH", b"X A: b"], [b"SSH-2.0-OpenSSH", b"X A: b"]),
]
BODY = b"\r\n\r\nHTTP/1.1 500 X\r\nX A: \0\r\n\r\n"


def test_a_head_is_mended_and_its_body_is_not() -> None:
    for came, goes_on in HEADS:
        for size in (1, 7, 999):
            with case((came, size)):
                heads, given = ResponseHeads(), b""
                content = b"\r\n".join(came) + b"\r\n\r\n" + BODY
                heads.expect()
                for at in range(0, len(content), size):
                    given += heads.feed(content[at : at + size])
                assert given == b"\r\n".join(goes_on) + b"\r\n\r\n" + BODY


def test_a_head_that_comes_before_the_last_one_is_no_end() -> None:
    heads = ResponseHeads()
    heads.expect()
    early, last = b"HTTP/1.1 103 Early Hints\r\nX-\xe9: b\r\n\r\n", OK + b"\r\nX A: b\r\n\r\n"
    assert heads.feed(early + last[:9]) == b"HTTP/1.1 103 Early Hints\r\n\r\n"
    assert heads.feed(last[9:] + b"body") == OK + b"\r\n\r\nbody"


def test_what_ends_or_never_ends_goes_on_as_it_came() -> None:
    for content in (b"HTTP/1.1 200 OK\r\nX A", b"x" * 200_000):
        heads = ResponseHeads()
        heads.expect()
        assert heads.feed(content) + heads.feed(b"") == content


def sync_get(url: str, policy: AddressPolicy) -> list[bytes]:
    with client(policy) as made:
        return [made.get(url).content for _ in range(2)]


def async_get(url: str, policy: AddressPolicy) -> list[bytes]:
    async def get() -> list[bytes]:
        async with async_client(policy) as made:
            return [(await made.get(url)).content for _ in range(2)]

    return asyncio.run(get())


@pytest.mark.parametrize("get", [sync_get, async_get])
def test_two_answers_on_one_connection_are_read(
    get: Callable[[str, AddressPolicy], list[bytes]],
) -> None:
    head = b"\r\n".join([OK, CHUNKED, CHUNKED, b"X A: b", b"", b""])
    with origin(raw(head[:20], head[20:] + b"2\r\n{}\r\n0\r\n\r\n")) as server:
        assert get(server.url, server.policy) == [b"{}", b"{}"]
        assert server.connections == 1


def test_a_reply_without_any_head_is_an_error_and_not_waited_for() -> None:
    with origin(raw(b"SSH-2.0", hang_up=True)) as server, pytest.raises(httpx.RemoteProtocolError):
        sync_get(server.url, server.policy)
