"""A STUN and TURN client (RFC 8489, RFC 8656) as a sans-IO machine: method calls in, messages to send and events out.

It signs with the algorithm that the server offers (MD5 or SHA-256), follows challenges, and retransmits requests until
they are answered.
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
"""Seconds until a request is first retransmitted over UDP; each wait is twice the one before (RFC 8489, 6.2.1)."""

REQUESTS: Final = 7
LAST_WAIT: Final = 16
"""How often a request is sent over UDP, and the final wait as a multiple of `RTO_S`: 39.5 s in total."""

STREAM_WAIT_S: Final = 39.5
"""Timeout over TCP and TLS, where nothing is retransmitted (RFC 8489, 6.2.2)."""

MAX_CHALLENGES: Final = 3
"""How many 401 and 438 challenges one request follows; a 401 to a signed request is final."""

_COOKIE: Final = "obMatJos2"


class Transmit(NamedTuple):
    """Send these bytes to the server, as a datagram or on the stream."""

    data: bytes


class Answered(NamedTuple):
    """A request got a success response."""

    method: int
    message: Message


class ErrorResponse(NamedTuple):
    """A request got an error response; the code is 0 if its challenge can't be followed."""

    method: int
    code: int


class Silent(NamedTuple):
    """A request timed out."""

    method: int


class Received(NamedTuple):
    """Data from a peer arrived through the relay."""

    peer: Address
    data: bytes


ClientEvent = Answered | ErrorResponse | Silent | Received
ClientEffect = Transmit | ClientEvent


class _Challenge(NamedTuple):
    """The realm, nonce and algorithms of a server's challenge, and the key to sign with."""

    realm: Realm
    nonce: Nonce
    offered: PasswordAlgorithms | None
    key: bytes


@dataclass(frozen=True, slots=True)
class _PendingRequest:
    """A request that waits for its response."""

    method: int
    attributes: tuple[Attribute, ...]
    signed_by: _Challenge | None
    challenges: int
    data: bytes
    sent: int
    due: float
    """When it is retransmitted or times out."""


