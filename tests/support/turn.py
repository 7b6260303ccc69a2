"""The TURN server's state machine with simulated clients: no sockets, and time is a number."""

import itertools
from dataclasses import dataclass, field
from typing import Literal

from eyeline.rate_limit import RateLimit, SourceLimit
from eyeline.turn import credentials, integrity
from eyeline.turn.allocations import AllocationRules
from eyeline.turn.attribute_formats import Address, Attribute, Unknown
from eyeline.turn.attributes import (
    ErrorCode,
    Nonce,
    PasswordAlgorithm,
    PasswordAlgorithms,
    Realm,
    Username,
)
from eyeline.turn.authentication import Authenticator
from eyeline.turn.effects import Effect, Flow, Open, Relayed, Send
from eyeline.turn.message import ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, Class, Message
from eyeline.turn.peer_policy import Policy
from eyeline.turn.relay_attributes import (
    IPV4,
    IPV6,
    UDP,
    ChannelNumber,
    Lifetime,
    RequestedTransport,
    XorPeerAddress,
)
from eyeline.turn.server import Relaying, Server

SECRET = b"only the server knows"
UNIX = 1_800_000_000.0
HERE = Address(bytes((10, 0, 0, 5)), 3478)
"""The server behind a 1:1 NAT..."""
OUTSIDE = {4: bytes((203, 0, 113, 5)), 16: bytes.fromhex("20010db8000000000000000000000005")}
"""... whose relayed addresses others see here."""
INSIDE = {4: bytes((10, 0, 0, 5)), 16: bytes.fromhex("fd000000000000000000000000000005")}
PEER = Address(bytes((198, 51, 100, 7)), 4711)
PEER_6 = Address(bytes.fromhex("20010db8000000000000000000000007"), 4711)
ASK = (RequestedTransport(UDP),)


class World:
    """A server, the I/O layer that opens its addresses, and the time."""

    def __init__(
        self,
        *,
        ports: int = 1000,
        opened: Policy | None = None,
        families: frozenset[int] = frozenset({IPV4, IPV6}),
        rate_limit: SourceLimit | None = None,
        **rules: int,
    ) -> None:
        self.authenticator = Authenticator(SECRET, b"nonces")
        made = AllocationRules(opened or Policy(), self._is_own, own_ports={HERE.port}, families=families, **rules)
        unbounded = RateLimit(per_second=1e6, burst=10**6)
        self.server = Server(
            unbounded if rate_limit is None else rate_limit, Relaying(self.authenticator, made, b"tokens")
        )
        self.now = 1000.0
        self.server.wake(self.now, UNIX)
        self.ports = ports
        self.effects: list[Effect] = []
        """All effects except responses."""
        self._next = itertools.count(50_000)

    def receive(self, datagram: bytes, flow: Flow) -> list[bytes]:
        """Deliver a datagram; returns the responses to the client."""
        return self.perform(self.server.receive(datagram, flow, self.now))

    def perform(self, effects: list[Effect]) -> list[bytes]:
        """Perform effects as the I/O layer does; returns what was sent."""
        sent: list[bytes] = []
        for effect in effects:
            if isinstance(effect, Send):
                sent.append(effect.data)
                continue
            self.effects.append(effect)
            if isinstance(effect, Open):
                sent += self.perform(self.server.opened(effect.flow, self._open(effect), self.now))
        return sent

    def advance(self, seconds: float) -> None:
        """Advance the time; the server is woken as in production."""
        self.now += seconds
        self.perform(self.server.wake(self.now, UNIX + self.now - 1000))

    def _open(self, order: Open) -> tuple[Relayed, ...]:
        relayed = []
        for family in order.families:
            size = 4 if family == IPV4 else 16
            if self.ports:
                self.ports -= 1
                port = next(self._next)
                relayed.append(Relayed(Address(INSIDE[size], port), Address(OUTSIDE[size], port)))
        return tuple(relayed)

    def _is_own(self, ip: bytes) -> bool:
        return ip in INSIDE.values()


@dataclass
class Client:
    """One client that signs its requests as a peer in a room."""

    world: World
    peer: str = "alice"
    port: int = 40_000
    username: str = ""
    password: str = ""
    nonce: str = ""
    sha256: bool = False
    transport: Literal["udp", "stream"] = "udp"
    transactions: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        if not self.username:
            minted = self.world.server.admit("tea", self.peer, UNIX + self.world.now - 1000)
            assert minted is not None
            self.username, self.password = minted

    @property
    def flow(self) -> Flow:
        return Flow(self.transport, Address(bytes((192, 0, 2, 1)), self.port), HERE)

    def signed(self, method: int, *attributes: Attribute | Unknown, transaction: bytes | None = None) -> bytes:
        """A request as sent after the challenge."""
        who: tuple[Attribute, ...] = (Username(self.username),)
        if self.sha256:
            algorithms = (PasswordAlgorithm(PasswordAlgorithm.SHA256), PasswordAlgorithm(PasswordAlgorithm.MD5))
            who += (PasswordAlgorithms(algorithms), algorithms[0])
        transaction = transaction or next(self.transactions).to_bytes(12)
        all_attributes = (*attributes, *who, Realm("eyeline"), Nonce(self.nonce))
        datagram = Message(method, Class.REQUEST, transaction, all_attributes).encode()
        if self.sha256:
            return integrity.sign_sha256(datagram, credentials.key_sha256(self.username, "eyeline", self.password))
        return integrity.sign(datagram, credentials.key_md5(self.username, "eyeline", self.password))

    def challenged(self) -> Message:
        """The response to an unauthenticated Allocate; its nonce is kept."""
        answer = self.send(Message(ALLOCATE, Class.REQUEST, next(self.transactions).to_bytes(12), ASK).encode())
        found = answer.get(Nonce)
        assert found is not None
        self.nonce = found.text
        return answer

    def send(self, datagram: bytes) -> Message:
        """Send a datagram and return the only response."""
        [answer] = self.world.receive(datagram, self.flow)
        return Message.decode(answer)

    def request(self, method: int, *attributes: Attribute | Unknown) -> int:
        """Send a request; returns 0 for success, else the error code."""
        if not self.nonce:
            self.challenged()
        return code(self.send(self.signed(method, *attributes)))

    def allocate(self, *attributes: Attribute | Unknown) -> int:
        return self.request(ALLOCATE, *ASK, *attributes)

    def refresh(self, seconds: int | None = None) -> int:
        return self.request(REFRESH, *([] if seconds is None else [Lifetime(seconds)]))

    def permit(self, *peers: Address) -> int:
        return self.request(CREATE_PERMISSION, *(XorPeerAddress(peer) for peer in peers))

    def bind(self, channel: int, peer: Address = PEER) -> int:
        return self.request(CHANNEL_BIND, ChannelNumber(channel), XorPeerAddress(peer))


def code(answer: Message) -> int:
    """0 for success."""
    error = answer.get(ErrorCode)
    return error.code if error else 0
