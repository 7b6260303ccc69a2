"""Demultiplexer for one TCP port: a connection's first byte tells whether it is HTTP (or WebSocket) or TURN.

A TURN client starts with a STUN request, whose first byte is 0x00 to 0x03; HTTP starts with a letter.  With TLS this is
the first decrypted byte.

A trusted proxy may send the client's address first, with the PROXY protocol; TURN has no headers, so that is the only
way to learn it.  HTTP headers after a PROXY header come from the client, since such a proxy only passes bytes on: they
are trusted only if the client itself is a trusted proxy.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from eyeline.serve import client_address
from eyeline.serve.client_address import Source
from eyeline.serve.connection_limits import REQUEST_WITHIN, ConnectionLimits
from eyeline.serve.process import proxy_protocol
from eyeline.serve.process.handshake import is_plain
from eyeline.serve.process.https_redirect import answer

_LAST_OF_STUN: Final = 0x03

TurnFactory = Callable[[tuple[str, int] | None], asyncio.Protocol]
"""Creates the protocol for one TURN client, from its address."""

HttpFactory = Callable[..., asyncio.Protocol]
"""Creates the protocol for one HTTP client, from its `ForwardedClient` (None without PROXY protocol), uvicorn's own
arguments, and `connection`, which it must release."""


class Demultiplexer(asyncio.Protocol):
    """The protocol of each new connection until its first byte has been received."""

    def __init__(
        self,
        turn: TurnFactory,
        http: HttpFactory,
        is_trusted: Callable[[str], bool],
        limits: ConnectionLimits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._turn = turn
        self._is_trusted = is_trusted
        self._limits = limits
        self._seen = b""
        self._http: Callable[..., asyncio.Protocol] = partial(
            http, config=config, server_state=server_state, app_state=app_state, _loop=_loop
        )
        self._connections = cast("set[object]", server_state.connections)
        self._loop = _loop or asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer: tuple[str, int] | None = transport.get_extra_info("peername")  # None if already disconnected
        self._connections.add(self)
        self._timer = self._loop.call_later(REQUEST_WITHIN, self._transport.abort)
        self._admitted = self._limits.admit_connection(self._source())
        if self._admitted is None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """The first data was received: hand the connection over to its protocol."""
        if self._peer is None or self._admitted is None:
            self._transport.abort()
            return
        if self._transport.is_closing():
            return
        self._admitted.end_silence()
        self._seen += data
        if is_plain(self._transport):
            self._redirect()
            return
        forwarded, rest = None, self._seen
        header = proxy_protocol.parse(self._seen) if self._is_trusted(self._peer[0]) else None
        if header == "malformed":
            self._transport.abort()
        if isinstance(header, str):
            return
        if header is not None:
            forwarded, rest = header.client, self._seen[header.length_bytes :]
            if not rest:
                return
        self._detach()
        if rest[0] <= _LAST_OF_STUN:
            self._admitted.release()
            protocol = self._turn(forwarded.address if forwarded else self._peer)
        else:
            protocol = self._http(forwarded, connection=self._admitted)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(rest)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        del error
        self._detach()
        if self._admitted is not None:
            self._admitted.release()

    def shutdown(self) -> None:
        """Called by uvicorn when it stops."""
        self._transport.close()

    def _redirect(self) -> None:
        """Redirect plain HTTP to HTTPS once the request is complete; the request timeout still applies."""
        said = answer(self._seen)
        if said is not None:
            self._transport.write(said)
            self._transport.close()

    def _source(self) -> Source | None:
        """Whom the connection counts against; None if that is unknown yet, as with a trusted proxy."""
        if self._peer is None or self._is_trusted(self._peer[0]):
            return None
        return client_address.source_of_host(self._peer[0])

    def _detach(self) -> None:
        self._timer.cancel()
        self._connections.discard(self)
