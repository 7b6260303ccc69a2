"""The session machine: one client's WebSocket, from hello to goodbye, with keepalive, rate limit and authorization.

It talks to its room only through `Post`.
"""

from collections.abc import Callable
from hmac import compare_digest
from math import inf
from typing import Final, Literal, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from eyeline.errors import LocalError
from eyeline.rate_limit import TokenBucket
from eyeline.signalling.codec import decode
from eyeline.signalling.messages import (
    Admit,
    Appoint,
    AskedToMute,
    AskMute,
    CallPhone,
    Count,
    Deny,
    EndCall,
    FromBroker,
    Goodbye,
    Govern,
    HangUpPhone,
    Hello,
    IceServer,
    IceServers,
    Join,
    Joined,
    Knocks,
    Leave,
    NewToken,
    PeerId,
    PhoneCall,
    PhoneRefused,
    Phones,
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
)
from eyeline.signalling.moderation import room_of
from eyeline.signalling.passes import NAME_CHARACTERS_MAX, NOBODY_KNOWN, Pass, PassVerifier, Person
from eyeline.signalling.refusals import REFUSALS, Code, Refusal
from eyeline.signalling.requests import (
    Admitted,
    ClaimUpdated,
    Disconnect,
    EnterLobby,
    LeaveRoom,
    LobbyState,
    Moderate,
    News,
    RelaySignal,
    Request,
    RequestSeat,
    ResumeSeat,
    SessionId,
)
from eyeline.signalling.resume_token import TokenKey
from eyeline.signalling.room import SEAT_SECONDS
from eyeline.signalling.wall_clock import WallClock

HELLO_WITHIN: Final = 5.0
"""Seconds in which the first message must arrive after the socket opens."""

PING_AFTER: Final = 10.0
"""Seconds of silence after which the broker sends `ping`."""

SILENCE_MAX: Final = 15.0
"""Seconds of silence after which the broker drops the socket; the seat is kept for `SEAT_SECONDS`."""

CLOCK_STEP: Final = 60.0
"""Seconds by which the wall clock may be set, forward or back, before TURN credentials are renewed."""

LEFT: Final = "left"
"""Close reason after the client sent `leave`."""


SEAT_TAKEN: Final = frozenset[Code]({"replaced", "removed", "ended", "time-up"})
"""Codes after which the session has lost its seat."""


class Ice(Struct, frozen=True):
    """The STUN and TURN servers given to clients."""

    stun: tuple[IceServer, ...] = ()
    """For everybody, including the lobby."""
    mint: Callable[[RoomName, PeerId], tuple[IceServer, ...]] = lambda _room, _peer: ()
    """For members: all servers, with credentials of their own."""
    renew_after: float | None = None
    """Seconds after which a member gets new credentials; None if they don't expire."""


GuestPolicy = Literal["admit", "ask", "refuse"]
"""How to treat a client without a pass; with "ask" the session emits `RequestAuthorization` and the site decides."""


class SessionPolicy(Struct, frozen=True):
    """Configuration of a session."""

    key: TokenKey
    ice: "Ice"
    wall_clock: WallClock = field(default_factory=WallClock)
    """Set by the caller before each input."""
    messages_per_second: float = 50
    """Sustained message rate of a socket; above it the socket is closed with `too-fast`."""
    burst: float = 300
    """Messages that it may send at once."""
    passes: PassVerifier | None = None
    """Verifies passes; without it all passes are refused."""
    guests: GuestPolicy = "admit"
    network: str = ""
    """As in `RequestSeat`."""
    phones: Callable[[], Phones | None] = lambda: None
    """What members are told about phones."""


class SendMessage(Struct, frozen=True):
    """Send this message to the client."""

    message: FromBroker


class Post(Struct, frozen=True):
    """Send this request to the room, over the bus."""

    room: RoomName
    request: Request


class Close(Struct, frozen=True):
    """Close the socket, after everything already sent has been flushed."""

    close_code: int
    reason: str


class RequestAuthorization(Struct, frozen=True):
    """Ask the site whether the client may enter; the caller passes the result to `authorized`."""

    room: RoomName


