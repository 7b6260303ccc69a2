"""WebSockets as signalling and SIP see them: a `Socket` to send on, a `Receiver` of what arrives, and the answer to an
opening handshake.

Two edges implement this: `ws/protocol.py` in our own server, and `ws/asgi.py` in any ASGI server.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

OUTBOX_BYTES: Final = 512 * 1024
"""Maximum number of bytes queued for a slow client; beyond it the client is dropped, without delaying others.
Twice the maximum that a resume replays.  Including all overhead, a connection takes less than 2 MB."""

CLOSE_WITHIN: Final = 5.0
"""Seconds in which a client must receive its last messages and the close, before the connection is aborted."""


class Full(Exception):
    """The send queue is full: the client doesn't read fast enough."""


class Receiver(Protocol):
    """What receives the messages of one socket.  No call blocks or raises."""

    def receive(self, text: str | bytes) -> None:
        """A message was received."""

    def receive_control(self) -> None:
        """A frame that isn't a whole message was received: a ping, a pong or a fragment."""

    def drop_slow(self) -> None:
        """The send queue has exceeded its limit: the client is too slow."""

    def lost(self) -> None:
        """The socket has closed.  The last call."""


class Socket(Protocol):
    """An open WebSocket.  No call blocks."""

    def send_text(self, text: bytes) -> None:
        """Queue one text frame, encoded as UTF-8.  Frames are sent in order.  Raises `Full`."""

    def send_binary(self, data: bytes) -> None:
        """Queue one binary frame, like `send_text`."""

    def close(self, code: int, reason: str) -> None:
        """Close after flushing the queue, or at once if the client doesn't read.  Later sends are ignored."""

    @property
    def pings(self) -> bool:
        """Whether `ping` sends anything: over ASGI it doesn't, and its server sends pings of its own."""

    def ping(self) -> None:
        """Send a ping, which the client must answer (RFC 6455, 5.5.2)."""


class Accept(NamedTuple):
    """Accept the handshake."""

    subprotocol: str
    open: Callable[[Socket], Receiver]
    """Called once the handshake is done; what it returns must get `lost` in the end."""


class Reject(NamedTuple):
    """Refuse the handshake with this HTTP response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    reason: str = ""
    """For ASGI servers that can't send the response."""
