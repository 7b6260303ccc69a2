"""The TURN client and the TURN server as state machines, connected to each other, with packet loss."""

import itertools
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.turn import HERE, PEER, UNIX, World

from eyeline.turn.attribute_formats import Address
from eyeline.turn.attributes import ErrorCode, Nonce, Realm
from eyeline.turn.client import Answered, Client, ClientEffect, ClientEvent, ErrorResponse, Received, Silent, Transmit
from eyeline.turn.credentials import Credentials
from eyeline.turn.effects import Bind, Flow
from eyeline.turn.message import ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH, SEND, Class, Message
from eyeline.turn.relay_attributes import IPV4, IPV6, Data, RequestedAddressFamily, XorPeerAddress

ALICE = Address(bytes((192, 0, 2, 1)), 40_000)
CHANNEL = 0x4001


class Simulation:
    """A client, a server and a network between them that loses datagrams as `lost` lists, in turn."""

    def __init__(self, world: World, lost: tuple[bool, ...] = (), login: Credentials | None = None) -> None:
        numbers = itertools.count(1)
        self.world = world
        self.client = Client(
            login or world.server.admit("tea", "alice", UNIX),
            stream=False,
            transaction=lambda: next(numbers).to_bytes(12),
        )
        self.lost = iter(lost)
        self.sent: list[bytes] = []

    def play(self, effects: list[ClientEffect]) -> ClientEvent:
        """The client's next event; time passes as far as needed."""
        waiting = deque(effects)
        while True:
            while waiting:
                effect = waiting.popleft()
                if not isinstance(effect, Transmit):
                    return effect
                waiting += self._carry(effect.data)
            due = self.client.next_wake()
            assert due is not None
            self.world.advance(due - self.world.now)
            waiting += self.client.wake(self.world.now)

    def _carry(self, data: bytes) -> list[ClientEffect]:
        self.sent.append(data)
        if next(self.lost, False):
            return []
        answers = self.world.receive(data, Flow("udp", ALICE, HERE))
        there = [answer for answer in answers if not next(self.lost, False)]
        return [effect for answer in there for effect in self.client.receive(answer, self.world.now)]

    def done(self, effects: list[ClientEffect]) -> int:
        """The method that succeeded."""
        news = self.play(effects)
        assert isinstance(news, Answered), news
        return news.method


def allocated(world: World) -> Simulation:
    simulation = Simulation(world)
    assert simulation.done(simulation.client.allocate(IPV4, world.now)) == ALLOCATE
    return simulation


def test_client_learns_its_reflexive_address() -> None:
    simulation = Simulation(World())
    simulation.done(simulation.client.request_binding(simulation.world.now))
    assert simulation.client.mapped == ALICE


def test_client_names_the_address_family_only_if_it_is_not_the_default() -> None:
    """RFC 8656, 7.1: without the attribute it is IPv4; older servers refuse the attribute."""
    asked = {}
    for family in (IPV4, IPV6):
        client = Client(Credentials("a", "b"), stream=False, transaction=lambda: bytes(12))
        [effect] = client.allocate(family, 0.0)
        assert isinstance(effect, Transmit)
        asked[family] = Message.decode(effect.data).get(RequestedAddressFamily)
    assert asked == {IPV4: None, IPV6: RequestedAddressFamily(IPV6)}


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=6))
def test_client_allocates_and_frees_despite_packet_loss(lost: list[bool]) -> None:
    simulation = Simulation(World(), tuple(lost))
    assert simulation.done(simulation.client.allocate(IPV4, simulation.world.now)) == ALLOCATE
    assert simulation.client.relayed is not None
    assert simulation.done(simulation.client.permit(PEER, simulation.world.now)) == CREATE_PERMISSION
    assert simulation.done(simulation.client.bind(CHANNEL, PEER, simulation.world.now)) == CHANNEL_BIND
    assert simulation.done(simulation.client.refresh(600, simulation.world.now)) == REFRESH
    assert simulation.client.relayed is not None
    assert simulation.done(simulation.client.refresh(0, simulation.world.now)) == REFRESH
    assert simulation.client.relayed is None
    assert len(simulation.world.server.allocations) == 0


