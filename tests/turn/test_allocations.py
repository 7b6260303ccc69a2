"""TURN allocations, permissions and channels: quotas, lifetimes and rules (RFC 8656, 7 to 12)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.turn import ASK, OUTSIDE, PEER, Client, World, code

from eyeline.turn.allocation import (
    CHANNEL_S,
    DEFAULT_LIFETIME_S,
    MAX_CHANNELS,
    MAX_LIFETIME_S,
    MAX_PERMISSIONS,
    PERMISSION_S,
)
from eyeline.turn.allocations import EXHAUSTED_S
from eyeline.turn.attribute_formats import Address, Attribute, Unknown
from eyeline.turn.attributes import UnknownAttributes, XorMappedAddress
from eyeline.turn.effects import Bind, Effect, Forbid, Free, Open, Permit, Unbind, Unreserve
from eyeline.turn.message import ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, Class, Message
from eyeline.turn.relay_attributes import (
    IPV4,
    IPV6,
    UDP,
    AdditionalAddressFamily,
    AddressErrorCode,
    ChannelNumber,
    DontFragment,
    EvenPort,
    Lifetime,
    RequestedAddressFamily,
    RequestedTransport,
    ReservationToken,
    XorPeerAddress,
    XorRelayedAddress,
)
from eyeline.turn.server import MAX_REQUEST_BYTES


def peer(number: int) -> Address:
    return Address(bytes((198, 51, 100, number)), 4711)


def granted(client: Client, *attributes: Attribute) -> Message:
    client.challenged()
    answer = client.send(client.signed(ALLOCATE, *ASK, *attributes))
    assert code(answer) == 0
    return answer


def test_allocation_reports_its_address_and_lifetime() -> None:
    client = Client(World())
    answer = granted(client)
    assert answer.get(XorRelayedAddress) == XorRelayedAddress(Address(OUTSIDE[4], 50_000))
    assert answer.get(XorMappedAddress) == XorMappedAddress(client.flow.client)
    assert answer.get(Lifetime) == Lifetime(DEFAULT_LIFETIME_S)


def test_both_address_families_can_be_allocated_at_once() -> None:
    answer = granted(Client(World()), AdditionalAddressFamily(IPV6))
    assert [len(each.address.ip) for each in answer.get_all(XorRelayedAddress)] == [4, 16]


def test_available_family_is_allocated_with_an_error_code_for_the_other() -> None:
    answer = granted(Client(World(ports=1)), AdditionalAddressFamily(IPV6))
    assert [len(each.address.ip) for each in answer.get_all(XorRelayedAddress)] == [4]
    assert answer.get(AddressErrorCode) == AddressErrorCode(IPV6, 508)


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ((), 400),
        ((RequestedTransport(6),), 442),
        ((RequestedTransport(132),), 442),
        ((*ASK, RequestedAddressFamily(3)), 440),
        ((*ASK, AdditionalAddressFamily(IPV4)), 400),
        ((*ASK, AdditionalAddressFamily(IPV6), RequestedAddressFamily(IPV4)), 400),
        ((*ASK, AdditionalAddressFamily(IPV6), EvenPort(True)), 400),
        ((*ASK, ReservationToken(bytes(8)), EvenPort(False)), 400),
        ((*ASK, ReservationToken(bytes(8)), RequestedAddressFamily(IPV4)), 400),
        ((*ASK, ReservationToken(bytes(8))), 508),
        ((*ASK, Unknown(0x7ABC, b"")), 420),
        ((*ASK, DontFragment()), 0),
    ],
)
def test_unsupported_allocation_is_refused_with_its_error_code(
    attributes: tuple[Attribute | Unknown, ...], error: int
) -> None:
    """RFC 8656, 7.2."""
    client = Client(World())
    client.challenged()
    answer = client.send(client.signed(ALLOCATE, *attributes))
    assert code(answer) == error
    if error == 420:
        assert answer.get(UnknownAttributes) == UnknownAttributes((0x7ABC,))


def test_request_without_a_family_gets_ipv6_where_only_ipv6_exists() -> None:
    """Browsers don't request a family; an explicit request for IPv4 is refused."""
    client = Client(World(families=frozenset({IPV6})))
    assert granted(client).get(XorRelayedAddress) == XorRelayedAddress(Address(OUTSIDE[16], 50_000))
    assert Client(client.world, port=2).allocate(RequestedAddressFamily(IPV4)) == 440


def test_requests_without_an_allocation_are_refused() -> None:
    client = Client(World())
    assert (client.refresh(), client.permit(PEER), client.bind(0x4001)) == (437, 437, 437)


def test_exhausted_port_range_is_reported_and_leaves_no_state() -> None:
    world = World(ports=1)
    assert Client(world).allocate() == 0
    second = Client(world, peer="bob", port=2)
    assert second.allocate() == 508
    assert len(world.server.allocations) == 1
    assert world.server._waiting == {}


