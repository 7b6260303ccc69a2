"""The data plane of the relay: packets between clients and peers, with no object made for one.

All it is told to do comes from the machine's effects; what it can't read itself, STUN, it hands back.  A faster plane
can take its place: `open`, `free`, `permit`, `forbid`, `bind`, `unbind`, `send`, `tick`, `totals`, and `Control` the
other way.

Its sockets wait in an epoll of their own, which is one reader in the loop: asyncio would make an object and a callback
for each packet.  A client of UDP has a connected socket, and so has each channel: the kernel then looks up who it is.
"""

import asyncio
import contextlib
import secrets
import select
import socket
import struct
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from eyeline.serve.client_address import source_of
from eyeline.serve.relay.bandwidth import Meter, Meters
from eyeline.serve.relay.port_allocator import Connected, Ports, Stray, address_of, name_of
from eyeline.serve.relay.socket_quota import Share, Shares
from eyeline.turn.effects import Flow, Open, Relayed
from eyeline.turn.indications import SEND_TYPE, DataHead, read_send
from eyeline.turn.shapes import Address

SOCKETS_PER_WAKE: Final = 16
PACKETS_PER_SOCKET: Final = 32
"""Then it is others' turn on the loop: 3 ms at the most."""

BUFFER_BYTES: Final = 1 << 21
"""Room in the kernel for each socket, which doubles it: 100 ms of 50,000 small packets a second."""

MAX_HEADS: Final = 128
"""Of one allocation: peers without a channel whose Data indications are prepared."""

_BUFFER_BYTES: Final = 65_536 + 128
_HEADROOM: Final = 64
_HEADER: Final = struct.Struct("!HH")
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _DO, _WANT = 10, 23, 2, 1  # Linux


class Control(Protocol):
    """Who knows what the plane doesn't."""

    def stun(self, datagram: bytes, flow: Flow) -> None:
        """These bytes are STUN, from this client."""

    def resolve(self, peer: Address) -> Address | None:
        """Where a peer at one of our own addresses is; None if it may not be sent to."""

    def advertised(self, address: Address) -> Address:
        """As what address others know this socket's."""


class Client(Protocol):
    """Whoever holds the allocation, at the other end of a stream."""

    def send(self, message: bytes) -> None:
        """One whole message, padded.  It may be lost."""


class Totals(NamedTuple):
    """Since the start."""

    to_peers_packets: int
    to_peers_bytes: int
    to_clients_packets: int
    to_clients_bytes: int
    dropped: int
    """By the bandwidth limit."""


class _Session:
    """One allocation as the plane sees it."""

    def __init__(self, flow: Flow, meter: Meter, share: Share) -> None:
        self.flow = flow
        self.meter = meter
        self.share = share
        self.client: socket.socket | None = None
        self.send: Callable[[memoryview], object] = len
        self.stream = flow.transport == "stream"
        self.relays: dict[int, socket.socket] = {}
        self.permitted: dict[str, bool] = {}
        self.channels: dict[int, socket.socket] = {}
        self.sends: dict[int, Callable[[memoryview], int]] = {}
        self.heads: dict[tuple[str, int], DataHead] = {}
        self.transaction = secrets.token_bytes(12)


