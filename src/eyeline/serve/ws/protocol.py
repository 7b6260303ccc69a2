"""WebSockets of our own server: the opening handshake, and then the connection's protocol.

The HTTP protocol hands over the connection with its request, and nothing of HTTP is kept.  Frames go directly from the
transport to the `Receiver`, and what is sent goes directly to the transport: no queue, no task, no ASGI.  That is 2.5
times as many messages a second (`bench/signalling.py`).
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from starlette.types import Scope

from eyeline.serve.websocket import CLOSE_WITHIN, OUTBOX_BYTES, Accept, Full, Receiver, Reject
from eyeline.serve.ws import frames, opening_handshake

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

FRAME_BYTES_MAX: Final = 128 * 1024
"""Maximum size of a frame, and of a message in several frames.  Above the 64 KiB of our own protocol, so that too long
a message is answered with an error code."""

LATE_FRAMES: Final = 1000
"""Frames that a client may still send after the server has closed the socket; then the connection is aborted."""

_PING: Final = frames.frame(frames.FINAL | frames.PING, b"")

LINGER: Final = 1.0
"""Seconds in which the last bytes of a connection must be flushed; then it is aborted.  A transport waits for that
before it closes, which never ends if the client doesn't read."""

OpenWebSocket = Callable[[Scope], Accept | Reject]
"""Decides about a valid handshake, from its ASGI scope."""


class Connections(Protocol):
    """All connections that the server must shut down."""

    def add(self, connection: "WebSocketProtocol", /) -> None: ...

    def discard(self, connection: "WebSocketProtocol", /) -> None: ...


def upgrade(
    decide: OpenWebSocket,
    scope: Scope,
    transport: asyncio.Transport,
    connections: Connections,
    headers: list[tuple[bytes, bytes]],
) -> None:
    """Answer the request of `scope`, whose `Upgrade` is `websocket`; `headers` are added to the response.

    `scope` is that of the HTTP request; it becomes that of a WebSocket.
    """
    asked = scope["headers"]
    answer = opening_handshake.fault(scope.pop("method"), scope["http_version"], asked)
    if answer is None:
        secure = scope["scheme"] == "https"
        scope.update(
            type="websocket",
            scheme="wss" if secure else "ws",
            subprotocols=opening_handshake.subprotocols(asked),
            extensions={},
        )
        decision = decide(scope)
        if isinstance(decision, Accept):
            socket = WebSocketProtocol(transport, connections)
            transport.set_protocol(socket)
            transport.write(opening_handshake.accepted(asked, decision.subprotocol, headers))
            socket.deliver_to(decision.open(socket))
            return
        answer = decision
    transport.set_protocol(_Refused(transport))
    transport.write(opening_handshake.refused(answer, headers))
    transport.close()


