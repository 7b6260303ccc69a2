"""The session machine: one client's socket, from hello to goodbye.  It speaks to its room by `Post` only."""

from collections.abc import Callable
from hmac import compare_digest
from math import inf
from typing import Final, Literal, assert_never

from msgspec import Struct

from eyeline.errors import LocalError
from eyeline.rate_limit import TokenBucket
from eyeline.signalling.messages import (
    Admit,
    Appoint,
    AskedToMute,
    AskMute,
    Count,
    Deny,
    EndCall,
    FromBroker,
    Goodbye,
    Govern,
    Hello,
    IceServer,
    IceServers,
    Join,
    Joined,
    Knocks,
    Leave,
    NewToken,
    PeerId,
    Ping,
    Pong,
    Refused,
    RemoveMember,
    Resume,
    RoomName,
    Roster,
    Signal,
    Signalled,
    ToBroker,
    Waiting,
    Welcome,
    decode,
)
from eyeline.signalling.moderation import room_of
from eyeline.signalling.passes import NAME_CHARACTERS_MAX, NOBODY_KNOWN, Pass, PassVerifier, Person
from eyeline.signalling.refusals import REFUSALS, Code, Refusal
from eyeline.signalling.requests import (
    Admitted,
    Enter,
    Look,
    Looked,
    Lose,
    News,
    Order,
    Quit,
    Reissued,
    RelaySignal,
    Request,
    Return,
    SessionId,
)
from eyeline.signalling.resume_token import TokenKey
from eyeline.signalling.room import SEAT_SECONDS

HELLO_WITHIN: Final = 5.0
"""Seconds from the opening of the socket to the first message."""

PING_AFTER: Final = 10.0
"""Seconds of silence after which the broker sends `ping`."""

SILENCE_MAX: Final = 15.0
"""Seconds of silence after which the broker drops the socket; the seat stays for `SEAT_SECONDS`."""


LEFT: Final = "left"
"""Why a socket is closed whose client said `leave`."""


SEAT_TAKEN: Final = frozenset[Code]({"replaced", "removed", "ended", "time-up"})
"""Why a seat is no longer the session's own."""


class Ice(Struct, frozen=True):
    """What helps a client to find a way to others."""

    stun: tuple[IceServer, ...] = ()
    """For anybody, in the lobby already."""
    mint: Callable[[RoomName, PeerId], tuple[IceServer, ...]] = lambda _room, _peer: ()
    """For who has a seat: all servers, with credentials of their own."""
    renew_after: float | None = None
    """Seconds until a member is given new ones; None if they last."""


GuestPolicy = Literal["admit", "ask", "refuse"]
"""How to treat a client without a pass; for "ask" the session emits `Ask` and the site decides."""


class SessionPolicy(Struct, frozen=True):
    """What holds for a session."""

    key: TokenKey
    ice: "Ice"
    unix_offset: float = 0
    """Turns `now` into seconds since 1970."""
    messages_per_second: float = 50
    """The rate that a socket may keep up; above it the socket is closed with `too-fast`."""
    burst: float = 300
    """Messages that it may send at once."""
    passes: PassVerifier | None = None
    """Checks passes; without it none is taken."""
    guests: GuestPolicy = "admit"
    network: str = ""
    """As in `Enter`."""


class SendMessage(Struct, frozen=True):
    """Say this to the client."""

    message: FromBroker


class Post(Struct, frozen=True):
    """Ask the room for this, over the bus."""

    room: RoomName
    request: Request


class Close(Struct, frozen=True):
    """Close the socket, after all that was sent before."""

    close_code: int
    reason: str


class Ask(Struct, frozen=True):
    """Ask the site whether the client may enter; answered by `answer`."""

    room: RoomName


SessionEffect = SendMessage | Post | Close | Ask


class Fresh(Struct, frozen=True):
    """Nothing was said yet."""

    until: float


class Asking(Struct, frozen=True):
    """At the room's door, while the site thinks; may have asked for a seat already."""

    room: RoomName
    join: Join | None = None


class Visiting(Struct, frozen=True):
    """In the lobby."""

    room: RoomName
    holds: Pass | None = None


class Entering(Struct, frozen=True):
    """Has asked for a seat; the room's answer is on its way."""

    room: RoomName
    back_to: Visiting | None
    """The lobby from which it came."""


class Seated(Struct, frozen=True):
    """Has a seat."""

    room: RoomName
    peer: PeerId


class Over(Struct, frozen=True):
    """Nothing is heard or said any more."""


SessionState = Fresh | Asking | Visiting | Entering | Seated | Over