def test_request_is_sent_seven_times_and_given_up_after_39_5_seconds() -> None:
    simulation = Simulation(World(), (True,) * 7)
    begun = simulation.world.now
    assert simulation.play(simulation.client.request_binding(begun)) == Silent(1)
    assert (len(simulation.sent), simulation.world.now - begun) == (7, 39.5)


def test_stale_nonce_is_replaced_and_the_request_repeated() -> None:
    simulation = allocated(World())
    simulation.world.advance(590)
    simulation.done(simulation.client.refresh(1200, simulation.world.now))
    simulation.world.advance(700)
    assert simulation.done(simulation.client.refresh(600, simulation.world.now)) == REFRESH


def test_wrong_password_is_not_retried() -> None:
    simulation = Simulation(World(), login=Credentials(f"{int(UNIX) + 600}:alice", "wrong"))
    assert simulation.play(simulation.client.allocate(IPV4, simulation.world.now)) == ErrorResponse(ALLOCATE, 401)
    assert len(simulation.sent) == 2


def test_private_peer_is_refused() -> None:
    simulation = allocated(World())
    metadata = Address(bytes((169, 254, 169, 254)), 80)
    assert simulation.play(simulation.client.permit(metadata, simulation.world.now)) == ErrorResponse(
        CREATE_PERMISSION, 403
    )


def test_challenge_without_its_password_algorithms_is_not_followed() -> None:
    client = Client(Credentials("a", "b"), stream=False, transaction=lambda: bytes(12))
    client.allocate(IPV4, 0.0)
    attributes = (ErrorCode(401), Realm("eyeline"), Nonce("obMatJos2gAAAxyz"))
    told = Message(ALLOCATE, Class.ERROR, bytes(12), attributes).encode()
    assert client.receive(told, 0.0) == [ErrorResponse(ALLOCATE, 0)]


def test_unsigned_response_is_ignored() -> None:
    simulation = allocated(World())
    [effect] = simulation.client.permit(PEER, simulation.world.now)
    assert isinstance(effect, Transmit)
    forged = Message(CREATE_PERMISSION, Class.SUCCESS, Message.decode(effect.data).transaction).encode()
    assert simulation.client.receive(forged, simulation.world.now) == []


def test_data_is_sent_by_indication_and_by_channel_once_it_is_bound() -> None:
    simulation = allocated(World())
    [by_hand] = simulation.client.send(PEER, b"hello")
    assert isinstance(by_hand, Transmit)
    said = Message.decode(by_hand.data)
    assert (said.method, said.get(XorPeerAddress), said.get(Data)) == (SEND, XorPeerAddress(PEER), Data(b"hello"))
    simulation.done(simulation.client.bind(CHANNEL, PEER, simulation.world.now))
    assert [each.channel for each in simulation.world.effects if isinstance(each, Bind)] == [CHANNEL]
    assert simulation.client.send(PEER, b"hello") == [Transmit(b"\x40\x01\x00\x05hello")]


def test_data_is_received_by_indication_and_by_channel() -> None:
    simulation = allocated(World())
    told = Message(DATA, Class.INDICATION, bytes(12), (XorPeerAddress(PEER), Data(b"hi"))).encode()
    assert simulation.client.receive(told, 0.0) == [Received(PEER, b"hi")]
    assert simulation.client.receive(b"\x40\x01\x00\x02hi", 0.0) == []
    simulation.done(simulation.client.bind(CHANNEL, PEER, simulation.world.now))
    assert simulation.client.receive(b"\x40\x01\x00\x02hi\0\0", 0.0) == [Received(PEER, b"hi")]


@given(st.binary(max_size=80))
def test_invalid_data_is_dropped(nonsense: bytes) -> None:
    simulation = Simulation(World())
    assert simulation.client.receive(nonsense, 0.0) == []


@pytest.mark.parametrize("stream", [True, False])
def test_requests_over_tcp_are_not_retransmitted(stream: bool) -> None:
    client = Client(None, stream=stream, transaction=lambda: bytes(12))
    [asked] = client.request_binding(0.0)
    assert (client.next_wake(), client.wake(39.5)) == ((39.5, [Silent(1)]) if stream else (0.5, [asked]))
