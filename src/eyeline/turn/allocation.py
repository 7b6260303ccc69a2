"""One TURN allocation (RFC 8656, 3 to 12): its owner, relayed addresses, permissions, channels and expiry."""

from typing import Final, NamedTuple

from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Bind, Effect, Flow, Forbid, Permit, Relayed, Unbind
from eyeline.turn.relay_attributes import FAMILY_OF

DEFAULT_LIFETIME_S: Final = 600
MAX_LIFETIME_S: Final = 3600
PERMISSION_S: Final = 300
CHANNEL_S: Final = 600
CHANNELS: Final = range(0x4000, 0x8000)
"""The channel numbers that may be bound.  Clients of RFC 8656, 12 stop at 0x4FFF, those of RFC 5766 (such as coturn's)
at 0x7FFF; for a server that makes no difference."""

MAX_PERMISSIONS: Final = 64
MAX_CHANNELS: Final = 64
"""Maximum number of permissions and of channels per allocation; each channel takes a socket, if one is free.  A browser
requests one for each of the few candidates of a peer."""


class _Channel(NamedTuple):
    peer: Address
    target: Address
    ends_at: float


class Allocation:
    """One client's allocation.  All times are in seconds of the clock that the caller passes in."""

    def __init__(self, flow: Flow, member: str, relayed: tuple[Relayed, ...], ends_at: float) -> None:
        self.flow = flow
        self.member = member
        self.relayed = relayed
        self.ends_at = ends_at
        self.made_by = b""
        """The transaction id of its Allocate request."""
        self.answer = b""
        """The response to that request, sent again if it is retransmitted."""
        self.uses: set[Address] = set()
        """Relayed addresses of ours, still allocated, to which it has had a channel."""
        self._permissions: dict[bytes, float] = {}
        self._channels: dict[int, _Channel] = {}
        self._numbers: dict[Address, int] = {}

    def has_family_of(self, ip: bytes) -> bool:
        """Whether one of the relayed addresses has the family of this address."""
        return any(len(each.local.ip) == len(ip) for each in self.relayed)

    def has_family(self, family: int) -> bool:
        """Whether one of the relayed addresses has this family, by TURN's number."""
        return any(FAMILY_OF[len(each.local.ip)] == family for each in self.relayed)

    def room_for(self, ips: set[bytes]) -> bool:
        """Whether permissions for all these addresses fit the limit."""
        return len(self._permissions.keys() | ips) <= MAX_PERMISSIONS

    def permit(self, ip: bytes, *, ours: bool, now: float) -> list[Effect]:
        """Install or refresh a permission."""
        known = ip in self._permissions
        self._permissions[ip] = now + PERMISSION_S
        if known:
            return []
        waiting = [(number, each) for number, each in self._channels.items() if each.peer.ip == ip]
        return [
            Permit(self.flow, ip, ours),
            *(Bind(self.flow, number, each.peer, each.target) for number, each in waiting),
        ]

    def may_bind(self, channel: int, peer: Address) -> int | None:
        """None if allowed, else the error code: 400 if number or peer is bound otherwise, 508 if there are too many."""
        bound = self._channels.get(channel)
        if (bound is not None and bound.peer != peer) or self._numbers.get(peer, channel) != channel:
            return 400
        return 508 if bound is None and len(self._channels) >= MAX_CHANNELS else None

    def bind(self, channel: int, peer: Address, target: Address, now: float) -> list[Effect]:
        """Bind or refresh a channel.  Its peer must have a permission."""
        known = channel in self._channels
        self._channels[channel] = _Channel(peer, target, now + CHANNEL_S)
        self._numbers[peer] = channel
        return [] if known else [Bind(self.flow, channel, peer, target)]

    def on_peer_freed(self, peer: Address) -> list[Effect]:
        """Unbind a peer whose relayed address, one of ours, was freed: its port may soon be reused by others."""
        self.uses.discard(peer)
        channel = self._numbers.pop(peer, None)
        if channel is None:
            return []
        del self._channels[channel]
        return [Unbind(self.flow, channel)]

    def expire(self, now: float) -> list[Effect]:
        """Delete expired permissions and channels.  A channel relays nothing without a permission."""
        effects: list[Effect] = []
        for ip in [ip for ip, ends_at in self._permissions.items() if ends_at <= now]:
            del self._permissions[ip]
            effects.append(Forbid(self.flow, ip))
            effects += [Unbind(self.flow, channel) for channel, each in self._channels.items() if each.peer.ip == ip]
        for channel in [channel for channel, each in self._channels.items() if each.ends_at <= now]:
            del self._numbers[self._channels.pop(channel).peer]
            effects.append(Unbind(self.flow, channel))
        return effects
