"""TURN allocations: handles the authenticated requests Allocate, Refresh, CreatePermission and ChannelBind (RFC 8656, 7
to 12)."""

import hmac
from collections import Counter
from collections.abc import Callable, Container
from typing import Final, NamedTuple

from eyeline.turn.allocation import CHANNELS, DEFAULT_LIFETIME_S, MAX_LIFETIME_S, Allocation
from eyeline.turn.attribute_formats import Address, Attribute
from eyeline.turn.attributes import ErrorCode, XorMappedAddress
from eyeline.turn.authentication import Signer
from eyeline.turn.effects import Effect, Flow, Free, Open, Relayed, Unreserve
from eyeline.turn.message import ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, Message
from eyeline.turn.peer_policy import Policy
from eyeline.turn.relay_attributes import (
    IPV4,
    IPV6,
    UDP,
    AdditionalAddressFamily,
    AddressErrorCode,
    ChannelNumber,
    EvenPort,
    Lifetime,
    RequestedAddressFamily,
    RequestedTransport,
    ReservationToken,
    XorPeerAddress,
    XorRelayedAddress,
)

MAX_PER_MEMBER: Final = 64
"""Default maximum number of concurrent allocations and reserved ports: a browser makes one for each peer, TURN address
and network interface."""

RESERVATION_S: Final = 30
"""How long EVEN-PORT reserves the next port (RFC 8656, 7.2)."""

EXHAUSTED_S: Final = 1.0
"""How long a member gets 508 (insufficient capacity) without another attempt, once the I/O layer had no port for it."""

Answer = tuple[Attribute, ...]
"""The attributes of a response: an error if the first is an ERROR-CODE, else a success."""


class AllocationRules(NamedTuple):
    """The limits set by the operator and by the host."""

    policy: Policy
    is_own: Callable[[bytes], bool]
    """Whether an IP address belongs to this machine; the only peers there are our own relayed addresses."""
    own_ports: Container[int] = ()
    """The ports that the server listens on.  They can't be peers even if the operator has opened this machine's
    addresses, since that would allow TURN through TURN (RFC 8656, 21.1.7)."""
    families: frozenset[int] = frozenset({IPV4})
    """The address families in which the I/O layer can open relayed addresses."""
    max_per_member: int = MAX_PER_MEMBER


class _PendingAllocation(NamedTuple):
    """An Allocate request that waits for the I/O layer to open its addresses."""

    member: str
    family: int
    additional: bool
    lifetime: int
    reserve: bytes | None


class _Reservation(NamedTuple):
    member: str
    family: int
    ends_at: float


