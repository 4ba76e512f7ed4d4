import asyncio
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest

from generations.net.client import MultiPoolTransport, async_client, client
from generations.net.sockets import (
    AddressPolicy,
    AsyncRestrictedBackend,
    ForbiddenAddress,
    RestrictedBackend,
)
from tests.net.origin import certificate, origin, raw, reply

LAB = AddressPolicy(allow_private=True)
NAME = "provider.test"


def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


type Get = Callable[..., httpx.Response]


def sync_get(url: str, policy: AddressPolicy, **options: ssl.SSLContext) -> httpx.Response:
    with client(policy, resolver=loopback, **options) as made:
        return made.get(url)


def async_get(url: str, policy: AddressPolicy, **options: ssl.SSLContext) -> httpx.Response:
    async def get() -> httpx.Response:
        async with async_client(policy, resolver=loopback, **options) as made:
            return await made.get(url)

    return asyncio.run(get())


BOTH = pytest.mark.parametrize("get", [sync_get, async_get])


@BOTH
def test_a_forbidden_address_is_a_connect_error_and_gets_no_connection(get: Get) -> None:
    with origin(reply()) as server, pytest.raises(httpx.ConnectError) as caught:
        get(f"http://{NAME}:{server.port}/", AddressPolicy())
    assert isinstance(caught.value, ForbiddenAddress)
    assert caught.value.request.url.host == NAME
    assert server.connections == 0


@BOTH
def test_an_allowed_address_is_reached(get: Get) -> None:
    with origin(reply(200, b"{}")) as server:
        assert get(f"http://{NAME}:{server.port}/", LAB).content == b"{}"
    assert f"Host: {NAME}:{server.port}\r\n" in server.requests[0]


@BOTH
def test_identity_encoding_is_asked_for_and_no_cookie_is_sent(get: Get) -> None:
    with origin(reply()) as server:
        get(server.url, server.policy)
    head = server.requests[0].lower()
    assert "accept-encoding: identity\r\n" in head
    assert "cookie" not in head


def test_a_cookie_that_a_reply_sets_is_not_sent_again() -> None:
    sets_one = reply(200, b"", "Set-Cookie: session=theirs")
    with origin(sets_one) as server, client(server.policy) as made:
        made.get(server.url)
        made.get(server.url)
    assert "session" not in server.requests[1]


@BOTH
def test_a_redirect_is_an_answer_and_is_not_followed(get: Get) -> None:
    with origin(reply(302, b"", "Location: /elsewhere")) as server:
        assert get(server.url, server.policy).status_code == 302
    assert len(server.requests) == 1


@BOTH
def test_a_proxy_in_the_environment_is_ignored(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with origin(reply(200, b"direct")) as server:
        assert get(server.url, server.policy).content == b"direct"


@BOTH
def test_a_certificate_is_verified_against_the_name(get: Get, tmp_path: Path) -> None:
    ours, theirs = certificate(NAME, tmp_path)
    with origin(reply(200, b"safe"), tls=ours) as server:
        assert get(f"https://{NAME}:{server.port}/", LAB, tls=theirs).content == b"safe"
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            get(f"https://other.test:{server.port}/", LAB, tls=theirs)
    assert len(server.requests) == 1


@BOTH
def test_an_unknown_authority_is_refused(get: Get, tmp_path: Path) -> None:
    ours, _ = certificate(NAME, tmp_path)
    with origin(reply(), tls=ours) as server, pytest.raises(httpx.ConnectError):
        get(f"https://{NAME}:{server.port}/", LAB)
    assert server.requests == []


@BOTH
@pytest.mark.parametrize("url", ["ftp://provider.test/", "file:///etc/passwd", "//provider.test/"])
def test_only_http_and_https_are_spoken(get: Get, url: str) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        get(url, LAB)


@BOTH
def test_a_port_where_nobody_listens_is_a_connect_error(get: Get) -> None:
    with origin(reply()) as server:
        pass
    with pytest.raises(httpx.ConnectError):
        get(server.url, server.policy)


def test_the_pools_of_httpx_hold_our_backend() -> None:
    """The policy depends on a private name; a new httpx or httpcore may move it."""
    made = client(AddressPolicy())
    assert isinstance(made._transport, httpx.HTTPTransport)
    assert isinstance(made._transport._pool._network_backend, RestrictedBackend)
    transport = async_client(AddressPolicy())._transport
    assert isinstance(transport, MultiPoolTransport)
    for pool in transport.pools:
        assert isinstance(pool.transport._pool._network_backend, AsyncRestrictedBackend)


def test_unix_sockets_are_forbidden() -> None:
    with pytest.raises(ForbiddenAddress):
        RestrictedBackend(LAB).connect_unix_socket("/tmp/socket")
    with pytest.raises(ForbiddenAddress):
        asyncio.run(AsyncRestrictedBackend(LAB).connect_unix_socket("/tmp/socket"))


def test_two_hundred_requests_at_once_are_all_answered_and_every_pool_is_free_again() -> None:
    slow = raw(b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n\r\nok", pause=0.1)

    async def crowd(url: str, policy: AddressPolicy) -> tuple[set[bytes], set[int]]:
        async with async_client(policy) as made:
            replies = await asyncio.gather(*(made.get(url) for _ in range(200)))
            assert isinstance(made._transport, MultiPoolTransport)
            busy = {pool.busy for pool in made._transport.pools}
        return {reply.content for reply in replies}, busy

    with origin(slow) as server:
        assert asyncio.run(crowd(server.url, server.policy)) == ({b"ok"}, {0})


def test_requests_one_after_another_share_one_connection() -> None:
    async def calm(url: str, policy: AddressPolicy) -> None:
        async with async_client(policy) as made:
            for _ in range(5):
                await made.get(url)

    with origin(reply(200, b"ok")) as server:
        asyncio.run(calm(server.url, server.policy))
    assert (len(server.requests), server.connections) == (5, 1)


def test_a_pool_is_free_again_after_a_failure() -> None:
    async def fail(url: str) -> set[int]:
        async with async_client(AddressPolicy()) as made:
            with pytest.raises(ForbiddenAddress):
                await made.get(url)
            assert isinstance(made._transport, MultiPoolTransport)
            return {pool.busy for pool in made._transport.pools}

    assert asyncio.run(fail("http://127.0.0.1:9/")) == {0}
