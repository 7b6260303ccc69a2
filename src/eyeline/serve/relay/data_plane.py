"""The data plane of the relay: opens and closes its sockets as the TURN machine's effects require.

`packet_pump` and `forwarding` move the packets.  STUN messages are passed to `Control`.

Each UDP client and each channel has a connected socket, so that the kernel finds the right one for each packet.
"""

import asyncio
import contextlib
import socket
from typing import Final

from eyeline.serve.client_address import source_of
from eyeline.serve.relay.forwarding import Control, Forwarder, RelaySession, StreamClient, Totals
from eyeline.serve.relay.port_allocator import Connected, PortAllocator, Stray, address_of, name_of
from eyeline.serve.relay.pump_choice import PumpOptions, bandwidth_limits, open_pump
from eyeline.serve.relay.socket_quota import SocketQuota, SocketQuotas
from eyeline.serve.relay.socket_readers import SocketReaders
from eyeline.serve.relay.stream_pump import StreamPump
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow, Open, Relayed
from eyeline.turn.tcp_framing import ChannelRun

SOCKET_BUFFER_BYTES: Final = 1 << 21
"""Receive buffer of each socket, which the kernel doubles: enough for 100 ms of 50,000 small packets a second."""


class DataPlane:
    """The sockets of all allocations."""

    def __init__(
        self,
        control: Control,
        ports: PortAllocator,
        quotas: SocketQuotas,
        bytes_per_second: float,
        options: PumpOptions,
    ) -> None:
        self._control = control
        self._ports = ports
        self._quotas = quotas
        self._bandwidths = bandwidth_limits(options, bytes_per_second)
        self._loop = asyncio.get_running_loop()
        self._readers = SocketReaders()
        self._sessions: dict[Flow, RelaySession] = {}
        self._kept: dict[bytes, tuple[socket.socket, SocketQuota]] = {}
        self._forwarder = Forwarder(control)
        self._pump = open_pump(options, self._forwarder, self._readers)
        self._stream_pump = StreamPump(self._readers)
        self._closed = False

    def totals(self) -> Totals:
        """What was relayed since the start."""
        return self._forwarder.totals().plus(self._pump.totals()).plus(self._stream_pump.totals())

    def open(self, order: Open, client: StreamClient | None) -> tuple[Relayed, ...]:
        """Open relayed addresses.  `client` is None for UDP.  Returns `()` if the first address can't be opened."""
        quota = self._quotas.of(source_of(order.flow.client.ip), order.member)
        session = RelaySession(order.flow, self._bandwidths.of(order.member), quota)
        relayed: list[Relayed] = []
        strays: list[Stray] = []
        try:
            for family in order.families:
                opened = self._relay(order, family, quota)
                if opened is None:
                    break
                session.relays[4 if family == 1 else 16] = opened
                local = address_of(opened)
                relayed.append(Relayed(local, self._control.advertised(local)))
            if relayed and client is None:
                quota.take()
                session.client, strays = self._ports.connect(order.flow.server, order.flow.client, SOCKET_BUFFER_BYTES)
        except OSError:
            relayed = []
        if not relayed:
            for each in session.relays.values():
                self._ports.close(each)
            quota.end()
            for token in (order.reserve, order.reserved):
                if token is not None:
                    self.unreserve(token)
            session.bandwidth.users -= 1
            return ()
        self._sessions[order.flow] = session
        self._begin(session, client)
        if strays:
            self._loop.call_soon(self._hand_back, order.flow, strays)  # once the allocation has been registered
        return tuple(relayed)

    def free(self, flow: Flow) -> None:
        """Close the sockets of an allocation."""
        session = self._sessions.pop(flow, None)
        if session is None:
            return
        if session.client is not None:
            self._pump.remove_client(session)
            session.client.close()
        for wire in session.channels.values():
            self._readers.unwatch(wire)
            wire.close()
        for relay in session.relays.values():
            self._readers.unwatch(relay)
            self._ports.close(relay)
        session.sends.clear()
        session.channels.clear()
        session.permitted.clear()
        session.quota.end()
        session.bandwidth.users -= 1

    def unreserve(self, token: bytes) -> None:
        """Close a reserved port."""
        kept = self._kept.pop(token, None)
        if kept is not None:
            self._ports.close(kept[0])
            kept[1].end()

    def permit(self, flow: Flow, ip: bytes, *, ours: bool) -> None:
        """Relay data between the client and any port of this IP address."""
        self._sessions[flow].permitted[name_of(ip)] = ours

    def forbid(self, flow: Flow, ip: bytes) -> None:
        """Stop relaying data between the client and this IP address."""
        session = self._sessions[flow]
        session.permitted.pop(name_of(ip), None)
        session.heads.clear()

    def bind(self, flow: Flow, channel: int, target: Address) -> None:
        """Open a channel: a socket at the relayed port that receives only from this peer.

        If no socket is available, the client's data goes through the socket of the relayed address, and the peer's data
        in indications (RFC 8656, 12.7).
        """
        session = self._sessions[flow]
        relay = session.relays[len(target.ip)]
        connected = self._connect(session.quota, relay, target)
        if connected is None:
            where = name_of(target.ip), target.port
            session.sends[channel] = lambda data: relay.sendto(data, where)
            if session.stream is None:
                self._pump.add_channel(session, channel, None)
            return
        wire, strays = connected
        session.channels[channel] = wire
        session.sends[channel] = wire.send
        for data, source in strays:
            self._forwarder.stray(session, data, source)
        if session.stream is None:
            self._pump.add_channel(session, channel, wire)
        else:
            self._stream_pump.add_channel(session, session.stream, channel, wire)

    def unbind(self, flow: Flow, channel: int) -> None:
        """Close a channel."""
        session = self._sessions[flow]
        session.sends.pop(channel, None)
        if session.stream is None:
            self._pump.remove_channel(session, channel)
        wire = session.channels.pop(channel, None)
        if wire is not None:
            self._readers.unwatch(wire)
            wire.close()
            session.quota.give()

    def send(self, flow: Flow, datagram: bytes) -> bool:
        """Send to the client of an allocation over UDP; False if there is none."""
        session = self._sessions.get(flow)
        if session is None or session.client is None:
            return False
        with contextlib.suppress(OSError):  # the queue is full: the client will retransmit
            session.client.send(datagram)
        return True

    def from_stream(self, flow: Flow, received: ChannelRun | bytes) -> None:
        """Relay ChannelData or a Send indication received on a stream."""
        session = self._sessions.get(flow)
        if session is None:
            return
        if isinstance(received, ChannelRun):
            self._stream_pump.from_client(session, received)
        else:
            self._forwarder.from_send(session, memoryview(received))

    def tick(self, now: float) -> None:
        """Call once a second."""
        self._bandwidths.tick(now)

    def close(self) -> None:
        """Close everything.  Idempotent."""
        for flow in list(self._sessions):
            self.free(flow)
        for token in list(self._kept):
            self.unreserve(token)
        self._closed = True
        self._pump.close()
        self._readers.close()

    def _relay(self, order: Open, family: int, quota: SocketQuota) -> socket.socket | None:
        pair = order.reserve is not None
        quota.take(1 + pair, ports=1 + pair)
        if order.reserved is not None:
            kept, theirs = self._kept.pop(order.reserved)
            theirs.end()
            return kept
        opened = self._ports.open(family, even=order.even, pair=pair)
        if opened is None:
            quota.give(1 + pair, ports=1 + pair)
            return None
        relay, following = opened
        if following is not None and order.reserve is not None:
            self._kept[order.reserve] = following, quota.part()
        return relay

    def _connect(self, quota: SocketQuota, relay: socket.socket, target: Address) -> Connected | None:
        try:
            quota.take_spare()
        except OSError:
            return None
        try:
            return self._ports.connect(address_of(relay), target, SOCKET_BUFFER_BYTES)
        except OSError:
            quota.give()
            return None

    def _begin(self, session: RelaySession, client: StreamClient | None) -> None:
        if client is not None:
            session.stream, deliver = client, client.send
            session.send = lambda message: deliver(bytes(message))
        else:
            wire = session.client
            assert wire is not None
            session.send = wire.send
            self._pump.add_client(session, wire)
        for relay in session.relays.values():
            relay.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            self._readers.watch(relay, self._forwarder.relay_reader(session, relay))

    def _hand_back(self, flow: Flow, strays: list[Stray]) -> None:
        """Pass on datagrams meant for the listener whose port the client's socket shares."""
        for data, (host, port) in strays:
            if not self._closed:
                ip = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
                self._control.stun(data, flow._replace(client=Address(ip, port)))
