"""The room machine: its members, lobby and waiting room, and the signals relayed between members.

One process holds a room.  Sessions never access it directly: they send a `Request` over the bus and get `Notify`s back.
"""

from collections import Counter
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
    HostCommand,
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
    Announce,
    ClaimUpdated,
    Disconnect,
    End,
    EnterLobby,
    LeaveRoom,
    LobbyState,
    Moderate,
    Notify,
    RelaySignal,
    Remove,
    Request,
    RequestSeat,
    ResumeSeat,
    SessionId,
)
from eyeline.signalling.resume_token import Claim
from eyeline.signalling.seat import Away, Present, Seat
from eyeline.signalling.wall_clock import WallClock

SEAT_SECONDS: Final = 30
"""How long a seat is kept after its socket is lost, and how long a restored room waits for its members."""

RETURN_SECONDS: Final = 120
"""How long after its start the broker restores seats from before the restart."""

CLOCK_CHECK_SECONDS: Final = 10
"""How soon a room whose members' time is limited notices that the wall clock was set."""

BANNED_MAX: Final = 1000
"""Maximum number of removed people that a room remembers; it forgets them when it is empty."""

NETWORK_SHARE_MIN: Final = 2
"""Seats that one network may always have, for two people at home.  Otherwise its share is half of the room's seats."""

LOBBY_SESSIONS: Final = 64
"""Maximum number of sessions in the lobby that receive roster updates.  When another one enters, the one that has
been there longest stops getting them but can still join, so that a crowded lobby keeps nobody out."""


class BrokerRun(Struct, frozen=True):
    """One run of the broker process, with the wall clock of all its rooms."""

    name: str
    began: float
    wall_clock: WallClock


