"""WebSocket fast path: parses frames straight from the transport when our own server runs, bypassing ASGI.

ASGI costs a queue, two tasks and two event loop iterations per message.  Here a complete text frame goes directly from
the transport to `Connection.receive`, and sent messages go directly to the transport: twice as many messages a second
(`bench/signalling.py`).  Everything else (control frames, fragments, errors, the opening and closing handshakes) still
goes through the `websockets` library.
"""

from typing import Final

from websockets.frames import Opcode
from websockets.http11 import Request

from eyeline.serve.websocket import CLOSE_WITHIN, OUTBOX_BYTES, Full, Receiver
from eyeline.serve.ws.timeouts import WebSocketProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

LATE_FRAMES: Final = 1000
"""Frames that a client may still send after the server has closed the socket; then the connection is aborted."""

_WHOLE_TEXT: Final = 0x80 | Opcode.TEXT
_WHOLE_BINARY: Final = 0x80 | Opcode.BINARY
_PING: Final = bytes((0x80 | Opcode.PING, 0))
_MASKED: Final = 0x80
_OPCODE: Final = 0x0F


class FastPath(WebSocketProtocol):
    """uvicorn's protocol until the handshake is done; then a `Socket` for its connection."""

    pings = True
    _receiver: Receiver | None = None
    _unparsed = b""
    _late = 0

    def handle_connect(self, event: Request) -> None:
        """Offer the fast path to the application, as an extension of the scope."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self.scope["extensions"]["eyeline.fast_path"] = self  # type: ignore[assignment]

    def deliver_to(self, receiver: Receiver) -> None:
        """See `Socket`; `websocket.disconnect` still arrives through ASGI."""
        self._receiver = receiver

    def data_received(self, data: bytes) -> None:
        """Bytes of the handshake or of frames were received."""
        if self._receiver is None:
            super().data_received(data)
            return
        if self._unparsed:
            data = self._unparsed + data
        start = 0
        while (found := _payload(data, start)) is not None:
            payload, end = found
            if end - payload > self.config.ws_max_size:
                super().data_received(data[start:])  # the header alone makes the library refuse it
                return
            if end > len(data):
                break
            if self.close_sent and data[start] & _OPCODE != Opcode.CLOSE:
                self._late += 1
                if self._late > LATE_FRAMES:
                    self.transport.abort()
                    return
            elif data[start] == _WHOLE_TEXT and data[start + 1] & _MASKED and not self.frames:
                self._receiver.receive(apply_mask(data[payload:end], data[payload - 4 : payload]))
            else:
                self._through_library(data[start:end])
            start = end
        self._unparsed = data[start:]

    def _through_library(self, frame: bytes) -> None:
        """Handle a control frame or fragment through the library.

        They count against the rate limit like messages, since pings are answered and fragments buffered.  The library
        writes its answers even if the client doesn't read, so the send buffer is checked after each.
        """
        if self._receiver is not None and frame[0] & _OPCODE != Opcode.CLOSE:
            self._receiver.receive_control()
            if self.close_sent:
                return
        super().data_received(frame)
        if self._receiver is not None and self.transport.get_write_buffer_size() > OUTBOX_BYTES:
            self._receiver.drop_slow()

    def send_receive_event_to_app(self) -> None:
        """A message received through the library is complete."""
        if self._receiver is None:
            super().send_receive_event_to_app()
            return
        message, self.frames = b"".join(self.frames), []
        if not self.close_sent:
            self._receiver.receive(message)

    def send_text(self, text: bytes) -> None:
        """See `Socket`."""
        self._send(_WHOLE_TEXT, text)

    def send_binary(self, data: bytes) -> None:
        """See `Socket`."""
        self._send(_WHOLE_BINARY, data)

    def ping(self) -> None:
        """See `Socket`."""
        if not (self.close_sent or self.transport.is_closing()):
            self.transport.write(_PING)

    def _send(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((kind, size))
        elif size < 1 << 16:
            head = bytes((kind, 126, size >> 8, size & 0xFF))
        else:
            head = bytes((kind, 127)) + size.to_bytes(8)
        if self.transport.get_write_buffer_size() + size > OUTBOX_BYTES:
            raise Full
        if not (self.close_sent or self.transport.is_closing()):
            self.transport.write(head + payload)

    def close(self, code: int, reason: str) -> None:
        """See `Socket`; takes at most `CLOSE_WITHIN` seconds."""
        if self.close_sent or self.transport.is_closing():
            return
        self.close_sent = True
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_timer = self.loop.call_later(CLOSE_WITHIN, self.transport.abort)


def _payload(data: bytes, start: int) -> tuple[int, int] | None:
    """Start and end of the payload of the frame at `start` (RFC 6455, 5.2); None until its header is complete."""
    have = len(data) - start
    if have < 2:
        return None
    size = data[start + 1] & 0x7F
    head = 6 if data[start + 1] & _MASKED else 2
    if size == 126:
        head += 2
    elif size == 127:
        head += 8
    if have < head:
        return None
    if size >= 126:
        size = int.from_bytes(data[start + 2 : start + (4 if size == 126 else 10)])
    return start + head, start + head + size
