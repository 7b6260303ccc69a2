"""A WebSocket, over ASGI or by the fast path of our own server, for signalling and SIP: `accepted` opens it.

Over ASGI what is sent waits in a bounded queue (backpressure).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Protocol

from starlette.types import Message, Scope, Send

OUTBOX_BYTES: Final = 512 * 1024
"""Maximum number of bytes queued for a slow client; beyond it the client is dropped, without delaying others.
Twice the maximum that a resume replays.  Including all overhead, a connection takes less than 2 MB."""

CLOSE_WITHIN: Final = 5.0
"""Seconds in which a client must receive its last messages and the close, before the connection is aborted."""


class Full(Exception):
    """The send queue is full: the client doesn't read fast enough."""


class Receiver(Protocol):
    """The receiver of frames."""

    def receive(self, text: str | bytes) -> None:
        """A message was received."""

    def receive_control(self) -> None:
        """A frame that isn't a whole message was received."""

    def drop_slow(self) -> None:
        """The send queue has exceeded its limit: the client is too slow."""


class Socket(Protocol):
    """An open WebSocket.  No call blocks."""

    def send_text(self, text: bytes) -> None:
        """Queue one text frame, encoded as UTF-8.  Frames are sent in order.  Raises `Full`."""

    def send_binary(self, data: bytes) -> None:
        """Queue one binary frame, like `send_text`."""

    def close(self, code: int, reason: str) -> None:
        """Close after flushing the queue, or at once if the client doesn't read.  Later sends are ignored."""

    pings: bool
    """Whether `ping` sends anything: over ASGI it doesn't, and its server sends pings of its own."""

    def ping(self) -> None:
        """Send a ping, which the client must answer (RFC 6455, 5.5.2)."""

    def deliver_to(self, receiver: Receiver) -> None:
        """Pass every frame to `receiver` from now on, unless it arrives by ASGI."""


class Outbox:
    """A `Socket` with a bounded send queue, drained by the one task that sends.

    `limit` is the timeout of the whole connection: it starts when the server closes the socket.
    """

    pings = False

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()
        self._closing = False

    def send_text(self, text: bytes) -> None:
        """See `Socket`."""
        self._queue("text", text)

    def send_binary(self, data: bytes) -> None:
        """See `Socket`."""
        self._queue("bytes", data)

    def close(self, code: int, reason: str) -> None:
        """See `Socket`."""
        if not self._closing:
            self._closing = True
            self._limit.reschedule(asyncio.get_running_loop().time() + CLOSE_WITHIN)
            self._put({"type": "websocket.close", "code": code, "reason": reason})

    def ping(self) -> None:
        """See `Socket`."""

    def deliver_to(self, receiver: Receiver) -> None:
        """See `Socket`."""

    async def pump(self, send: Send) -> None:
        """Send queued messages until either side closes the socket."""
        while True:
            await self._ready.wait()
            while self._messages:
                message = self._messages.popleft()
                if message["type"] == "websocket.send":
                    self._bytes -= len(message.get("text") or message.get("bytes") or b"")
                    if "text" in message:
                        message["text"] = message["text"].decode()
                try:
                    await send(message)
                except OSError:
                    return  # the client has disconnected; the receiving side notices too
                if message["type"] == "websocket.close":
                    return
            self._ready.clear()

    def _queue(self, kind: str, content: bytes) -> None:
        if self._closing:
            return
        if self._bytes + len(content) > OUTBOX_BYTES:
            raise Full
        self._bytes += len(content)
        self._put({"type": "websocket.send", kind: content})

    def _put(self, message: Message) -> None:
        self._messages.append(message)
        self._ready.set()


@contextlib.asynccontextmanager
async def accepted(scope: Scope, send: Send, subprotocol: str) -> AsyncIterator[Socket]:
    """Accept a WebSocket, and send what is queued until the end of the block."""
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    fast_path: Socket | None = (scope.get("extensions") or {}).get("eyeline.fast_path")
    if fast_path is not None:
        yield fast_path
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as tasks:
            outbox = Outbox(limit)
            pump = tasks.create_task(outbox.pump(send))
            yield outbox
            pump.cancel()
