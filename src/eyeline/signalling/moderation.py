"""Moderation: the roles of hosts, what each role may do, and the decisions that survive a restart of the broker.

A room's name is derived from its owner's key.  So the key proves ownership to any broker, even one that has just
started, and no ownership is kept in memory.  Being the first to join grants nothing (docs/decisions/0007).
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
    HostCommand,
    OwnerKey,
    PeerId,
    RemoveMember,
    Role,
    RoomName,
    Rules,
)

WAITING_MAX: Final = 32
"""Size of a room's waiting room; further people are refused."""

WAITING_OF_NETWORK_MAX: Final = 8
"""Maximum from one network in the waiting room, so that nobody can fill it alone."""

REMOVED_MAX: Final = 16
"""Removed seats that a room remembers, across restarts too.  Beyond that the oldest are forgotten, and their holders
have to knock like everybody else."""

APPOINTED_MAX: Final = 8
"""Members whose changed role a room remembers, across restarts too.  Beyond that the oldest are forgotten and get back
the role they joined with."""

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz123456789"
"""32 characters that are hard to confuse."""

_POWERS: Final[dict[type[HostCommand], frozenset[Role]]] = {
    Govern: frozenset({"host"}),
    Appoint: frozenset({"host"}),
    EndCall: frozenset({"host"}),
    Admit: frozenset({"host", "co-host"}),
    Deny: frozenset({"host", "co-host"}),
    RemoveMember: frozenset({"host", "co-host"}),
    AskMute: frozenset({"host", "co-host"}),
}


def may_invite(role: Role, rules: Rules, *, guests: bool) -> bool:
    """Whether a member may let another person in: anybody may where the link alone opens the room.

    Without `guests` people need a pass, whatever the rules."""
    return role != "member" or (guests and rules.entry == "open")


class Moderation(Struct, frozen=True, array_like=True):
    """The hosts' decisions so far: signed into every claim, so that a room restored after a restart has the newest.

    Appointed roles are part of it, so an old token doesn't make a former co-host one again after a restart.
    """

    version: Count = Count(0)
    rules: Rules = OPEN
    removed: tuple[PeerId, ...] = ()
    appointed: tuple[tuple[PeerId, Role], ...] = ()

    def governed(self, rules: Rules, version: int) -> "Moderation":
        """A copy with other rules."""
        return replace(self, version=self._after(version), rules=rules)

    def without(self, peer: PeerId, version: int) -> "Moderation":
        """A copy with this peer removed."""
        return replace(self, version=self._after(version), removed=(*self.removed, peer)[-REMOVED_MAX:])

    def guarded(self) -> "Moderation":
        """A copy in which an open room has changed to `knock`."""
        return replace(self, rules=replace(self.rules, entry="knock")) if self.rules.entry == "open" else self

    def appointing(self, peer: PeerId, role: Role, version: int) -> "Moderation":
        """A copy with another role for this peer."""
        others = tuple(one for one in self.appointed if one[0] != peer)
        return replace(self, version=self._after(version), appointed=(*others, (peer, role))[-APPOINTED_MAX:])

    def and_also(self, other: "Moderation") -> "Moderation":
        """Both merged: the rules of the newer one, the removals and roles of both."""
        older, newer = sorted((self, other), key=lambda moderation: moderation.version)
        removed = tuple(dict.fromkeys((*older.removed, *newer.removed)))[-REMOVED_MAX:]
        appointed = tuple((dict(older.appointed) | dict(newer.appointed)).items())[-APPOINTED_MAX:]
        return replace(newer, removed=removed, appointed=appointed)

    def role_of(self, peer: PeerId, came_as: Role) -> Role:
        """The current role of a peer that joined with the role `came_as`."""
        return dict(self.appointed).get(peer, came_as)

    def _after(self, version: int) -> Count:
        return Count(max(version, self.version + 1))


def room_of(key: OwnerKey) -> RoomName:
    """The name of the room that this key owns: four groups of four letters, 80 bits."""
    digest = hashlib.sha256(f"eyeline room\0{key}".encode()).digest()
    letters = "".join(LETTERS[byte & 31] for byte in digest[:16])
    return RoomName("-".join(letters[at : at + 4] for at in range(0, 16, 4)))


def may(role: Role, command: HostCommand) -> bool:
    """Whether this role is allowed to send that command."""
    return role in _POWERS[type(command)]


def may_remove(role: Role, other: Role) -> bool:
    """Nobody may remove a host, and a co-host may not remove another co-host."""
    return other != "host" and (role == "host" or other == "member")
