"""WebSockets over ASGI: the portable edge, which runs in any ASGI server."""

import asyncio
import contextlib
from collections import deque
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from eyeline.serve.websocket import CLOSE_WITHIN, OUTBOX_BYTES, Accept, Full, Reject

_REFUSED: Final = 1002
"""The close code for a server that can't send a response of our own; most make a 403 of it."""


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

    def accept(self, subprotocol: str) -> None:
        """Accept the handshake; the first call."""
        self._put({"type": "websocket.accept", "subprotocol": subprotocol})

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


async def serve(accept: Accept, receive: Receive, send: Send) -> None:
    """Serve one WebSocket, from accepting it to its end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as tasks:
            outbox = Outbox(limit)
            outbox.accept(accept.subprotocol)
            receiver = accept.open(outbox)
            try:
                pump = tasks.create_task(outbox.pump(send))
                while (message := await receive())["type"] == "websocket.receive":
                    receiver.receive(message.get("text") or message.get("bytes") or b"")
                pump.cancel()
            finally:
                receiver.lost()


async def refuse(answer: Reject, scope: Scope, send: Send) -> None:
    """Refuse a WebSocket with a response, if the server can send one (the WebSocket Denial Response extension)."""
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "websocket.http.response.body", "body": answer.body})
    else:
        await send({"type": "websocket.close", "code": _REFUSED, "reason": answer.reason})
