"""The packet pump: moves the media of UDP clients between their sockets and those of their channels.

There is one in Python, which is here, and one in C, `native_pump`; `pump_choice` chooses.  Clients over
TCP and TLS have `stream_pump`; everything else is `forwarding`: indications, and channels without a socket.
"""

import socket
from typing import Final, Protocol

from eyeline.serve.relay.forwarding import HEADER, PACKETS_PER_SOCKET, Forwarder, RelaySession, Totals
from eyeline.serve.relay.socket_readers import SocketReaders

_BUFFER_BYTES: Final = 65_536 + HEADER.size


class PacketPump(Protocol):
    """What every packet pump does.  It decides nothing: a channel is relayed from `add_channel` to `remove_channel`.

    Datagrams of clients that it doesn't relay go to `Forwarder.from_client`.  Remove a socket before you close it.
    """

    def add_client(self, session: RelaySession, wire: socket.socket) -> None:
        """Read the socket of a UDP client."""

    def add_channel(self, session: RelaySession, number: int, wire: socket.socket | None) -> None:
        """Relay a channel of this client; without a socket of its own, the client's data goes to the `Forwarder`.

        Call it again once the channel has a socket.
        """

    def remove_channel(self, session: RelaySession, number: int) -> None:
        """Relay a channel no more.  Does nothing if there is none."""

    def remove_client(self, session: RelaySession) -> None:
        """Stop reading a client's socket, and relay its channels no more."""

    def totals(self) -> Totals:
        """What it has relayed since the start."""

    def close(self) -> None:
        """Stop reading all sockets.  Idempotent."""


class PythonPump:
    """The pump in Python: 5.6 us per packet (`bench/relay.py`).

    No object is created per packet; all share one buffer, with room for a header before the data.
    """

    def __init__(self, forwarder: Forwarder, readers: SocketReaders) -> None:
        self._forwarder = forwarder
        self._readers = readers
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._out_packets = self._out_bytes = self._in_packets = self._in_bytes = self._dropped = 0

    def add_client(self, session: RelaySession, wire: socket.socket) -> None:
        """See `PacketPump`."""
        self._readers.watch(wire, lambda: self._read_client(session, wire))

    def add_channel(self, session: RelaySession, number: int, wire: socket.socket | None) -> None:
        """See `PacketPump`."""
        if wire is not None:
            self._readers.watch(wire, lambda: self._read_channel(session, number, wire))

    def remove_channel(self, session: RelaySession, number: int) -> None:
        """See `PacketPump`."""
        wire = session.channels.get(number)
        if wire is not None:
            self._readers.unwatch(wire)

    def remove_client(self, session: RelaySession) -> None:
        """See `PacketPump`."""
        for wire in (session.client, *session.channels.values()):
            if wire is not None:
                self._readers.unwatch(wire)

    def totals(self) -> Totals:
        """See `PacketPump`."""
        return Totals(self._out_packets, self._out_bytes, self._in_packets, self._in_bytes, self._dropped)

    def close(self) -> None:
        """See `PacketPump`."""

    def _read_client(self, session: RelaySession, wire: socket.socket) -> None:
        """Forward a client's ChannelData to its peers."""
        receive, sends, buffer, view = wire.recv_into, session.sends, self._buffer, self._view
        packets = total = 0
        left = session.bandwidth.available(self._readers.now)
        for _ in range(PACKETS_PER_SOCKET):
            try:
                size = receive(buffer)
            except BlockingIOError:
                break
            except OSError:
                continue  # an ICMP error about an earlier packet
            if size < 4 or buffer[0] & 0xC0 != 0x40:
                self._forwarder.from_client(session, view[:size])
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
        session.bandwidth.spend(total)
        self._out_packets += packets
        self._out_bytes += total

    def _read_channel(self, session: RelaySession, number: int, wire: socket.socket) -> None:
        """Forward a peer's data to the client as ChannelData."""
        receive, send, buffer, view = wire.recv_into, session.send, self._buffer, self._view
        body, pack = view[HEADER.size :], HEADER.pack_into
        packets = total = 0
        left = session.bandwidth.available(self._readers.now)
        for _ in range(PACKETS_PER_SOCKET):
            try:
                size = receive(body)
                if total + size > left:
                    self._dropped += 1
                    continue
                pack(buffer, 0, number, size)
                send(view[: size + HEADER.size])
            except BlockingIOError:
                break
            except OSError:
                continue
            total += size
            packets += 1
        session.bandwidth.spend(total)
        self._in_packets += packets
        self._in_bytes += total
