"""Which addresses this site may connect to (protection against server-side request forgery).

A name is resolved once, every address it has is checked, and the connection goes to a checked
address. So a name whose DNS answer changes between the check and the connect gains nothing.
TLS is still verified against the name.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

type Resolver = Callable[[str, int], Sequence[str]]
type IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

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
    if not 0 < port < 65536:
        raise ForbiddenAddress(f"Port {port} does not exist.")
    try:
        addresses = list(resolver(host, port))
    except (OSError, ValueError) as error:
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
    if any(address in network for network in IPV4_INSIDE):
        address = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in network for network in PRIVATE):
        return private
    if any(address in network for network in NEVER):
        return False
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
