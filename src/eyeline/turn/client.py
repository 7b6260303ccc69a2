"""A STUN and TURN client (RFC 8489, RFC 8656) as a machine: verbs in, messages to send and news out.

It signs as the server asks (MD5 or SHA-256), follows one challenge after another, and asks again until an answer comes.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from eyeline.errors import LocalError
from eyeline.turn import credentials, integrity
from eyeline.turn.attribute_formats import Address, Attribute
from eyeline.turn.attributes import (
    ErrorCode,
    MessageIntegrity,
    MessageIntegritySha256,
    Nonce,
    PasswordAlgorithm,
    PasswordAlgorithms,
    Realm,
    Username,
    XorMappedAddress,
)
from eyeline.turn.credentials import Credentials
from eyeline.turn.framing import MalformedError
from eyeline.turn.message import (
    ALLOCATE,
    BINDING,
    CHANNEL_BIND,
    CREATE_PERMISSION,
    DATA,
    REFRESH,
    SEND,
    Class,
    Message,
)
from eyeline.turn.relay_attributes import (
    IPV4,
    UDP,
    ChannelNumber,
    Data,
    Lifetime,
    RequestedAddressFamily,
    RequestedTransport,
    XorPeerAddress,
    XorRelayedAddress,
)

RTO_S: Final = 0.5
"""Until a request is first said again over UDP; each wait is twice the one before (RFC 8489, 6.2.1)."""

REQUESTS: Final = 7
LAST_WAIT: Final = 16
"""How often a request is sent over UDP, and how many `RTO_S` the last one is waited for: 39.5 s in all."""

STREAM_WAIT_S: Final = 39.5
"""Over TCP and TLS, where nothing is said again (RFC 8489, 6.2.2)."""

MAX_CHALLENGES: Final = 3
"""How many 401 and 438 one request follows; a 401 to a signed one ends it at once."""

_COOKIE: Final = "obMatJos2"


class Transmit(NamedTuple):
    """Send these bytes to the server: a datagram, or a piece of the stream."""

    data: bytes


class Answered(NamedTuple):
    """A request was granted."""

    method: int
    message: Message


class ErrorResponse(NamedTuple):
    """A request was refused; 0 when the challenge was none that can be followed."""

    method: int
    code: int


class Silent(NamedTuple):
    """No answer came in all the time that there was."""

    method: int


class Received(NamedTuple):
    """A peer sent this through the relay."""

    peer: Address
    data: bytes


ClientEvent = Answered | ErrorResponse | Silent | Received
ClientEffect = Transmit | ClientEvent


class _Challenge(NamedTuple):
    """What the server wants to have signed, and with what."""

    realm: Realm
    nonce: Nonce
    offered: PasswordAlgorithms | None
    key: bytes


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that waits for its answer."""

    method: int
    attributes: tuple[Attribute, ...]
    signed_by: _Challenge | None
    challenges: int
    data: bytes
    sent: int
    due: float
    """When it is said again, or given up."""


