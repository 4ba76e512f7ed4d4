"""Which addresses we may talk to, and connections that go only there.

A name is resolved once, every address it has is judged, and the connection goes to a judged
address: a name that changes its answer between the check and the connect gains nothing. TLS is
still verified against the name.
"""

import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread
import httpcore
import httpx

from generations.net.deadline import DeadlineStream

type Resolve = Callable[[str, int], Sequence[str]]
type SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
type SocketOptions = Iterable[SocketOption]
type IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses of a lab or of this machine, which Policy may allow. Link-local stays out on purpose:
# 169.254.169.254 hands out a cloud machine's credentials.
LAB = [
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


class Forbidden(httpx.ConnectError):
    """The guard refused the address; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed beyond the public net; ``exceptions`` are exact (host, port) pairs."""

    allow_private: bool = False
    exceptions: frozenset[tuple[str, int]] = frozenset()

    def allows_lab(self, host: str, port: int) -> bool:
        """Whether a lab's address is fine for this host and port."""
        return self.allow_private or (host.lower().rstrip("."), port) in self.exceptions


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address the system knows for a name, best first; OSError where it knows none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def judge(host: str, port: int, policy: Policy, resolve: Resolve = resolve) -> list[str]:
    """The addresses of ``host``, all of them allowed.

    Raises Forbidden where one is not, or httpx.ConnectError where the name has none.
    """
    if not 0 < port < 65536:
        raise Forbidden(f"Port {port} does not exist.")
    try:
        addresses = list(resolve(host, port))
    except (OSError, ValueError) as error:
        raise httpx.ConnectError(f"The name {host} could not be resolved: {error}.") from error
    if not addresses:
        raise httpx.ConnectError(f"The name {host} has no address.")
    lab = policy.allows_lab(host, port)
    for address in addresses:
        if not _allowed(address, lab=lab):
            raise Forbidden(f"{host} leads to {address}, which is not a public address.")
    return addresses


def _allowed(text: str, *, lab: bool) -> bool:
    address = _unwrapped(ipaddress.ip_address(text))
    if any(address in network for network in LAB):
        return lab
    return _public(address)


def _unwrapped(address: IPAddress) -> IPAddress:
    if any(address in network for network in IPV4_INSIDE):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _public(address: IPAddress) -> bool:
    if any(address in network for network in NEVER):
        return False
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _turns(addresses: Sequence[str], timeout: float | None) -> Iterator[tuple[str, float | None]]:
    """Each address with its share of the time, so that one dead address does not eat it all."""
    ends = None if timeout is None else time.monotonic() + timeout
    for index, address in enumerate(addresses):
        if ends is None:
            yield address, None
        else:
            yield address, max(0.05, (ends - time.monotonic()) / (len(addresses) - index))


def connect(
    host: str, port: int, policy: Policy, timeout: float, resolve: Resolve = resolve
) -> socket.socket:
    """A plain socket to a judged address; Forbidden, httpx.ConnectError or OSError."""
    failure: OSError = OSError("no address")
    for address, share in _turns(judge(host, port, policy, resolve), timeout):
        try:
            return socket.create_connection((address, port), share)
        except OSError as error:
            failure = error
    raise failure


class GuardedBackend(httpcore.SyncBackend):
    """httpcore's sockets, opened only to judged addresses."""

    def __init__(self, policy: Policy, resolve: Resolve = resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address, share in _turns(judge(host, port, self._policy, self._resolve), timeout):
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
        raise Forbidden("Unix sockets are not a way out.")


class AsyncGuardedBackend(httpcore.AnyIOBackend):
    """The same for asyncio; names are resolved in a thread."""

    def __init__(self, policy: Policy, resolve: Resolve = resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address, share in _turns(await self._judged(host, port, timeout), timeout):
            try:
                return await super().connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _judged(self, host: str, port: int, timeout: float | None) -> list[str]:
        judged = functools.partial(judge, host, port, self._policy, self._resolve)
        try:
            with anyio.fail_after(timeout):
                return await anyio.to_thread.run_sync(judged, abandon_on_cancel=True)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"The name {host} took too long.") from error

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Forbidden("Unix sockets are not a way out.")


@functools.cache
def trusted() -> ssl.SSLContext:
    """The certificate authorities that we trust; the environment has no say."""
    return httpx.create_ssl_context(trust_env=False)
