"""The room machine: who has a seat, who looks on from the lobby, and what one member says to another.

A room is held by one process.  Sessions never touch it: they send it a `Request` over the bus and get `Tell`s back.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NewType, assert_never

from msgspec import Struct

from eyeline.signalling.messages import (
    Count,
    DisplayName,
    Member,
    Payload,
    PeerId,
    Refused,
    RoomName,
    Roster,
    Signalled,
)
from eyeline.signalling.passes import NOBODY_KNOWN, Person
from eyeline.signalling.refusals import REFUSALS, Code
from eyeline.signalling.token import Claim

SEAT_SECONDS: Final = 30
"""How long a seat outlives its socket, and how long a rebuilt room waits for its members."""

RETURN_SECONDS: Final = 120
"""For how long after its start the broker gives back seats of its earlier lives."""

KEPT_SIGNALS: Final = 64
"""Signals kept for a seat to be sent again after a resume; of more, the oldest go, and the resume says so."""

KEPT_BYTES: Final = 256 * 1024
"""The same in bytes of payload, as it lies in memory."""

KEPT_OUT: Final = 1000
"""People that a room remembers to have been removed; it forgets them when it is empty."""

LOBBY_SESSIONS: Final = 64
"""How many in the lobby are told who comes and goes.  When more look in, the one who has looked on longest is told no
more, and can still join: a lobby full of strangers keeps nobody out."""

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


class Return(Struct, frozen=True):
    """The session has shown a signed claim to a seat, and has heard the signals up to `heard`."""

    session: SessionId
    claim: Claim
    name: DisplayName
    heard: Count


class Relay(Struct, frozen=True):
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


Request = Look | Enter | Return | Relay | Quit | Lose | Remove | End


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


News = Looked | Admitted | Roster | Signalled | Refused


class Tell(Struct, frozen=True):
    """The room's only effect: news for one session."""

    session: SessionId
    news: News


class Present(Struct, frozen=True):
    """The seat has a socket."""

    session: SessionId


class Away(Struct, frozen=True):
    """The seat is kept until then."""

    until: float


@dataclass(slots=True)
class Seat:
    """One member's place: where the socket is, and what a resume needs."""

    member: Member
    place: Present | Away
    heard: int
    """The `n` of the last signal taken from the member."""
    told: int
    """The `n` of the last signal for the member."""
    person: Person
    kept: deque[tuple[Signalled, int]] = field(default_factory=deque)
    """Each with the bytes that it takes."""
    kept_bytes: int = 0

    def keep(self, sender: PeerId, data: Payload) -> Signalled:
        """The next signal for this member, remembered in case that the socket loses it."""
        self.told += 1
        signal = Signalled(sender, Count(self.told), data)
        size = data.__sizeof__() * (1 if data.isascii() else 2)  # once it was sent, it holds its UTF-8 too
        self.kept.append((signal, size))
        self.kept_bytes += size
        while len(self.kept) > KEPT_SIGNALS or self.kept_bytes > KEPT_BYTES:
            self._forget()
        return signal

    def missed(self, heard: int) -> tuple[bool, list[Signalled]]:
        """Whether some are lost for good, and those after `heard` that are still kept."""
        while self.kept and self.kept[0][0].n <= heard:
            self._forget()
        first = self.kept[0][0].n if self.kept else self.told + 1
        return first > heard + 1, [signal for signal, _ in self.kept]

    def _forget(self) -> None:
        self.kept_bytes -= self.kept.popleft()[1]


class Life(Struct, frozen=True):
    """One run of the broker.  `unix_offset` turns `now` into seconds since 1970."""

    name: str
    began: float
    unix_offset: float


