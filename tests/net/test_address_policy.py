import contextlib
import ipaddress
import socket
from collections.abc import Callable, Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.net.sockets import (
    AddressPolicy,
    ForbiddenAddress,
    Resolver,
    RestrictedBackend,
    allowed_addresses,
)
from tests.net.origin import origin, reply

PUBLIC = AddressPolicy()
LAB = AddressPolicy(allow_private=True)


def known(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda host, port: addresses


def refused(address: str, policy: AddressPolicy = PUBLIC) -> bool:
    try:
        allowed_addresses("name.test", 443, policy, known(address))
    except ForbiddenAddress:
        return True
    return False


def test_a_public_address_is_allowed() -> None:
    public = ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
    for address in public:
        assert allowed_addresses("name.test", 443, PUBLIC, known(address)) == [address]


NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1.1.1.1",
    "::ffff:0:1.1.1.1",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "100::1",
    "2001:0:4136:e378::1",
    "2001:db8::1",
    "2002:0101:0101::1",
    "2002:7f00:1::",
    "3fff::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
IN_A_LAB = [
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
]


def test_an_address_that_is_not_public_is_refused() -> None:
    assert [address for address in NEVER + IN_A_LAB if not refused(address)] == []


def test_a_lab_may_allow_its_own_addresses() -> None:
    assert [address for address in IN_A_LAB if refused(address, LAB)] == []


def test_no_switch_allows_metadata_tunnels_and_what_is_no_host() -> None:
    assert [address for address in NEVER if not refused(address, LAB)] == []


def test_an_odd_spelling_is_judged_by_where_it_leads() -> None:
    def as_the_system_does(host: str, port: int) -> Sequence[str]:
        return [socket.inet_ntoa(socket.inet_aton(host))]

    spellings = ["0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "0", "0xa9fea9fe"]
    for host in spellings:
        with pytest.raises(ForbiddenAddress):
            allowed_addresses(host, 80, PUBLIC, as_the_system_does)


def test_the_system_resolver_leads_home_and_is_refused() -> None:
    for host in ("localhost", "127.0.0.1", "::1"):
        with pytest.raises(ForbiddenAddress):
            allowed_addresses(host, 80, PUBLIC)


def test_one_bad_address_among_good_ones_refuses_the_name() -> None:
    with pytest.raises(ForbiddenAddress, match=r"10\.0\.0\.1"):
        allowed_addresses("name.test", 443, PUBLIC, known("93.184.216.34", "10.0.0.1"))


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), UnicodeError("too long")])
def test_a_name_that_cannot_be_resolved_is_a_connect_error(failure: Exception) -> None:
    def broken(host: str, port: int) -> Sequence[str]:
        raise failure

    with pytest.raises(httpx.ConnectError) as caught:
        allowed_addresses("name.test", 443, PUBLIC, broken)
    assert caught.value.__cause__ is failure
    assert not isinstance(caught.value, ForbiddenAddress)


def test_a_name_without_an_address_is_a_connect_error() -> None:
    with pytest.raises(httpx.ConnectError):
        allowed_addresses("name.test", 443, PUBLIC, known())


def test_a_port_that_does_not_exist_is_refused() -> None:
    for port in (0, -1, 65536):
        with pytest.raises(ForbiddenAddress):
            allowed_addresses("name.test", port, PUBLIC, known("93.184.216.34"))


def test_an_exception_opens_its_host_and_port() -> None:
    policy = AddressPolicy(exceptions=frozenset({("sandbox", 8001)}))
    for host in ("sandbox", "SANDBOX", "sandbox."):
        assert allowed_addresses(host, 8001, policy, known("172.18.0.2")) == ["172.18.0.2"]


def test_an_exception_opens_nothing_else() -> None:
    policy = AddressPolicy(exceptions=frozenset({("sandbox", 8001)}))
    for host, port in [("sandbox", 8002), ("sandbox.evil.test", 8001)]:
        with pytest.raises(ForbiddenAddress):
            allowed_addresses(host, port, policy, known("172.18.0.2"))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_wrapping(plain: ipaddress.IPv4Address) -> None:
    verdicts = {refused(str(plain)), refused(f"::ffff:{plain}"), refused(f"64:ff9b::{plain}")}
    assert len(verdicts) == 1


@given(st.ip_addresses(network="2002::/16") | st.ip_addresses(network="2001::/32"))
def test_tunnels_are_always_refused(address: ipaddress.IPv6Address) -> None:
    assert refused(str(address))
    assert refused(str(address), LAB)


@given(st.ip_addresses(v=6))
def test_ipv6_outside_global_unicast_is_refused(address: ipaddress.IPv6Address) -> None:
    wrapped = address.ipv4_mapped or address in ipaddress.IPv6Network("64:ff9b::/96")
    if address not in ipaddress.IPv6Network("2000::/3") and not wrapped:
        assert refused(str(address))


def reached(host: str, port: int, policy: AddressPolicy, resolver: Resolver) -> tuple[str, int]:
    """The address at the other end of a connection."""
    stream = RestrictedBackend(policy, resolver).connect_tcp(host, port, timeout=5)
    with contextlib.closing(stream):
        server: tuple[str, int] = stream.get_extra_info("server_addr")[:2]
    return server


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    with origin(reply()) as server:
        policy = AddressPolicy(exceptions=frozenset({("name.test", server.port)}))
        address = reached("name.test", server.port, policy, lambda *_: answers.pop(0))
    assert address == ("127.0.0.1", server.port)
    assert answers == [["169.254.169.254"]]


def test_a_dead_address_gives_way_to_the_next() -> None:
    with origin(reply()) as server:
        address = reached("name.test", server.port, LAB, known("::1", "127.0.0.1"))
    assert address == ("127.0.0.1", server.port)
