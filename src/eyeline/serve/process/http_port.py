"""Port 80 beside a TLS port: each connection gets one answer, and is closed."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import cast

from eyeline.serve.client_address import source_of_host
from eyeline.serve.connection_limits import REQUEST_WITHIN, ConnectionLimits

HttpAnswer = Callable[[bytes], bytes | None]
"""The response to what was received so far; empty to close the connection, None to wait for more."""


class HttpPort:
    """Serves `sockets` that listen already.  Its connections count against the limits of their addresses."""

    def __init__(self, sockets: Sequence[socket.socket], answer: HttpAnswer, limits: ConnectionLimits) -> None:
        self._sockets = sockets
        self._answer = answer
        self._limits = limits
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Transport] = set()

    async def serve(self) -> None:
        """Accept connections from now on, in the running loop."""
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            self._servers.append(
                await loop.create_server(lambda: _Connection(self._answer, self._limits, self._open), sock=each)
            )

    def close(self) -> None:
        """Accept no more connections, and end those that are open."""
        for server in self._servers:
            server.close()
        for transport in list(self._open):
            transport.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, answer: HttpAnswer, limits: ConnectionLimits, connections: set[asyncio.Transport]) -> None:
        self._answer = answer
        self._limits = limits
        self._open = connections
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self._transport)
        self._timer = asyncio.get_running_loop().call_later(REQUEST_WITHIN, self._transport.abort)
        peer: tuple[str, int] | None = transport.get_extra_info("peername")  # None if already disconnected
        self._admitted = None if peer is None else self._limits.admit_connection(source_of_host(peer[0]))
        if self._admitted is None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._admitted is None or self._transport.is_closing():
            return
        self._admitted.end_silence()
        self._seen += data
        said = self._answer(self._seen)
        if said is not None:
            self._transport.write(said)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._timer.cancel()
        self._open.discard(self._transport)
        if self._admitted is not None:
            self._admitted.release()