class Room:
    """One room, created at `now`."""

    def __init__(self, name: RoomName, *, capacity: int, broker_run: BrokerRun, now: float) -> None:
        self._name = name
        self._capacity = capacity
        self._broker_run = broker_run
        self._clock_checked_at = now
        self._version = self._milliseconds(now)
        self.vacated: list[PeerId] = []
        """Peers whose seats were released; the caller empties this list after each call."""
        self._released: set[PeerId] = set()
        self._banned: set[str] = set()  # the `sub` of each removed person
        self._timed_out: tuple[PeerId, ...] = ()  # the last peers whose time was up
        self._seats: dict[PeerId, Seat] = {}
        self._peers: dict[SessionId, PeerId] = {}
        self._lobby: dict[SessionId, None] = {}  # an ordered set
        self._waiting: dict[SessionId, RequestSeat] = {}  # the waiting room, in order of arrival
        self._moderation = Moderation()
        self._complete_at: float | None = None  # set while members from before a restart may still reconnect
        self._last_order = 0

    @property
    def empty(self) -> bool:
        """Whether no seat is taken or kept and nobody is in the lobby or waiting room: the room can be discarded."""
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
        """How many members are connected."""
        return len(self._peers)

    def receive(self, request: Request, now: float) -> list[Notify]:
        """Handle a session's request."""
        match request:
            case EnterLobby():
                return self._enter_lobby(request.session)
            case RequestSeat():
                return self._request_seat(request, now)
            case ResumeSeat():
                return self._reclaim(request, now)
            case RelaySignal():
                return self.relay(request)
            case LeaveRoom():
                return self._leave(request.session, now)
            case Disconnect():
                return self._lose(request.session, now)
            case Remove() | End():
                return self._remove(request.peer, now) if isinstance(request, Remove) else self._end(now)
            case Moderate():
                return self._moderate(request.session, request.command, now)
            case Announce(news, to):
                return [Notify(session, news) for session, peer in self._peers.items() if to in (None, peer)]
            case _:
                assert_never(request)

    def next_wake(self) -> float | None:
        """When the next seat expires, somebody's time is up, or a restored room stops waiting for members.

        If anybody's time is limited, at most `CLOCK_CHECK_SECONDS` later, since the wall clock may step.
        """
        times = [seat.place.until for seat in self._seats.values() if isinstance(seat.place, Away)]
        ends = [*map(self._ends_at, self._seats.values()), *map(self._ends_at, self._waiting.values())]
        if min(ends, default=inf) < inf:
            times.append(min(*ends, self._clock_checked_at + CLOCK_CHECK_SECONDS))
        if self._complete_at is not None:
            times.append(self._complete_at)
        return min(times, default=None)

    def wake(self, now: float) -> list[Notify]:
        """Release expired seats, and remove everybody whose time is up."""
        self._clock_checked_at = now
        over = [seat for seat in self._seats.values() if self._ends_at(seat) <= now]
        self._timed_out = (*self._timed_out, *(seat.member.id for seat in over))[-REMOVED_MAX:]
        news = [each for seat in over for each in self._evict(seat, "time-up", now)]
        late = [session for session, enter in self._waiting.items() if self._ends_at(enter) <= now]
        news += [each for session in late for each in self._refuse_waiting(session, "time-up")]
        gone = [peer for peer, seat in self._seats.items() if isinstance(seat.place, Away) and seat.place.until <= now]
        for peer in gone:
            self._release(peer, now)
        completed = self._complete_at is not None and self._complete_at <= now
        if completed:
            self._complete_at = None
        return news + (self._publish_roster() if over or gone or completed else [])

    def _ends_at(self, who: Seat | RequestSeat) -> float:
        """When the call ends for this person; infinity if never."""
        return inf if who.person.ends is None else self._broker_run.wall_clock.monotonic(who.person.ends)

    def _enter_lobby(self, session: SessionId) -> list[Notify]:
        if len(self._lobby) >= LOBBY_SESSIONS:
            del self._lobby[next(iter(self._lobby))]
        self._lobby[session] = None
        return [Notify(session, LobbyState(self._roster(), self._capacity))]

    def _request_seat(self, request: RequestSeat, now: float) -> list[Notify]:
        if request.person.sub in self._banned:
            self._lobby.pop(request.session, None)
            return [_refuse(request.session, "removed")]
        host = request.person.role != "member"
        full = len(self._seats) >= self._capacity + host  # a host gets into a full room
        if full and not self._yields_to(request.network, now):
            return [_refuse(request.session, "room-full")]
        if self._moderation.rules.entry == "open" or host or request.invited:
            return self._seat(request, now)
        if self._moderation.rules.entry == "locked":
            return [_refuse(request.session, "locked")]
        beside = sum(other.network == request.network != "" for other in self._waiting.values())
        if len(self._waiting) >= WAITING_MAX or beside >= WAITING_OF_NETWORK_MAX:
            return [_refuse(request.session, "too-many-knocks")]
        self._waiting[request.session] = request
        return [Notify(request.session, Waiting()), *self._knocks()]

    def _yields_to(self, network: str, now: float) -> bool:
        """Whether a full room has a seat for a newcomer from this network.

        Without a host nobody could remove a person who takes all seats.  So when another network has more than its
        share of them, the one of its members who has been away longest loses the seat.  If all of them are present,
        only its share counts.  Nobody present is removed, so an office behind one NAT can fill a room.
        """
        hosted = any(seat.member.role != "member" for seat in self._seats.values())
        if network == "" or hosted or self._moderation.rules.entry != "open":
            return False
        share = max(NETWORK_SHARE_MIN, self._capacity // 2)
        taken = Counter(seat.network for seat in self._seats.values())
        crowds = {each for each, seats in taken.items() if seats > share} - {"", network}
        away = {
            seat.place.until: peer
            for peer, seat in self._seats.items()
            if seat.network in crowds and isinstance(seat.place, Away)
        }
        if away:
            self._release(away[min(away)], now)
            return True
        counted = sum(min(seats, share) if each in crowds else seats for each, seats in taken.items())
        return counted < self._capacity and len(self._seats) < 2 * self._capacity

    def _seat(self, request: RequestSeat, now: float) -> list[Notify]:
        self._lobby.pop(request.session, None)
        self._last_order = max(self._last_order + 1, self._milliseconds(now))
        member = self._member(request.peer, request.name, self._last_order, request.person)
        here = Present(request.session)
        self._seats[member.id] = Seat(member, here, heard=0, sent=0, person=request.person, network=request.network)
        self._peers[request.session] = member.id
        return self._admit(request.session, heard=0, gap=False)

    def _reclaim(self, request: ResumeSeat, now: float) -> list[Notify]:
        claim = request.claim
        seat = self._seats.get(claim.peer)
        if seat is None:
            if claim.peer in self._moderation.removed:
                return [_refuse(request.session, "removed")]
            if (
                claim.broker_run == self._broker_run.name
                or claim.peer in self._released
                or not self._restores_seats(now)
            ):
                return [_refuse(request.session, "seat-gone")]
            if len(self._seats) >= 2 * self._capacity:  # former members take precedence over newcomers
                return [_refuse(request.session, "room-full")]
            return self._restore(request, now)
        news = []
        if isinstance(seat.place, Present):
            del self._peers[seat.place.session]
            news = [_refuse(seat.place.session, "replaced")]
        member = self._member(claim.peer, request.name, claim.order, seat.person)
        renamed = seat.member != member
        seat.member = member
        seat.place, seat.network = Present(request.session), request.network
        self._peers[request.session] = member.id
        gap, missed = seat.missed(request.heard)
        news += self._admit(request.session, heard=seat.heard, gap=gap, changed=renamed)
        return news + [Notify(request.session, signal) for signal in missed]

    def _restore(self, request: ResumeSeat, now: float) -> list[Notify]:
        """Restore a seat from before a restart, based on its signed claim."""
        if self._complete_at is None:
            self._complete_at = now + SEAT_SECONDS
        claim = request.claim
        self._last_order = max(self._last_order, claim.order)
        news = self._merge_moderation(claim.moderation, now)
        member = self._member(claim.peer, request.name, claim.order, claim.person)
        here, network = Present(request.session), request.network
        seat = Seat(member, here, heard=0, sent=request.heard, person=claim.person, network=network)
        self._seats[member.id] = seat
        self._peers[request.session] = member.id
        return news + self._admit(request.session, heard=0, gap=True) + self._admit_waiting(now)

    def _merge_moderation(self, moderation: Moderation, now: float) -> list[Notify]:
        """Merge the hosts' decisions from the claim of a member from before the restart."""
        known = self._moderation.and_also(moderation)
        if known == self._moderation:
            return []
        self._moderation = known
        gone = [self._seats[peer] for peer in known.removed if peer in self._seats]
        news = [each for seat in gone for each in self._evict(seat, "removed", now)]
        return news + self._reissue_claims()

    def _admit(self, session: SessionId, *, heard: int, gap: bool, changed: bool = True) -> list[Notify]:
        """News for the session that got a seat and, if the roster has `changed`, for all others."""
        others = self._publish_roster(besides=session) if changed else []
        seat = self._seats[self._peers[session]]
        admitted = Admitted(self._claim(seat), self._roster(), Count(heard), gap)
        knocks = self._knocks(session) if self._waiting else []
        return [Notify(session, admitted), *knocks, *others]

    def _claim(self, seat: Seat) -> Claim:
        member = seat.member
        return Claim(self._name, member.id, member.order, self._broker_run.name, seat.person, self._moderation)

    def relay(self, request: RelaySignal) -> list[Notify]:
        """Handle a signal: no time is needed, and no deadline changes."""
        peer = self._peers.get(request.session)
        if peer is None:
            return []  # the seat was replaced while this was in flight
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
        return [Notify(to.place.session, signal)] if isinstance(to.place, Present) else []

    def _leave(self, session: SessionId, now: float) -> list[Notify]:
        self._lobby.pop(session, None)
        peer = self._peers.pop(session, None)
        if peer is None:
            return self._leave_waiting_room(session)
        self._release(peer, now)
        return self._publish_roster()

    def _remove(self, peer: PeerId, now: float) -> list[Notify]:
        seat = self._seats.get(peer)
        if seat is None:
            return []
        return self._ban(seat, self._moderation.without(peer, self._milliseconds(now)), now)

    def _ban(self, seat: Seat, moderation: Moderation, now: float) -> list[Notify]:
        """Remove a member for good: a resume token doesn't restore the seat, even after a restart."""
        if seat.person.sub is not None and len(self._banned) < BANNED_MAX:
            self._banned.add(seat.person.sub)
        return self._evict(seat, "removed", now) + self._govern(moderation, now)

    def _moderate(self, session: SessionId, command: HostCommand, now: float) -> list[Notify]:
        """Handle a command that only hosts may send."""
        peer = self._peers.get(session)
        if peer is None:
            return []  # the seat was replaced while this was in flight
        role = self._seats[peer].member.role
        if not may(role, command):
            return [_refuse(session, "not-host")]
        match command:
            case Govern(rules):
                return self._govern(self._moderation.governed(rules, self._milliseconds(now)), now)
            case Admit(knock) | Deny(knock):
                return self._answer_knock(session, knock, now if isinstance(command, Admit) else None)
            case EndCall():
                return self._end(now)
            case RemoveMember(other) | Appoint(other) | AskMute(other):
                seat = self._seats.get(other)
                if seat is None and isinstance(command, RemoveMember) and role == "host":
                    return self._remove_without_seat(other, now)
                if seat is None:
                    return [_refuse(session, "no-such-peer", other)]
                return self._moderate_member(seat, command, session, role, now)
            case _:
                assert_never(command)

    def _remove_without_seat(self, gone: PeerId, now: float) -> list[Notify]:
        """Remove a peer that has lost its seat but may still be connected to the others."""
        if gone in self._moderation.removed:
            return []
        return self._govern(self._moderation.without(gone, self._milliseconds(now)).guarded(), now)

    def _moderate_member(
        self, seat: Seat, command: RemoveMember | Appoint | AskMute, session: SessionId, role: Role, now: float
    ) -> list[Notify]:
        match command:
            case RemoveMember(peer):
                if not may_remove(role, seat.member.role):
                    return [_refuse(session, "not-host")]
                return self._ban(seat, self._moderation.without(peer, self._milliseconds(now)).guarded(), now)
            case Appoint(peer, appointed):
                if seat.member.role == "host":
                    return [_refuse(session, "not-host")]
                moderation = self._moderation.appointing(peer, appointed, self._milliseconds(now))
                return self._govern(moderation, now) + (self._knocks() if self._waiting else [])
            case AskMute():
                asked = AskedToMute(self._peers[session])
                return [Notify(seat.place.session, asked)] if isinstance(seat.place, Present) else []
            case _:
                assert_never(command)

    def _govern(self, moderation: Moderation, now: float) -> list[Notify]:
        self._moderation = moderation
        return self._reissue_claims() + self._admit_waiting(now) + self._publish_roster()

    def _admit_waiting(self, now: float) -> list[Notify]:
        """If the room is open, admit people from the waiting room while there are free seats."""
        if self._moderation.rules.entry != "open" or not self._waiting:
            return []
        news = []
        for session in list(self._waiting)[: max(0, self._capacity - len(self._seats))]:
            news += self._seat(self._waiting.pop(session), now)
        return news + self._knocks()

    def _answer_knock(self, host: SessionId, knock: PeerId, admitted_at: float | None) -> list[Notify]:
        """Admit somebody from the waiting room, at that time, or deny them if it is None."""
        waits = next((enter for enter in self._waiting.values() if enter.peer == knock), None)
        if waits is None:
            return [_refuse(host, "no-such-peer", knock)]  # they have left, or another host was faster
        if admitted_at is not None and len(self._seats) >= self._capacity:
            return [_refuse(host, "room-full")]
        del self._waiting[waits.session]
        answer = [_refuse(waits.session, "denied")] if admitted_at is None else self._seat(waits, admitted_at)
        return answer + self._knocks()

    def _leave_waiting_room(self, session: SessionId) -> list[Notify]:
        """Take a session that has left out of the waiting room."""
        return self._knocks() if self._waiting.pop(session, None) is not None else []

    def _refuse_waiting(self, session: SessionId, why: Code) -> list[Notify]:
        """Refuse a session in the waiting room."""
        self._lobby.pop(session, None)
        return [_refuse(session, why), *self._leave_waiting_room(session)]

    def _knocks(self, only: SessionId | None = None) -> list[Notify]:
        """Send the waiting room to all hosts and co-hosts, or to one of them."""
        news = Knocks(tuple(Knock(enter.peer, enter.name) for enter in self._waiting.values()))
        hosts = [session for session, peer in self._peers.items() if self._seats[peer].member.role != "member"]
        return [Notify(session, news) for session in hosts if only in (None, session)]

    def _reissue_claims(self) -> list[Notify]:
        """Update all roles, and reissue the claims of connected members; others get theirs when they reconnect."""
        for seat in self._seats.values():
            seat.member = self._member(seat.member.id, seat.member.name, seat.member.order, seat.person)
        return [Notify(session, ClaimUpdated(self._claim(self._seats[peer]))) for session, peer in self._peers.items()]

    def _member(self, peer: PeerId, name: DisplayName, order: int, person: Person) -> Member:
        role = self._moderation.role_of(peer, person.role)
        return Member(peer, name, Count(order), role, person.permissions, person.sip, person.called)

    def _end(self, now: float) -> list[Notify]:
        news = [each for seat in list(self._seats.values()) for each in self._evict(seat, "ended", now)]
        for session in self._waiting:
            self._lobby.pop(session, None)
            news.append(_refuse(session, "ended"))
        self._waiting.clear()
        return news + self._publish_roster()

    def _evict(self, seat: Seat, why: Code, now: float) -> list[Notify]:
        self._release(seat.member.id, now)
        if isinstance(seat.place, Away):
            return []
        del self._peers[seat.place.session]
        return [_refuse(seat.place.session, why)]

    def _release(self, peer: PeerId, now: float) -> None:
        """Release a seat; claims to it are void."""
        del self._seats[peer]
        self.vacated.append(peer)
        if self._restores_seats(now):
            self._released.add(peer)  # only within that time, so that the set stays bounded

    def _restores_seats(self, now: float) -> bool:
        return now < self._broker_run.began + RETURN_SECONDS

    def _milliseconds(self, now: float) -> int:
        """Milliseconds since 1970, which increase across restarts of the room and of the broker."""
        return round(self._broker_run.wall_clock.unix(now) * 1000)

    def _lose(self, session: SessionId, now: float) -> list[Notify]:
        self._lobby.pop(session, None)
        peer = self._peers.pop(session, None)
        if peer is None:
            return self._leave_waiting_room(session)
        self._seats[peer].place = Away(now + SEAT_SECONDS)
        return []

    def _publish_roster(self, besides: SessionId | None = None) -> list[Notify]:
        self._version += 1
        roster = self._roster()
        return [Notify(session, roster) for session in [*self._peers, *self._lobby] if session != besides]

    def _roster(self) -> Roster:
        members = tuple(seat.member for seat in self.inside)
        removed = (*self._moderation.removed, *self._timed_out)
        return Roster(Count(self._version), members, self._complete_at is None, self._moderation.rules, removed)


def _refuse(session: SessionId, code: Code, to: PeerId | None = None) -> Notify:
    return Notify(session, Refused(code, REFUSALS[code].message, to))
