"""Run a provider's flow on an HTTP client.

A flow is a generator. It yields an ``httpx.Request`` and receives the ``httpx.Response`` with its
body read, or the ``httpx`` exception is raised in it; in the end it returns a value. This module
never sends a request twice.
"""

import asyncio
from collections.abc import Generator

import httpx

from .backends import enforce_deadline

type Flow[T] = Generator[httpx.Request, httpx.Response, T]

MAX_BODY_BYTES = 4 * 1024 * 1024
DEADLINE = 30.0
# httpx.InvalidURL and httpx.CookieConflict are no subclasses of HTTPError.
FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)


def run_flow[T](flow: Flow[T], client: httpx.Client, *, deadline: float = DEADLINE) -> T:
    """Run a flow and return its value; each exchange may take ``deadline`` seconds.

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


async def run_flow_async[T](
    flow: Flow[T], client: httpx.AsyncClient, *, deadline: float = DEADLINE
) -> T:
    """The same on an async client."""
    try:
        request = next(flow)
        while True:
            try:
                response = await _exchange_async(client, request, deadline)
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
    _add_headers(request, client.headers)
    body = bytearray()
    with enforce_deadline(deadline):
        response = client.send(request, stream=True)
        try:
            _check_encoding(response)
            for chunk in response.iter_raw():
                _append(body, chunk, request)
        finally:
            response.close()
    return _with_body(response, body)


async def _exchange_async(
    client: httpx.AsyncClient, request: httpx.Request, deadline: float
) -> httpx.Response:
    _add_headers(request, client.headers)
    body = bytearray()
    try:
        async with asyncio.timeout(deadline):
            response = await client.send(request, stream=True)
            try:
                _check_encoding(response)
                async for chunk in response.aiter_raw():
                    _append(body, chunk, request)
            finally:
                await response.aclose()
    except TimeoutError as error:
        late = "The exchange took longer than its deadline."
        raise httpx.ReadTimeout(late, request=request) from error
    return _with_body(response, body)


def _add_headers(request: httpx.Request, headers: httpx.Headers) -> None:
    """Add the client's headers: httpx does so only for requests that the client itself builds."""
    for name, value in headers.items():
        request.headers.setdefault(name, value)


def _check_encoding(response: httpx.Response) -> None:
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() not in {"", "identity"}:
        raise httpx.DecodingError(f"The body is encoded: {encoding}.", request=response.request)


def _append(body: bytearray, chunk: bytes, request: httpx.Request) -> None:
    body += chunk
    if len(body) > MAX_BODY_BYTES:
        raise httpx.DecodingError("The body is larger than 4 MiB.", request=request)


def _with_body(response: httpx.Response, body: bytearray) -> httpx.Response:
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        content=bytes(body),
        request=response.request,
        extensions=response.extensions,
    )
