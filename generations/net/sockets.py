"""The sockets of every client: they connect only to allowed addresses, and keep a deadline.

They protect against server-side request forgery. A name is resolved once, every address it has is
checked, and the connection goes to a checked address. So a name whose DNS answer changes between
the check and the connect gains nothing. TLS is still verified against the name.
"""

import contextlib
import contextvars
import functools
import ipaddress
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
import httpcore
import httpx

from .heads import ResponseHeads

type Resolver = Callable[[str, int], Sequence[str]]
type IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
type SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
type SocketOptions = Iterable[SocketOption]

# Private networks and this machine, which AddressPolicy may allow. Link-local stays out on
# purpose: 169.254.169.254 hands out a cloud machine's credentials.
PRIVATE = [
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
]
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# 6to4 and Teredo carry an IPv4 address of anyone's choice and are long out of use; the last is for
# documentation (RFC 9637), which the ipaddress of some Python versions does not know.
NEVER = [
    ipaddress.ip_network(text) for text in ("192.88.99.0/24", "2001::/32", "2002::/16", "3fff::/20")
]
# IPv4-mapped, and NAT64's well-known prefix, through which IPv6-only hosts reach the public net.
IPV4_INSIDE = [ipaddress.IPv6Network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96")]


# ---- Which addresses are allowed ------------------------------------------------------------


class ForbiddenAddress(httpx.ConnectError):
    """The policy does not allow the address; nothing was sent."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What is allowed beyond the public net; ``exceptions`` are exact (host, port) pairs."""

    allow_private: bool = False
    exceptions: frozenset[tuple[str, int]] = frozenset()

    def allows_private(self, host: str, port: int) -> bool:
        """Whether this host and port may lead to a private address."""
        return self.allow_private or (host.lower().rstrip("."), port) in self.exceptions


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Every address the system knows for a name, best first; OSError if it knows none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def allowed_addresses(
    host: str, port: int, policy: AddressPolicy, resolver: Resolver = resolve_host
) -> list[str]:
    """The addresses of ``host``, all of them allowed.

    Raises ForbiddenAddress if one of them is not, or httpx.ConnectError if the name has none.
    """
    # The system would take 65616 for port 80.
    if not 0 < port < 65536:
        raise ForbiddenAddress(f"Port {port} does not exist.")
    try:
        addresses = list(resolver(host, port))
    except (OSError, ValueError) as error:  # ValueError: no DNS name, e.g. a label too long
        raise httpx.ConnectError(f"The name {host} could not be resolved: {error}.") from error
    if not addresses:
        raise httpx.ConnectError(f"The name {host} has no address.")
    private = policy.allows_private(host, port)
    for address in addresses:
        if not _is_allowed(address, private=private):
            raise ForbiddenAddress(f"{host} leads to {address}, which is not a public address.")
    return addresses


def _is_allowed(text: str, *, private: bool) -> bool:
    address: IPAddress = ipaddress.ip_address(text)
    # First of all: the packets go to the address inside, so that one is judged.
    if any(address in network for network in IPV4_INSIDE):
        address = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in network for network in PRIVATE):
        return private
    if any(address in network for network in NEVER):
        return False
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    # is_global alone is true of multicast addresses.
    return address.is_global and not address.is_multicast and not address.is_reserved


# ---- Connections ----------------------------------------------------------------------------


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
        # Before _limit: a blocking resolver cannot be cut short, but its time counts.
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

    It needs no DeadlineStream: ``asyncio.timeout`` ends a whole exchange (see client.py).
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
                return MendedStream(
                    await super().connect_tcp(address, port, share, local_address, socket_options)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        check = functools.partial(allowed_addresses, host, port, self._policy, self._resolver)
        try:
            with anyio.fail_after(timeout):
                # A thread that waits for DNS cannot be stopped: after the timeout it is left
                # behind, and its answer is not used.
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


# Reading the authorities takes tens of milliseconds, and each paid call makes a client of its own.
@functools.cache
def trusted_authorities() -> ssl.SSLContext:
    """TLS with the certificate authorities that we trust; the environment changes nothing."""
    return httpx.create_ssl_context(trust_env=False)


# ---- The deadline of blocking streams -------------------------------------------------------


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


class DeadlineStream(httpcore.NetworkStream):
    """A stream whose every step ends within the current deadline, with heads that are mended."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._heads = ResponseHeads()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            data = self._stream.read(max_bytes, _limit(timeout, httpcore.ReadTimeout))
            if deadline := _current.get():
                deadline.count(len(data))
            # Nothing means the end of the connection, so that a head is waited for.
            if (given := self._heads.feed(data)) or not data:
                return given

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._heads.expect()
        # One write of a long body is many sends, each with this limit: the deadline is not exact.
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


class MendedStream(httpcore.AsyncNetworkStream):
    """The same for asyncio, without a deadline."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._heads = ResponseHeads()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            data = await self._stream.read(max_bytes, timeout)
            if (given := self._heads.feed(data)) or not data:
                return given

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._heads.expect()
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return MendedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _limit(timeout: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    deadline = _current.get()
    return deadline.limit(timeout, error) if deadline else timeout
