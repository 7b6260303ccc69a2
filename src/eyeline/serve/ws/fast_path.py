"""The short way from a WebSocket's bytes to its connection, where the server is our own.

ASGI takes a queue, two tasks and two turns of the event loop for each message.  Here a frame that is whole goes from
the transport straight into `Connection.receive`, and what is sent straight into the transport: twice as many messages a
second (`bench/signalling.py`).  All that is unusual (control frames, fragments, errors) goes through the `websockets`
library as before, and so do the handshake and the end.
"""

from typing import Final, Protocol

from websockets.frames import Opcode
from websockets.http11 import Request

from eyeline.serve.ws.connection import CLOSE_WITHIN, OUTBOX_BYTES, Full
from eyeline.serve.ws.timeouts import WebSocketProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

LATE_FRAMES: Final = 1000
"""What a client may still send once the socket was closed from here; then it is cut off."""

_WHOLE_TEXT: Final = 0x80 | Opcode.TEXT
_MASKED: Final = 0x80
_OPCODE: Final = 0x0F


class Receiver(Protocol):
    """Who takes the frames."""

    def receive(self, text: str | bytes) -> None:
        """A message has come."""

    def notice(self) -> None:
        """A frame has come that is no whole message."""

    def give_up(self) -> None:
        """More waits for the client than may: it does not read."""


class FastPath(WebSocketProtocol):
    """uvicorn's protocol until the handshake is done; then a `Socket` for its connection."""

    _receiver: Receiver | None = None
    _held = b""
    _late = 0

    def handle_connect(self, event: Request) -> None:
        """Tell the application, by an extension of its scope, that there is a short way."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self.scope["extensions"]["eyeline.fast_path"] = self  # type: ignore[assignment]

    def deliver_to(self, receiver: Receiver) -> None:
        """From now on frames go here; `websocket.disconnect` still comes by ASGI."""
        self._receiver = receiver

    def data_received(self, data: bytes) -> None:
        """Bytes of the handshake, or of frames."""
        if self._receiver is None:
            super().data_received(data)
            return
        if self._held:
            data = self._held + data
        start = 0
        while (found := _payload(data, start)) is not None:
            payload, end = found
            if end - payload > self.config.ws_max_size:
                super().data_received(data[start:])  # its header is enough to refuse it
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
                self._unusual(data[start:end])
            start = end
        self._held = data[start:]

    def _unusual(self, frame: bytes) -> None:
        """A ping would be answered, and a part kept, as often as they come: so they count like messages.

        The library writes its answers whether they are read or not: so what waits is looked at after each.
        """
        if self._receiver is not None and frame[0] & _OPCODE != Opcode.CLOSE:
            self._receiver.notice()
            if self.close_sent:
                return
        super().data_received(frame)
        if self._receiver is not None and self.transport.get_write_buffer_size() > OUTBOX_BYTES:
            self._receiver.give_up()

    def send_receive_event_to_app(self) -> None:
        """A message that came through the library is whole."""
        if self._receiver is None:
            super().send_receive_event_to_app()
            return
        message, self.frames = b"".join(self.frames), []
        if not self.close_sent:
            self._receiver.receive(message)

    def say(self, text: bytes) -> None:
        """See `Socket`."""
        size = len(text)
        if size < 126:
            head = bytes((_WHOLE_TEXT, size))
        elif size < 1 << 16:
            head = bytes((_WHOLE_TEXT, 126, size >> 8, size & 0xFF))
        else:
            head = bytes((_WHOLE_TEXT, 127)) + size.to_bytes(8)
        if self.transport.get_write_buffer_size() + size > OUTBOX_BYTES:
            raise Full
        if not (self.close_sent or self.transport.is_closing()):
            self.transport.write(head + text)

    def close(self, code: int, reason: str) -> None:
        """After all that was sent before, within `CLOSE_WITHIN`."""
        if self.close_sent or self.transport.is_closing():
            return
        self.close_sent = True
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_timer = self.loop.call_later(CLOSE_WITHIN, self.transport.abort)


def _payload(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the payload of the frame at `start` begins and ends (RFC 6455, 5.2); None until its header is there."""
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
