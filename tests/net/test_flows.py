import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from generations.net.client import (
    MAX_BODY_BYTES,
    Flow,
    async_client,
    client,
    run_flow,
    run_flow_async,
)
from generations.net.sockets import AddressPolicy, ForbiddenAddress
from tests.cases import case
from tests.net.origin import origin, raw, reply

type Run = Callable[..., Any]


def run_sync(flow: Flow[object], policy: AddressPolicy, **options: float) -> object:
    with client(policy) as made:
        return run_flow(flow, made, **options)


def run_async(flow: Flow[object], policy: AddressPolicy, **options: float) -> object:
    async def run() -> object:
        async with async_client(policy) as made:
            return await run_flow_async(flow, made, **options)

    return asyncio.run(run())


BOTH = pytest.mark.parametrize("run", [run_sync, run_async])


def get(url: str) -> Flow[object]:
    response = yield httpx.Request("GET", url)
    return response.content


def get_caught(url: str) -> Flow[object]:
    try:
        yield httpx.Request("GET", url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return error
    return None


@BOTH
def test_a_flow_asks_twice_and_returns_its_value(run: Run) -> None:
    def flow(url: str) -> Flow[object]:
        first = yield httpx.Request("POST", url, json={"a": 1})
        second = yield httpx.Request("GET", f"{url}/{first.json()['id']}")
        return second.status_code

    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\n"
    # The origin reads heads only: the first request's body must not meet the second's head.
    with origin(raw(head, b'{"id": "7"}', hang_up=True), reply(404)) as server:
        assert run(flow(server.url), server.policy) == 404
    assert server.requests[1].startswith("GET /7 ")


@BOTH
def test_a_failure_is_thrown_into_the_flow_which_may_ask_again(run: Run) -> None:
    def flow(url: str) -> Flow[object]:
        try:
            yield httpx.Request("GET", url)
        except httpx.RemoteProtocolError:
            response = yield httpx.Request("GET", url)
            return response.content
        return None

    with origin(raw(hang_up=True), reply(200, b"again")) as server:
        assert run(flow(server.url), server.policy) == b"again"


@BOTH
def test_nothing_is_sent_a_second_time_by_itself(run: Run) -> None:
    with origin(raw(hang_up=True)) as server:
        assert isinstance(run(get_caught(server.url), server.policy), httpx.RemoteProtocolError)
    assert len(server.requests) == 1


@BOTH
def test_a_forbidden_address_reaches_the_flow_as_a_connect_error(run: Run) -> None:
    assert isinstance(run(get_caught("http://127.0.0.1:9/"), AddressPolicy()), ForbiddenAddress)


@BOTH
def test_a_scheme_that_is_not_http_reaches_the_flow(run: Run) -> None:
    assert isinstance(run(get_caught("gopher://a/"), AddressPolicy()), httpx.UnsupportedProtocol)


@BOTH
def test_an_error_that_the_flow_lets_through_reaches_the_caller(run: Run) -> None:
    with pytest.raises(ForbiddenAddress):
        run(get("http://127.0.0.1:9/"), AddressPolicy())


@BOTH
def test_the_flow_is_closed_when_it_fails_itself(run: Run) -> None:
    closed = []

    def flow(url: str) -> Flow[object]:
        try:
            yield httpx.Request("GET", url)
            raise ValueError("not JSON")
        finally:
            closed.append(True)

    with origin(reply()) as server, pytest.raises(ValueError, match="not JSON"):
        run(flow(server.url), server.policy)
    assert closed == [True]


@BOTH
def test_a_request_gets_the_clients_headers_but_keeps_its_own(run: Run) -> None:
    def flow(url: str) -> Flow[object]:
        yield httpx.Request("GET", url, headers={"Accept": "text/plain"})
        return None

    with origin(reply()) as server:
        run(flow(server.url), server.policy)
    head = server.requests[0].lower()
    assert "user-agent: rushes\r\n" in head
    assert "accept: text/plain\r\n" in head
    assert "accept-encoding: identity\r\n" in head


@BOTH
def test_a_body_over_the_limit_is_not_read_to_its_end(run: Run) -> None:
    with origin(reply(200, b"x" * (MAX_BODY_BYTES + 1))) as server:
        error = run(get_caught(server.url), server.policy)
    assert isinstance(error, httpx.DecodingError)


REPLY = b'{"id": "7"}'
ENCODED = {
    "plain bytes claimed as gzip": (REPLY, "gzip"),
    "plain bytes claimed as br": (REPLY, "br"),
    "a claim that nobody knows": (REPLY, "UTF-8"),
    "gzip": (gzip.compress(REPLY), "gzip"),
    "gzip that is not claimed": (gzip.compress(REPLY), "identity"),
    "gzip that lost its end": (gzip.compress(REPLY)[:-4], "x-gzip"),
    "zlib": (zlib.compress(REPLY), "deflate"),
    "raw deflate": (zlib.compress(REPLY)[2:-4], "deflate"),
    "zlib that is claimed as gzip": (zlib.compress(REPLY), "gzip"),
    "the marks of chunks": (b"4\r\n" + REPLY[:4] + b"\r\n7\r\n" + REPLY[4:] + b"\r\n0\r\n\r\n", ""),
    "a claim in other letters than those of ASCII": (REPLY, "港口"),
}


@BOTH
def test_a_reply_is_unpacked_by_its_bytes_and_not_by_its_claim(run: Run) -> None:
    for name, (body, claim) in ENCODED.items():
        with case(name), origin(reply(200, body, f"Content-Encoding: {claim}")) as server:
            assert run(get(server.url), server.policy) == REPLY


@BOTH
def test_a_bomb_is_refused(run: Run) -> None:
    body = gzip.compress(bytes(5_000_000))
    with origin(reply(200, body, "Content-Encoding: gzip")) as server:
        assert isinstance(run(get_caught(server.url), server.policy), httpx.DecodingError)


@BOTH
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_reaches_the_flow_as_a_reply(run: Run, status: int) -> None:
    def flow(url: str) -> Flow[object]:
        response = yield httpx.Request("POST", url)
        return response.status_code, response.headers["Location"]

    with origin(reply(status, b"moved", "Location: https://new.example/v2")) as server:
        assert run(flow(server.url), server.policy) == (status, "https://new.example/v2")
    assert len(server.requests) == 1


@BOTH
def test_a_reply_with_too_large_a_length_is_read_where_its_json_is_whole(run: Run) -> None:
    for body in (REPLY, gzip.compress(REPLY)):
        with origin(reply(200, body, length=100)) as server:
            assert run(get(server.url), server.policy) == REPLY
    head = b"HTTP/1.1 200 OK\r\nX-Note: \xe6\xb8\xaf\xff\r\nContent-Length: 99\r\n\r\n"
    with origin(raw(head, REPLY)) as server:  # which waits with the rest for ever
        assert run(get(server.url), server.policy, deadline=0.3) == REPLY


@BOTH
def test_a_body_that_is_cut_is_an_error_of_a_question_and_evidence_of_a_create(run: Run) -> None:
    def create(url: str) -> Flow[object]:
        response = yield httpx.Request("POST", url)
        return response.content

    with origin(reply(200, b'{"id": "7", ', length=100)) as server:
        assert isinstance(run(get_caught(server.url), server.policy), httpx.RemoteProtocolError)
        assert run(create(server.url), server.policy) == b'{"id": "7", '


DRIPS = {
    "headers": [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 30],
    "body": [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", *[b"x"] * 30],
}


@BOTH
@pytest.mark.parametrize("where", DRIPS)
def test_an_endless_drip_ends_at_the_deadline(run: Run, where: str) -> None:
    with origin(raw(*DRIPS[where], pause=0.1)) as server:
        began = time.monotonic()
        error = run(get_caught(server.url), server.policy, deadline=0.5)
        took = time.monotonic() - began
    assert isinstance(error, httpx.ReadTimeout)
    assert took < 2.5


def test_the_deadline_of_one_exchange_does_not_reach_the_next() -> None:
    def flow(url: str) -> Flow[object]:
        try:
            yield httpx.Request("GET", url)
        except httpx.ReadTimeout:
            response = yield httpx.Request("GET", url)
            return response.content
        return None

    with origin(raw(*DRIPS["body"], pause=0.1), reply(200, b"quick")) as server:
        assert run_sync(flow(server.url), server.policy, deadline=1) == b"quick"


def test_an_async_deadline_leaves_the_client_fit_for_more() -> None:
    async def talk(url: str, policy: AddressPolicy) -> tuple[object, object]:
        async with async_client(policy) as made:
            late = await run_flow_async(get_caught(url), made, deadline=1)
            return late, await run_flow_async(get(url), made)

    with origin(raw(*DRIPS["headers"], pause=0.1), reply(200, b"quick")) as server:
        late, quick = asyncio.run(talk(server.url, server.policy))
    assert isinstance(late, httpx.ReadTimeout)
    assert quick == b"quick"
