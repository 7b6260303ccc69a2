"""A stateful test of the TURN server: after any requests in any order it relays exactly what RFC 8656 allows."""

from collections.abc import Callable
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.turn import Client, World

from eyeline.turn.allocation import CHANNEL_S, DEFAULT_LIFETIME_S, MAX_LIFETIME_S, PERMISSION_S
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Bind, Flow, Forbid, Free, Open, Permit, Unbind

MEMBERS: Final = ("alice", "alice", "bob")
"""Three clients; two of them belong to one member with two networks."""

PEERS: Final = tuple(Address(bytes((198, 51, 100, ip)), port) for ip, port in ((1, 1000), (1, 2000), (2, 1000)))
CHANNELS: Final = (0x4001, 0x7FFF)

who = st.integers(0, len(MEMBERS) - 1)


class Held:
    """The model's state of a client, by the RFC."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.permissions: dict[bytes, float] = {}
        self.channels: dict[int, tuple[Address, float]] = {}


class Edge:
    """What would be relayed, tracked by only carrying out the server's effects."""

    def __init__(self) -> None:
        self.permitted: dict[Flow, set[bytes]] = {}
        self.bound: dict[Flow, dict[int, Address]] = {}
        self._seen = 0

    def follow(self, world: World) -> None:
        for effect in world.effects[self._seen :]:
            match effect:
                case Open(flow=flow):
                    assert flow not in self.permitted
                    self.permitted[flow], self.bound[flow] = set(), {}
                case Free(flow=flow):
                    del self.permitted[flow], self.bound[flow]
                case Permit(flow=flow, ip=ip):
                    self.permitted[flow].add(ip)
                case Forbid(flow=flow, ip=ip):
                    self.permitted[flow].remove(ip)
                case Bind(flow=flow, channel=channel, peer=peer):
                    self.bound[flow][channel] = peer
                case Unbind(flow=flow, channel=channel):
                    self.bound[flow].pop(channel, None)
                case _:
                    pass
        self._seen = len(world.effects)


class Relaying(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world, self.edge = World(), Edge()
        self.clients = [Client(self.world, peer, port=number) for number, peer in enumerate(MEMBERS)]
        self.held: dict[int, Held] = {}

    @rule(number=who)
    def allocate(self, number: int) -> None:
        client = self.fresh(number)
        assert client.allocate() == (437 if number in self.held else 0)
        self.held.setdefault(number, Held(self.world.now + DEFAULT_LIFETIME_S))

    @rule(number=who, seconds=st.sampled_from([None, 0, 1, 900, 100_000]))
    def refresh(self, number: int, seconds: int | None) -> None:
        assert self.ask(number, lambda client: client.refresh(seconds)) == self.granted(number)
        if seconds == 0:
            self.held.pop(number, None)
        elif number in self.held:
            given = min(max(seconds or 0, DEFAULT_LIFETIME_S), MAX_LIFETIME_S)
            self.held[number].ends_at = self.world.now + given

    @rule(number=who, peer=st.sampled_from(PEERS))
    def permit(self, number: int, peer: Address) -> None:
        assert self.ask(number, lambda client: client.permit(peer)) == self.granted(number)
        if number in self.held:
            self.held[number].permissions[peer.ip] = self.world.now + PERMISSION_S

    @rule(number=who, channel=st.sampled_from(CHANNELS), peer=st.sampled_from(PEERS))
    def bind(self, number: int, channel: int, peer: Address) -> None:
        held = self.held.get(number)
        bound = {} if held is None else {each: to for each, (to, _) in held.channels.items()}
        clash = bound.get(channel, peer) != peer or any(to == peer and each != channel for each, to in bound.items())
        expected = 400 if clash else self.granted(number)
        assert self.ask(number, lambda client: client.bind(channel, peer)) == expected
        if held is not None and not clash:
            held.channels[channel] = (peer, self.world.now + CHANNEL_S)
            held.permissions[peer.ip] = self.world.now + PERMISSION_S

    @rule(member=st.sampled_from(sorted(set(MEMBERS))))
    def leave(self, member: str) -> None:
        self.world.perform(self.world.server.revoke("tea", member))
        for number in [each for each in self.held if MEMBERS[each] == member]:
            del self.held[number]

    @rule(number=who)
    def disconnect(self, number: int) -> None:
        self.world.perform(self.world.server.closed(self.clients[number].flow))
        self.held.pop(number, None)

    @precondition(lambda self: self.held)
    @rule(seconds=st.sampled_from([1, 60, 299, 300, 301, 600]))
    def advance(self, seconds: int) -> None:
        self.world.advance(seconds)
        now = self.world.now
        self.held = {number: held for number, held in self.held.items() if held.ends_at > now}
        for held in self.held.values():
            held.permissions = {ip: until for ip, until in held.permissions.items() if until > now}
            held.channels = {number: each for number, each in held.channels.items() if each[1] > now}

    @invariant()
    def relayed_traffic_follows_the_rfc(self) -> None:
        self.edge.follow(self.world)
        flows = {number: self.clients[number].flow for number in self.held}
        assert self.edge.permitted == {flows[number]: set(held.permissions) for number, held in self.held.items()}
        assert self.edge.bound == {
            flows[number]: {channel: to for channel, (to, _) in held.channels.items() if to.ip in held.permissions}
            for number, held in self.held.items()
        }

    def granted(self, number: int) -> int:
        return 0 if number in self.held else 437

    def fresh(self, number: int) -> Client:
        """Give the client fresh credentials, as a page renews them."""
        old = self.clients[number]
        self.clients[number] = Client(self.world, old.peer, port=old.port, transactions=old.transactions)
        return self.clients[number]

    def ask(self, number: int, question: Callable[[Client], int]) -> int:
        client = self.fresh(number)
        client.challenged()
        return question(client)


TestRelaying = Relaying.TestCase
TestRelaying.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