class Session:
    """One client.  `peer` is the fresh public id that it gets if it joins."""

    def __init__(self, session: SessionId, peer: PeerId, policy: SessionPolicy, now: float) -> None:
        self.id = session
        self.state: SessionState = Fresh(now + HELLO_WITHIN)
        self._peer = peer
        self._policy = policy
        self._heard_at = now
        self._pinged = False
        self._rate_limit = TokenBucket(per_second=policy.messages_per_second, burst=policy.burst, now=now)
        self._renew_at: float | None = None

    def receive(self, text: str | bytes, now: float) -> list[SessionEffect]:
        """A frame from the client.  Whatever is in it, there is an effect or a refusal, never an exception."""
        if isinstance(self.state, Over):
            return []
        self._heard_at = now
        self._pinged = False
        if not self._rate_limit.try_spend(now):
            return self._refuse("too-fast")
        try:
            return self._take(decode(text), now)
        except Refusal as refusal:
            return self._refuse(refusal.code, refusal.message)

    def notice(self, now: float) -> list[SessionEffect]:
        """A frame that is no message: it counts against the rate, and not as a sign of life."""
        if isinstance(self.state, Over):
            return []
        return [] if self._rate_limit.try_spend(now) else self._refuse("too-fast")

    def hear(self, news: News, now: float) -> list[SessionEffect]:
        """News from the room."""
        match news:
            case _ if isinstance(self.state, Over):
                return []
            case Signalled() | Roster() | Waiting() | Knocks() | AskedToMute():
                return [SendMessage(news)]
            case Reissued(claim):
                return [SendMessage(NewToken(self._policy.key.mint(claim, now + self._policy.unix_offset)))]
            case Looked(roster, capacity):
                return [SendMessage(Welcome(roster, Count(capacity), self._policy.ice.stun, self._person().may))]
            case Admitted():
                return self._seat(news, now)
            case Refused():
                return self._refused(news, now)
            case _:
                assert_never(news)

    def next_wake(self) -> float | None:
        """When the client has been silent for too long, or needs new credentials."""
        if isinstance(self.state, Over):
            return None
        times = [self._heard_at + (SILENCE_MAX if self._pinged else PING_AFTER)]
        if isinstance(self.state, Fresh):
            times.append(self.state.until)
        if self._renew_at is not None:
            times.append(self._renew_at)
        return min(times)

    def wake(self, now: float) -> list[SessionEffect]:
        """Nothing came in time: ask, or give up."""
        match self.state:
            case Over():
                return []
            case Fresh(until) if until <= now:
                return self._refuse("hello-late")
            case _ if self._heard_at + SILENCE_MAX <= now:
                return self._refuse("silent")
            case _ if self._heard_at + PING_AFTER <= now and not self._pinged:
                self._pinged = True
                return [SendMessage(Ping())]
            case Seated(room, peer) if self._renew_at is not None and self._renew_at <= now:
                return [SendMessage(IceServers(self._mint(room, peer, now)))]
            case _:
                return []

    def answer(self, person: Person | None, now: float) -> list[SessionEffect]:
        """The site has said who the client is, or, by None, that it may not enter."""
        if not isinstance(self.state, Asking):
            return []  # the socket is gone
        if person is None:
            return self._refuse("not-allowed")
        join, lobby = self.state.join, Visiting(self.state.room, Pass(person, inf))
        effects = self._visit(lobby.room, lobby.holds)
        try:
            return effects if join is None else effects + self._join(join, lobby, now)
        except Refusal as refusal:
            return effects + self._refuse(refusal.code, refusal.message)

    def lose(self) -> list[SessionEffect]:
        """The socket is gone; the seat is kept."""
        return self._end(lambda room: [Post(room, Lose(self.id))])

    def give_up(self, why: Literal["too-slow", "too-fast"]) -> list[SessionEffect]:
        """The client does not read, or its address says too much: drop it alone.  Its seat is kept."""
        return [] if isinstance(self.state, Over) else self._refuse(why)

    def see_out(self, back_in_ms: int) -> list[SessionEffect]:
        """The broker is going away: say so, and close."""
        if isinstance(self.state, Over):
            return []
        return [SendMessage(Goodbye(Count(back_in_ms))), *self.lose(), Close(1012, "going away")]

    def _take(self, message: ToBroker, now: float) -> list[SessionEffect]:
        match message, self.state:
            case Ping(), _:
                return [SendMessage(Pong())]
            case Pong(), _:
                return []
            case Signal(), Seated(room):
                return [Post(room, RelaySignal(self.id, message.to, message.n, message.data))]
            case ((Govern() | Admit() | Deny() | RemoveMember() | Appoint() | AskMute() | EndCall()), Seated(room)):
                return [Post(room, Order(self.id, message))]
            case Hello(), Fresh():
                return self._greet(message, now)
            case Join(), Asking(room, None):
                self.state = Asking(room, message)
                return []
            case Join(), Visiting():
                return self._join(message, self.state, now)
            case Resume(), Fresh():
                claim = self._policy.key.check(message.token, now + self._policy.unix_offset)
                self._check_time(claim.person, now)
                self.state = Entering(claim.room, None)
                return [
                    Post(claim.room, Return(self.id, claim, claim.person.display_name(message.name), message.heard))
                ]
            case Leave(), _:
                return [*self._end(lambda room: [Post(room, Quit(self.id))]), Close(1000, LEFT)]
            case _:
                raise Refusal("out-of-turn")

    def _greet(self, hello: Hello, now: float) -> list[SessionEffect]:
        policy = self._policy
        if hello.owner is not None and not compare_digest(room_of(hello.owner), hello.room):
            raise Refusal("not-owner")
        if hello.join_pass is not None:
            if policy.passes is None:
                raise Refusal("pass-invalid")
            return self._visit(hello.room, policy.passes.check(hello.join_pass, hello.room, now + policy.unix_offset))
        if policy.guests == "refuse":
            raise Refusal("pass-needed")
        if policy.guests == "admit":
            return self._visit(hello.room, None if hello.owner is None else Pass(Person(role="host"), inf))
        self.state = Asking(hello.room)
        return [Ask(hello.room)]

    def _visit(self, room: RoomName, holds: Pass | None) -> list[SessionEffect]:
        self.state = Visiting(room, holds)
        return [Post(room, Look(self.id))]

    def _join(self, join: Join, lobby: Visiting, now: float) -> list[SessionEffect]:
        person = self._person()
        self._check_time(person, now)
        if lobby.holds is not None and now + self._policy.unix_offset >= lobby.holds.until:
            raise Refusal("pass-expired")
        if person.name is not None and len(join.name) > NAME_CHARACTERS_MAX:
            raise Refusal("pass-invalid", "The site says your name: it can't be sealed. Come by a link without a key.")
        self.state = Entering(lobby.room, lobby)
        name = person.display_name(join.name)
        return [Post(lobby.room, Enter(self.id, self._peer, name, person, self._policy.network))]

    def _person(self) -> Person:
        """Who it is that looks into the room."""
        match self.state:
            case Visiting(_, Pass(person)) | Entering(_, Visiting(_, Pass(person))):
                return person
            case _:
                return NOBODY_KNOWN

    def _seat(self, news: Admitted, now: float) -> list[SessionEffect]:
        claim, unix_now = news.claim, now + self._policy.unix_offset
        self.state = Seated(claim.room, claim.peer)
        token = self._policy.key.mint(claim, unix_now)
        servers = self._mint(claim.room, claim.peer, now)
        ends = claim.person.ends
        left = None if ends is None else Count(max(0, round((ends - unix_now) * 1000)))
        return [
            SendMessage(
                Joined(claim.peer, news.roster, servers, token, Count(SEAT_SECONDS), news.heard, news.gap, left)
            )
        ]

    def _check_time(self, person: Person, now: float) -> None:
        if person.is_out(now + self._policy.unix_offset):
            raise Refusal("time-up")

    def _mint(self, room: RoomName, peer: PeerId, now: float) -> tuple[IceServer, ...]:
        after = self._policy.ice.renew_after
        self._renew_at = None if after is None else now + after
        return self._policy.ice.mint(room, peer)

    def _refused(self, news: Refused, now: float) -> list[SessionEffect]:
        match self.state:
            case Entering(_, Visiting() as lobby):
                self.state = lobby
            case Entering() | Visiting() | Asking():
                self.state = Fresh(now + HELLO_WITHIN)
            case Fresh() | Seated():
                pass
            case Over():
                raise LocalError("a session that is over was told of a refusal")
            case _:
                assert_never(self.state)
        if news.code in SEAT_TAKEN:
            self.state = Over()  # nothing to lose
        return self._say_no(news)

    def _refuse(self, code: Code, message: str | None = None) -> list[SessionEffect]:
        return self._say_no(Refused(code, message or REFUSALS[code].message))

    def _say_no(self, refused: Refused) -> list[SessionEffect]:
        closes = REFUSALS[refused.code].closes
        if closes is None:
            return [SendMessage(refused)]
        return [SendMessage(refused), *self.lose(), Close(closes, refused.code)]

    def _end(self, farewell: Callable[[RoomName], list[SessionEffect]]) -> list[SessionEffect]:
        state, self.state = self.state, Over()
        match state:
            case Visiting(room) | Entering(room) | Seated(room):
                return farewell(room)
            case Fresh() | Asking() | Over():
                return []
            case _:
                assert_never(state)
