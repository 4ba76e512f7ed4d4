"""HTTP clients for provider calls, and the flows of the adapters that run on them.

A client reaches only what the address policy allows. A flow is a generator: it yields an
``httpx.Request`` and receives the ``httpx.Response`` with its body read, or the ``httpx``
exception is raised in it; in the end it returns a value. Nothing here sends a request twice.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Generator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from operator import attrgetter

import httpx

from .encodings import InflatedTooLarge, unpack
from .sockets import (
    AddressPolicy,
    AsyncRestrictedBackend,
    Resolver,
    RestrictedBackend,
    enforce_deadline,
    resolve_host,
    trusted_authorities,
)

type Flow[T] = Generator[httpx.Request, httpx.Response, T]

POOLS = 32
CONNECTIONS_PER_POOL = 8
# Of single steps. Many short steps may take longer in all: DEADLINE ends the exchange.
TIMEOUT = httpx.Timeout(connect=5, read=20, write=20, pool=5)
DEADLINE = 30.0
LIMITS = httpx.Limits(
    max_connections=CONNECTIONS_PER_POOL,
    max_keepalive_connections=CONNECTIONS_PER_POOL,
    keepalive_expiry=5,
)
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Rushes"}
# A provider may repeat an order whole, with its pictures (docs/wire.md, 2.4).
MAX_BODY_BYTES = 32 * 1024 * 1024
# Headers that are no longer true of a body that was read whole and unpacked. With the encoding
# among them httpx would unpack it again.
ABOUT_THE_BODY = {b"content-encoding", b"content-length", b"transfer-encoding"}
# httpx.InvalidURL and httpx.CookieConflict are no subclasses of HTTPError.
FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)


def client(
    policy: AddressPolicy, *, resolver: Resolver = resolve_host, tls: ssl.SSLContext | None = None
) -> httpx.Client:
    """A client that reaches only what ``policy`` allows and follows no redirect."""
    # With trust_env, a proxy that the environment names would connect in our place, unchecked.
    transport = httpx.HTTPTransport(
        verify=tls or trusted_authorities(), trust_env=False, limits=LIMITS
    )
    # httpx has no public way to pass httpcore a network backend; a test guards this line.
    transport._pool._network_backend = RestrictedBackend(policy, resolver)
    return httpx.Client(
        transport=transport,
        headers=HEADERS,
        cookies=_no_cookies(),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


def async_client(
    policy: AddressPolicy, *, resolver: Resolver = resolve_host, tls: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """The same for asyncio, for up to 256 exchanges at once."""
    backend = AsyncRestrictedBackend(policy, resolver)

    def new_transport() -> httpx.AsyncHTTPTransport:
        transport = httpx.AsyncHTTPTransport(
            verify=tls or trusted_authorities(), trust_env=False, limits=LIMITS
        )
        transport._pool._network_backend = backend
        return transport

    return httpx.AsyncClient(
        transport=MultiPoolTransport(new_transport),
        headers=HEADERS,
        cookies=_no_cookies(),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


def run_flow[T](flow: Flow[T], http: httpx.Client, *, deadline: float = DEADLINE) -> T:
    """Run a flow and return its value; each exchange may take ``deadline`` seconds.

    A body that is packed comes to the flow unpacked, whatever its headers claim; one over 32 MiB as
    httpx.DecodingError.
    """
    try:
        request = next(flow)
        while True:
            try:
                response = _exchange(http, request, deadline)
            except FAILURES as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


async def run_flow_async[T](
    flow: Flow[T], http: httpx.AsyncClient, *, deadline: float = DEADLINE
) -> T:
    """The same on an async client."""
    try:
        request = next(flow)
        while True:
            try:
                response = await _exchange_async(http, request, deadline)
            except FAILURES as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


# ---- Exchanges ------------------------------------------------------------------------------


def _exchange(http: httpx.Client, request: httpx.Request, deadline: float) -> httpx.Response:
    _add_headers(request, http.headers)
    body = bytearray()
    with enforce_deadline(deadline):
        response = http.send(request, stream=True)
        try:
            for chunk in response.iter_raw():
                _append(body, chunk, request)
        except httpx.TransportError:
            if not _is_evidence(body, request):
                raise
        finally:
            response.close()
    return _with_body(response, body)


async def _exchange_async(
    http: httpx.AsyncClient, request: httpx.Request, deadline: float
) -> httpx.Response:
    _add_headers(request, http.headers)
    body = bytearray()
    response: httpx.Response | None = None
    try:
        async with asyncio.timeout(deadline):
            response = await http.send(request, stream=True)
            try:
                async for chunk in response.aiter_raw():
                    _append(body, chunk, request)
            except httpx.TransportError:
                if not _is_evidence(body, request):
                    raise
            finally:
                await response.aclose()
    except TimeoutError as error:
        if response is None or not _is_evidence(body, request):
            late = "The exchange took longer than its deadline."
            raise httpx.ReadTimeout(late, request=request) from error
    return _with_body(response, body)


def _add_headers(request: httpx.Request, headers: httpx.Headers) -> None:
    """Add the client's headers: httpx does so only for requests that the client itself builds."""
    for name, value in headers.items():
        request.headers.setdefault(name, value)


