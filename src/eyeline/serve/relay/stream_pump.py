"""The stream pump: moves the media of TCP and TLS clients between their streams and the sockets of their channels.

Each client has a connection for each allocation, and nearly always one channel.  So what one round of the event loop
brings from that channel's socket is written at once.  In the other direction, a burst
of packets of one size is handed to the kernel at once, which cuts it (`UDP_SEGMENT`).
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Final

from eyeline.serve.relay.forwarding import HEADER, PACKETS_PER_SOCKET, RelaySession, StreamClient, Totals
from eyeline.serve.relay.socket_readers import SocketReaders
from eyeline.turn.tcp_framing import ChannelRun

_PACKET_BYTES_MAX: Final = 65_536
_GATHERED_BYTES: Final = 1 << 17
"""The buffer for one round; a round ends early if another packet might not fit."""

_UDP_SEGMENT: Final = 103  # Linux


class StreamPump:
    """Forwards the channels of clients over TCP and TLS within bandwidth limits, and counts packets."""

    def __init__(self, readers: SocketReaders) -> None:
        self._readers = readers
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(_GATHERED_BYTES)
        self._view = memoryview(self._buffer)
        self._out_packets = self._out_bytes = self._in_packets = self._in_bytes = self._dropped = 0

    def add_channel(self, session: RelaySession, client: StreamClient, number: int, wire: socket.socket) -> None:
        """Forward the peer's data to the client, until the socket is no longer watched."""
        self._readers.watch(wire, lambda: self._read_channel(session, client, number, wire))

    def totals(self) -> Totals:
        """What it has relayed since the start."""
        return Totals(self._out_packets, self._out_bytes, self._in_packets, self._in_bytes, self._dropped)

    def from_client(self, session: RelaySession, run: ChannelRun) -> None:
        """Forward a client's data to the peer of that channel, if there is one."""
        send = session.sends.get(run.channel)
        if send is None:
            return
        payloads, size = run.payloads, run.size
        if size:
            left = session.bandwidth.available(self._loop.time())
            if left < size * len(payloads):
                payloads = payloads[: max(0, int(left // size))]
                self._dropped += len(run.payloads) - len(payloads)
        wire = session.channels.get(run.channel)
        if wire is not None and size and len(payloads) > 1:
            sent = _send_segmented(wire, payloads, size)
        else:
            sent = sum(_is_sent(send, payload) for payload in payloads)
        session.bandwidth.spend(sent * size)
        self._out_packets += sent
        self._out_bytes += sent * size

    def _read_channel(self, session: RelaySession, client: StreamClient, number: int, wire: socket.socket) -> None:
        """Forward the peer's data to the client as ChannelData, padded to four bytes (RFC 8656, 12.5)."""
        receive, buffer, view, pack = wire.recv_into, self._buffer, self._view, HEADER.pack_into
        left, room = session.bandwidth.available(self._readers.now), client.room()
        messages: list[bytes] = []
        at = total = 0
        for _ in range(PACKETS_PER_SOCKET):
            body = at + HEADER.size
            try:
                size = receive(view[body:])
            except BlockingIOError:
                break
            except OSError:
                continue
            if total + size > left:
                self._dropped += 1
                continue
            end = body + size
            if size & 3:
                padding = -size & 3
                buffer[end : end + padding] = bytes(padding)
                end += padding
            if end > room:
                continue
            pack(buffer, at, number, size)
            messages.append(bytes(view[at:end]))
            at = end
            total += size
            if at > _GATHERED_BYTES - _PACKET_BYTES_MAX - 2 * HEADER.size:
                break
        if messages:
            client.send_all(messages)
        session.bandwidth.spend(total)
        self._in_packets += len(messages)
        self._in_bytes += total


def _send_segmented(wire: socket.socket, payloads: list[bytes], size: int) -> int:
    """Send datagrams of one size over a connected socket in one call; returns how many were sent."""
    try:
        wire.sendmsg(payloads, [(socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("=H", size))])
    except BlockingIOError:
        return 0
    except OSError:
        # They are longer than the path allows, which the kernel doesn't fragment, or an earlier one was refused.
        return sum(_is_sent(wire.send, payload) for payload in payloads)
    return len(payloads)


def _is_sent(send: Callable[[bytes], object], payload: bytes) -> bool:
    try:
        send(payload)
    except OSError:
        return False
    return True
