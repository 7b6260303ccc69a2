"""One allocation (RFC 8656, 3 to 12): whose it is, where peers reach it, whom it may talk to, and until when."""

from typing import Final, NamedTuple

from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Bind, Effect, Flow, Forbid, Permit, Relayed, Unbind
from eyeline.turn.relay_attributes import FAMILY_OF

DEFAULT_LIFETIME_S: Final = 600
MAX_LIFETIME_S: Final = 3600
PERMISSION_S: Final = 300
CHANNEL_S: Final = 600
CHANNELS: Final = range(0x4000, 0x8000)
"""The channel numbers that may be bound.  RFC 8656, 12 has clients stop at 0x4FFF; those of RFC 5766, coturn's own
among them, go up to 0x7FFF, and to a server it is all one."""

MAX_PERMISSIONS: Final = 64
MAX_CHANNELS: Final = 64
"""Of one allocation; each channel is a socket, if there is one.  A browser asks for a peer's few candidates each."""


class _Channel(NamedTuple):
    peer: Address
    target: Address
    ends_at: float


class Allocation:
    """What a client holds.  All times are those of the clock that the caller passes in, in seconds."""

    def __init__(self, flow: Flow, member: str, relayed: tuple[Relayed, ...], ends_at: float) -> None:
        self.flow = flow
        self.member = member
        self.relayed = relayed
        self.ends_at = ends_at
        self.made_by = b""
        """The transaction that asked for it, and..."""
        self.answer = b""
        """... what it was answered, for when the request comes once more."""
        self.uses: set[Address] = set()
        """Relayed addresses of ours to which it has had a channel: those of them that are still in use."""
        self._permissions: dict[bytes, float] = {}
        self._channels: dict[int, _Channel] = {}
        self._numbers: dict[Address, int] = {}

    def has_family_of(self, ip: bytes) -> bool:
        """Whether peers of this family can be reached at all."""
        return any(len(each.local.ip) == len(ip) for each in self.relayed)

    def has_family(self, family: int) -> bool:
        """Whether one of the relayed addresses is of this family, as TURN numbers them."""
        return any(FAMILY_OF[len(each.local.ip)] == family for each in self.relayed)

    def room_for(self, ips: set[bytes]) -> bool:
        """Whether all of them can have a permission at once."""
        return len(self._permissions.keys() | ips) <= MAX_PERMISSIONS

    def permit(self, ip: bytes, *, ours: bool, now: float) -> list[Effect]:
        """Install a permission, or make it last."""
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
        """None, or the code of the error: 400 for a number or a peer that has another partner, 508 when it's full."""
        bound = self._channels.get(channel)
        if (bound is not None and bound.peer != peer) or self._numbers.get(peer, channel) != channel:
            return 400
        return 508 if bound is None and len(self._channels) >= MAX_CHANNELS else None

    def bind(self, channel: int, peer: Address, target: Address, now: float) -> list[Effect]:
        """Bind a channel, or make it last.  Its peer must have a permission."""
        known = channel in self._channels
        self._channels[channel] = _Channel(peer, target, now + CHANNEL_S)
        self._numbers[peer] = channel
        return [] if known else [Bind(self.flow, channel, peer, target)]

    def leave(self, peer: Address) -> list[Effect]:
        """The peer was a relayed address of ours, and is no more: its port may soon be anybody's."""
        self.uses.discard(peer)
        channel = self._numbers.pop(peer, None)
        if channel is None:
            return []
        del self._channels[channel]
        return [Unbind(self.flow, channel)]

    def expire(self, now: float) -> list[Effect]:
        """End the permissions and the channels whose time is over.  A channel carries nothing without a permission."""
        effects: list[Effect] = []
        for ip in [ip for ip, ends_at in self._permissions.items() if ends_at <= now]:
            del self._permissions[ip]
            effects.append(Forbid(self.flow, ip))
            effects += [Unbind(self.flow, channel) for channel, each in self._channels.items() if each.peer.ip == ip]
        for channel in [channel for channel, each in self._channels.items() if each.ends_at <= now]:
            del self._numbers[self._channels.pop(channel).peer]
            effects.append(Unbind(self.flow, channel))
        return effects
