"""SIP over TCP and TLS, for phones: one client's connection (RFC 3261, 18)."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, cast

from eyeline.serve.client_address import ForwardedClient, Source, source_of
from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.sip.transport_layer import ClientEnd, CloseReason, TransportLayer
from eyeline.serve.stream_turns import StreamTurns
from eyeline.signalling.messages import IceServer
from eyeline.sip.effects import LookUp
from eyeline.sip.stream_framing import PING, PONG, StreamError, StreamSplitter

UNUSED_SECONDS: Final = 30.0
"""Timeout of a connection on which no message has been received."""

SILENT_SECONDS: Final = 2 * 3600.0
"""Timeout of a silent connection.  Phones send keep-alives, or register again, at least once an hour."""

_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 120), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""The system asks a silent phone whether it's still there, and closes the connection 3 minutes after the last sign of
it: a phone that was switched off isn't called any more, and isn't in a call."""

STUCK_SECONDS: Final = 30.0
"""Timeout of a slow client that doesn't read."""

UNSENT_BYTES_MAX: Final = 1 << 18
"""Bytes queued for a slow client; then it's dropped."""

MESSAGES_PER_TURN: Final = 32
"""Messages handled before the event loop runs other tasks: a read of 256 KiB can hold a thousand."""


class StreamContext(NamedTuple):
    """What all streams share."""

    layer: TransportLayer
    limits: ConnectionLimits
    host: Callable[[str, int, bool], str]
    """Our host as a client reaches it at this local address and port, with or without TLS."""
    is_plain: Callable[[asyncio.BaseTransport], bool]
    """Whether a connection to a TLS port uses no TLS."""


class SipStream(asyncio.Protocol):
    """The connection of one client."""

    def __init__(self, context: StreamContext, forwarded: ForwardedClient | None = None) -> None:
        """`forwarded` is the client that a proxy has reported; None means the connection's own."""
        self._layer = context.layer
        self._context = context
        self._forwarded = forwarded
        self._loop = asyncio.get_running_loop()
        self._splitter = StreamSplitter()
        self._heard_at = self._loop.time()
        self._used = False
        self._blocked_at: float | None = None
        self._transport: asyncio.Transport | None = None
        self._source: Source | None = None
        self._flow_id = 0
        self._turns: StreamTurns[bytes] | None = None
        """None unless the client may speak."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop, over TLS after the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=UNSENT_BYTES_MAX // 2)
        peer = self._forwarded.address if self._forwarded else transport.get_extra_info("peername")
        if peer is None:
            self._transport.abort()  # already disconnected
            return
        ip = packed(peer[0])
        source = source_of(ip)
        if not self._context.limits.admit_stream(source, self._loop.time()):
            self._layer.drops["too many"] += 1
            self._transport.abort()
            return
        self._source = source
        _keep_alive(transport)
        secure = transport.get_extra_info("ssl_object") is not None and not self._context.is_plain(transport)
        secure = secure or (self._forwarded is not None and self._forwarded.secure)
        local = transport.get_extra_info("sockname")
        host = self._context.host(local[0], local[1], secure)
        self._flow_id = self._layer.open(self, ClientEnd("tls" if secure else "tcp", ip, peer[1], host))
        self._turns = StreamTurns(self._transport, self._receive, MESSAGES_PER_TURN)

    def data_received(self, data: bytes) -> None:
        """Part of the stream was received."""
        if self._turns is not None:
            self._turns.add(self._splitter.feed(data))

    def _receive(self, messages: Iterable[bytes]) -> int:
        """See `StreamTurns`."""
        now = self._heard_at = self._loop.time()
        handled = 0
        try:
            for message in messages:
                handled += 1
                if self._source is None or not self._context.limits.messages.try_spend(self._source, now):
                    self._layer.drop(self._flow_id, "too fast")
                    break
                self._used = self._used or message not in (PING, PONG)
                self._layer.receive(self._flow_id, message)
        except StreamError:
            self._layer.drop(self._flow_id, "malformed")
        return handled

    def send(self, message: bytes) -> None:
        """See `SipConnection`."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() + len(message) > UNSENT_BYTES_MAX:
            self._loop.call_soon(self._layer.drop, self._flow_id, "too slow")
        else:
            transport.write(message)

    def pause_writing(self) -> None:
        """Backpressure: the client reads more slowly than we write."""
        self._blocked_at = self._loop.time()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._blocked_at = None

    def tick(self, now: float) -> None:
        """See `SipConnection`."""
        if self._blocked_at is not None and now - self._blocked_at > STUCK_SECONDS:
            self._layer.drop(self._flow_id, "too slow")
        elif now - self._heard_at > (SILENT_SECONDS if self._used else UNUSED_SECONDS):
            self._layer.drop(self._flow_id, "silent")

    def ask_site(self, question: LookUp) -> bool:
        """See `SipConnection`: phones have accounts of the file."""
        del question
        return False

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """See `SipConnection`: phones are given theirs by the person who sets them up."""
        del user
        return ()

    def close(self, why: CloseReason) -> None:
        """See `SipConnection`."""
        if self._transport is None:
            return
        if why in ("closed", "going away"):
            self._transport.close()
        else:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        del error
        if self._turns is not None:
            self._turns.stop()
        if self._source is not None:
            self._context.limits.release_stream(self._source)
            self._source = None
            self._layer.closed(self._flow_id)


def _keep_alive(transport: asyncio.BaseTransport) -> None:
    """Have the system notice when the other side of a connection has vanished."""
    connection = transport.get_extra_info("socket")
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE:
        if hasattr(socket, option):  # not on every system
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def packed(host: str) -> bytes:
    """An IP address of 4 or 16 bytes; an IPv4-mapped IPv6 address becomes IPv4."""
    address = ipaddress.ip_address(host.partition("%")[0])
    return (getattr(address, "ipv4_mapped", None) or address).packed
