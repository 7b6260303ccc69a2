"""The room machine: who has a seat, who looks on from the lobby, and what one member says to another.

A room is held by one process.  Sessions never touch it: they send it a `Request` over the bus and get `Tell`s back.
"""

from math import inf
from typing import Final, assert_never

from msgspec import Struct

from eyeline.signalling.messages import (
    Admit,
    Appoint,
    AskedToMute,
    AskMute,
    Count,
    Deny,
    DisplayName,
    EndCall,
    Govern,
    HostOrder,
    Knock,
    Knocks,
    Member,
    PeerId,
    Refused,
    RemoveMember,
    Role,
    RoomName,
    Roster,
    Waiting,
)
from eyeline.signalling.moderation import REMOVED_MAX, WAITING_MAX, WAITING_OF_NETWORK_MAX, Moderation, may, may_remove
from eyeline.signalling.passes import Person
from eyeline.signalling.refusals import REFUSALS, Code
from eyeline.signalling.requests import (
    Admitted,
    End,
    Enter,
    Look,
    Looked,
    Lose,
    Order,
    Quit,
    Reissued,
    RelaySignal,
    Remove,
    Request,
    Return,
    SessionId,
    Tell,
)
from eyeline.signalling.resume_token import Claim
from eyeline.signalling.seat import Away, Present, Seat

SEAT_SECONDS: Final = 30
"""How long a seat outlives its socket, and how long a rebuilt room waits for its members."""

RETURN_SECONDS: Final = 120
"""For how long after its start the broker gives back seats of its earlier lives."""

KEPT_OUT: Final = 1000
"""People that a room remembers to have been removed; it forgets them when it is empty."""

LOBBY_SESSIONS: Final = 64
"""How many in the lobby are told who comes and goes.  When more look in, the one who has looked on longest is told no
more, and can still join: a lobby full of strangers keeps nobody out."""


class BrokerRun(Struct, frozen=True):
    """One run of the broker.  `unix_offset` turns `now` into seconds since 1970."""

    name: str
    began: float
    unix_offset: float