def test_exhausted_port_range_is_tried_again_after_a_second() -> None:
    world = World(ports=0)
    client, other = Client(world), Client(world, peer="bob", port=2)
    assert [client.allocate() for _ in range(3)] == [508, 508, 508]
    assert Client(world, port=3).allocate() == 508
    assert [type(each) for each in world.effects] == [Open]
    world.ports = 2
    assert other.allocate() == 0
    world.advance(EXHAUSTED_S / 2)
    assert client.allocate() == 508
    world.advance(EXHAUSTED_S / 2)
    assert client.allocate() == 0
    assert world.server.allocations._exhausted == {}


def test_request_during_an_allocation_is_dropped() -> None:
    client = Client(World())
    client.challenged()
    world, first = client.world, client.signed(ALLOCATE, *ASK)
    opening = world.server.receive(first, client.flow, world.now)
    assert [type(each) for each in opening] == [Open]
    for meanwhile in (first, client.signed(ALLOCATE, *ASK), client.signed(REFRESH)):
        assert world.receive(meanwhile, client.flow) == []
    [answer] = world.perform(opening)
    assert code(Message.decode(answer)) == 0
    assert world.receive(first, client.flow) == [answer]
    assert client.refresh(0) == 0


def test_answer_to_a_deletion_has_lifetime_zero() -> None:
    """RFC 8656, 8.2."""
    client = Client(World())
    client.allocate()
    assert client.send(client.signed(REFRESH, Lifetime(0))).get(Lifetime) == Lifetime(0)


def test_allocation_quota_is_per_member_and_freed_again() -> None:
    world = World(max_per_member=3)
    clients = [Client(world, port=port) for port in range(4)]
    assert [client.allocate() for client in clients] == [0, 0, 0, 486]
    assert Client(world, peer="bob", port=9).allocate() == 0
    assert clients[0].refresh(0) == 0
    assert clients[3].allocate() == 0


def test_permissions_and_channels_are_limited() -> None:
    client = Client(World())
    assert client.allocate() == 0
    assert [client.bind(0x4000 + each, peer(each)) for each in range(MAX_CHANNELS + 1)] == [0] * MAX_CHANNELS + [508]
    assert client.permit(peer(0)) == 0
    assert client.permit(peer(MAX_PERMISSIONS + 1)) == 508


@pytest.mark.parametrize(
    ("asked", "given"), [(None, 600), (1, 600), (600, 600), (1800, 1800), (2**32 - 1, MAX_LIFETIME_S)]
)
def test_lifetime_has_a_minimum_and_a_maximum(asked: int | None, given: int) -> None:
    client = Client(World())
    answer = granted(client, *([] if asked is None else [Lifetime(asked)]))
    assert answer.get(Lifetime) == Lifetime(given)
    client.world.advance(given - 1)
    assert len(client.world.server.allocations) == 1
    client.world.advance(1)
    assert client.world.effects[-1] == Free(client.flow)
    assert len(client.world.server.allocations) == 0


def test_permission_lasts_five_minutes_and_is_not_renewed_by_data() -> None:
    """RFC 8656, 9: only a request renews it."""
    client = Client(World())
    assert (client.allocate(), client.permit(PEER)) == (0, 0)
    client.world.advance(PERMISSION_S - 1)
    expected: list[Effect] = [Permit(client.flow, PEER.ip, False)]
    assert client.world.effects[1:] == expected
    client.world.advance(1)
    assert client.world.effects[1:] == [*expected, Forbid(client.flow, PEER.ip)]


def test_channel_is_suspended_while_its_peer_has_no_permission() -> None:
    client = Client(World())
    assert (client.allocate(), client.bind(0x4001)) == (0, 0)
    client.world.advance(PERMISSION_S)
    assert client.world.effects[-2:] == [Forbid(client.flow, PEER.ip), Unbind(client.flow, 0x4001)]
    assert client.permit(PEER) == 0
    assert client.world.effects[-2:] == [Permit(client.flow, PEER.ip, False), Bind(client.flow, 0x4001, PEER, PEER)]