class _Refused(asyncio.Protocol):
    """The protocol of a connection whose handshake was refused, until the response is flushed."""

    __slots__ = ("_abort",)

    def __init__(self, transport: asyncio.Transport) -> None:
        self._abort = asyncio.get_running_loop().call_later(LINGER, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket has closed."""
        del exc
        self._abort.cancel()


class WebSocketProtocol(asyncio.Protocol):
    """One WebSocket: the protocol of its transport, and the `Socket` for its `Receiver`."""

    __slots__ = ("_begun", "_closing", "_connections", "_late", "_receiver", "_timer", "_transport", "_unparsed")

    pings = True

    def __init__(self, transport: asyncio.Transport, connections: Connections) -> None:
        self._transport = transport
        self._connections = connections
        self._receiver: Receiver | None = None
        self._unparsed = b""
        self._begun: bytearray | None = None
        """What has arrived of a message in several frames."""
        self._closing = False
        """Whether a close was sent."""
        self._late = 0
        self._timer: asyncio.TimerHandle | None = None
        connections.add(self)

    def deliver_to(self, receiver: Receiver) -> None:
        """Pass every message to `receiver` from now on."""
        self._receiver = receiver

    def data_received(self, data: bytes) -> None:
        """Called by the loop: bytes of frames were received."""
        if self._unparsed:
            data = self._unparsed + data
        at, have = 0, len(data)
        while at < have and self._receiver is not None:
            try:
                found = frames.payload_at(data, at, begun=self._begun is not None, bytes_max=FRAME_BYTES_MAX)
                if found is None or found[1] > have:
                    break
                start, end = found
                payload = apply_mask(data[start:end], data[start - 4 : start])
                if data[at] == frames.WHOLE_TEXT and not self._closing:
                    self._receiver.receive(payload)
                else:
                    self._receive(data[at], payload, self._receiver)
            except frames.InvalidFrame as error:
                self._end(frames.close_frame(error.code, error.reason))
                return
            at = end
        self._unparsed = data[at:] if at < have else b""

    def eof_received(self) -> None:
        """Called by the loop: the client sends nothing more."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop: the socket has closed."""
        del exc
        if self._timer is not None:
            self._timer.cancel()
        self._lose()
        self._connections.discard(self)

    def shutdown(self) -> None:
        """Called by uvicorn when it stops."""
        self._end(frames.close_frame(frames.RESTART, ""))

    def send_text(self, text: bytes, first: int = frames.WHOLE_TEXT) -> None:
        """See `Socket`."""
        if self._closing or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() + len(text) > OUTBOX_BYTES:
            raise Full
        self._transport.write(frames.frame(first, text))

    def send_binary(self, data: bytes) -> None:
        """See `Socket`."""
        self.send_text(data, frames.WHOLE_BINARY)

    def ping(self) -> None:
        """See `Socket`."""
        if not (self._closing or self._transport.is_closing()):
            self._transport.write(_PING)

    def close(self, code: int, reason: str) -> None:
        """See `Socket`; takes at most `CLOSE_WITHIN` seconds."""
        if self._closing or self._transport.is_closing():
            return
        self._closing = True
        self._transport.write(frames.close_frame(code, reason))
        self._abort_in(CLOSE_WITHIN)

    def _receive(self, first: int, payload: bytes, receiver: Receiver) -> None:
        if self._closing and first & frames.OPCODE != frames.CLOSE:
            self._late += 1
            if self._late > LATE_FRAMES:
                self._transport.abort()
                self._lose()
        elif first in (frames.WHOLE_TEXT, frames.WHOLE_BINARY):
            receiver.receive(payload)
        elif first & frames.OPCODE == frames.CLOSE:
            frames.check_close(payload)
            self._end(frames.frame(first, payload))
        else:
            self._receive_part(first, payload, receiver)

    def _receive_part(self, first: int, payload: bytes, receiver: Receiver) -> None:
        """Handle a control frame or a fragment.

        They count against the rate limit like messages, since pings are answered and fragments kept.  Pongs are written
        even if the client doesn't read, so the send buffer is checked after each.
        """
        receiver.receive_control()
        if self._closing:
            return
        match first & frames.OPCODE:
            case frames.PING:
                self._transport.write(frames.frame(frames.FINAL | frames.PONG, payload))
                if self._transport.get_write_buffer_size() > OUTBOX_BYTES:
                    receiver.drop_slow()
            case frames.PONG:
                pass
            case _:
                self._begun = (self._begun or bytearray()) + payload
                if len(self._begun) > FRAME_BYTES_MAX:
                    raise frames.InvalidFrame(frames.TOO_BIG, "message too big")
                if first & frames.FINAL:
                    message, self._begun = bytes(self._begun), None
                    receiver.receive(message)

    def _end(self, last: bytes = b"") -> None:
        """Send a last frame, unless a close was sent, and close the connection: the WebSocket is over."""
        if last and not (self._closing or self._transport.is_closing()):
            self._transport.write(last)
        self._closing = True
        self._transport.close()
        self._abort_in(LINGER)
        self._lose()

    def _abort_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def _lose(self) -> None:
        receiver, self._receiver, self._unparsed = self._receiver, None, b""
        if receiver is not None:
            receiver.lost()