class AskBridge(Struct, frozen=True):
    """Ask the bridge to phones to do this for a member."""

    room: RoomName
    caller: PeerId
    network: str
    """As in `RequestSeat`."""
    command: CallPhone | HangUpPhone


SessionEffect = SendMessage | Post | Close | RequestAuthorization | AskBridge


class AwaitingHello(Struct, frozen=True):
    """No message received yet."""

    until: float


class Authorizing(Struct, frozen=True):
    """Waiting for the site's decision; `join` may already have been received."""

    room: RoomName
    join: Join | None = None


class InLobby(Struct, frozen=True):
    """In the lobby."""

    room: RoomName
    holds: Pass | None = None


class Joining(Struct, frozen=True):
    """Waiting for the room's answer to `join` or `resume`."""

    room: RoomName
    back_to: InLobby | None
    """The lobby to return to if the join is refused."""


class Seated(Struct, frozen=True):
    """Holds a seat."""

    room: RoomName
    peer: PeerId


class Over(Struct, frozen=True):
    """Closed: the session sends and accepts nothing."""


SessionState = AwaitingHello | Authorizing | InLobby | Joining | Seated | Over


class Session:
    """One client.  `peer` is the new public id that it gets if it joins."""

    __slots__ = (
        *("_minted_offset", "_peer", "_pinged", "_policy", "_rate_limit", "_received_at", "_renew_at"),
        *("id", "state"),
    )

    def __init__(self, session: SessionId, peer: PeerId, policy: SessionPolicy, now: float) -> None:
        self.id = session
        self.state: SessionState = AwaitingHello(now + HELLO_WITHIN)
        self._peer = peer
        self._policy = policy
        self._received_at = now
        self._pinged = False
        self._rate_limit = TokenBucket(per_second=policy.messages_per_second, burst=policy.burst, now=now)
        self._renew_at: float | None = None
        self._minted_offset = 0.0

    def receive(self, text: str | bytes, now: float) -> list[SessionEffect]:
        """Handle a frame from the client.  Never raises: bad input gives an effect that refuses it.

        It doesn't bring the deadline (`next_wake`) closer, so the caller can leave its timer as it is.
        """
        if isinstance(self.state, Over):
            return []
        self._received_at = now
        self._pinged = False
        if not self._rate_limit.try_spend(now):
            return self._refuse("too-fast")
        try:
            return self._dispatch(decode(text), now)
        except Refusal as refusal:
            return self._refuse(refusal.code, refusal.message)

    def receive_control(self, now: float) -> list[SessionEffect]:
        """Handle a WebSocket control frame: it counts against the rate limit, but not as a sign of life."""
        if isinstance(self.state, Over):
            return []
        return [] if self._rate_limit.try_spend(now) else self._refuse("too-fast")

    def on_news(self, news: News, now: float) -> list[SessionEffect]:
        """Handle news from the room."""
        match news:
            case _ if isinstance(self.state, Over):
                return []
            case Signalled() | Roster() | Waiting() | Knocks() | AskedToMute() | PhoneCall() | PhoneRefused():
                return [SendMessage(news)]
            case ClaimUpdated(claim):
                return [SendMessage(NewToken(self._policy.key.mint(claim, self._policy.wall_clock.unix(now))))]
            case LobbyState(roster, capacity):
                person, ice = self._person(), self._policy.ice.stun
                return [SendMessage(Welcome(roster, Count(capacity), ice, person.permissions, person.role))]
            case Admitted():
                return self._on_admitted(news, now)
            case Refused():
                return self._on_refused(news, now)
            case _:
                assert_never(news)

    def next_wake(self) -> float | None:
        """When the client will have been silent for too long, or needs new credentials."""
        if isinstance(self.state, Over):
            return None
        times = [self._received_at + (SILENCE_MAX if self._pinged else PING_AFTER)]
        if isinstance(self.state, AwaitingHello):
            times.append(self.state.until)
        if self._renew_at is not None:
            times.append(self._renew_at)
        return min(times)

    def wake(self, now: float) -> list[SessionEffect]:
        """A timer is due: ping or drop a silent client, or renew credentials."""
        match self.state:
            case Over():
                return []
            case AwaitingHello(until) if until <= now:
                return self._refuse("hello-late")
            case _ if self._received_at + SILENCE_MAX <= now:
                return self._refuse("silent")
            case _ if self._received_at + PING_AFTER <= now and not self._pinged:
                self._pinged = True
                return [SendMessage(Ping())]
            case Seated(room, peer) if self._renew_at is not None and self._renew_at <= now:
                return [SendMessage(IceServers(self._mint_ice_servers(room, peer, now)))]
            case _:
                return []

    def authorized(self, person: Person | None, now: float) -> list[SessionEffect]:
        """The site has identified the client, or denied it entry by None."""
        if not isinstance(self.state, Authorizing):
            return []  # the socket has closed meanwhile
        if person is None:
            return self._refuse("not-allowed")
        join, lobby = self.state.join, InLobby(self.state.room, Pass(person, inf))
        effects = self._enter_lobby(lobby.room, lobby.holds)
        try:
            return effects if join is None else effects + self._on_join(join, lobby, now)
        except Refusal as refusal:
            return effects + self._refuse(refusal.code, refusal.message)

    def socket_lost(self) -> list[SessionEffect]:
        """The socket was lost; the seat is kept."""
        return self._leave_room(lambda room: [Post(room, Disconnect(self.id))])

    def drop(self, why: Literal["too-slow", "too-fast"]) -> list[SessionEffect]:
        """Drop a slow client, or one whose address exceeds its message rate.  Its seat is kept."""
        return [] if isinstance(self.state, Over) else self._refuse(why)

    def drain(self, back_in_ms: int) -> list[SessionEffect]:
        """The broker is shutting down: send `goodbye` and close the socket."""
        if isinstance(self.state, Over):
            return []
        return [SendMessage(Goodbye(Count(back_in_ms))), *self.socket_lost(), Close(1012, "going away")]

    def _dispatch(self, message: ToBroker, now: float) -> list[SessionEffect]:
        state = self.state
        if isinstance(message, Signal) and isinstance(state, Seated):  # first, since it is by far the most frequent
            return [Post(state.room, RelaySignal(self.id, message.to, message.n, message.data))]
        match message, state:
            case ((Ping() | Pong()), _):
                answer = [SendMessage(Pong())] if isinstance(message, Ping) else []
                return [*answer, *self._renew_after_step(now)]
            case ((Govern() | Admit() | Deny() | RemoveMember() | Appoint() | AskMute() | EndCall()), Seated(room)):
                return [Post(room, Moderate(self.id, message))]
            case Hello(), AwaitingHello():
                return self._on_hello(message, now)
            case ((CallPhone() | HangUpPhone()), Seated(room, peer)):
                return [AskBridge(room, peer, self._policy.network, message)]
            case Join(), Authorizing(room, None):
                self.state = Authorizing(room, message)
                return []
            case Join(), InLobby() as lobby:
                return self._on_join(message, lobby, now)
            case Resume(), AwaitingHello():
                claim = self._policy.key.check(message.token, self._policy.wall_clock.unix(now))
                self._check_time(claim.person, now)
                self.state = Joining(claim.room, None)
                name = claim.person.display_name(message.name)
                return [Post(claim.room, ResumeSeat(self.id, claim, name, message.heard, self._policy.network))]
            case Leave(), _:
                return [*self._leave_room(lambda room: [Post(room, LeaveRoom(self.id))]), Close(1000, LEFT)]
            case _:
                raise Refusal("out-of-turn")

    def _on_hello(self, hello: Hello, now: float) -> list[SessionEffect]:
        policy = self._policy
        if hello.owner is not None and not compare_digest(room_of(hello.owner), hello.room):
            raise Refusal("not-owner")
        if hello.join_pass is not None:
            if policy.passes is None:
                raise Refusal("pass-invalid")
            return self._enter_lobby(
                hello.room, policy.passes.check(hello.join_pass, hello.room, policy.wall_clock.unix(now))
            )
        if policy.guests == "refuse":
            raise Refusal("pass-needed")
        if policy.guests == "admit":
            return self._enter_lobby(hello.room, None if hello.owner is None else Pass(Person(role="host"), inf))
        self.state = Authorizing(hello.room)
        return [RequestAuthorization(hello.room)]

    def _enter_lobby(self, room: RoomName, holds: Pass | None) -> list[SessionEffect]:
        self.state = InLobby(room, holds)
        return [Post(room, EnterLobby(self.id))]

    def _on_join(self, join: Join, lobby: InLobby, now: float) -> list[SessionEffect]:
        person = self._person()
        self._check_time(person, now)
        if lobby.holds is not None and self._policy.wall_clock.unix(now) >= lobby.holds.until:
            raise Refusal("pass-expired")
        if person.name is not None and len(join.name) > NAME_CHARACTERS_MAX:
            raise Refusal(
                "pass-invalid", "This site sets your name, so it can't be encrypted. Use a link without a secret."
            )
        self.state = Joining(lobby.room, lobby)
        name = person.display_name(join.name)
        return [Post(lobby.room, RequestSeat(self.id, self._peer, name, person, self._policy.network))]

    def _person(self) -> Person:
        """The person as identified so far."""
        match self.state:
            case InLobby(_, Pass(person)) | Joining(_, InLobby(_, Pass(person))):
                return person
            case _:
                return NOBODY_KNOWN

    def _on_admitted(self, news: Admitted, now: float) -> list[SessionEffect]:
        claim, unix_now = news.claim, self._policy.wall_clock.unix(now)
        self.state = Seated(claim.room, claim.peer)
        token = self._policy.key.mint(claim, unix_now)
        servers = self._mint_ice_servers(claim.room, claim.peer, now)
        ends = claim.person.ends
        left = None if ends is None else Count(max(0, round((ends - unix_now) * 1000)))
        joined = Joined(claim.peer, news.roster, servers, token, Count(SEAT_SECONDS), news.heard, news.gap, left)
        return [SendMessage(replace(joined, phones=self._policy.phones()))]

    def _check_time(self, person: Person, now: float) -> None:
        if person.is_out(self._policy.wall_clock.unix(now)):
            raise Refusal("time-up")

    def _mint_ice_servers(self, room: RoomName, peer: PeerId, now: float) -> tuple[IceServer, ...]:
        after = self._policy.ice.renew_after
        self._renew_at = None if after is None else now + after
        self._minted_offset = self._policy.wall_clock.unix_offset
        return self._policy.ice.mint(room, peer)

    def _renew_after_step(self, now: float) -> list[SessionEffect]:
        """New TURN credentials at the next keepalive after the wall clock was set: their expiry is a Unix time."""
        stepped = abs(self._policy.wall_clock.unix_offset - self._minted_offset) > CLOCK_STEP
        match self.state:
            case Seated(room, peer) if stepped and self._renew_at is not None:
                return [SendMessage(IceServers(self._mint_ice_servers(room, peer, now)))]
            case _:
                return []

    def _on_refused(self, news: Refused, now: float) -> list[SessionEffect]:
        match self.state:
            case Joining(_, InLobby() as lobby):
                self.state = lobby
            case Joining() | InLobby() | Authorizing():
                self.state = AwaitingHello(now + HELLO_WITHIN)
            case AwaitingHello() | Seated():
                pass
            case Over():
                raise LocalError("a closed session received a refusal")
            case _:
                assert_never(self.state)
        if news.code in SEAT_TAKEN:
            self.state = Over()  # there is no seat left to keep
        return self._send_refusal(news)

    def _refuse(self, code: Code, message: str | None = None) -> list[SessionEffect]:
        return self._send_refusal(Refused(code, message or REFUSALS[code].message))

    def _send_refusal(self, refused: Refused) -> list[SessionEffect]:
        closes = REFUSALS[refused.code].closes
        if closes is None:
            return [SendMessage(refused)]
        return [SendMessage(refused), *self.socket_lost(), Close(closes, refused.code)]

    def _leave_room(self, farewell: Callable[[RoomName], list[SessionEffect]]) -> list[SessionEffect]:
        state, self.state = self.state, Over()
        match state:
            case InLobby(room) | Joining(room) | Seated(room):
                return farewell(room)
            case AwaitingHello() | Authorizing() | Over():
                return []
            case _:
                assert_never(state)