class Client:
    """One client on one 5-tuple.  `transaction` gives 12 random bytes; `stream` is TCP or TLS.  Times are monotonic."""

    def __init__(self, login: Credentials | None, *, stream: bool, transaction: Callable[[], bytes]) -> None:
        self._login = login
        self._stream = stream
        self._transaction = transaction
        self._challenge: _Challenge | None = None
        self._asked: dict[bytes, _Asked] = {}
        self._peers: dict[int, Address] = {}
        self.mapped: Address | None = None
        """This client as the server sees it."""
        self.relayed: Address | None = None
        """Where peers reach this client, while there is an allocation."""

    def look(self, now: float) -> list[ClientEffect]:
        """Ask for `mapped` by a Binding request, unsigned."""
        return self._ask(BINDING, (), None, 0, now)

    def allocate(self, family: int, now: float) -> list[ClientEffect]:
        """Ask for `relayed`, over UDP, `IPV4` or `IPV6`."""
        asked: tuple[Attribute, ...] = (RequestedTransport(UDP),)
        if family != IPV4:
            asked += (RequestedAddressFamily(family),)
        return self._ask(ALLOCATE, asked, self._challenge, 0, now)

    def refresh(self, lifetime_s: int, now: float) -> list[ClientEffect]:
        """Keep the allocation this much longer; 0 gives it back."""
        return self._ask(REFRESH, (Lifetime(lifetime_s),), self._challenge, 0, now)

    def permit(self, peer: Address, now: float) -> list[ClientEffect]:
        """Let a peer's address, whatever its port, send and be sent to."""
        return self._ask(CREATE_PERMISSION, (XorPeerAddress(peer),), self._challenge, 0, now)

    def bind(self, channel: int, peer: Address, now: float) -> list[ClientEffect]:
        """Talk to a peer by a channel, 0x4000 to 0x4FFF, which is also a permission."""
        asked = (ChannelNumber(channel), XorPeerAddress(peer))
        return self._ask(CHANNEL_BIND, asked, self._challenge, 0, now)

    def send(self, peer: Address, data: bytes) -> list[ClientEffect]:
        """To a peer: by its channel if there is one, else by a Send indication.  Nobody says whether it arrives."""
        channel = next((number for number, bound in self._peers.items() if bound == peer), None)
        if channel is None:
            attributes = (XorPeerAddress(peer), Data(data))
            return [Transmit(Message(SEND, Class.INDICATION, self._transaction(), attributes).encode())]
        padding = bytes(-len(data) % 4) if self._stream else b""
        return [Transmit(channel.to_bytes(2) + len(data).to_bytes(2) + data + padding)]

    def receive(self, message: bytes, now: float) -> list[ClientEffect]:
        """Take one whole message from the server; on a stream `stream.Splitter` finds them.  Nonsense is dropped."""
        if message[:1] and message[0] & 0xC0 == 0x40:
            return self._channel_data(message)
        try:
            heard = Message.decode(message)
        except MalformedError:
            return []
        if heard.message_class is Class.INDICATION:
            peer, data = heard.get(XorPeerAddress), heard.get(Data)
            whole = heard.method == DATA and peer is not None and data is not None
            return [Received(peer.address, data.value)] if whole and peer and data else []
        asked = self._asked.get(heard.transaction)
        if asked is None or heard.method != asked.method or heard.message_class is Class.REQUEST:
            return []
        error = heard.get(ErrorCode)
        if heard.message_class is Class.ERROR and error is not None:
            return self._refused(message, heard, error.code, asked, now)
        if heard.message_class is not Class.SUCCESS or not _is_proved(message, heard, asked.signed_by, must=True):
            return []
        del self._asked[heard.transaction]
        self._granted(asked, heard)
        return [Answered(asked.method, heard)]

    def next_wake(self) -> float | None:
        """When `wake` is next needed."""
        return min((asked.due for asked in self._asked.values()), default=None)

    def wake(self, now: float) -> list[ClientEffect]:
        """Say again what wasn't answered, or give it up."""
        effects: list[ClientEffect] = []
        for transaction, asked in list(self._asked.items()):
            if asked.due > now:
                continue
            if self._stream or asked.sent == REQUESTS:
                del self._asked[transaction]
                effects.append(Silent(asked.method))
                continue
            sent = asked.sent + 1
            wait = RTO_S * (LAST_WAIT if sent == REQUESTS else 2 ** (sent - 1))
            self._asked[transaction] = replace(asked, sent=sent, due=now + wait)
            effects.append(Transmit(asked.data))
        return effects

    def _ask(
        self, method: int, attributes: tuple[Attribute, ...], challenge: _Challenge | None, challenges: int, now: float
    ) -> list[ClientEffect]:
        transaction = self._transaction()
        data = self._signed(Message(method, Class.REQUEST, transaction, attributes), challenge)
        due = now + (STREAM_WAIT_S if self._stream else RTO_S)
        self._asked[transaction] = _Asked(method, attributes, challenge, challenges, data, 1, due)
        return [Transmit(data)]

    def _signed(self, request: Message, by: _Challenge | None) -> bytes:
        if by is None:
            return request.encode()
        if self._login is None:
            raise LocalError("nothing to sign with")
        proof: tuple[Attribute, ...] = (Username(self._login.username), by.realm, by.nonce)
        if by.offered is None:
            return integrity.sign(replace(request, attributes=request.attributes + proof).encode(), by.key)
        chosen = _choose(by.offered)
        assert chosen is not None
        proof += (by.offered, chosen)
        return integrity.sign_sha256(replace(request, attributes=request.attributes + proof).encode(), by.key)

    def _refused(self, message: bytes, heard: Message, code: int, asked: _Asked, now: float) -> list[ClientEffect]:
        if not _is_proved(message, heard, asked.signed_by, must=False):
            return []
        del self._asked[heard.transaction]
        again = code == 438 or (code == 401 and asked.signed_by is None)
        if not again or asked.challenges == MAX_CHALLENGES or self._login is None:
            return [ErrorResponse(asked.method, code)]
        challenge = _read_challenge(heard, self._login)
        if challenge is None:
            return [ErrorResponse(asked.method, 0)]
        self._challenge = challenge
        return self._ask(asked.method, asked.attributes, challenge, asked.challenges + 1, now)

    def _granted(self, asked: _Asked, heard: Message) -> None:
        mapped, relayed, lifetime = heard.get(XorMappedAddress), heard.get(XorRelayedAddress), heard.get(Lifetime)
        if mapped is not None:
            self.mapped = mapped.address
        if asked.method == ALLOCATE and relayed is not None:
            self.relayed = relayed.address
        if asked.method == REFRESH and lifetime is not None and lifetime.value == 0:
            self.relayed = None
            self._peers.clear()
        if asked.method == CHANNEL_BIND:
            number, peer = asked.attributes
            assert isinstance(number, ChannelNumber)
            assert isinstance(peer, XorPeerAddress)
            self._peers[number.value] = peer.address

    def _channel_data(self, message: bytes) -> list[ClientEffect]:
        length = int.from_bytes(message[2:4])
        peer = self._peers.get(int.from_bytes(message[:2]))
        if peer is None or len(message) < 4 + length:
            return []
        return [Received(peer, message[4 : 4 + length])]


