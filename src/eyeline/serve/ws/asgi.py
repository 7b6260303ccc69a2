"""WebSockets over ASGI: the portable edge, which runs in any ASGI server, with a bounded send queue (backpressure)."""

import asyncio
import contextlib
from collections import deque
from typing import NamedTuple, Protocol

from starlette.types import Message, Receive, Scope, Send

from eyeline.serve.connection_limits import AdmittedSocket
from eyeline.serve.ws.connection import CLOSE_WITHIN, OUTBOX_BYTES, AuthorizeRoom, Broker, Connection, Full, Socket
from eyeline.signalling.messages import SUBPROTOCOL
from eyeline.signalling.session import Ice


class Outbox:
    """A `Socket` with a bounded send queue, drained by the one task that sends.

    `limit` is the timeout of the whole connection: it starts when the server closes the socket.
    """

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()
        self._closing = False

    def send_text(self, text: bytes) -> None:
        """See `Socket`."""
        if self._closing:
            return
        if self._bytes + len(text) > OUTBOX_BYTES:
            raise Full
        self._bytes += len(text)
        self._put({"type": "websocket.send", "text": text})

    def close(self, code: int, reason: str) -> None:
        """See `Socket`."""
        if not self._closing:
            self._closing = True
            self._limit.reschedule(asyncio.get_running_loop().time() + CLOSE_WITHIN)
            self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def pump(self, send: Send) -> None:
        """Send queued messages until either side closes the socket."""
        while True:
            await self._ready.wait()
            while self._messages:
                message = self._messages.popleft()
                if message["type"] == "websocket.send":
                    self._bytes -= len(message["text"])
                    message["text"] = message["text"].decode()
                try:
                    await send(message)
                except OSError:
                    return  # the client has disconnected; the receiving side notices too
                if message["type"] == "websocket.close":
                    return
            self._ready.clear()

    def _put(self, message: Message) -> None:
        self._messages.append(message)
        self._ready.set()


class FastPathSocket(Socket, Protocol):
    """The scope extension `eyeline.fast_path` of our own server: frames bypass ASGI."""

    def deliver_to(self, receiver: Connection) -> None:
        """Pass every frame to `receiver` from now on."""


class SocketContext(NamedTuple):
    """The context of one WebSocket: its limits, its ICE servers, and the site's authorization."""

    admitted: AdmittedSocket
    ice: Ice
    site: AuthorizeRoom | None
    """The site's code that authorizes clients; None if the site doesn't decide."""


async def serve(broker: Broker, context: SocketContext, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket, from accepting it to its end."""
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
    fast_path: FastPathSocket | None = (scope.get("extensions") or {}).get("eyeline.fast_path")
    if fast_path is not None:
        connection = broker.open(fast_path, context.admitted, context.ice)
        fast_path.deliver_to(connection)
        try:
            await _receive_all(connection, context.site, receive)
        finally:
            broker.drop(connection)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as limit:
            outbox = Outbox(limit)
            connection = broker.open(outbox, context.admitted, context.ice)
            try:
                await _exchange(outbox, connection, context.site, receive, send)
            finally:
                broker.drop(connection)


async def _exchange(
    outbox: Outbox, connection: Connection, site: AuthorizeRoom | None, receive: Receive, send: Send
) -> None:
    async with asyncio.TaskGroup() as tasks:
        pump = tasks.create_task(outbox.pump(send))
        await _receive_all(connection, site, receive)
        pump.cancel()


async def _receive_all(connection: Connection, site: AuthorizeRoom | None, receive: Receive) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = None if site is None else tasks.create_task(connection.consult(site))
        while (message := await receive())["type"] == "websocket.receive":
            connection.receive(message.get("text") or message.get("bytes") or b"")
        if asking is not None:
            asking.cancel()
