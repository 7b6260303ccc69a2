"""Requests from a session to its room, and the room's news for sessions: the messages on the bus."""

from typing import NewType

from msgspec import Struct

from eyeline.signalling.messages import (
    AskedToMute,
    Count,
    DisplayName,
    HostCommand,
    Knocks,
    Payload,
    PeerId,
    PhoneCall,
    PhoneRefused,
    Refused,
    Roster,
    Signalled,
    Waiting,
)
from eyeline.signalling.passes import NOBODY_KNOWN, Person
from eyeline.signalling.resume_token import Claim

SessionId = NewType("SessionId", str)
"""Identifies one socket.  Never leaves the server."""


class EnterLobby(Struct, frozen=True):
    """The session enters the lobby and follows the roster."""

    session: SessionId


class RequestSeat(Struct, frozen=True):
    """The session joins; `peer` is the new id that it would get."""

    session: SessionId
    peer: PeerId
    name: DisplayName
    person: Person = NOBODY_KNOWN
    network: str = ""
    """Groups clients by the network they connect from; empty if unknown."""
    invited: bool = False
    """Somebody who may let them in has called them: they don't knock."""


class ResumeSeat(Struct, frozen=True):
    """The session resumes a seat by its signed claim, having received the signals up to `heard`."""

    session: SessionId
    claim: Claim
    name: DisplayName
    heard: Count
    network: str = ""
    """As in `RequestSeat`."""


class RelaySignal(Struct, frozen=True):
    """A member sends `data` to another."""

    session: SessionId
    to: PeerId
    n: Count
    data: Payload


class LeaveRoom(Struct, frozen=True):
    """The session releases its seat, or leaves the lobby or the waiting room."""

    session: SessionId


class Disconnect(Struct, frozen=True):
    """The session's socket was lost; its seat is kept for a while."""

    session: SessionId


class Remove(Struct, frozen=True):
    """The site removes a member, by the HTTP API."""

    peer: PeerId


class End(Struct, frozen=True):
    """The site ends the call for everyone, by the HTTP API."""


class Moderate(Struct, frozen=True):
    """A member sends a command that only hosts may send."""

    session: SessionId
    command: HostCommand


class Announce(Struct, frozen=True):
    """News about phones, for the member `to`, or for all if it is None."""

    news: PhoneCall | PhoneRefused
    to: PeerId | None = None


Request = (
    EnterLobby | RequestSeat | ResumeSeat | RelaySignal | LeaveRoom | Disconnect | Remove | End | Moderate | Announce
)


class LobbyState(Struct, frozen=True):
    """News for a session in the lobby: the roster and the room's capacity."""

    roster: Roster
    capacity: int


class Admitted(Struct, frozen=True):
    """News for a session: it holds the seat of `claim` now."""

    claim: Claim
    roster: Roster
    heard: Count
    gap: bool


class ClaimUpdated(Struct, frozen=True):
    """News for a session: its claim has changed and needs a new token."""

    claim: Claim


News = (
    LobbyState
    | Admitted
    | ClaimUpdated
    | Roster
    | Signalled
    | Refused
    | Waiting
    | Knocks
    | AskedToMute
    | PhoneCall
    | PhoneRefused
)


class Notify(Struct, frozen=True):
    """The room's only effect: send this news to one session."""

    session: SessionId
    news: News