class Client:
    """One client on one 5-tuple.

    `transaction` returns 12 random bytes; `stream` means TCP or TLS.  Times are monotonic seconds.
    """

    def __init__(self, login: Credentials | None, *, stream: bool, transaction: Callable[[], bytes]) -> None:
        self._login = login
        self._stream = stream
        self._transaction = transaction
        self._challenge: _Challenge | None = None
        self._pending: dict[bytes, _PendingRequest] = {}
        self._peers: dict[int, Address] = {}
        self.mapped: Address | None = None
        """The server-reflexive address: this client as the server sees it."""
        self.relayed: Address | None = None
        """The relayed address at which peers reach this client, while it has an allocation."""

    def request_binding(self, now: float) -> list[ClientEffect]:
        """Request `mapped` with an unsigned Binding request."""
        return self._send_request(BINDING, (), None, 0, now)

    def allocate(self, family: int, now: float) -> list[ClientEffect]:
        """Request `relayed`, an `IPV4` or `IPV6` address that relays UDP."""
        request: tuple[Attribute, ...] = (RequestedTransport(UDP),)
        if family != IPV4:
            request += (RequestedAddressFamily(family),)
        return self._send_request(ALLOCATE, request, self._challenge, 0, now)

    def refresh(self, lifetime_s: int, now: float) -> list[ClientEffect]:
        """Extend the allocation by this much; 0 releases it."""
        return self._send_request(REFRESH, (Lifetime(lifetime_s),), self._challenge, 0, now)

    def permit(self, peer: Address, now: float) -> list[ClientEffect]:
        """Permit traffic from and to a peer's IP address, whatever the port."""
        return self._send_request(CREATE_PERMISSION, (XorPeerAddress(peer),), self._challenge, 0, now)

    def bind(self, channel: int, peer: Address, now: float) -> list[ClientEffect]:
        """Bind a channel, 0x4000 to 0x4FFF, to a peer; this also permits the peer."""
        request = (ChannelNumber(channel), XorPeerAddress(peer))
        return self._send_request(CHANNEL_BIND, request, self._challenge, 0, now)

    def send(self, peer: Address, data: bytes) -> list[ClientEffect]:
        """Send to a peer, by its channel if it has one, else by a Send indication.  Delivery isn't confirmed."""
        channel = next((number for number, bound in self._peers.items() if bound == peer), None)
        if channel is None:
            attributes = (XorPeerAddress(peer), Data(data))
            return [Transmit(Message(SEND, Class.INDICATION, self._transaction(), attributes).encode())]
        padding = bytes(-len(data) % 4) if self._stream else b""
        return [Transmit(channel.to_bytes(2) + len(data).to_bytes(2) + data + padding)]

    def receive(self, message: bytes, now: float) -> list[ClientEffect]:
        """Handle one whole message from the server (on a stream, see `tcp_framing`).  Invalid ones are dropped."""
        if message[:1] and message[0] & 0xC0 == 0x40:
            return self._channel_data(message)
        try:
            response = Message.decode(message)
        except MalformedError:
            return []
        if response.message_class is Class.INDICATION:
            peer, data = response.get(XorPeerAddress), response.get(Data)
            whole = response.method == DATA and peer is not None and data is not None
            return [Received(peer.address, data.value)] if whole and peer and data else []
        request = self._pending.get(response.transaction)
        if request is None or response.method != request.method or response.message_class is Class.REQUEST:
            return []
        error = response.get(ErrorCode)
        if response.message_class is Class.ERROR and error is not None:
            return self._on_error(message, response, error.code, request, now)
        if response.message_class is not Class.SUCCESS or not _is_authentic(
            message, response, request.signed_by, required=True
        ):
            return []
        del self._pending[response.transaction]
        self._on_success(request, response)
        return [Answered(request.method, response)]

    def next_wake(self) -> float | None:
        """When `wake` must be called next."""
        return min((request.due for request in self._pending.values()), default=None)

    def wake(self, now: float) -> list[ClientEffect]:
        """Retransmit unanswered requests, or time them out."""
        effects: list[ClientEffect] = []
        for transaction, request in list(self._pending.items()):
            if request.due > now:
                continue
            if self._stream or request.sent == REQUESTS:
                del self._pending[transaction]
                effects.append(Silent(request.method))
                continue
            sent = request.sent + 1
            wait = RTO_S * (LAST_WAIT if sent == REQUESTS else 2 ** (sent - 1))
            self._pending[transaction] = replace(request, sent=sent, due=now + wait)
            effects.append(Transmit(request.data))
        return effects

    def _send_request(
        self, method: int, attributes: tuple[Attribute, ...], challenge: _Challenge | None, challenges: int, now: float
    ) -> list[ClientEffect]:
        transaction = self._transaction()
        data = self._signed(Message(method, Class.REQUEST, transaction, attributes), challenge)
        due = now + (STREAM_WAIT_S if self._stream else RTO_S)
        self._pending[transaction] = _PendingRequest(method, attributes, challenge, challenges, data, 1, due)
        return [Transmit(data)]

    def _signed(self, request: Message, by: _Challenge | None) -> bytes:
        if by is None:
            return request.encode()
        if self._login is None:
            raise LocalError("no credentials to sign with")
        proof: tuple[Attribute, ...] = (Username(self._login.username), by.realm, by.nonce)
        if by.offered is None:
            return integrity.sign(replace(request, attributes=request.attributes + proof).encode(), by.key)
        chosen = _choose(by.offered)
        assert chosen is not None
        proof += (by.offered, chosen)
        return integrity.sign_sha256(replace(request, attributes=request.attributes + proof).encode(), by.key)

    def _on_error(
        self, message: bytes, response: Message, code: int, request: _PendingRequest, now: float
    ) -> list[ClientEffect]:
        if not _is_authentic(message, response, request.signed_by, required=False):
            return []
        del self._pending[response.transaction]
        again = code == 438 or (code == 401 and request.signed_by is None)
        if not again or request.challenges == MAX_CHALLENGES or self._login is None:
            return [ErrorResponse(request.method, code)]
        challenge = _read_challenge(response, self._login)
        if challenge is None:
            return [ErrorResponse(request.method, 0)]
        self._challenge = challenge
        return self._send_request(request.method, request.attributes, challenge, request.challenges + 1, now)

    def _on_success(self, request: _PendingRequest, response: Message) -> None:
        mapped, relayed, lifetime = (
            response.get(XorMappedAddress),
            response.get(XorRelayedAddress),
            response.get(Lifetime),
        )
        if mapped is not None:
            self.mapped = mapped.address
        if request.method == ALLOCATE and relayed is not None:
            self.relayed = relayed.address
        if request.method == REFRESH and lifetime is not None and lifetime.value == 0:
            self.relayed = None
            self._peers.clear()
        if request.method == CHANNEL_BIND:
            number, peer = request.attributes
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
    """The first supported algorithm (RFC 8489, 9.2.5)."""
    known = (PasswordAlgorithm.SHA256, PasswordAlgorithm.MD5)
    return next((each for each in offered.algorithms if each.algorithm in known), None)


def _read_challenge(response: Message, login: Credentials) -> _Challenge | None:
    """The challenge in an error response.

    None if it lacks a realm, a nonce or a known algorithm, or if its algorithms were stripped on the way (9.2.5).
    """
    realm, nonce, offered = response.get(Realm), response.get(Nonce), response.get(PasswordAlgorithms)
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
    """Whether the nonce indicates that its challenge has PASSWORD-ALGORITHMS (RFC 8489, 9.2 and 18.1)."""
    if not nonce.startswith(_COOKIE):
        return False
    try:
        return bool(base64.b64decode(nonce[len(_COOKIE) : len(_COOKIE) + 4], validate=True)[:1] >= b"\x80")
    except ValueError:
        return False


def _is_authentic(message: bytes, response: Message, by: _Challenge | None, *, required: bool) -> bool:
    """Whether the server's signature is valid; errors need not be signed (RFC 8489, 9.2.5)."""
    if by is None:
        return True
    if response.get(MessageIntegritySha256) is not None:
        return integrity.is_signed_sha256(message, by.key)
    if response.get(MessageIntegrity) is not None:
        return integrity.is_signed(message, by.key)
    return not required
