"""A STUN and TURN server (RFC 8489, RFC 8656) as a sans-IO machine: messages in, answers and other effects out.

Binding needs no credentials; everything else does (see `authentication`).  `allocations` handles the TURN requests.
This module decides which messages are dropped, which are answered, and how answers are signed.
"""

import struct
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from eyeline.rate_limit import RateLimit, SourceLimit
from eyeline.turn import credentials, integrity
from eyeline.turn.allocations import AllocationRules, Allocations, Answer
from eyeline.turn.attribute_formats import Address, Attribute
from eyeline.turn.attributes import ErrorCode, Fingerprint, UnknownAttributes, XorMappedAddress
from eyeline.turn.authentication import Authenticator, ErrorAnswer, Signer
from eyeline.turn.effects import CloseConnection, Effect, Flow, Relayed, Send
from eyeline.turn.framing import COOKIE, MalformedError
from eyeline.turn.message import (
    ALLOCATE,
    BINDING,
    CHANNEL_BIND,
    CREATE_PERMISSION,
    REFRESH,
    BadAttributeError,
    Class,
    Message,
)
from eyeline.turn.peer_policy import Policy

MAX_REQUEST_BYTES: Final = 1280
"""Longer requests are dropped without parsing.  A signed CreatePermission with `MAX_ATTRIBUTES` takes about 1100 bytes;
1280 fit into one IPv6 packet on any link."""

ANSWERS_PER_SECOND: Final = 50.0
"""Answers per second to one address over UDP.  A page sends about one request per network interface whenever it gathers
candidates; this leaves room for an office behind one NAT."""

ANSWERS_BURST: Final = 200
"""Answers at once to an address that has been idle."""

ANSWERS_TO_A_STREAM: Final = 16
"""Maximum number of answers on a connection without an allocation; getting one takes two or three.  After that the
connection is closed, because clients don't retransmit over connections (RFC 8489, 6.2.2) and would wait for an answer.
A source address can't be spoofed over a connection, so this only bounds work; the I/O layer limits connections per
address."""

_RELAYING: Final = frozenset({ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND})
_BARE: Final = Message(BINDING, Class.REQUEST, bytes(12)).encode()[:8]
_HEADER_BYTES: Final = 20
_IPV4_SUCCESS: Final = struct.Struct("!HH16sHHHHI")
_IPV6_SUCCESS: Final = struct.Struct("!HH16sHHHH16s")
_NOBODY: Final = AllocationRules(Policy(), lambda _ip: True)


def answer_limit(make: Callable[..., SourceLimit] = RateLimit) -> SourceLimit:
    """The rate limit for answers to one address over UDP, which bounds reflection.

    UDP source addresses can be spoofed, and then a victim gets our answer.  An answer to Binding is at most 2.25 times
    as long as the request and a challenge (401) at most 4.8 times, 96 bytes for 20.
    """
    return make(per_second=ANSWERS_PER_SECOND, burst=ANSWERS_BURST)


class _PendingRequest(NamedTuple):
    """An authenticated request that waits for the I/O layer, and its signer."""

    message: Message
    signer: Signer


class Relaying(NamedTuple):
    """Configuration of a server that relays."""

    authenticator: Authenticator
    rules: AllocationRules
    token_key: bytes
    """The key from which reservation tokens are derived."""


