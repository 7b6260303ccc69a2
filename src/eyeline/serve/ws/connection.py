"""The broker's edge: drives one `Session` for each socket, whatever kind of socket it is."""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, assert_never

from msgspec.structs import replace

from eyeline.serve.alarm import Alarm
from eyeline.serve.connection_limits import AdmittedSocket
from eyeline.serve.logs import LogEvent, is_noted
from eyeline.serve.ws.bus import Bus
from eyeline.signalling.messages import FromBroker, PeerId, Refused, RoomName, Signalled, encode_utf8
from eyeline.signalling.passes import Person
from eyeline.signalling.refusals import REFUSALS
from eyeline.signalling.requests import Admitted, Look, News, RelaySignal, Request, SessionId
from eyeline.signalling.session import (
    LEFT,
    Ask,
    Close,
    Entering,
    Ice,
    Post,
    Seated,
    SendMessage,
    Session,
    SessionEffect,
    SessionPolicy,
)

_log = logging.getLogger("eyeline.broker")

GOODBYE_MS: Final = 1000
"""Milliseconds after which clients are told to come back when the broker goes away, at least.  Each adds or takes away
a random half."""

RETURN_MS: Final = 1.0
"""Milliseconds for each client that is told so: all that come back together would wait for one another."""


OUTBOX_BYTES: Final = 512 * 1024
"""What may wait for a client that reads slowly; then it is dropped with `too-slow`, and its room
does not notice.  Twice what a resume may send again; with all else it costs less than 2 MB."""

CLOSE_WITHIN: Final = 5.0
"""Seconds that a client has to take its last messages and the close, before it is cut off."""


class Full(Exception):
    """The client does not read: what is to be sent has reached its bound."""


AskSite = Callable[[RoomName], Awaitable[Person | None]]
"""Who may enter the room?  Raises nothing."""


class Socket(Protocol):
    """What a WebSocket edge gives to its connection.  Neither call waits."""

    def say(self, text: bytes) -> None:
        """One text frame, in UTF-8 and in order.  Raises `Full`."""

    def close(self, code: int, reason: str) -> None:
        """Close after all that was sent before; if the client does not read, at once.  Nothing is sent after it."""


@dataclass
class Tally:
    """What has happened since the start; `serve/metrics.py` says what each figure means."""

    joins: Counter[str] = field(default_factory=Counter)
    resumes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    drops: Counter[str] = field(default_factory=Counter)
    handshakes_refused: Counter[str] = field(default_factory=Counter)
    signals: int = 0


