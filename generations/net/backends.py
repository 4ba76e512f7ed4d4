"""Sockets for httpcore: they connect only to allowed addresses and keep a deadline."""

import contextlib
import contextvars
import functools
import math
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import anyio
import anyio.to_thread
import httpcore
import httpx

from .address_policy import (
    AddressPolicy,
    ForbiddenAddress,
    Resolver,
    allowed_addresses,
    resolve_host,
)

type SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
type SocketOptions = Iterable[SocketOption]


class Deadline:
    """When an exchange must end, and the lowest rate at which its reply may come.

    A timeout for each read alone is not enough: a server that sends one byte of a header every
    few seconds would hold a worker for ever.
    """

    def __init__(self, seconds: float, lowest_rate: int, window: float) -> None:
        self._end = time.monotonic() + seconds
        self._lowest_rate = lowest_rate
        self._window = window
        self._window_start = time.monotonic()
        self._window_bytes = 0

    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def limit(self, timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
        """Seconds that the next step may take, at most ``timeout``; raises ``error`` if none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise error("The exchange took longer than its deadline.")
        return left if timeout is None else min(timeout, left)

    def count(self, size: int) -> None:
        """Add ``size`` bytes; raise httpcore.ReadTimeout if a whole window was too slow."""
        self._window_bytes += size
        seconds = time.monotonic() - self._window_start
        if seconds < self._window:
            return
        if self._window_bytes < self._lowest_rate * seconds:
            raise httpcore.ReadTimeout(f"Slower than {self._lowest_rate} bytes per second.")
        self._window_start += seconds
        self._window_bytes = 0


# httpcore passes no deadline of a whole exchange to its streams, so it comes by this variable.
_current: contextvars.ContextVar[Deadline | None] = contextvars.ContextVar("deadline", default=None)


@contextlib.contextmanager
def enforce_deadline(
    seconds: float, *, lowest_rate: int = 0, window: float = math.inf
) -> Iterator[Deadline]:
    """Make blocking streams used inside raise a timeout once ``seconds`` have passed.

    They also do so where fewer than ``lowest_rate`` bytes per second came during ``window``
    seconds.
    """
    deadline = Deadline(seconds, lowest_rate, window)
    token = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(token)


def _limit(timeout: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    deadline = _current.get()
    return deadline.limit(timeout, error) if deadline else timeout


class DeadlineStream(httpcore.NetworkStream):
    """A stream whose every step ends within the current deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, _limit(timeout, httpcore.ReadTimeout))
        if deadline := _current.get():
            deadline.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _limit(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _limit(timeout, httpcore.ConnectTimeout)
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _timeouts(
    addresses: Sequence[str], timeout: float | None
) -> Iterator[tuple[str, float | None]]:
    """Each address with its share of the time, so that one dead address does not use it all."""
    end = None if timeout is None else time.monotonic() + timeout
    for index, address in enumerate(addresses):
        if end is None:
            yield address, None
        else:
            yield address, max(0.05, (end - time.monotonic()) / (len(addresses) - index))


class RestrictedBackend(httpcore.SyncBackend):
    """Blocking sockets that the policy allows."""

    def __init__(self, policy: AddressPolicy, resolver: Resolver = resolve_host) -> None:
        self._policy = policy
        self._resolver = resolver

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        addresses = allowed_addresses(host, port, self._policy, self._resolver)
        for address, share in _timeouts(addresses, _limit(timeout, httpcore.ConnectTimeout)):
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
                return DeadlineStream(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        raise ForbiddenAddress("Unix sockets are not allowed.")


class AsyncRestrictedBackend(httpcore.AnyIOBackend):
    """The same for asyncio; names are resolved in a thread.

    It needs no DeadlineStream: ``asyncio.timeout`` ends a whole exchange (see flows.py).
    """

    def __init__(self, policy: AddressPolicy, resolver: Resolver = resolve_host) -> None:
        self._policy = policy
        self._resolver = resolver

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address, share in _timeouts(await self._addresses(host, port, timeout), timeout):
            try:
                return await super().connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        check = functools.partial(allowed_addresses, host, port, self._policy, self._resolver)
        try:
            with anyio.fail_after(timeout):
                return await anyio.to_thread.run_sync(check, abandon_on_cancel=True)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"The name {host} took too long.") from error

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise ForbiddenAddress("Unix sockets are not allowed.")


@functools.cache
def trusted_authorities() -> ssl.SSLContext:
    """TLS with the certificate authorities that we trust; the environment changes nothing."""
    return httpx.create_ssl_context(trust_env=False)