def _choose(offered: PasswordAlgorithms) -> PasswordAlgorithm | None:
    """The first that is known here (RFC 8489, 9.2.5)."""
    known = (PasswordAlgorithm.SHA256, PasswordAlgorithm.MD5)
    return next((each for each in offered.algorithms if each.algorithm in known), None)


def _read_challenge(heard: Message, login: Credentials) -> _Challenge | None:
    """None when it has no realm or nonce, no known algorithm, or lost its algorithms on the way (9.2.5)."""
    realm, nonce, offered = heard.get(Realm), heard.get(Nonce), heard.get(PasswordAlgorithms)
    if realm is None or nonce is None:
        return None
    if offered is None:
        key = credentials.key_md5(login.username, realm.text, login.password)
        return None if _has_algorithms(nonce.text) else _Challenge(realm, nonce, None, key)
    chosen = _choose(offered)
    if chosen is None:
        return None
    make = credentials.key_sha256 if chosen.algorithm == PasswordAlgorithm.SHA256 else credentials.key_md5
    return _Challenge(realm, nonce, offered, make(login.username, realm.text, login.password))


def _has_algorithms(nonce: str) -> bool:
    """Whether the nonce says that its challenge has PASSWORD-ALGORITHMS (RFC 8489, 9.2 and 18.1)."""
    if not nonce.startswith(_COOKIE):
        return False
    try:
        return bool(base64.b64decode(nonce[len(_COOKIE) : len(_COOKIE) + 4], validate=True)[:1] >= b"\x80")
    except ValueError:
        return False


def _is_proved(message: bytes, heard: Message, by: _Challenge | None, *, must: bool) -> bool:
    """Whether the server signed its answer, which it need not do for an error (RFC 8489, 9.2.5)."""
    if by is None:
        return True
    if heard.get(MessageIntegritySha256) is not None:
        return integrity.is_signed_sha256(message, by.key)
    if heard.get(MessageIntegrity) is not None:
        return integrity.is_signed(message, by.key)
    return not must
