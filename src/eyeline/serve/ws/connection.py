"""WebSocket connections: drives one `Session` per socket, drops slow clients, and drains all on shutdown."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, assert_never

from msgspec.structs import replace

from eyeline.serve.alarm import Alarm, AlarmClock
from eyeline.serve.connection_limits import AdmittedSocket
from eyeline.serve.logs import LogEvent, logs_debug
from eyeline.serve.websocket import Full, Socket
from eyeline.serve.ws.bus import Bus
from eyeline.signalling.codec import encode_utf8
from eyeline.signalling.messages import FromBroker, PeerId, PhoneCall, Refused, RoomName, Signalled
from eyeline.signalling.passes import Person
from eyeline.signalling.refusals import REFUSALS
from eyeline.signalling.requests import Admitted, EnterLobby, News, RelaySignal, Request, SessionId
from eyeline.signalling.session import (
    LEFT,
    AskBridge,
    Close,
    Ice,
    Joining,
    Over,
    Post,
    RequestAuthorization,
    Seated,
    SendMessage,
    Session,
    SessionEffect,
    SessionPolicy,
)

_log = logging.getLogger("eyeline.broker")

GOODBYE_MS: Final = 1000
"""Minimum reconnect delay in milliseconds that clients get when the broker shuts down.  Each client adds or subtracts a
random half of it (jitter)."""

RETURN_MS: Final = 1.0
"""Additional milliseconds of that delay per connected client, so that they don't all reconnect at once."""


class PhoneBridge(Protocol):
    """Phones that members call into their rooms."""

    def ask(self, asked: AskBridge) -> bool:
        """Call a phone, or stop; False if there are no phones here."""


AuthorizeRoom = Callable[[RoomName], Awaitable[Person | None]]
"""Authorizes the client for a room.  Never raises."""


class Consult(NamedTuple):
    """The site decides who may enter."""

    authorize: AuthorizeRoom
    tasks: asyncio.TaskGroup | None
    """Runs `authorize`."""


@dataclass
class Tally:
    """Event counters since the start; `serve/metrics.py` describes each figure."""

    joins: Counter[str] = field(default_factory=Counter)
    resumes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    drops: Counter[str] = field(default_factory=Counter)
    handshakes_refused: Counter[str] = field(default_factory=Counter)
    signals: int = 0