class Server:
    """One server, for any number of sockets.  Without `relaying` it answers only Binding requests.

    Times are seconds of a monotonic clock, except `unix`, which is for the expiry of credentials: call `wake` once
    before the first client connects.
    """

    def __init__(self, rate_limit: SourceLimit, relaying: Relaying | None = None) -> None:
        self.rate_limit: Final = rate_limit
        self._authenticator = relaying.authenticator if relaying else None
        self.allocations = Allocations(relaying.rules if relaying else _NOBODY, relaying.token_key if relaying else b"")
        self._unix = 0.0
        self._waiting: dict[Flow, _PendingRequest] = {}
        self._unauthenticated: Counter[Flow] = Counter()
        """Messages received on each connection that has no allocation."""
        self.refused: Counter[int] = Counter()
        """How many requests were refused, by error code."""
        self.answered = 0
        """How many Binding requests were answered here; those that the I/O layer answers are counted there."""

    def receive(self, datagram: bytes, flow: Flow, now: float) -> list[Effect]:
        """Handle a message from a client.  Sends at most one answer, and only to requests."""
        if not self._may_answer(flow, now):
            return [CloseConnection(flow)] if self._unauthenticated[flow] == ANSWERS_TO_A_STREAM + 1 else []
        if len(datagram) > MAX_REQUEST_BYTES:
            return []
        if datagram[:8] == _BARE and len(datagram) == _HEADER_BYTES:
            self.answered += 1
            return [Send(_bare_success(datagram, flow.client), flow)]
        try:
            message = Message.decode(datagram)
        except BadAttributeError as error:
            return self._answer(error.head, flow, (ErrorCode(400),))
        except MalformedError:
            return []
        if message.message_class is not Class.REQUEST:
            return []
        if message.method == BINDING:
            self.answered += 1
            return self._answer(message, flow, _unknown(message) or (XorMappedAddress(flow.client),))
        if self._authenticator is None or message.method not in _RELAYING:
            return []
        return self._handle_turn(self._authenticator, datagram, message, flow, now)

    def opened(self, flow: Flow, relayed: tuple[Relayed, ...], now: float) -> list[Effect]:
        """The I/O layer has performed an `Open`: these are its addresses, or none if it failed."""
        asked = self._waiting.pop(flow)
        effects, answer = self.allocations.opened(flow, relayed, now)
        sent = self._answer(asked.message, flow, answer, asked.signer)
        allocation = self.allocations.get(flow)
        if allocation is not None:
            self._unauthenticated.pop(flow, None)
            allocation.made_by = asked.message.transaction
            allocation.answer = b"".join(each.data for each in sent if isinstance(each, Send))
        return effects + sent

    def closed(self, flow: Flow) -> list[Effect]:
        """The client's connection was closed."""
        self._unauthenticated.pop(flow, None)
        return self.allocations.free(flow)

    def revoke(self, room: str, peer: str) -> list[Effect]:
        """The member `peer` has left `room`: delete its allocations, and refuse new ones."""
        if self._authenticator is None:
            return []
        member = self._authenticator.member(room, peer)
        self._authenticator.forget(member)
        return self.allocations.free_all(member)

    def admit(self, room: str, peer: str, unix: float) -> credentials.Credentials | None:
        """Credentials for the new member `peer` of `room`; None without a relay."""
        if self._authenticator is None:
            return None
        self._unix = unix  # the clock may have been set since the last `wake`, and these credentials must be valid now
        return self._authenticator.mint(room, peer, unix)

    def wake(self, now: float, unix: float) -> list[Effect]:
        """Call once a second: deletes everything that has expired."""
        self._unix = unix
        return self.allocations.expire(now)

    def _may_answer(self, flow: Flow, now: float) -> bool:
        """Apply the rate limit, except to clients with an allocation: they are authenticated, and don't use up the
        budget of their network.  Other UDP source addresses may be spoofed."""
        if self.allocations.get(flow) is not None:
            return True
        if flow.transport == "stream":
            self._unauthenticated[flow] += 1
            return self._unauthenticated[flow] <= ANSWERS_TO_A_STREAM
        return self.rate_limit.try_spend(flow.client.ip, now)

    def _handle_turn(
        self, authenticator: Authenticator, datagram: bytes, message: Message, flow: Flow, now: float
    ) -> list[Effect]:
        if flow in self._waiting:
            return []  # a retransmission while the first one is in progress
        signer = authenticator.check(datagram, message, flow.client, now)
        if isinstance(signer, ErrorAnswer):
            return self._answer(message, flow, signer.attributes)
        unknown = _unknown(message)
        if unknown:
            return self._answer(message, flow, unknown, signer)
        existing = self.allocations.get(flow)
        if message.method == ALLOCATE:
            if existing is not None:
                retransmitted = existing.made_by == message.transaction and existing.member == signer.member
                return (
                    [Send(existing.answer, flow)]
                    if retransmitted
                    else self._answer(message, flow, (ErrorCode(437),), signer)
                )
            current = credentials.is_current(signer.username, self._unix)
            if not current or not authenticator.is_member(signer.member):
                return self._answer(message, flow, authenticator.challenge(401, flow.client, now).attributes)
        effects, answer = self.allocations.request(message, signer, flow, now)
        if answer is None:
            self._waiting[flow] = _PendingRequest(message, signer)
            return effects
        answers = self._answer(message, flow, answer, signer)
        # Permissions must be in place before the answer, since peers may send at once; `Free` must come after the
        # answer, since it closes the socket that sends it.
        return answers + effects if message.method == REFRESH else effects + answers

    def _answer(self, request: Message, flow: Flow, answer: Answer, signer: Signer | None = None) -> list[Effect]:
        """Answer a request; other messages get none.

        Without a reason phrase or SOFTWARE, so that spoofed requests are amplified as little as possible.
        """
        if request.message_class is not Class.REQUEST or not (request.method == BINDING or request.method in _RELAYING):
            return []
        error = answer[0] if answer and isinstance(answer[0], ErrorCode) else None
        if error is not None:
            self.refused[error.code] += 1
        outcome = Class.SUCCESS if error is None else Class.ERROR
        data = Message(request.method, outcome, request.transaction, answer).encode()
        if signer is not None:
            data = signer.sign(data)
        if request.get(Fingerprint):
            data = integrity.add_fingerprint(data)
        return [Send(data, flow)]


def _unknown(message: Message) -> tuple[Attribute, ...]:
    unknown = message.unknown_required()
    return (ErrorCode(420), UnknownAttributes(unknown)) if unknown else ()


def _bare_success(datagram: bytes, source: Address) -> bytes:
    """Fast path for a Binding request without attributes, as browsers send it; the same bytes as the general path.

    Takes 2 us including the rate limit, instead of 20 us, of 18 us in total per datagram: 54,000 requests/s per core
    over loopback, where coturn 4.6.1 answers 115,000 (`bench/stun.py`).
    """
    cookie_and_transaction = datagram[4:20]
    ip, port = source.ip, source.port ^ COOKIE >> 16
    if len(ip) == 4:
        xored_ip = int.from_bytes(ip) ^ COOKIE
        return _IPV4_SUCCESS.pack(0x0101, 12, cookie_and_transaction, 0x0020, 8, 1, port, xored_ip)
    xored_ip = int.from_bytes(ip) ^ int.from_bytes(cookie_and_transaction)
    return _IPV6_SUCCESS.pack(0x0101, 24, cookie_and_transaction, 0x0020, 20, 2, port, xored_ip.to_bytes(16))
