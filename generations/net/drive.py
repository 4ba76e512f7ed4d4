"""Run a provider's flow on a client.

A flow is a generator that yields ``httpx.Request``, is sent the ``httpx.Response`` with its body
read, or is thrown the ``httpx`` exception, and returns a value. Nothing is ever sent twice here.
"""

import asyncio
from collections.abc import Generator

import httpx

from generations.net.deadline import within

type Flow[T] = Generator[httpx.Request, httpx.Response, T]

LIMIT_BYTES = 4 * 1024 * 1024
DEADLINE = 30.0
# httpx.InvalidURL and httpx.CookieConflict stand outside its tree of HTTPError.
FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)


def drive[T](flow: Flow[T], client: httpx.Client, *, deadline: float = DEADLINE) -> T:
    """The value of a flow, each exchange within ``deadline`` seconds.

    A body over 4 MiB or in a content encoding reaches the flow as httpx.DecodingError.
    """
    try:
        request = next(flow)
        while True:
            try:
                response = _exchange(client, request, deadline)
            except FAILURES as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


async def adrive[T](flow: Flow[T], client: httpx.AsyncClient, *, deadline: float = DEADLINE) -> T:
    """The same on an async client."""
    try:
        request = next(flow)
        while True:
            try:
                response = await _async_exchange(client, request, deadline)
            except FAILURES as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


def _exchange(client: httpx.Client, request: httpx.Request, deadline: float) -> httpx.Response:
    _dress(request, client.headers)
    body = bytearray()
    with within(deadline):
        response = client.send(request, stream=True)
        try:
            _check_encoding(response)
            for chunk in response.iter_raw():
                _take(body, chunk, request)
        finally:
            response.close()
    return _whole(response, body)


async def _async_exchange(
    client: httpx.AsyncClient, request: httpx.Request, deadline: float
) -> httpx.Response:
    _dress(request, client.headers)
    body = bytearray()
    try:
        async with asyncio.timeout(deadline):
            response = await client.send(request, stream=True)
            try:
                _check_encoding(response)
                async for chunk in response.aiter_raw():
                    _take(body, chunk, request)
            finally:
                await response.aclose()
    except TimeoutError as error:
        late = "The exchange took longer than its deadline."
        raise httpx.ReadTimeout(late, request=request) from error
    return _whole(response, body)


def _dress(request: httpx.Request, headers: httpx.Headers) -> None:
    """Add the client's headers, which a request built by an adapter has not got."""
    for name, value in headers.items():
        request.headers.setdefault(name, value)


def _check_encoding(response: httpx.Response) -> None:
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() not in {"", "identity"}:
        raise httpx.DecodingError(f"The body is encoded: {encoding}.", request=response.request)


def _take(body: bytearray, chunk: bytes, request: httpx.Request) -> None:
    body += chunk
    if len(body) > LIMIT_BYTES:
        raise httpx.DecodingError("The body is larger than 4 MiB.", request=request)


def _whole(response: httpx.Response, body: bytearray) -> httpx.Response:
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        content=bytes(body),
        request=response.request,
        extensions=response.extensions,
    )