class Room:
    """One room, from `now` on."""

    def __init__(self, name: RoomName, *, capacity: int, life: Life, now: float) -> None:
        self._name = name
        self._capacity = capacity
        self._life = life
        self._version = self._milliseconds(now)
        self.vacated: list[PeerId] = []
        """Whose seats were given up; whoever drives the room takes them out after each call."""
        self._given_up: set[PeerId] = set()
        self._kept_out: set[str] = set()  # who, for the site, was removed
        self._seats: dict[PeerId, Seat] = {}
        self._peers: dict[SessionId, PeerId] = {}
        self._lobby: dict[SessionId, None] = {}  # a set that keeps its order
        self._complete_at: float | None = None  # set while members of an earlier life may still come back
        self._last_order = 0

    @property
    def empty(self) -> bool:
        """Nobody is inside or may come back, and nobody looks on: the room can be forgotten."""
        return not self._seats and not self._lobby

    @property
    def inside(self) -> list[Seat]:
        """All seats, in order of arrival."""
        return sorted(self._seats.values(), key=lambda seat: (seat.member.order, seat.member.id))

    @property
    def seats(self) -> int:
        """How many seats are taken."""
        return len(self._seats)

    @property
    def present(self) -> int:
        """How many of them have a socket."""
        return len(self._peers)

    def receive(self, request: Request, now: float) -> list[Tell]:
        """What a session asks for."""
        match request:
            case Look():
                return self._look(request.session)
            case Enter():
                return self._enter(request, now)
            case Return():
                return self._return(request, now)
            case Relay():
                return self._relay(request)
            case Quit():
                return self._quit(request.session, now)
            case Lose():
                return self._lose(request.session, now)
            case Remove():
                return self._remove(request.peer, now)
            case End():
                return self._end(now)
            case _:
                assert_never(request)

    def next_wake(self) -> float | None:
        """When the next seat runs out, or a rebuilt room is complete."""
        times = [seat.place.until for seat in self._seats.values() if isinstance(seat.place, Away)]
        if self._complete_at is not None:
            times.append(self._complete_at)
        return min(times, default=None)

    def wake(self, now: float) -> list[Tell]:
        """Give up the seats that ran out."""
        gone = [peer for peer, seat in self._seats.items() if isinstance(seat.place, Away) and seat.place.until <= now]
        for peer in gone:
            self._give_up(peer, now)
        completed = self._complete_at is not None and self._complete_at <= now
        if completed:
            self._complete_at = None
        return self._changed() if gone or completed else []

    def _look(self, session: SessionId) -> list[Tell]:
        if len(self._lobby) >= LOBBY_SESSIONS:
            del self._lobby[next(iter(self._lobby))]
        self._lobby[session] = None
        return [Tell(session, Looked(self._roster(), self._capacity))]

    def _enter(self, request: Enter, now: float) -> list[Tell]:
        if request.person.sub in self._kept_out:
            self._lobby.pop(request.session, None)
            return [_refuse(request.session, "removed")]
        if len(self._seats) >= self._capacity:
            return [_refuse(request.session, "room-full")]
        self._lobby.pop(request.session, None)
        self._last_order = max(self._last_order + 1, self._milliseconds(now))
        member = Member(request.peer, request.name, Count(self._last_order))
        self._seats[member.id] = Seat(member, Present(request.session), heard=0, told=0, person=request.person)
        self._peers[request.session] = member.id
        return self._admit(request.session, heard=0, gap=False)

    def _return(self, request: Return, now: float) -> list[Tell]:
        claim = request.claim
        member = Member(claim.peer, request.name, claim.order)
        seat = self._seats.get(claim.peer)
        if seat is None:
            if claim.life == self._life.name or claim.peer in self._given_up or not self._awaits_earlier_lives(now):
                return [_refuse(request.session, "seat-gone")]
            if len(self._seats) >= 2 * self._capacity:  # whoever was in the call goes before who came meanwhile
                return [_refuse(request.session, "room-full")]
            return self._rebuild(request, member, now)
        tells = []
        if isinstance(seat.place, Present):
            del self._peers[seat.place.session]
            tells = [_refuse(seat.place.session, "replaced")]
        renamed = seat.member != member
        seat.member = member
        seat.place = Present(request.session)
        self._peers[request.session] = member.id
        gap, missed = seat.missed(request.heard)
        tells += self._admit(request.session, heard=seat.heard, gap=gap, changed=renamed)
        return tells + [Tell(request.session, signal) for signal in missed]

    def _rebuild(self, request: Return, member: Member, now: float) -> list[Tell]:
        """Give back a seat of an earlier life, on the word of its signed claim."""
        if self._complete_at is None:
            self._complete_at = now + SEAT_SECONDS
        self._last_order = max(self._last_order, member.order)
        seat = Seat(member, Present(request.session), heard=0, told=request.heard, person=request.claim.person)
        self._seats[member.id] = seat
        self._peers[request.session] = member.id
        return self._admit(request.session, heard=0, gap=True)

    def _admit(self, session: SessionId, *, heard: int, gap: bool, changed: bool = True) -> list[Tell]:
        """The news for one who got a seat, and, if the roster has `changed`, for all others."""
        others = self._changed(besides=session) if changed else []
        seat = self._seats[self._peers[session]]
        claim = Claim(self._name, seat.member.id, seat.member.order, self._life.name, seat.person)
        return [Tell(session, Admitted(claim, self._roster(), Count(heard), gap)), *others]

    def _relay(self, request: Relay) -> list[Tell]:
        peer = self._peers.get(request.session)
        if peer is None:
            return []  # the seat was replaced while this was on its way
        sender = self._seats[peer]
        if request.n <= sender.heard:
            return []
        if request.n > sender.heard + 1:
            return [_refuse(request.session, "skipped")]
        sender.heard = request.n
        to = self._seats.get(request.to)
        if to is None or to is sender:
            return [_refuse(request.session, "no-such-peer", request.to)]
        signal = to.keep(peer, request.data)
        return [Tell(to.place.session, signal)] if isinstance(to.place, Present) else []

    def _quit(self, session: SessionId, now: float) -> list[Tell]:
        self._lobby.pop(session, None)
        peer = self._peers.pop(session, None)
        if peer is None:
            return []
        self._give_up(peer, now)
        return self._changed()

    def _remove(self, peer: PeerId, now: float) -> list[Tell]:
        seat = self._seats.get(peer)
        if seat is None:
            return []
        if seat.person.sub is not None and len(self._kept_out) < KEPT_OUT:
            self._kept_out.add(seat.person.sub)
        return self._take_back(seat, "removed", now) + self._changed()

    def _end(self, now: float) -> list[Tell]:
        tells = [tell for seat in list(self._seats.values()) for tell in self._take_back(seat, "ended", now)]
        return tells + self._changed()

    def _take_back(self, seat: Seat, why: Code, now: float) -> list[Tell]:
        self._give_up(seat.member.id, now)
        if isinstance(seat.place, Away):
            return []
        del self._peers[seat.place.session]
        return [_refuse(seat.place.session, why)]

    def _give_up(self, peer: PeerId, now: float) -> None:
        """The seat is nobody's any more, whatever claims there are to it."""
        del self._seats[peer]
        self.vacated.append(peer)
        if self._awaits_earlier_lives(now):
            self._given_up.add(peer)  # so long only: it can't grow for ever

    def _awaits_earlier_lives(self, now: float) -> bool:
        return now < self._life.began + RETURN_SECONDS

    def _milliseconds(self, now: float) -> int:
        """Since 1970: what grows from one life of the room, and of the broker, to the next."""
        return round((now + self._life.unix_offset) * 1000)

    def _lose(self, session: SessionId, now: float) -> list[Tell]:
        self._lobby.pop(session, None)
        peer = self._peers.pop(session, None)
        if peer is not None:
            self._seats[peer].place = Away(now + SEAT_SECONDS)
        return []

    def _changed(self, besides: SessionId | None = None) -> list[Tell]:
        self._version += 1
        roster = self._roster()
        return [Tell(session, roster) for session in [*self._peers, *self._lobby] if session != besides]

    def _roster(self) -> Roster:
        members = tuple(seat.member for seat in self.inside)
        return Roster(Count(self._version), members, self._complete_at is None)


def _refuse(session: SessionId, code: Code, to: PeerId | None = None) -> Tell:
    return Tell(session, Refused(code, REFUSALS[code].message, to))
