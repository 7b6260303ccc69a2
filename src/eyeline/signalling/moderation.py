"""Who is the host of a room, what hosts may do, and what of it outlives the broker.

A room's name is made from its owner's key.  So the key proves to any broker, also to one that was just started, whose
room it is, and nobody is kept in memory for it; who comes first has nothing from it (docs/decisions/0007).
"""

import hashlib
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from eyeline.signalling.messages import (
    OPEN,
    Admit,
    Appoint,
    AskMute,
    Count,
    Deny,
    EndCall,
    Govern,
    HostOrder,
    OwnerKey,
    PeerId,
    RemoveMember,
    Role,
    RoomName,
    Rules,
)

WAITING_MAX: Final = 32
"""How many may wait at the door of a room; the next one is refused."""

WAITING_OF_NETWORK_MAX: Final = 8
"""Of these from one network, so that nobody fills the door alone."""

REMOVED_MAX: Final = 16
"""Seats that a room remembers to have been taken back, also through a restart; of more, the oldest are forgotten, and
their holders have to knock like everybody else."""

APPOINTED_MAX: Final = 8
"""Whom a host has given another role, likewise: who is forgotten has the role that they came with."""

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz123456789"
"""32 that are not taken for one another."""

_POWERS: Final[dict[type[HostOrder], frozenset[Role]]] = {
    Govern: frozenset({"host"}),
    Appoint: frozenset({"host"}),
    EndCall: frozenset({"host"}),
    Admit: frozenset({"host", "co-host"}),
    Deny: frozenset({"host", "co-host"}),
    RemoveMember: frozenset({"host", "co-host"}),
    AskMute: frozenset({"host", "co-host"}),
}


class Moderation(Struct, frozen=True, array_like=True):
    """What the hosts have decided so far: signed into every claim, so that a rebuilt room has the newest of it.

    Roles that were given are in it too: a co-host who is none any more has nothing from an old token after a restart.
    """

    version: Count = Count(0)
    rules: Rules = OPEN
    removed: tuple[PeerId, ...] = ()
    appointed: tuple[tuple[PeerId, Role], ...] = ()

    def governed(self, rules: Rules, version: int) -> "Moderation":
        """With other rules."""
        return replace(self, version=self._after(version), rules=rules)

    def without(self, peer: PeerId, version: int) -> "Moderation":
        """With one removed."""
        return replace(self, version=self._after(version), removed=(*self.removed, peer)[-REMOVED_MAX:])

    def guarded(self) -> "Moderation":
        """An open room becomes one where newcomers knock."""
        return replace(self, rules=replace(self.rules, entry="knock")) if self.rules.entry == "open" else self

    def appointing(self, peer: PeerId, role: Role, version: int) -> "Moderation":
        """With another role for one."""
        others = tuple(one for one in self.appointed if one[0] != peer)
        return replace(self, version=self._after(version), appointed=(*others, (peer, role))[-APPOINTED_MAX:])

    def and_also(self, other: "Moderation") -> "Moderation":
        """What holds where both were told: the newest, and who was removed by either."""
        older, newer = sorted((self, other), key=lambda moderation: moderation.version)
        removed = tuple(dict.fromkeys((*older.removed, *newer.removed)))[-REMOVED_MAX:]
        appointed = tuple((dict(older.appointed) | dict(newer.appointed)).items())[-APPOINTED_MAX:]
        return replace(newer, removed=removed, appointed=appointed)

    def role_of(self, peer: PeerId, came_as: Role) -> Role:
        """The role of somebody who came with that one."""
        return dict(self.appointed).get(peer, came_as)

    def _after(self, version: int) -> Count:
        return Count(max(version, self.version + 1))


def room_of(key: OwnerKey) -> RoomName:
    """The name of the room that this key is the owner's key of: four groups of four letters, 80 bits."""
    digest = hashlib.sha256(f"eyeline room\0{key}".encode()).digest()
    letters = "".join(LETTERS[byte & 31] for byte in digest[:16])
    return RoomName("-".join(letters[at : at + 4] for at in range(0, 16, 4)))


def may(role: Role, order: HostOrder) -> bool:
    """Whether somebody of this role may say that."""
    return role in _POWERS[type(order)]


def may_remove(role: Role, other: Role) -> bool:
    """Nobody removes a host, and a co-host no other co-host."""
    return other != "host" and (role == "host" or other == "member")
