"""The packet pump in C, see `_native/packets.pyi`.  Can be imported only where that was built."""

import asyncio
import socket

from eyeline._native import packets
from eyeline.serve.relay.forwarding import Forwarder, RelaySession, Totals


class NativeBandwidthLimit(packets.TokenBucket):
    """See `bandwidth.Bandwidth`."""

    users = 0


class NativePump:
    """The pump in C: many packets per system call."""

    def __init__(self, forwarder: Forwarder, coalesce_us: int) -> None:
        """Raises `OSError`."""
        self._forwarder = forwarder
        self._loop = asyncio.get_running_loop()
        self._pump = packets.Pump(coalesce_us=coalesce_us)
        self._sessions: dict[int, RelaySession] = {}
        self._fileno = self._pump.fileno()
        self._loop.add_reader(self._fileno, self._run)

    def add_client(self, session: RelaySession, wire: socket.socket) -> None:
        """See `PacketPump`."""
        assert isinstance(session.bandwidth, packets.TokenBucket)
        self._pump.add_client(wire.fileno(), session.bandwidth)
        self._sessions[wire.fileno()] = session

    def add_channel(self, session: RelaySession, number: int, wire: socket.socket | None) -> None:
        """See `PacketPump`."""
        self._pump.add_channel(_client(session), number, -1 if wire is None else wire.fileno())

    def remove_channel(self, session: RelaySession, number: int) -> None:
        """See `PacketPump`."""
        self._pump.remove_channel(_client(session), number)

    def remove_client(self, session: RelaySession) -> None:
        """See `PacketPump`."""
        self._pump.remove_client(_client(session))
        del self._sessions[_client(session)]

    def totals(self) -> Totals:
        """See `PacketPump`."""
        return Totals(*self._pump.totals())

    def close(self) -> None:
        """See `PacketPump`."""
        self._loop.remove_reader(self._fileno)
        self._pump.close()

    def _run(self) -> None:
        for descriptor, datagram in self._pump.run(self._loop.time()):
            session = self._sessions.get(descriptor)  # gone if an earlier datagram ended it
            if session is not None:
                self._forwarder.from_client(session, memoryview(datagram))


def _client(session: RelaySession) -> int:
    assert session.client is not None
    return session.client.fileno()