class Connection:
    """One client: frames in by `receive`, frames out by the socket, the room by the bus, time by an alarm."""

    def __init__(self, socket: Socket, bus: Bus, policy: SessionPolicy, admitted: AdmittedSocket, tally: Tally) -> None:
        self._admitted = admitted
        self._tally = tally
        self._is_noted = is_noted()
        self._loop = asyncio.get_running_loop()
        self._socket = socket
        self._bus = bus
        now = self._loop.time()
        self._session = Session(SessionId(secrets.token_urlsafe(9)), PeerId(secrets.token_urlsafe(12)), policy, now)
        self._alarm = Alarm(self._session, self._ring)
        self._alarm.look()
        self._asked: asyncio.Queue[RoomName] = asyncio.Queue(1)  # the session asks, and waits for the answer
        bus.attach(self._session.id, self._hear)

    async def consult(self, site: AskSite) -> None:
        """Puts to the site what the session asks, until it is cancelled."""
        while True:
            person = await site(await self._asked.get())
            self._perform(self._session.answer(person, self._loop.time()))
            self._alarm.look()

    def receive(self, text: str | bytes) -> None:
        """A message has come."""
        now = self._loop.time()
        self._perform(
            self._session.receive(text, now) if self._admitted.speaks(now) else self._session.give_up("too-fast")
        )
        self._alarm.look()

    def notice(self) -> None:
        """A frame has come that is no whole message, such as a ping: it counts like one, and tells nothing."""
        now = self._loop.time()
        self._perform(self._session.notice(now) if self._admitted.speaks(now) else self._session.give_up("too-fast"))

    def give_up(self) -> None:
        """The client does not read: it is dropped alone."""
        self._perform(self._session.give_up("too-slow"))

    def lose(self) -> None:
        """The socket is gone.  The last call."""
        self._perform(self._session.lose())
        self._alarm.stop()
        self._bus.detach(self._session.id)

    def see_out(self, back_in_ms: int) -> None:
        """The broker is going away."""
        self._perform(self._session.see_out(back_in_ms))

    def _hear(self, news: News) -> None:
        if isinstance(self._session.state, Entering):
            answers = self._tally.resumes if self._session.state.back_to is None else self._tally.joins
            match news:
                case Admitted():
                    answers["seated"] += 1
                case Refused(code):
                    answers[code] += 1
                case _:
                    pass  # about others
        self._perform(self._session.hear(news, self._loop.time()))
        if not isinstance(news, Signalled):  # most news is, and it changes no time
            self._alarm.look()

    def _ring(self, now: float) -> None:
        self._perform(self._session.wake(now))

    def _perform(self, effects: list[SessionEffect]) -> None:
        for effect in effects:
            match effect:
                case SendMessage(message):
                    self._send(message)
                case Post(room, request):
                    self._note("<", "request", type(request).__name__)
                    self._post(room, request)
                case Ask(room):
                    self._asked.put_nowait(room)
                case Close(code, reason):
                    self._note("=", "closed", reason)
                    if reason != LEFT:
                        self._tally.drops[reason] += 1
                    self._socket.close(code, reason)
                case _:
                    assert_never(effect)

    def _post(self, room: RoomName, request: Request) -> None:
        if isinstance(request, RelaySignal):
            self._tally.signals += 1
        elif isinstance(request, Look) and not self._admitted.looks(self._loop.time()):
            self._hear(Refused("too-many-looks", REFUSALS["too-many-looks"].message))
            return
        self._bus.post(room, request)

    def _send(self, message: FromBroker) -> None:
        if isinstance(message, Refused):
            _log.info(LogEvent("!", refused=message.code, **self._who()))
            self._tally.refusals[message.code] += 1
        else:
            self._note(">", "message", type(message).__name__)
        try:
            self._socket.say(encode_utf8(message))
        except Full:
            if isinstance(message, Refused):
                return  # the client that does not read is being told just that: its socket is closed next
            self._loop.call_soon(self.give_up)  # not here: the room may be in the middle of telling others

    def _note(self, sign: str, what: str, name: str) -> None:
        if self._is_noted:
            _log.debug(LogEvent(sign, **{what: name}, **self._who()))

    def _who(self) -> dict[str, str]:
        state = self._session.state
        return {"peer": state.peer} if isinstance(state, Seated) else {"session": self._session.id}


class Broker:
    """All connections of this process.  `terms` hold for each, with its own `ice`."""

    def __init__(self, bus: Bus, policy: SessionPolicy) -> None:
        self._bus = bus
        self._policy = policy
        self._connections: set[Connection] = set()
        self.tally = Tally()
        self.draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    def open(self, socket: Socket, admitted: AdmittedSocket, ice: Ice) -> Connection:
        """A client has come.  `drop` it when its socket is gone."""
        policy = replace(self._policy, ice=ice, network=admitted.network)
        connection = Connection(socket, self._bus, policy, admitted, self.tally)
        self._connections.add(connection)
        self._empty.clear()
        return connection

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    def drop(self, connection: Connection) -> None:
        """The socket is gone."""
        self._connections.discard(connection)
        connection.lose()
        if not self._connections:
            self._empty.set()

    def see_out(self) -> None:
        """Say goodbye to everybody: the process is going away."""
        self.draining = True
        back_in_ms = max(GOODBYE_MS, round(len(self) * RETURN_MS))
        for connection in list(self._connections):
            connection.see_out(back_in_ms)

    async def emptied(self) -> None:
        """Waits until all sockets are gone."""
        await self._empty.wait()