def test_channel_lasts_ten_minutes() -> None:
    client = Client(World())
    client.allocate(Lifetime(3600))
    assert client.bind(0x4001) == 0
    for _ in range(2):
        client.world.advance(CHANNEL_S // 2 - 1)
        client.challenged()
        assert client.permit(PEER) == 0
    client.world.advance(2)
    assert client.world.effects[-1] == Unbind(client.flow, 0x4001)
    client.challenged()
    assert client.bind(0x4001, peer(9)) == 0


@pytest.mark.parametrize("channel", [0, 0x3FFF, 0x8000, 0xFFFF])
def test_invalid_channel_number_is_refused(channel: int) -> None:
    """RFC 8656, 12.2."""
    client = Client(World())
    client.allocate()
    assert client.bind(channel) == 400


def test_channel_to_any_port_but_0() -> None:
    client = Client(World())
    client.allocate()
    assert [client.bind(0x4001 + port, Address(PEER.ip, port)) for port in (0, 1, 4095)] == [403, 0, 0]


def test_channel_has_one_peer_and_peer_has_one_channel() -> None:
    """RFC 8656, 12.2."""
    client = Client(World())
    client.allocate()
    assert [client.bind(0x4001), client.bind(0x4001), client.bind(0x4001, peer(9)), client.bind(0x4002)] == [
        0,
        0,
        400,
        400,
    ]


@pytest.mark.parametrize(
    ("method", "attributes"),
    [
        (CHANNEL_BIND, (XorPeerAddress(PEER),)),
        (CHANNEL_BIND, (ChannelNumber(0x4001),)),
        (CHANNEL_BIND, (ChannelNumber(0x4001), XorPeerAddress(PEER), XorPeerAddress(peer(9)))),
        (CREATE_PERMISSION, ()),
    ],
)
def test_incomplete_request_is_a_bad_request(method: int, attributes: tuple[Attribute, ...]) -> None:
    client = Client(World())
    client.allocate()
    assert client.request(method, *attributes) == 400


def test_refresh_of_another_family_is_a_mismatch() -> None:
    client = Client(World())
    client.allocate()
    assert client.request(REFRESH, RequestedAddressFamily(IPV6)) == 443
    assert client.request(REFRESH, RequestedAddressFamily(IPV4)) == 0


def test_reserved_port_is_for_its_member_once_and_for_30_seconds() -> None:
    """RFC 8656, 7.2: guessed, stolen, used twice, too late."""
    world = World()
    alice, mallory = Client(world), Client(world, peer="mallory", port=2)
    token = granted(alice, EvenPort(True)).get(ReservationToken)
    assert token is not None
    assert mallory.allocate(token) == 508
    assert mallory.allocate(ReservationToken(bytes(8))) == 508
    again = Client(world, port=3)
    assert again.allocate(token) == 0
    assert [effect.reserved for effect in world.effects if isinstance(effect, Open)][-1] == token.digest
    assert Client(world, port=4).allocate(token) == 508
    other = granted(Client(world, port=5), EvenPort(True)).get(ReservationToken)
    assert other is not None
    assert other != token
    world.advance(30)
    assert world.effects[-1] == Unreserve(other.digest)
    assert Client(world, port=6).allocate(other) == 508


def test_reserved_port_counts_in_the_quota_after_its_allocation_ends() -> None:
    """Otherwise one member could reserve every odd port by allocating and freeing in turn."""
    world = World(max_per_member=3)
    client = Client(world)
    token = granted(client, EvenPort(True)).get(ReservationToken)
    assert token is not None
    client.refresh(0)
    assert client.allocate(EvenPort(True)) == 0
    assert client.refresh(0) == 0
    assert client.allocate(EvenPort(True)) == 486
    assert client.allocate(token) == 0
    assert Client(world, port=2).allocate() == 0
    assert Client(world, port=3).allocate() == 486
    world.advance(30)
    assert Client(world, port=3).allocate() == 0


def test_reserved_port_is_freed_when_its_member_leaves() -> None:
    world = World()
    client = Client(world)
    token = granted(client, EvenPort(True)).get(ReservationToken)
    assert token is not None
    client.refresh(0)
    world.perform(world.server.revoke("tea", "alice"))
    assert world.effects[-1] == Unreserve(token.digest)
    assert not world.server.allocations._per_member


def test_no_state_remains_after_everything_expired() -> None:
    world = World()
    clients = [Client(world, peer=f"peer-{port}", port=port) for port in range(20)]
    for number, client in enumerate(clients):
        client.allocate(*([EvenPort(True)] if number % 2 else []))
        client.bind(0x4001, peer(number))
    for client in clients[::2]:
        world.perform(world.server.closed(client.flow))
    world.advance(5000)
    state = world.server.allocations
    assert (len(state), state._relayed, state._users, state._reservations, state._pending) == (0, {}, {}, {}, {})
    assert not state._per_member
    opened = [effect.flow for effect in world.effects if isinstance(effect, Open)]
    assert sorted(opened) == sorted(effect.flow for effect in world.effects if isinstance(effect, Free))


REQUEST = Message(ALLOCATE, Class.REQUEST, bytes(12), (RequestedTransport(UDP),)).encode()


@settings(max_examples=300)
@given(st.data())
def test_any_change_to_a_signed_request_is_handled(data: st.DataObject) -> None:
    """At most one answer, never an exception, and an allocation only for what was signed."""
    client = Client(World())
    client.challenged()
    whole = bytearray(client.signed(ALLOCATE, *ASK, Lifetime(1000), EvenPort(False)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert"])):
            case "flip":
                whole[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del whole[at : at + data.draw(st.integers(1, 8))]
            case _:
                whole[at:at] = data.draw(st.binary(max_size=8))
        if not whole:
            break
    assert len(client.world.receive(bytes(whole), client.flow)) <= 1


@given(st.binary(max_size=MAX_REQUEST_BYTES + 10))
def test_relaying_server_handles_any_bytes(datagram: bytes) -> None:
    client = Client(World())
    assert len(client.world.receive(datagram, client.flow)) <= 1
    assert client.world.effects == []