class Plane:
    """In Python, by epoll: 5.6 us a packet (`bench/relay.py`)."""

    def __init__(self, control: Control, ports: Ports, shares: Shares, bytes_per_second: float) -> None:
        self._control = control
        self._ports = ports
        self._shares = shares
        self._meters = Meters(bytes_per_second)
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._sessions: dict[Flow, _Session] = {}
        self._kept: dict[bytes, tuple[socket.socket, Share]] = {}
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._body = self._view[_HEADROOM:]
        self._now = 0.0
        self._out_packets = self._out_bytes = self._in_packets = self._in_bytes = self._dropped = 0
        self._loop.add_reader(self._epoll.fileno(), self._pump)

    def totals(self) -> Totals:
        """What was relayed."""
        return Totals(self._out_packets, self._out_bytes, self._in_packets, self._in_bytes, self._dropped)

    def open(self, order: Open, client: Client | None) -> tuple[Relayed, ...]:
        """Open relayed addresses; `client` is None for a client of UDP.  None at all when the first can't be."""
        share = self._shares.of(source_of(order.flow.client.ip), order.member)
        session = _Session(order.flow, self._meters.of(order.member), share)
        relayed: list[Relayed] = []
        strays: list[Stray] = []
        try:
            for family in order.families:
                opened = self._relay(order, family, share)
                if opened is None:
                    break
                session.relays[4 if family == 1 else 16] = opened
                local = address_of(opened)
                relayed.append(Relayed(local, self._control.advertised(local)))
            if relayed and client is None:
                share.take()
                session.client, strays = self._ports.connect(order.flow.server, order.flow.client, BUFFER_BYTES)
        except OSError:
            relayed = []
        if not relayed:
            for each in session.relays.values():
                each.close()
            share.end()
            for token in (order.reserve, order.reserved):
                if token is not None:
                    self.unreserve(token)
            session.meter.users -= 1
            return ()
        self._sessions[order.flow] = session
        self._begin(session, client)
        if strays:
            self._loop.call_soon(self._hand_back, order.flow, strays)  # by then this allocation is known
        return tuple(relayed)

    def free(self, flow: Flow) -> None:
        """Close all that belongs to an allocation."""
        session = self._sessions.pop(flow, None)
        if session is None:
            return
        for each in (session.client, *session.relays.values(), *session.channels.values()):
            if each is not None:
                self._forget(each)
        session.sends.clear()
        session.channels.clear()
        session.share.end()
        session.meter.users -= 1

    def unreserve(self, token: bytes) -> None:
        """Close a port that was kept."""
        kept = self._kept.pop(token, None)
        if kept is not None:
            kept[0].close()
            kept[1].end()

    def permit(self, flow: Flow, ip: bytes, *, ours: bool) -> None:
        """Let data pass between the client and any port of this address."""
        self._sessions[flow].permitted[name_of(ip)] = ours

    def forbid(self, flow: Flow, ip: bytes) -> None:
        """Let it pass no more."""
        session = self._sessions[flow]
        session.permitted.pop(name_of(ip), None)
        session.heads.clear()

    def bind(self, flow: Flow, channel: int, target: Address) -> None:
        """Open a channel: a socket at the relayed port that hears nobody but this peer.

        When there is none to be had, the client's data goes by the socket of the relayed address, and the peer's by
        indications (RFC 8656, 12.7).
        """
        session = self._sessions[flow]
        relay = session.relays[len(target.ip)]
        connected = self._connect(session.share, relay, target)
        if connected is None:
            where = name_of(target.ip), target.port
            session.sends[channel] = lambda data: relay.sendto(data, where)
            return
        wire, strays = connected
        session.channels[channel] = wire
        session.sends[channel] = wire.send
        for data, source in strays:
            self._body[: len(data)] = data
            self._from_peer(session, len(data), source)
        reader = self._stream_reader if session.stream else self._channel_reader
        self._watch(wire, reader(session, channel, wire))

    def unbind(self, flow: Flow, channel: int) -> None:
        """Close a channel."""
        session = self._sessions[flow]
        session.sends.pop(channel, None)
        wire = session.channels.pop(channel, None)
        if wire is not None:
            self._forget(wire)
            session.share.give()

    def send(self, flow: Flow, datagram: bytes) -> bool:
        """Send to the client of an allocation over UDP; False if there is none."""
        session = self._sessions.get(flow)
        if session is None or session.client is None:
            return False
        with contextlib.suppress(OSError):  # its queue is full: the client asks again
            session.client.send(datagram)
        return True

    def from_stream(self, flow: Flow, message: memoryview) -> None:
        """ChannelData or a Send indication that came by a stream."""
        session = self._sessions.get(flow)
        if session is None:
            return
        if message[0] & 0xC0 != 0x40:
            self._from_send(session, message)
            return
        size = len(message) - _HEADER.size
        send = session.sends.get(message[0] << 8 | message[1])
        if send is None:
            return
        if session.meter.left(self._loop.time()) < size:
            self._dropped += 1
            return
        try:
            send(message[4:])
        except OSError:
            return
        self._sent(session, size)

    def tick(self, now: float) -> None:
        """Once a second."""
        self._meters.tick(now)

    def close(self) -> None:
        """Close everything.  A second time does nothing."""
        for flow in list(self._sessions):
            self.free(flow)
        for token in list(self._kept):
            self.unreserve(token)
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _relay(self, order: Open, family: int, share: Share) -> socket.socket | None:
        pair = order.reserve is not None
        share.take(1 + pair)
        if order.reserved is not None:
            kept, theirs = self._kept.pop(order.reserved)
            theirs.end()
            return kept
        opened = self._ports.open(family, even=order.even, pair=pair)
        if opened is None:
            share.give(1 + pair)
            return None
        relay, following = opened
        if following is not None and order.reserve is not None:
            self._kept[order.reserve] = following, share.part()
        return relay

    def _connect(self, share: Share, relay: socket.socket, target: Address) -> Connected | None:
        try:
            share.take_spare()
        except OSError:
            return None
        try:
            return self._ports.connect(address_of(relay), target, BUFFER_BYTES)
        except OSError:
            share.give()
            return None

    def _begin(self, session: _Session, client: Client | None) -> None:
        if client is not None:
            deliver = client.send
            session.send = lambda message: deliver(bytes(message))
        else:
            wire = session.client
            assert wire is not None
            session.send = wire.send
            self._watch(wire, self._client_reader(session, wire))
        for relay in session.relays.values():
            relay.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            self._watch(relay, self._relay_reader(session, relay))

    def _watch(self, wire: socket.socket, reader: Callable[[], None]) -> None:
        self._readers[wire.fileno()] = reader
        self._epoll.register(wire.fileno(), select.EPOLLIN)

    def _forget(self, wire: socket.socket) -> None:
        if self._readers.pop(wire.fileno(), None) is not None:
            self._epoll.unregister(wire.fileno())
        wire.close()

    def _pump(self) -> None:
        self._now = self._loop.time()
        for descriptor, _ in self._epoll.poll(0, SOCKETS_PER_WAKE):
            reader = self._readers.get(descriptor)
            if reader is not None:
                reader()

    def _hand_back(self, flow: Flow, strays: list[Stray]) -> None:
        """What was meant for the listener whose port the client's socket shares."""
        for data, (host, port) in strays:
            if not self._epoll.closed:
                ip = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
                self._control.stun(data, flow._replace(client=Address(ip, port)))

    def _client_reader(self, session: _Session, wire: socket.socket) -> Callable[[], None]:
        receive, sends, meter = wire.recv_into, session.sends, session.meter
        buffer, view = self._buffer, self._view

        def read() -> None:
            packets = total = 0
            left = meter.left(self._now)
            for _ in range(PACKETS_PER_SOCKET):
                try:
                    size = receive(buffer)
                except BlockingIOError:
                    break
                except OSError:
                    continue  # news of an earlier packet that didn't arrive
                if size < 4 or buffer[0] & 0xC0 != 0x40:
                    self._not_channel_data(session, size)
                    continue
                length = buffer[2] << 8 | buffer[3]
                send = sends.get(buffer[0] << 8 | buffer[1])
                if send is None or length > size - 4:
                    continue
                if total + length > left:
                    self._dropped += 1
                    continue
                try:
                    send(view[4 : 4 + length])
                except OSError:
                    continue
                total += length
                packets += 1
            meter.spend(total)
            self._out_packets += packets
            self._out_bytes += total

        return read

    def _channel_reader(self, session: _Session, channel: int, wire: socket.socket) -> Callable[[], None]:
        receive, send, meter = wire.recv_into, session.send, session.meter
        buffer, view, body = self._buffer, self._view[_HEADROOM - 4 :], self._body
        pack, at = _HEADER.pack_into, _HEADROOM - 4

        def read() -> None:
            packets = total = 0
            left = meter.left(self._now)
            for _ in range(PACKETS_PER_SOCKET):
                try:
                    size = receive(body)
                    if total + size > left:
                        self._dropped += 1
                        continue
                    pack(buffer, at, channel, size)
                    send(view[: size + 4])
                except BlockingIOError:
                    break
                except OSError:
                    continue
                total += size
                packets += 1
            meter.spend(total)
            self._in_packets += packets
            self._in_bytes += total

        return read

    def _stream_reader(self, session: _Session, channel: int, wire: socket.socket) -> Callable[[], None]:
        """As `_channel_reader`, but padded to four bytes (RFC 8656, 12.5)."""

        def read() -> None:
            for _ in range(PACKETS_PER_SOCKET):
                try:
                    size = wire.recv_into(self._body)
                except BlockingIOError:
                    break
                except OSError:
                    continue
                padding = -size % 4
                self._buffer[_HEADROOM + size : _HEADROOM + size + padding] = bytes(padding)
                _HEADER.pack_into(self._buffer, _HEADROOM - 4, channel, size)
                self._to_client(session, 4, size, padding)

        return read

    def _relay_reader(self, session: _Session, relay: socket.socket) -> Callable[[], None]:
        def read() -> None:
            for _ in range(PACKETS_PER_SOCKET):
                try:
                    size, source = relay.recvfrom_into(self._body)
                except BlockingIOError:
                    break
                except OSError:
                    continue  # a peer's ICMP; it ends nothing (RFC 8656, 11.5)
                self._from_peer(session, size, source[:2])

        return read

    def _from_peer(self, session: _Session, size: int, source: tuple[str, int]) -> None:
        """Data that came to the relayed address itself lies in the buffer: it goes on as a Data indication."""
        head = session.heads.get(source)
        if head is None:
            head = self._head(session, source)
            if head is None:
                return
        padding = head.write(self._buffer, _HEADROOM, size)
        self._to_client(session, head.size, size, padding)

    def _head(self, session: _Session, source: tuple[str, int]) -> DataHead | None:
        """None without a permission, or when it comes from a port of ours that is no relayed address."""
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

    def _to_client(self, session: _Session, head: int, size: int, padding: int) -> None:
        """So many bytes of data, with what was put before and behind them."""
        if session.meter.left(self._loop.time()) < size:
            self._dropped += 1
            return
        try:
            session.send(self._view[_HEADROOM - head : _HEADROOM + size + padding])
        except OSError:
            return
        session.meter.spend(size)
        self._in_packets += 1
        self._in_bytes += size

    def _not_channel_data(self, session: _Session, size: int) -> None:
        """A Send indication, or STUN that is not the plane's."""
        if self._buffer[:2] == SEND_TYPE:
            self._from_send(session, self._view[:size])
        else:
            self._control.stun(bytes(self._view[:size]), session.flow)

    def _from_send(self, session: _Session, datagram: memoryview) -> None:
        sent = read_send(datagram)
        if sent is None:
            return
        relay = session.relays.get(len(sent.peer.ip))
        name = name_of(sent.peer.ip)
        ours = session.permitted.get(name)
        target = self._control.resolve(sent.peer) if ours else sent.peer
        if relay is None or ours is None or target is None:
            return
        if session.meter.left(self._loop.time()) < len(sent.data):
            self._dropped += 1
            return
        where = (name_of(target.ip), target.port) if ours else (name, sent.peer.port)
        try:
            if sent.dont_fragment:
                _send_whole(relay, sent.data, where)
            else:
                relay.sendto(sent.data, where)
        except OSError:
            return  # nobody there, or no way to them
        self._sent(session, len(sent.data))

    def _sent(self, session: _Session, data_bytes: int) -> None:
        session.meter.spend(data_bytes)
        self._out_packets += 1
        self._out_bytes += data_bytes


def _send_whole(relay: socket.socket, data: memoryview, where: tuple[str, int]) -> None:
    """With the DF bit, and never in fragments (RFC 8656, 15); for all else the kernel chooses."""
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
