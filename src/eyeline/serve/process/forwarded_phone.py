"""A new connection to the port for SIP phones: a trusted proxy may send the phone's address first (PROXY protocol)."""

import asyncio
from collections.abc import Callable
from typing import cast

from eyeline.serve.client_address import ForwardedClient
from eyeline.serve.connection_limits import REQUEST_WITHIN
from eyeline.serve.process import proxy_protocol

StreamFactory = Callable[[ForwardedClient | None], asyncio.Protocol]
"""Creates the protocol for one phone."""


class ForwardedPhone(asyncio.Protocol):
    """The protocol of each new connection until it's known who its client is: at once unless it's a trusted proxy."""

    def __init__(self, stream: StreamFactory, is_trusted: Callable[[str], bool]) -> None:
        self._stream = stream
        self._is_trusted = is_trusted
        self._seen = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop, over TLS after the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer is None or not self._is_trusted(peer[0]):
            self._hand_over(None)
        else:
            self._timer = asyncio.get_running_loop().call_later(REQUEST_WITHIN, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Part of a header was received, or what a proxy that sends none passes on."""
        self._seen += data
        header = proxy_protocol.parse(self._seen)
        if header == "malformed":
            self._transport.abort()
        elif header is None:
            self._hand_over(None)
        elif not isinstance(header, str):
            self._seen = self._seen[header.length_bytes :]
            self._hand_over(header.client)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        del error
        if self._timer is not None:
            self._timer.cancel()

    def _hand_over(self, client: ForwardedClient | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        protocol = self._stream(client)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if self._seen:
            protocol.data_received(self._seen)
