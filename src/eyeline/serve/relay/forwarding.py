"""Packet forwarding of the relay, other than by its `packet_pump`: indications, and clients over TCP or TLS.

Two kinds of socket have a reader here: a channel to a TCP or TLS client, and a relayed address.  No object is created
per packet; all share one buffer, with room for a header before the data and padding after it.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from eyeline.serve.relay.bandwidth import Bandwidth
from eyeline.serve.relay.port_allocator import name_of
from eyeline.serve.relay.socket_quota import SocketQuota
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow
from eyeline.turn.indications import SEND_TYPE, DataHead, read_send

PACKETS_PER_SOCKET: Final = 32
"""Packets read from one socket before the next one: 3 ms at most."""

MAX_HEADS: Final = 128
"""Peers without a channel for which an allocation caches the header of Data indications."""

_PACKET_BYTES_MAX: Final = 65_536
_HEADROOM: Final = 64
_TAILROOM: Final = 64
HEADER: Final = struct.Struct("!HH")
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _DO, _WANT = 10, 23, 2, 1  # Linux


class Control(Protocol):
    """The control plane: handles STUN, and resolves our own addresses."""

    def stun(self, datagram: bytes, flow: Flow) -> None:
        """Handle a STUN message from this client."""

    def resolve(self, peer: Address) -> Address | None:
        """The local address of a peer at one of our own addresses; None if we may not send there."""

    def advertised(self, address: Address) -> Address:
        """The address under which others know this local one."""


class Totals(NamedTuple):
    """Traffic since the start."""

    to_peers_packets: int
    to_peers_bytes: int
    to_clients_packets: int
    to_clients_bytes: int
    dropped: int
    """Packets dropped by the bandwidth limit."""

    def plus(self, others: "Totals") -> "Totals":
        """The traffic of both."""
        return Totals(*(one + other for one, other in zip(self, others, strict=True)))


class StreamClient(Protocol):
    """The client of an allocation over TCP or TLS."""

    def send(self, message: bytes) -> None:
        """Send one whole message, padded.  It may be lost."""

    def send_all(self, messages: list[bytes]) -> None:
        """Send several at once, if there is room for all of them."""

    def room(self) -> int:
        """How many bytes it can take now; more than that is lost."""


class RelaySession:
    """One allocation as the data plane sees it: its sockets, permissions and channels."""

    def __init__(self, flow: Flow, bandwidth: Bandwidth, quota: SocketQuota) -> None:
        self.flow = flow
        self.bandwidth = bandwidth
        self.quota = quota
        self.client: socket.socket | None = None
        self.send: Callable[[memoryview], object] = len
        """Sends to the client; until the data plane sets it, `len` stands in and drops the packet."""
        self.stream: StreamClient | None = None
        self.relays: dict[int, socket.socket] = {}
        self.permitted: dict[str, bool] = {}
        """The permitted peers by IP address; True if the address is one of our own."""
        self.channels: dict[int, socket.socket] = {}
        self.sends: dict[int, Callable[[memoryview | bytes], int]] = {}
        self.heads: dict[tuple[str, int], DataHead] = {}
        self.transaction = secrets.token_bytes(12)


class Forwarder:
    """Forwards packets within permissions and bandwidth limits, and counts them."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(_HEADROOM + _PACKET_BYTES_MAX + _TAILROOM)
        self._view = memoryview(self._buffer)
        self._body = self._view[_HEADROOM:]
        self._out_packets = self._out_bytes = self._in_packets = self._in_bytes = self._dropped = 0

    def totals(self) -> Totals:
        """What was relayed since the start."""
        return Totals(self._out_packets, self._out_bytes, self._in_packets, self._in_bytes, self._dropped)

    def from_client(self, session: RelaySession, datagram: memoryview) -> None:
        """Handle what the packet pump doesn't relay: ChannelData without its padding, Send indications, other STUN."""
        if bytes(datagram[:2]) == SEND_TYPE:
            self.from_send(session, datagram)
        elif len(datagram) >= HEADER.size and datagram[0] & 0xC0 == 0x40:
            self._from_channel(session, datagram)
        else:
            self._control.stun(bytes(datagram), session.flow)

    def _from_channel(self, session: RelaySession, message: memoryview) -> None:
        size = len(message) - HEADER.size
        send = session.sends.get(message[0] << 8 | message[1])
        if send is None:
            return
        if session.bandwidth.available(self._loop.time()) < size:
            self._dropped += 1
            return
        try:
            send(message[4:])
        except OSError:
            return
        self._sent(session, size)

    def stray(self, session: RelaySession, data: bytes, source: tuple[str, int]) -> None:
        """Forward a packet that a channel's socket received before it was connected, as if by the relayed address."""
        self._body[: len(data)] = data
        self._from_peer(session, len(data), source)

    def relay_reader(self, session: RelaySession, relay: socket.socket) -> Callable[[], None]:
        """A reader of a relayed address's socket, which forwards data to the client in Data indications."""

        def read() -> None:
            for _ in range(PACKETS_PER_SOCKET):
                try:
                    size, source = relay.recvfrom_into(self._body)
                except BlockingIOError:
                    break
                except OSError:
                    continue  # an ICMP error from a peer, which is ignored (RFC 8656, 11.5)
                self._from_peer(session, size, source[:2])

        return read

    def _from_peer(self, session: RelaySession, size: int, source: tuple[str, int]) -> None:
        """Forward the data in the buffer, received at the relayed address itself, as a Data indication."""
        head = session.heads.get(source)
        if head is None:
            head = self._head(session, source)
            if head is None:
                return
        padding = head.write(self._buffer, _HEADROOM, size)
        self._to_client(session, head.size, size, padding)

    def _head(self, session: RelaySession, source: tuple[str, int]) -> DataHead | None:
        """The header of Data indications from this source.

        None without a permission, or if the source is one of our own ports that isn't a relayed address.
        """
        local = Address(socket.inet_pton(socket.AF_INET6 if ":" in source[0] else socket.AF_INET, source[0]), source[1])
        known = self._control.advertised(local)
        ours = session.permitted.get(name_of(known.ip))
        if ours is None or (ours and self._control.resolve(known) != local):
            return None
        head = DataHead(known, session.transaction)
        if not ours:
            if len(session.heads) >= MAX_HEADS:
                session.heads.clear()
            session.heads[source] = head
        return head

    def _to_client(self, session: RelaySession, head: int, size: int, padding: int) -> None:
        """Send `size` bytes of data from the buffer to the client, with `head` bytes before and `padding` after it."""
        if session.bandwidth.available(self._loop.time()) < size:
            self._dropped += 1
            return
        try:
            session.send(self._view[_HEADROOM - head : _HEADROOM + size + padding])
        except OSError:
            return
        session.bandwidth.spend(size)
        self._in_packets += 1
        self._in_bytes += size

    def from_send(self, session: RelaySession, datagram: memoryview) -> None:
        """Relay the data of a Send indication."""
        sent = read_send(datagram)
        if sent is None:
            return
        relay = session.relays.get(len(sent.peer.ip))
        name = name_of(sent.peer.ip)
        ours = session.permitted.get(name)
        target = self._control.resolve(sent.peer) if ours else sent.peer
        if relay is None or ours is None or target is None:
            return
        if session.bandwidth.available(self._loop.time()) < len(sent.data):
            self._dropped += 1
            return
        where = (name_of(target.ip), target.port) if ours else (name, sent.peer.port)
        try:
            if sent.dont_fragment:
                _send_whole(relay, sent.data, where)
            else:
                relay.sendto(sent.data, where)
        except OSError:
            return  # the peer is unreachable
        self._sent(session, len(sent.data))

    def _sent(self, session: RelaySession, data_bytes: int) -> None:
        session.bandwidth.spend(data_bytes)
        self._out_packets += 1
        self._out_bytes += data_bytes


def _send_whole(relay: socket.socket, data: memoryview, where: tuple[str, int]) -> None:
    """Send with the DF bit, never fragmented (RFC 8656, 15); otherwise the kernel decides."""
    level, name = (
        (socket.IPPROTO_IP, _IP_MTU_DISCOVER)
        if relay.family == socket.AF_INET
        else (socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER)
    )
    relay.setsockopt(level, name, _DO)
    try:
        relay.sendto(data, where)
    finally:
        relay.setsockopt(level, name, _WANT)
