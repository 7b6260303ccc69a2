"""Attacks through the relay: it gives no access to internal networks, least of all ours (RFC 8656, 21.3.2 and 21.4)."""

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.turn import HERE, INSIDE, OUTSIDE, PEER, PEER_6, Client, World

from eyeline.turn.allocation import CHANNEL_S
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Bind, Free, Permit, Unbind
from eyeline.turn.peer_policy import Policy
from eyeline.turn.relay_attributes import IPV6, RequestedAddressFamily

CLOSED = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.8.8.8"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.0.0.8", "198.18.0.1", "168.63.129.16"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
)
CLOSED_6 = (
    *("::", "::1", "fc00::1", "fd00::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "64:ff9b:1::1"),
    *("2001:2::1", "5f00::1"),
)
OPEN = (
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "223.255.255.1",
)
OPEN_6 = ("2606:4700::1111", "2a00::1")


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def disguises(ip: bytes) -> list[bytes]:
    """Every IPv6 form that can embed an IPv4 address."""
    flipped = bytes(byte ^ 0xFF for byte in ip)
    return [
        bytes(12) + ip,  # compatible
        bytes(10) + b"\xff\xff" + ip,  # mapped
        bytes(8) + b"\xff\xff\0\0" + ip,  # translated
        packed("64:ff9b::")[:12] + ip,  # NAT64
        packed("64:ff9b:1::")[:12] + ip,  # NAT64 with a local prefix
        b"\x20\x02" + ip + bytes(10),  # 6to4
        packed("2001::")[:4] + packed("1.1.1.1") + bytes(4) + flipped,  # Teredo, client
        packed("2001::")[:4] + ip + bytes(4) + packed("254.254.254.254"),  # Teredo, server
        packed("2a00::")[:8] + bytes.fromhex("00005efe") + ip,  # ISATAP
        packed("2a00::")[:8] + bytes.fromhex("02005efe") + ip,
    ]


def allocated(world: World | None = None, *, ipv6: bool = False) -> Client:
    client = Client(world or World())
    assert client.allocate(*([RequestedAddressFamily(IPV6)] if ipv6 else [])) == 0
    return client


@pytest.mark.parametrize("address", [*CLOSED, *CLOSED_6])
def test_no_address_of_a_blocked_range_may_be_a_peer(address: str) -> None:
    ip = packed(address)
    client = allocated(ipv6=len(ip) == 16)
    assert client.permit(Address(ip, 80)) == 403
    assert client.bind(0x4001, Address(ip, 80)) == 403
    assert not [effect for effect in client.world.effects if isinstance(effect, Permit | Bind)]


@pytest.mark.parametrize("address", CLOSED)
def test_no_ipv6_form_of_a_blocked_address_may_be_a_peer(address: str) -> None:
    client = allocated(ipv6=True)
    for number, ip in enumerate(disguises(packed(address))):
        assert (client.permit(Address(ip, 80)), client.bind(0x4001 + number, Address(ip, 80))) == (403, 403), ip.hex()
    assert not [effect for effect in client.world.effects if isinstance(effect, Permit | Bind)]


@pytest.mark.parametrize("address", [*OPEN, *OPEN_6])
def test_public_addresses_may_be_peers(address: str) -> None:
    assert allocated(ipv6=":" in address).permit(Address(packed(address), 80)) == 0


@given(st.sampled_from(CLOSED), st.data())
def test_ipv6_form_of_a_blocked_address_is_blocked_whatever_its_other_bits(address: str, data: st.DataObject) -> None:
    ip = data.draw(st.sampled_from(disguises(packed(address))))
    assert not Policy().allows(ip)


@given(st.integers(0, 2**32 - 1))
def test_every_address_that_python_calls_private_is_blocked(number: int) -> None:
    """Python's table also has the documentation ranges; nothing else that it calls private or multicast is allowed."""
    ip = struct.pack("!I", number)
    address = ipaddress.IPv4Address(number)
    documentation = [ipaddress.ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    if (address.is_private or address.is_multicast or address.is_reserved) and Policy().allows(ip):
        assert any(address in each for each in documentation)


def test_one_forbidden_peer_makes_the_whole_request_forbidden() -> None:
    client = allocated()
    assert client.permit(PEER, Address(packed("10.0.0.1"), 1)) == 403
    assert not [effect for effect in client.world.effects if isinstance(effect, Permit)]


def test_only_the_ranges_opened_by_the_operator_are_open() -> None:
    client = allocated(World(opened=Policy([ipaddress.ip_network("192.168.7.0/24")])))
    assert client.permit(Address(packed("192.168.7.9"), 80)) == 0
    assert client.permit(Address(packed("192.168.8.9"), 80)) == 403


def test_no_turn_through_turn_even_if_the_operator_opened_our_address() -> None:
    """RFC 8656, 21.1.7: our listening port is never a peer."""
    world = World(opened=Policy([ipaddress.ip_network("10.0.0.0/8")]))
    client = allocated(world)
    assert client.bind(0x4001, HERE) == 403
    assert world.server.allocations.resolve(HERE) is None


@pytest.mark.parametrize("ip", [*INSIDE.values()])
def test_our_own_addresses_may_not_be_peers(ip: bytes) -> None:
    client = allocated(ipv6=len(ip) == 16)
    assert client.permit(Address(ip, 22)) == 403
    assert client.bind(0x4001, Address(ip, 22)) == 403


def test_two_clients_without_udp_connect_from_relay_to_relay() -> None:
    """The one exception: the advertised address of a live allocation, mapped to the address of its socket."""
    world = World()
    alice, bob = allocated(world), Client(world, peer="bob", port=2)
    assert bob.allocate() == 0
    held = world.server.allocations.get(bob.flow)
    assert held is not None
    [theirs] = held.relayed
    assert alice.permit(theirs.advertised) == 0
    assert alice.bind(0x4001, theirs.advertised) == 0
    assert world.effects[-1] == Bind(alice.flow, 0x4001, theirs.advertised, theirs.local)
    assert alice.bind(0x4002, Address(OUTSIDE[4], 22)) == 403, "another port of ours isn't a relayed address"
    assert world.server.allocations.resolve(Address(OUTSIDE[4], 22)) is None


def test_channel_to_a_relayed_address_ends_with_that_address() -> None:
    """Its port may soon belong to another client."""
    world = World()
    alice, bob = allocated(world), Client(world, peer="bob", port=2)
    assert bob.allocate() == 0
    held = world.server.allocations.get(bob.flow)
    assert held is not None
    [theirs] = held.relayed
    assert alice.bind(0x4001, theirs.advertised) == 0
    assert bob.refresh(0) == 0
    assert world.effects[-2:] == [Free(bob.flow), Unbind(alice.flow, 0x4001)]
    assert world.server.allocations.resolve(theirs.advertised) is None
    assert alice.bind(0x4001, theirs.advertised) == 403


def test_no_state_remains_of_a_channel_to_a_relayed_address() -> None:
    """Neither while that address lives, nor where the operator opened an address of ours that isn't relayed."""
    world = World(opened=Policy([ipaddress.ip_network("10.0.0.5")]))
    bob = Client(world, peer="bob", port=2)
    assert bob.allocate() == 0
    held = world.server.allocations.get(bob.flow)
    assert held is not None
    [theirs] = held.relayed
    assert bob.refresh(3600) == 0
    for unbound_before in (0, CHANNEL_S):
        alice = allocated(world)
        assert (alice.bind(0x4001, theirs.advertised), alice.bind(0x4002, Address(INSIDE[4], 9))) == (0, 0)
        assert alice.refresh(3600) == 0
        world.advance(unbound_before)
        alice.challenged()
        assert alice.refresh(0) == 0
    assert world.server.allocations._users == {theirs.advertised: set()}
    bob.challenged()
    assert bob.refresh(0) == 0
    assert world.server.allocations._users == {}


def test_peer_of_the_other_family_is_a_mismatch() -> None:
    """RFC 8656, 10.2 and 12.2: 443."""
    four, six = allocated(), allocated(ipv6=True)
    assert (four.permit(PEER_6), four.bind(0x4001, PEER_6)) == (443, 443)
    assert (six.permit(PEER), six.bind(0x4001, PEER)) == (443, 443)