def _append(body: bytearray, chunk: bytes, request: httpx.Request) -> None:
    body += chunk
    if len(body) > MAX_BODY_BYTES:
        raise httpx.DecodingError("The body is larger than 32 MiB.", request=request)


def _is_evidence(body: bytearray, request: httpx.Request) -> bool:
    """Whether what came of a body that was cut is handed on.

    The answer to a POST is given once only, and its part may hold the id of an order; a question
    may be asked again. A JSON text may also be whole: a gateway that rewrites or packs a reply and
    leaves its length promises bytes that never come.
    """
    if request.method == "POST" and body:
        return True
    try:
        content = unpack(bytes(body), "", MAX_BODY_BYTES)
        return isinstance(json.loads(content), dict | list)
    except (ValueError, RecursionError, InflatedTooLarge):
        return False


def _with_body(response: httpx.Response, body: bytearray) -> httpx.Response:
    # A response that was streamed does not keep its body, and adapters read ``content``.
    claimed = response.headers.get("content-encoding", "")
    try:
        content = unpack(bytes(body), claimed, MAX_BODY_BYTES)
    except InflatedTooLarge as error:
        raise httpx.DecodingError(str(error), request=response.request) from error
    # As bytes, because some gateways write other letters than those of ASCII into theirs.
    headers = [pair for pair in response.headers.raw if pair[0].lower() not in ABOUT_THE_BODY]
    return httpx.Response(
        response.status_code,
        headers=headers,
        content=content,
        request=response.request,
        extensions=response.extensions,
    )


# ---- Transports and cookies -----------------------------------------------------------------


def _no_cookies() -> CookieJar:
    """A jar that accepts none, so that a session of one credential never serves another."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


class Pool:
    """A small connection pool, and how many exchanges use it now."""

    def __init__(self, transport: httpx.AsyncHTTPTransport) -> None:
        self.transport = transport
        self.busy = 0


class PoolStream(httpx.AsyncByteStream):
    """A reply's body; closing it ends the exchange."""

    def __init__(self, stream: httpx.AsyncByteStream, pool: Pool) -> None:
        self._stream = stream
        self._pool = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._pool.busy -= 1


class MultiPoolTransport(httpx.AsyncBaseTransport):
    """Sends each request by the least busy of many small pools; if all are idle, by the first.

    httpcore walks over every connection of a pool at the start and the end of every request: one
    pool with 200 requests at once took 17 ms of CPU for each poll, 32 small ones take 2 ms.
    """

    def __init__(self, new_transport: Callable[[], httpx.AsyncHTTPTransport]) -> None:
        self.pools = [Pool(new_transport()) for _ in range(POOLS)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pool = min(self.pools, key=attrgetter("busy"))
        pool.busy += 1
        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException:  # a deadline cancels, and CancelledError is no Exception
            pool.busy -= 1
            raise
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("An async transport answered with a sync body.")
        # The pool stays busy until the body was read: only then is its connection free.
        response.stream = PoolStream(response.stream, pool)
        return response

    async def aclose(self) -> None:
        for pool in self.pools:
            await pool.transport.aclose()
