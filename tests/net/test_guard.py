import ipaddress
import socket
from collections.abc import Callable, Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.net.guard import Forbidden, Policy, connect, judge
from tests.net.origin import origin, reply

PUBLIC = Policy()
LAB = Policy(allow_private=True)


def known(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda host, port: addresses


def refused(address: str, policy: Policy = PUBLIC) -> bool:
    try:
        judge("name.test", 443, policy, known(address))
    except Forbidden:
        return True
    return False


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"],
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert judge("name.test", 443, PUBLIC, known(address)) == [address]


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


@pytest.mark.parametrize("address", NEVER + IN_A_LAB)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert refused(address)


@pytest.mark.parametrize("address", IN_A_LAB)
def test_a_lab_may_allow_its_own_addresses(address: str) -> None:
    assert not refused(address, LAB)


@pytest.mark.parametrize("address", NEVER)
def test_no_switch_allows_metadata_tunnels_and_what_is_no_host(address: str) -> None:
    assert refused(address, LAB)


@pytest.mark.parametrize(
    "host", ["0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "0", "0xa9fea9fe"]
)
def test_an_odd_spelling_is_judged_by_where_it_leads(host: str) -> None:
    def as_the_system_does(host: str, port: int) -> Sequence[str]:
        return [socket.inet_ntoa(socket.inet_aton(host))]

    with pytest.raises(Forbidden):
        judge(host, 80, PUBLIC, as_the_system_does)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_the_system_resolver_leads_home_and_is_refused(host: str) -> None:
    with pytest.raises(Forbidden):
        judge(host, 80, PUBLIC)


def test_one_bad_address_among_good_ones_refuses_the_name() -> None:
    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        judge("name.test", 443, PUBLIC, known("93.184.216.34", "10.0.0.1"))


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), UnicodeError("too long")])
def test_a_name_that_cannot_be_resolved_is_a_connect_error(failure: Exception) -> None:
    def broken(host: str, port: int) -> Sequence[str]:
        raise failure

    with pytest.raises(httpx.ConnectError) as caught:
        judge("name.test", 443, PUBLIC, broken)
    assert caught.value.__cause__ is failure
    assert not isinstance(caught.value, Forbidden)


def test_a_name_without_an_address_is_a_connect_error() -> None:
    with pytest.raises(httpx.ConnectError):
        judge("name.test", 443, PUBLIC, known())


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(Forbidden):
        judge("name.test", port, PUBLIC, known("93.184.216.34"))


@pytest.mark.parametrize("host", ["sandbox", "SANDBOX", "sandbox."])
def test_an_exception_opens_its_host_and_port(host: str) -> None:
    policy = Policy(exceptions=frozenset({("sandbox", 8001)}))
    assert judge(host, 8001, policy, known("172.18.0.2")) == ["172.18.0.2"]


@pytest.mark.parametrize(("host", "port"), [("sandbox", 8002), ("sandbox.evil.test", 8001)])
def test_an_exception_opens_nothing_else(host: str, port: int) -> None:
    policy = Policy(exceptions=frozenset({("sandbox", 8001)}))
    with pytest.raises(Forbidden):
        judge(host, port, policy, known("172.18.0.2"))


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


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    with origin(reply()) as server:
        policy = Policy(exceptions=frozenset({("name.test", server.port)}))
        with connect("name.test", server.port, policy, 5, lambda *_: answers.pop(0)) as sock:
            assert sock.getpeername() == ("127.0.0.1", server.port)
    assert answers == [["169.254.169.254"]]


def test_a_dead_address_gives_way_to_the_next() -> None:
    with (
        origin(reply()) as server,
        connect("name.test", server.port, LAB, 5, known("::1", "127.0.0.1")) as sock,
    ):
        assert sock.getpeername()[0] == "127.0.0.1"
