"""SIP over WebSocket (RFC 7118), which stock JsSIP and SIP.js pages speak: one message per frame, text or binary."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from eyeline.serve.connection_limits import AdmittedSocket
from eyeline.serve.sip.transport_layer import ClientEnd, CloseReason, TransportLayer
from eyeline.serve.websocket import Full, Socket
from eyeline.signalling.messages import IceServer
from eyeline.sip.effects import LookUp, SipAccount

SUBPROTOCOL: Final = "sip"

PING_SECONDS: Final = 25.0
"""Silence after which a client gets a WebSocket ping: below the 60 s after which nginx closes a silent connection."""

SILENT_SECONDS: Final = 60.0
"""Silence after which a client that must answer pings is taken for gone."""

QUESTIONS_MAX: Final = 8
"""Questions to the site that may wait, for each connection; further ones are answered as for unknown users."""

_CODES: Final[dict[CloseReason, int]] = {"going away": 1001, "malformed": 1007, "too slow": 1013}
"""WebSocket close codes; 1008, a violated policy, for all other reasons."""

FindAccount = Callable[[str], Awaitable[SipAccount | None]]
"""Asks the site for the account of a digest username.  Never raises."""


class SipSocketContext(NamedTuple):
    """The context of one WebSocket."""

    admitted: AdmittedSocket
    client: ClientEnd
    ice: Callable[[str], tuple[IceServer, ...]]
    """The STUN and TURN servers for a user's page."""
    site: FindAccount | None
    """The site's accounts; None if it has none."""
    tasks: asyncio.TaskGroup | None
    """Runs `site`."""


class WebSocketClient:
    """One client: frames in by `receive`, messages out by `send`."""

    def __init__(self, layer: TransportLayer, context: SipSocketContext, socket: Socket) -> None:
        self._layer = layer
        self._socket = socket
        self._admitted = context.admitted
        self._ice = context.ice
        self._site, self._tasks = context.site, context.tasks
        self._questions: list[LookUp] = []
        self._consulting: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._pinged = False
        self._flow_id = layer.open(self, context.client)

    def receive(self, text: str | bytes) -> None:
        """A message was received."""
        if self._count():
            self._layer.receive(self._flow_id, text.encode() if isinstance(text, str) else text)

    def receive_control(self) -> None:
        """A frame that isn't a whole message was received, such as a pong."""
        self._count()

    def drop_slow(self) -> None:
        """The client doesn't read."""
        self._layer.drop(self._flow_id, "too slow")

    def lost(self) -> None:
        """The socket has closed.  Must be the last call."""
        self._layer.closed(self._flow_id)
        self._admitted.release()
        if self._consulting is not None:
            self._consulting.cancel()

    def send(self, message: bytes) -> None:
        """See `SipConnection`."""
        try:
            if _is_text(message):
                self._socket.send_text(message)
            else:
                self._socket.send_binary(message)  # a text frame must be UTF-8
        except Full:
            self._loop.call_soon(self.drop_slow)  # not at once: the caller may still be sending to others

    def close(self, why: CloseReason) -> None:
        """See `SipConnection`."""
        self._socket.close(_CODES.get(why, 1008), why)

    def ask_site(self, question: LookUp) -> bool:
        """See `SipConnection`."""
        if self._site is None or len(self._questions) >= QUESTIONS_MAX:
            return False
        self._questions.append(question)
        if self._consulting is None:
            self._ask(self._site, self._tasks)
        return True

    def _ask(self, site: FindAccount, tasks: asyncio.TaskGroup | None) -> None:
        assert tasks is not None
        self._consulting = tasks.create_task(self._consult(site))

    async def _consult(self, site: FindAccount) -> None:
        while self._questions:
            question = self._questions.pop(0)
            self._layer.found(question.query, await site(question.username))
        self._consulting = None

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """See `SipConnection`."""
        return self._ice(user)

    def tick(self, now: float) -> None:
        """See `SipConnection`."""
        silence = now - self._heard_at
        if silence < PING_SECONDS:
            self._pinged = False
        elif silence > SILENT_SECONDS and self._socket.pings:
            self._layer.drop(self._flow_id, "silent")
        elif not self._pinged:
            self._pinged = True
            self._socket.ping()

    def _count(self) -> bool:
        """Whether the client may send this frame."""
        now = self._loop.time()
        self._heard_at = now
        if self._admitted.count_message(now):
            return True
        self._layer.drop(self._flow_id, "too fast")
        return False


def _is_text(message: bytes) -> bool:
    if message.isascii():
        return True
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