class Connection:
    """One client: frames in by `receive`, frames out by the socket, the room by the bus, time by an alarm."""

    __slots__ = ("_admitted", "_alarm", "_asking", "_broker", "_loop", "_session", "_site", "_socket", "_wall_clock")

    def __init__(
        self, socket: Socket, broker: "Broker", policy: SessionPolicy, admitted: AdmittedSocket, site: Consult | None
    ) -> None:
        self._admitted = admitted
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._socket = socket
        self._site = site
        self._wall_clock = policy.wall_clock
        now = self._loop.time()
        self._session = Session(SessionId(secrets.token_urlsafe(9)), PeerId(secrets.token_urlsafe(12)), policy, now)
        self._alarm = Alarm(broker.clock, self._session, self._on_due)
        self._alarm.reschedule()
        self._asking: asyncio.Task[None] | None = None
        broker.bus.attach(self._session.id, self._on_news)

    def receive(self, text: str | bytes) -> None:
        """A message was received."""
        now = self._loop.time()
        self._wall_clock.unix_offset = time.time() - now
        self._perform(
            self._session.receive(text, now) if self._admitted.count_message(now) else self._session.drop("too-fast")
        )

    def receive_control(self) -> None:
        """A frame that isn't a whole message was received, such as a ping: it counts against the rate limit only."""
        now = self._loop.time()
        self._perform(
            self._session.receive_control(now) if self._admitted.count_message(now) else self._session.drop("too-fast")
        )

    def drop_slow(self) -> None:
        """Drop a slow client, without affecting others."""
        self._perform(self._session.drop("too-slow"))

    def lost(self) -> None:
        """The socket has closed.  Must be the last call."""
        self._broker.forget(self)
        self._perform(self._session.socket_lost())
        self._alarm.cancel()
        self._broker.bus.detach(self._session.id)
        self._admitted.release()
        if self._asking is not None:
            self._asking.cancel()

    def drain(self, back_in_ms: int) -> None:
        """The broker is shutting down."""
        self._perform(self._session.drain(back_in_ms))

    def _ask(self, tasks: asyncio.TaskGroup, authorize: AuthorizeRoom, room: RoomName) -> None:
        """Ask the site.  The session asks once, and then waits for the answer."""
        self._asking = tasks.create_task(self._consult(authorize, room))

    async def _consult(self, authorize: AuthorizeRoom, room: RoomName) -> None:
        person = await authorize(room)
        now = self._loop.time()
        self._wall_clock.unix_offset = time.time() - now
        self._perform(self._session.authorized(person, now))
        self._alarm.reschedule()

    def _on_news(self, news: News) -> None:
        if isinstance(news, Signalled):
            self._on_signalled(news)
            return
        if isinstance(self._session.state, Joining):
            answers = self._broker.tally.resumes if self._session.state.back_to is None else self._broker.tally.joins
            match news:
                case Admitted():
                    answers["seated"] += 1
                case Refused(code):
                    answers[code] += 1
                case _:
                    pass  # news about other members
        now = self._loop.time()
        self._wall_clock.unix_offset = time.time() - now
        self._perform(self._session.on_news(news, now))
        self._alarm.reschedule()

    def _on_signalled(self, news: Signalled) -> None:
        """The most frequent news: no time is needed, and no deadline changes."""
        if not isinstance(self._session.state, Over):
            self._send(news)

    def _on_due(self, now: float) -> None:
        self._wall_clock.unix_offset = time.time() - now
        self._perform(self._session.wake(now))

    def _perform(self, effects: list[SessionEffect]) -> None:
        for effect in effects:
            match effect:
                case SendMessage(message):
                    self._send(message)
                case Post(room, request):
                    if self._broker.logs_debug:
                        self._log_debug("<", "request", type(request).__name__)
                    self._post(room, request)
                case RequestAuthorization(room):
                    assert self._site is not None
                    assert self._site.tasks is not None
                    self._ask(self._site.tasks, self._site.authorize, room)
                case AskBridge():
                    self._ask_bridge(effect)
                case Close(code, reason):
                    if self._broker.logs_debug:
                        self._log_debug("=", "closed", reason)
                    if reason != LEFT:
                        self._broker.tally.drops[reason] += 1
                    self._socket.close(code, reason)
                case _:
                    assert_never(effect)

    def _post(self, room: RoomName, request: Request) -> None:
        if isinstance(request, RelaySignal):
            self._broker.tally.signals += 1
        elif isinstance(request, EnterLobby) and not self._admitted.count_lookup(self._loop.time()):
            self._on_news(Refused("too-many-looks", REFUSALS["too-many-looks"].message))
            return
        self._broker.bus.post(room, request)

    def _ask_bridge(self, asked: AskBridge) -> None:
        if not self._broker.phones.ask(asked):
            self._send(PhoneCall(asked.command.user, "ended", "not-allowed"))

    def _send(self, message: FromBroker) -> None:
        if isinstance(message, Refused):
            _log.info(LogEvent("!", refused=message.code, **self._identity()))
            self._broker.tally.refusals[message.code] += 1
        elif self._broker.logs_debug:
            self._log_debug(">", "message", type(message).__name__)
        try:
            self._socket.send_text(encode_utf8(message))
        except Full:
            if isinstance(message, Refused):
                return  # the slow client is already being dropped: its socket is closed next
            self._loop.call_soon(self.drop_slow)  # not at once: the room may still be sending to others

    def _log_debug(self, sign: str, what: str, name: str) -> None:
        _log.debug(LogEvent(sign, **{what: name}, **self._identity()))

    def _identity(self) -> dict[str, str]:
        state = self._session.state
        return {"peer": state.peer} if isinstance(state, Seated) else {"session": self._session.id}


class Broker:
    """All connections of this process.  `policy` applies to each, with its own `ice` and `network`."""

    def __init__(self, bus: Bus, phones: PhoneBridge, policy: SessionPolicy, clock: AlarmClock) -> None:
        self.bus = bus
        self.phones = phones
        self.clock = clock
        self._policy = policy
        self._connections: set[Connection] = set()
        self.tally = Tally()
        self.logs_debug = logs_debug()
        self.draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    def open(self, socket: Socket, *, admitted: AdmittedSocket, ice: Ice, site: Consult | None) -> Connection:
        """A client has connected."""
        policy = replace(self._policy, ice=ice, network=admitted.network)
        connection = Connection(socket, self, policy, admitted, site)
        self._connections.add(connection)
        self._empty.clear()
        return connection

    def __len__(self) -> int:
        """The number of connections."""
        return len(self._connections)

    def forget(self, connection: Connection) -> None:
        """The socket of this connection has closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def drain(self) -> None:
        """Send `goodbye` to all clients: the process is shutting down."""
        self.draining = True
        back_in_ms = max(GOODBYE_MS, round(len(self) * RETURN_MS))
        for connection in list(self._connections):
            connection.drain(back_in_ms)

    async def drained(self) -> None:
        """Wait until all sockets have closed."""
        await self._empty.wait()