class Room:
    """One room, from `now` on."""

    def __init__(self, name: RoomName, *, capacity: int, broker_run: BrokerRun, now: float) -> None:
        self._name = name
        self._capacity = capacity
        self._broker_run = broker_run
        self._version = self._milliseconds(now)
        self.vacated: list[PeerId] = []
        """Whose seats were given up; whoever drives the room takes them out after each call."""
        self._given_up: set[PeerId] = set()
        self._kept_out: set[str] = set()  # who, for the site, was removed
        self._timed_out: tuple[PeerId, ...] = ()  # whose time was up, the last ones
        self._seats: dict[PeerId, Seat] = {}
        self._peers: dict[SessionId, PeerId] = {}
        self._lobby: dict[SessionId, None] = {}  # a set that keeps its order
        self._waiting: dict[SessionId, Enter] = {}  # at the door, first come first
        self._moderation = Moderation()
        self._complete_at: float | None = None  # set while members of an earlier life may still come back
        self._last_order = 0

    @property
    def empty(self) -> bool:
        """Nobody is inside or may come back, and nobody looks on: the room can be forgotten."""
        return not self._seats and not self._lobby and not self._waiting

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
            case RelaySignal():
                return self._relay(request)
            case Quit():
                return self._quit(request.session, now)
            case Lose():
                return self._lose(request.session, now)
            case Remove():
                return self._remove(request.peer, now)
            case End():
                return self._end(now)
            case Order():
                return self._order(request.session, request.order, now)
            case _:
                assert_never(request)

    def next_wake(self) -> float | None:
        """When the next seat runs out, the call ends for somebody, or a rebuilt room is complete."""
        times = [seat.place.until for seat in self._seats.values() if isinstance(seat.place, Away)]
        ends = [*map(self._end_of, self._seats.values()), *map(self._end_of, self._waiting.values())]
        times += [end for end in ends if end < inf]
        if self._complete_at is not None:
            times.append(self._complete_at)
        return min(times, default=None)

    def wake(self, now: float) -> list[Tell]:
        """Give up the seats that ran out, and see out those for whom the call ends."""
        over = [seat for seat in self._seats.values() if self._end_of(seat) <= now]
        self._timed_out = (*self._timed_out, *(seat.member.id for seat in over))[-REMOVED_MAX:]
        tells = [tell for seat in over for tell in self._take_back(seat, "time-up", now)]
        late = [session for session, enter in self._waiting.items() if self._end_of(enter) <= now]
        tells += [tell for session in late for tell in self._see_off(session, "time-up")]
        gone = [peer for peer, seat in self._seats.items() if isinstance(seat.place, Away) and seat.place.until <= now]
        for peer in gone:
            self._give_up(peer, now)
        completed = self._complete_at is not None and self._complete_at <= now
        if completed:
            self._complete_at = None
        return tells + (self._changed() if over or gone or completed else [])

    def _end_of(self, who: Seat | Enter) -> float:
        """When the call ends for them."""
        return inf if who.person.ends is None else who.person.ends - self._broker_run.unix_offset

    def _look(self, session: SessionId) -> list[Tell]:
        if len(self._lobby) >= LOBBY_SESSIONS:
            del self._lobby[next(iter(self._lobby))]
        self._lobby[session] = None
        return [Tell(session, Looked(self._roster(), self._capacity))]

    def _enter(self, request: Enter, now: float) -> list[Tell]:
        if request.person.sub in self._kept_out:
            self._lobby.pop(request.session, None)
            return [_refuse(request.session, "removed")]
        host = request.person.role != "member"
        if len(self._seats) >= self._capacity + host:  # the owner of a full room gets in all the same
            return [_refuse(request.session, "room-full")]
        if self._moderation.rules.entry == "open" or host:
            return self._sit(request, now)
        if self._moderation.rules.entry == "locked":
            return [_refuse(request.session, "locked")]
        beside = sum(other.network == request.network != "" for other in self._waiting.values())
        if len(self._waiting) >= WAITING_MAX or beside >= WAITING_OF_NETWORK_MAX:
            return [_refuse(request.session, "too-many-knocks")]
        self._waiting[request.session] = request
        return [Tell(request.session, Waiting()), *self._knocks()]

    def _sit(self, request: Enter, now: float) -> list[Tell]:
        self._lobby.pop(request.session, None)
        self._last_order = max(self._last_order + 1, self._milliseconds(now))
        member = self._member(request.peer, request.name, self._last_order, request.person)
        self._seats[member.id] = Seat(member, Present(request.session), heard=0, told=0, person=request.person)
        self._peers[request.session] = member.id
        return self._admit(request.session, heard=0, gap=False)

    def _return(self, request: Return, now: float) -> list[Tell]:
        claim = request.claim
        seat = self._seats.get(claim.peer)
        if seat is None:
            if claim.peer in self._moderation.removed:
                return [_refuse(request.session, "removed")]
            if (
                claim.broker_run == self._broker_run.name
                or claim.peer in self._given_up
                or not self._awaits_earlier_lives(now)
            ):
                return [_refuse(request.session, "seat-gone")]
            if len(self._seats) >= 2 * self._capacity:  # whoever was in the call goes before who came meanwhile
                return [_refuse(request.session, "room-full")]
            return self._rebuild(request, now)
        tells = []
        if isinstance(seat.place, Present):
            del self._peers[seat.place.session]
            tells = [_refuse(seat.place.session, "replaced")]
        member = self._member(claim.peer, request.name, claim.order, seat.person)
        renamed = seat.member != member
        seat.member = member
        seat.place = Present(request.session)
        self._peers[request.session] = member.id
        gap, missed = seat.missed(request.heard)
        tells += self._admit(request.session, heard=seat.heard, gap=gap, changed=renamed)
        return tells + [Tell(request.session, signal) for signal in missed]

    def _rebuild(self, request: Return, now: float) -> list[Tell]:
        """Give back a seat of an earlier life, on the word of its signed claim."""
        if self._complete_at is None:
            self._complete_at = now + SEAT_SECONDS
        claim = request.claim
        self._last_order = max(self._last_order, claim.order)
        tells = self._learn(claim.moderation, now)
        member = self._member(claim.peer, request.name, claim.order, claim.person)
        seat = Seat(member, Present(request.session), heard=0, told=request.heard, person=claim.person)
        self._seats[member.id] = seat
        self._peers[request.session] = member.id
        return tells + self._admit(request.session, heard=0, gap=True) + self._let_in(now)

    def _learn(self, moderation: Moderation, now: float) -> list[Tell]:
        """A member of an earlier life knows what the hosts decided."""
        known = self._moderation.and_also(moderation)
        if known == self._moderation:
            return []
        self._moderation = known
        gone = [self._seats[peer] for peer in known.removed if peer in self._seats]
        tells = [tell for seat in gone for tell in self._take_back(seat, "removed", now)]
        return tells + self._uphold()

    def _admit(self, session: SessionId, *, heard: int, gap: bool, changed: bool = True) -> list[Tell]:
        """The news for one who got a seat, and, if the roster has `changed`, for all others."""
        others = self._changed(besides=session) if changed else []
        seat = self._seats[self._peers[session]]
        admitted = Admitted(self._claim(seat), self._roster(), Count(heard), gap)
        knocks = self._knocks(session) if self._waiting else []
        return [Tell(session, admitted), *knocks, *others]

    def _claim(self, seat: Seat) -> Claim:
        member = seat.member
        return Claim(self._name, member.id, member.order, self._broker_run.name, seat.person, self._moderation)

    def _relay(self, request: RelaySignal) -> list[Tell]:
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
            return self._turn_away(session)
        self._give_up(peer, now)
        return self._changed()

    def _remove(self, peer: PeerId, now: float) -> list[Tell]:
        seat = self._seats.get(peer)
        if seat is None:
            return []
        return self._take_out(seat, self._moderation.without(peer, self._milliseconds(now)), now)

    def _take_out(self, seat: Seat, moderation: Moderation, now: float) -> list[Tell]:
        """Also through a restart: a token from before it is no way back."""
        if seat.person.sub is not None and len(self._kept_out) < KEPT_OUT:
            self._kept_out.add(seat.person.sub)
        return self._take_back(seat, "removed", now) + self._govern(moderation, now)

    def _order(self, session: SessionId, order: HostOrder, now: float) -> list[Tell]:
        """What only hosts may say."""
        peer = self._peers.get(session)
        if peer is None:
            return []  # the seat was replaced while this was on its way
        role = self._seats[peer].member.role
        if not may(role, order):
            return [_refuse(session, "not-host")]
        match order:
            case Govern(rules):
                return self._govern(self._moderation.governed(rules, self._milliseconds(now)), now)
            case Admit(knock) | Deny(knock):
                return self._answer(session, knock, now if isinstance(order, Admit) else None)
            case EndCall():
                return self._end(now)
            case RemoveMember(other) | Appoint(other) | AskMute(other):
                seat = self._seats.get(other)
                if seat is None and isinstance(order, RemoveMember) and role == "host":
                    return self._hang_up(other, now)
                if seat is None:
                    return [_refuse(session, "no-such-peer", other)]
                return self._order_about(seat, order, session, role, now)
            case _:
                assert_never(order)

    def _hang_up(self, gone: PeerId, now: float) -> list[Tell]:
        """On somebody whose seat is gone, which the others may be connected to still."""
        if gone in self._moderation.removed:
            return []
        return self._govern(self._moderation.without(gone, self._milliseconds(now)).guarded(), now)

    def _order_about(
        self, seat: Seat, order: RemoveMember | Appoint | AskMute, session: SessionId, role: Role, now: float
    ) -> list[Tell]:
        match order:
            case RemoveMember(peer):
                if not may_remove(role, seat.member.role):
                    return [_refuse(session, "not-host")]
                return self._take_out(seat, self._moderation.without(peer, self._milliseconds(now)).guarded(), now)
            case Appoint(peer, appointed):
                if seat.member.role == "host":
                    return [_refuse(session, "not-host")]
                moderation = self._moderation.appointing(peer, appointed, self._milliseconds(now))
                return self._govern(moderation, now) + (self._knocks() if self._waiting else [])
            case AskMute():
                asked = AskedToMute(self._peers[session])
                return [Tell(seat.place.session, asked)] if isinstance(seat.place, Present) else []
            case _:
                assert_never(order)

    def _govern(self, moderation: Moderation, now: float) -> list[Tell]:
        self._moderation = moderation
        return self._uphold() + self._let_in(now) + self._changed()

    def _let_in(self, now: float) -> list[Tell]:
        """Nobody waits at the door of an open room, while there is a seat."""
        if self._moderation.rules.entry != "open" or not self._waiting:
            return []
        tells = []
        for session in list(self._waiting)[: max(0, self._capacity - len(self._seats))]:
            tells += self._sit(self._waiting.pop(session), now)
        return tells + self._knocks()

    def _answer(self, host: SessionId, knock: PeerId, admitted_at: float | None) -> list[Tell]:
        """Somebody who waits is let in, at that time, or turned away."""
        waits = next((enter for enter in self._waiting.values() if enter.peer == knock), None)
        if waits is None:
            return [_refuse(host, "no-such-peer", knock)]  # gone, or another host was quicker
        if admitted_at is not None and len(self._seats) >= self._capacity:
            return [_refuse(host, "room-full")]
        del self._waiting[waits.session]
        answer = [_refuse(waits.session, "denied")] if admitted_at is None else self._sit(waits, admitted_at)
        return answer + self._knocks()

    def _turn_away(self, session: SessionId) -> list[Tell]:
        """Whoever waited there has gone."""
        return self._knocks() if self._waiting.pop(session, None) is not None else []

    def _see_off(self, session: SessionId, why: Code) -> list[Tell]:
        """Whoever waits there waits for nothing."""
        self._lobby.pop(session, None)
        return [_refuse(session, why), *self._turn_away(session)]

    def _knocks(self, only: SessionId | None = None) -> list[Tell]:
        """Tells the hosts, or one of them, who waits."""
        news = Knocks(tuple(Knock(enter.peer, enter.name) for enter in self._waiting.values()))
        hosts = [session for session, peer in self._peers.items() if self._seats[peer].member.role != "member"]
        return [Tell(session, news) for session in hosts if only in (None, session)]

    def _uphold(self) -> list[Tell]:
        """Roles as they stand, and new claims for those who are present; others get theirs when they come back."""
        for seat in self._seats.values():
            seat.member = self._member(seat.member.id, seat.member.name, seat.member.order, seat.person)
        return [Tell(session, Reissued(self._claim(self._seats[peer]))) for session, peer in self._peers.items()]

    def _member(self, peer: PeerId, name: DisplayName, order: int, person: Person) -> Member:
        return Member(peer, name, Count(order), self._moderation.role_of(peer, person.role), person.may)

    def _end(self, now: float) -> list[Tell]:
        tells = [tell for seat in list(self._seats.values()) for tell in self._take_back(seat, "ended", now)]
        for session in self._waiting:
            self._lobby.pop(session, None)
            tells.append(_refuse(session, "ended"))
        self._waiting.clear()
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
        return now < self._broker_run.began + RETURN_SECONDS

    def _milliseconds(self, now: float) -> int:
        """Since 1970: what grows from one life of the room, and of the broker, to the next."""
        return round((now + self._broker_run.unix_offset) * 1000)

    def _lose(self, session: SessionId, now: float) -> list[Tell]:
        self._lobby.pop(session, None)
        peer = self._peers.pop(session, None)
        if peer is None:
            return self._turn_away(session)
        self._seats[peer].place = Away(now + SEAT_SECONDS)
        return []

    def _changed(self, besides: SessionId | None = None) -> list[Tell]:
        self._version += 1
        roster = self._roster()
        return [Tell(session, roster) for session in [*self._peers, *self._lobby] if session != besides]

    def _roster(self) -> Roster:
        members = tuple(seat.member for seat in self.inside)
        removed = (*self._moderation.removed, *self._timed_out)
        return Roster(Count(self._version), members, self._complete_at is None, self._moderation.rules, removed)


def _refuse(session: SessionId, code: Code, to: PeerId | None = None) -> Tell:
    return Tell(session, Refused(code, REFUSALS[code].message, to))
