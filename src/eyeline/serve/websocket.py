"""WebSockets over ASGI: the portable edge, which runs in anybody's ASGI server."""

import asyncio
import contextlib
import sys
from collections import deque
from typing import Final

from starlette.types import Message, Receive, Send

from eyeline.serve.broker import Broker, Connection, Full
from eyeline.serve.door import Guest
from eyeline.signalling.messages import SUBPROTOCOL
from eyeline.signalling.session import Ice

OUTBOX_BYTES: Final = 512 * 1024
"""What may wait, as it lies in memory, for a client that reads slowly; then it is dropped with `too-slow`, and its room
does not notice.  Twice what a resume may send again; with all else it costs less than 2 MB."""

CLOSE_WITHIN: Final = 5.0
"""Seconds that a client has to take its last messages and the close, before it is cut off."""


class Outbox:
    """A `Socket`: what is to be sent waits here, bounded, for the one task that sends.

    `limit` is the time-out of the whole connection: it starts to run when the socket is closed from here.
    """

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()
        self._closing = False

    def send(self, text: str) -> None:
        """See `Socket`."""
        if self._closing:
            return
        size = sys.getsizeof(text)  # one emoji in it makes each character four bytes
        if self._bytes + size > OUTBOX_BYTES:
            raise Full
        self._bytes += size
        self._put({"type": "websocket.send", "text": text})

    def close(self, code: int, reason: str) -> None:
        """See `Socket`."""
        if not self._closing:
            self._closing = True
            self._limit.reschedule(asyncio.get_running_loop().time() + CLOSE_WITHIN)
            self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def pump(self, send: Send) -> None:
        """Sends what comes, until the socket is closed by either side."""
        while True:
            await self._ready.wait()
            while self._messages:
                message = self._messages.popleft()
                if message["type"] == "websocket.send":
                    self._bytes -= sys.getsizeof(message["text"])
                try:
                    await send(message)
                except OSError:
                    return  # the client is gone; the reading side hears of it too
                if message["type"] == "websocket.close":
                    return
            self._ready.clear()

    def _put(self, message: Message) -> None:
        self._messages.append(message)
        self._ready.set()


async def serve(broker: Broker, guest: Guest, ice: Ice, receive: Receive, send: Send) -> None:
    """One WebSocket, from its acceptance to its end."""
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as limit:
            outbox = Outbox(limit)
            connection = broker.open(outbox, guest, ice)
            try:
                await _converse(outbox, connection, receive, send)
            finally:
                broker.drop(connection)


async def _converse(outbox: Outbox, connection: Connection, receive: Receive, send: Send) -> None:
    async with asyncio.TaskGroup() as tasks:
        pump = tasks.create_task(outbox.pump(send))
        while (message := await receive())["type"] == "websocket.receive":
            connection.receive(message.get("text") or message.get("bytes") or b"")
        pump.cancel()
