"""TURN over TCP or TLS: one client's connection, on the same port as the pages (RFC 8656, 3.1)."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol, cast

from eyeline.serve.client_address import source_of
from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.stream_turns import StreamTurns
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow
from eyeline.turn.framing import MalformedError
from eyeline.turn.indications import SEND_TYPE
from eyeline.turn.tcp_framing import ChannelRun, Splitter

UNUSED_S: Final = 30
"""Timeout of a connection without an allocation: a real client already has credentials when it connects."""

STUCK_S: Final = 30
"""Timeout of a slow client that doesn't read."""

MAX_UNSENT_BYTES: Final = 1 << 18
"""Bytes queued for a slow client; further messages are dropped, as datagrams would be."""


MESSAGES_PER_TURN: Final = 64
"""Messages, or runs of ChannelData, handled before the event loop runs other tasks: a read of 256 KiB can hold 13,000
requests."""


class StreamHandler(Protocol):
    """Handles the messages of streams."""

    refused: Counter[str]
    """Connections that were closed, by reason; `serve/metrics.py` describes the reasons."""

    def connected(self, flow: Flow, stream: "TcpStream") -> bool:
        """A client has connected; False if the connection must be closed."""

    def receive(self, datagram: bytes, flow: Flow, reply: "_Reply") -> None:
        """Handle a STUN message."""

    def from_stream(self, flow: Flow, received: ChannelRun | bytes) -> None:
        """Handle ChannelData or a Send indication."""

    def disconnected(self, flow: Flow) -> None:
        """The client has disconnected."""


class _Reply(Protocol):
    def __call__(self, data: bytes, /) -> None: ...


class TcpStream(asyncio.Protocol):
    """The connection of one client."""

    def __init__(
        self, handler: StreamHandler, client: tuple[str, int] | None = None, limits: ConnectionLimits | None = None
    ) -> None:
        """`client` is the address reported by a proxy; None means the connection's own.  `limits` apply to it."""
        self._handler = handler
        self._client = client
        self._limits = limits
        self._splitter = Splitter()
        self._loop = asyncio.get_running_loop()
        self._used_at = self._loop.time()
        self._blocked_at: float | None = None
        self._transport: asyncio.Transport | None = None
        self._flow: Flow | None = None
        self._turns: StreamTurns[ChannelRun | bytes] | None = None
        """None unless the client may speak."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop, or by the demultiplexer."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES // 2)
        client = self._client or transport.get_extra_info("peername")
        server = transport.get_extra_info("sockname")
        flow = Flow("stream", _address(client), _address(server))
        if self._limits is not None and not self._limits.admit_stream(source_of(flow.client.ip), self._loop.time()):
            self._handler.refused["too-many-connections"] += 1
            self.shutdown()
            return
        if self._handler.connected(flow, self):
            self._flow = flow
            self._turns = StreamTurns(self._transport, self._receive, MESSAGES_PER_TURN)
            return
        self._release(flow)
        self.shutdown()

    def data_received(self, data: bytes) -> None:
        """Part of the stream was received."""
        if self._turns is not None:
            self._turns.add(self._splitter.feed_runs(data))

    def _receive(self, messages: Iterable[ChannelRun | bytes]) -> int:
        """See `StreamTurns`."""
        flow, handled = self._flow, 0
        if flow is None:
            return 0
        try:
            for message in messages:
                handled += 1
                if isinstance(message, ChannelRun) or message.startswith(SEND_TYPE):
                    self._handler.from_stream(flow, message)
                else:
                    self._handler.receive(message, flow, self.send)
        except MalformedError:
            self.shutdown()
        return handled

    def send(self, message: bytes) -> None:
        """Send one whole message to the client; dropped if there is no `room` for it."""
        if self._transport is not None and len(message) <= self.room():
            self._transport.write(message)

    def send_all(self, messages: list[bytes]) -> None:
        """Send whole messages in one system call; dropped if there is no `room` for them.

        Over TLS each is a record of its own: coturn's client (4.6.1) drops what follows a message in its record.
        """
        if self._transport is not None and sum(map(len, messages)) <= self.room():
            self._transport.writelines(messages)

    def room(self) -> int:
        """How many bytes can be queued now, without more than `MAX_UNSENT_BYTES` in all."""
        return 0 if self._transport is None else MAX_UNSENT_BYTES - self._transport.get_write_buffer_size()

    def pause_writing(self) -> None:
        """Backpressure: the client reads more slowly than we write."""
        self._blocked_at = self._loop.time()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._blocked_at = None

    def tick(self, now: float, *, holds: bool) -> None:
        """Call once a second: closes an unused or stuck connection.  `holds`: it has an allocation."""
        if holds:
            self._used_at = now
        if now - self._used_at > UNUSED_S or (self._blocked_at is not None and now - self._blocked_at > STUCK_S):
            self.shutdown()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        del error
        if self._flow is not None:
            self._release(self._flow)
            self._handler.disconnected(self._flow)
            self._flow = None
        if self._turns is not None:
            self._turns.stop()

    def _release(self, flow: Flow) -> None:
        if self._limits is not None:
            self._limits.release_stream(source_of(flow.client.ip))

    def shutdown(self) -> None:
        """Close at once, discarding unsent data.  Also called by uvicorn when the server stops."""
        if self._transport is not None:
            self._transport.abort()


def _address(name: tuple[str, int]) -> Address:
    """Parse a socket address; an IPv4-mapped IPv6 address becomes IPv4."""
    host, port = name[:2]
    if ":" not in host:
        return Address(socket.inet_pton(socket.AF_INET, host), port)
    ip = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return Address(ip[12:] if ip[:12] == bytes(10) + b"\xff\xff" else ip, port)
