"""What a session asks of a room, and what a room tells a session: the values that go over the bus."""

from typing import NewType

from msgspec import Struct

from eyeline.signalling.messages import (
    AskedToMute,
    Count,
    DisplayName,
    HostOrder,
    Knocks,
    Payload,
    PeerId,
    Refused,
    Roster,
    Signalled,
    Waiting,
)
from eyeline.signalling.passes import NOBODY_KNOWN, Person
from eyeline.signalling.resume_token import Claim

SessionId = NewType("SessionId", str)
"""One socket.  Never leaves the server."""


class Look(Struct, frozen=True):
    """The session is in the lobby."""

    session: SessionId


class Enter(Struct, frozen=True):
    """The session wants a seat; `peer` is the fresh id it would have."""

    session: SessionId
    peer: PeerId
    name: DisplayName
    person: Person = NOBODY_KNOWN
    network: str = ""
    """Stands for the one they come from; empty if it isn't known."""


class Return(Struct, frozen=True):
    """The session has shown a signed claim to a seat, and has heard the signals up to `heard`."""

    session: SessionId
    claim: Claim
    name: DisplayName
    heard: Count


class RelaySignal(Struct, frozen=True):
    """A member says `data` to another."""

    session: SessionId
    to: PeerId
    n: Count
    data: Payload


class Quit(Struct, frozen=True):
    """The session gives up its seat, or its place in the lobby."""

    session: SessionId


class Lose(Struct, frozen=True):
    """The session's socket is gone; its seat is kept."""

    session: SessionId


class Remove(Struct, frozen=True):
    """Whoever runs the room takes a member out."""

    peer: PeerId


class End(Struct, frozen=True):
    """Whoever runs the room ends the call for all."""


class Order(Struct, frozen=True):
    """A member says what a host may say."""

    session: SessionId
    order: HostOrder


Request = Look | Enter | Return | RelaySignal | Quit | Lose | Remove | End | Order


class Looked(Struct, frozen=True):
    """News for a session in the lobby: what there is to see."""

    roster: Roster
    capacity: int


class Admitted(Struct, frozen=True):
    """News for a session: it has the seat of `claim`."""

    claim: Claim
    roster: Roster
    heard: Count
    gap: bool


class Reissued(Struct, frozen=True):
    """News for a session: what its claim says has changed."""

    claim: Claim


News = Looked | Admitted | Reissued | Roster | Signalled | Refused | Waiting | Knocks | AskedToMute


class Tell(Struct, frozen=True):
    """The room's only effect: news for one session."""

    session: SessionId
    news: News