class Allocations:
    """All allocations of a server."""

    def __init__(self, rules: AllocationRules, token_key: bytes) -> None:
        self._rules = rules
        self._token_key = token_key
        self._tokens = 0
        self._allocations: dict[Flow, Allocation] = {}
        self._per_member: Counter[str] = Counter()
        self._relayed: dict[Address, Address] = {}
        self._our_ips: set[bytes] = set()
        self._users: dict[Address, set[Flow]] = {}
        """The flows that have had a channel to a relayed address of ours: the reverse index of `Allocation.uses`."""
        self._reservations: dict[bytes, _Reservation] = {}
        self._pending: dict[Flow, _PendingAllocation] = {}
        self._exhausted: dict[tuple[str, int], float] = {}
        """Until when a member gets 508 in an address family."""

    def __len__(self) -> int:
        return len(self._allocations)

    def get(self, flow: Flow) -> Allocation | None:
        """The allocation of this 5-tuple."""
        return self._allocations.get(flow)

    def resolve(self, peer: Address) -> Address | None:
        """The local address of a peer at one of our own addresses; None if we may not send there."""
        target = self._relayed.get(peer)
        if target is None and self._rules.policy.is_opened(peer.ip) and peer.port not in self._rules.own_ports:
            return peer
        return target

    def request(self, message: Message, signer: Signer, flow: Flow, now: float) -> tuple[list[Effect], Answer | None]:
        """Handle a request.  The answer is None if the I/O layer has to open an address first: see `opened`."""
        allocation = self._allocations.get(flow)
        if message.method == ALLOCATE:
            return self._allocate(message, signer.member, flow, now)
        if allocation is None:
            return [], (ErrorCode(437),)
        if allocation.member != signer.member:
            return [], (ErrorCode(441),)
        return _HANDLERS[message.method](self, message, allocation, now)

    def opened(self, flow: Flow, relayed: tuple[Relayed, ...], now: float) -> tuple[list[Effect], Answer]:
        """The I/O layer has opened these addresses, or none.  One of the additional family may be missing."""
        pending = self._pending.pop(flow)
        if not relayed:
            self._exhausted[pending.member, pending.family] = now + EXHAUSTED_S
            return [], (ErrorCode(508),)
        allocation = Allocation(flow, pending.member, relayed, now + pending.lifetime)
        self._allocations[flow] = allocation
        self._count(pending.member, 1)
        for each in relayed:
            self._relayed[each.advertised] = each.local
            self._our_ips.add(each.advertised.ip)
        answer: list[Attribute] = [XorRelayedAddress(each.advertised) for each in relayed]
        if pending.additional and not allocation.has_family(IPV6):
            answer.append(AddressErrorCode(IPV6, 508 if IPV6 in self._rules.families else 440))
        answer.append(Lifetime(pending.lifetime))
        if pending.reserve is not None:
            self._reservations[pending.reserve] = _Reservation(pending.member, pending.family, now + RESERVATION_S)
            self._count(pending.member, 1)
            answer.append(ReservationToken(pending.reserve))
        return [], (*answer, XorMappedAddress(flow.client))

    def free(self, flow: Flow) -> list[Effect]:
        """Delete an allocation, if it exists, and all channels of others to its addresses."""
        allocation = self._allocations.pop(flow, None)
        if allocation is None:
            return []
        self._count(allocation.member, -1)
        effects: list[Effect] = [Free(flow)]
        for used in allocation.uses:
            self._users[used].discard(flow)
        for each in allocation.relayed:
            self._relayed.pop(each.advertised, None)
            for user in self._users.pop(each.advertised, ()):
                effects += self._allocations[user].on_peer_freed(each.advertised)
        return effects

    def free_all(self, member: str) -> list[Effect]:
        """Delete all allocations and reservations of a member."""
        if member not in self._per_member:
            return []
        flows = [flow for flow, allocation in self._allocations.items() if allocation.member == member]
        tokens = [token for token, reserved in self._reservations.items() if reserved.member == member]
        return [effect for flow in flows for effect in self.free(flow)] + [self._unreserve(token) for token in tokens]

    def expire(self, now: float) -> list[Effect]:
        """Delete everything that has expired.  A full scan, 20 ms for 10,000 allocations: call it once a second."""
        effects: list[Effect] = []
        for flow in [flow for flow, allocation in self._allocations.items() if allocation.ends_at <= now]:
            effects += self.free(flow)
        for allocation in self._allocations.values():
            effects += allocation.expire(now)
        for token in [token for token, reserved in self._reservations.items() if reserved.ends_at <= now]:
            effects.append(self._unreserve(token))
        self._exhausted = {each: until for each, until in self._exhausted.items() if now < until}
        return effects

    def _allocate(self, message: Message, member: str, flow: Flow, now: float) -> tuple[list[Effect], Answer | None]:
        """RFC 8656, 7.2, in that order.  The caller has checked that this 5-tuple has no allocation yet."""
        transport = message.get(RequestedTransport)
        even, token = message.get(EvenPort), message.get(ReservationToken)
        family, additional = message.get(RequestedAddressFamily), message.get(AdditionalAddressFamily)
        reserve = even is not None and even.reserve_next
        if (
            transport is None
            or (token and (even or family or additional))
            or (additional and (family or reserve or additional.value != IPV6))
        ):
            return [], (ErrorCode(400),)
        if transport.value != UDP:
            return [], (ErrorCode(442),)
        # IPv4 is the default of RFC 8656, which browsers rely on; if we have none, IPv6 is better than a refusal.
        usual = IPV4 if IPV4 in self._rules.families else IPV6
        wanted = family.value if family else usual
        if token is not None:
            kept = self._reservations.get(token.digest)
            if kept is None or kept.member != member:
                return [], (ErrorCode(508),)
            wanted = kept.family
        if wanted not in self._rules.families:
            return [], (ErrorCode(440),)
        more = 1 + reserve - (token is not None)
        if self._per_member[member] + more > self._rules.max_per_member:
            return [], (ErrorCode(486),)
        if token is None and now < self._exhausted.get((member, wanted), now):
            return [], (ErrorCode(508),)
        if token is not None:
            self._unreserve(token.digest)
        pending = _PendingAllocation(
            member, wanted, additional is not None, _lifetime(message), self._next_token(flow) if reserve else None
        )
        self._pending[flow] = pending
        families = (wanted, IPV6) if additional and IPV6 in self._rules.families else (wanted,)
        reserved = token.digest if token else None
        return [Open(flow, member, families, even is not None, pending.reserve, reserved)], None

    def _refresh(self, message: Message, allocation: Allocation, now: float) -> tuple[list[Effect], Answer]:
        """RFC 8656, 8.2.  Without a lifetime the default applies; zero deletes the allocation."""
        family = message.get(RequestedAddressFamily)
        if family and not allocation.has_family(family.value):
            return [], (ErrorCode(443),)
        asked = message.get(Lifetime)
        if asked and asked.value == 0:
            return self.free(allocation.flow), (Lifetime(0),)
        lifetime = _lifetime(message)
        allocation.ends_at = now + lifetime
        return [], (Lifetime(lifetime),)

    def _permit(self, message: Message, allocation: Allocation, now: float) -> tuple[list[Effect], Answer]:
        """RFC 8656, 10.2: permits all of the peers or none."""
        ips = {each.address.ip for each in message.get_all(XorPeerAddress)}
        if not ips:
            return [], (ErrorCode(400),)
        if not all(allocation.has_family_of(ip) for ip in ips):
            return [], (ErrorCode(443),)
        if not all(self._may_be_peer(ip) for ip in ips):
            return [], (ErrorCode(403),)
        if not allocation.room_for(ips):
            return [], (ErrorCode(508),)
        return [effect for ip in ips for effect in allocation.permit(ip, ours=self._is_ours(ip), now=now)], ()

    def _bind(self, message: Message, allocation: Allocation, now: float) -> tuple[list[Effect], Answer]:
        """RFC 8656, 12.2."""
        channel, peers = message.get(ChannelNumber), message.get_all(XorPeerAddress)
        if channel is None or len(peers) != 1 or channel.value not in CHANNELS:
            return [], (ErrorCode(400),)
        peer = peers[0].address
        error = allocation.may_bind(channel.value, peer)
        if error == 400:
            return [], (ErrorCode(400),)
        if not allocation.has_family_of(peer.ip):
            return [], (ErrorCode(443),)
        ours = self._is_ours(peer.ip)
        target = self.resolve(peer) if ours else peer
        if target is None or peer.port == 0 or not self._may_be_peer(peer.ip):
            return [], (ErrorCode(403),)
        if error or not allocation.room_for({peer.ip}):
            return [], (ErrorCode(508),)
        if peer in self._relayed:
            self._users.setdefault(peer, set()).add(allocation.flow)
            allocation.uses.add(peer)
        permit = allocation.permit(peer.ip, ours=ours, now=now)
        return permit + allocation.bind(channel.value, peer, target, now), ()

    def _unreserve(self, token: bytes) -> Unreserve:
        self._count(self._reservations.pop(token).member, -1)
        return Unreserve(token)

    def _count(self, member: str, more: int) -> None:
        """Count allocations and reservations alike, since a reservation also holds a port."""
        self._per_member[member] += more
        if not self._per_member[member]:
            del self._per_member[member]

    def _is_ours(self, ip: bytes) -> bool:
        return ip in self._our_ips or self._rules.is_own(ip)

    def _may_be_peer(self, ip: bytes) -> bool:
        if ip in self._our_ips or self._rules.policy.is_opened(ip):
            return True
        return not self._rules.is_own(ip) and self._rules.policy.allows(ip)

    def _next_token(self, flow: Flow) -> bytes:
        self._tokens += 1
        covered = b"eyeline reservation\0" + self._tokens.to_bytes(8) + flow.client.ip
        return hmac.digest(self._token_key, covered, "sha256")[:8]


_HANDLERS: Final = {
    REFRESH: Allocations._refresh,
    CREATE_PERMISSION: Allocations._permit,
    CHANNEL_BIND: Allocations._bind,
}


def _lifetime(message: Message) -> int:
    asked = message.get(Lifetime)
    return min(max(asked.value, DEFAULT_LIFETIME_S), MAX_LIFETIME_S) if asked else DEFAULT_LIFETIME_S
