"""Demultiplexer for one TCP port: a connection's first byte tells whether it is HTTP (or WebSocket) or TURN.

A TURN client starts with a STUN request, whose first byte is 0x00 to 0x03; HTTP starts with a letter.  With TLS this is
the first decrypted byte.

A trusted proxy may send the client's address first, with the PROXY protocol, version 1; TURN has no headers, so that is
the only way to learn it.  HTTP headers after a PROXY line come from the client, since such a proxy only passes bytes
on: they are trusted only if the client itself is a trusted proxy.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from eyeline.serve import client_address
from eyeline.serve.client_address import Source
from eyeline.serve.connection_limits import REQUEST_WITHIN, ConnectionLimits
from eyeline.serve.process.https_redirect import answer, is_plain_http

_LAST_OF_STUN: Final = 0x03
_PROXY: Final = b"PROXY "
_PROXY_LINE_BYTES: Final = 107
"""Maximum length of a line of version 1, with its end."""

ClientAddress = tuple[str, int] | None
"""The client's address, as reported by a trusted proxy with the PROXY protocol; None without such a proxy."""

TurnFactory = Callable[[ClientAddress], asyncio.Protocol]
"""Creates the protocol for one TURN client."""

HttpFactory = Callable[..., asyncio.Protocol]
"""Creates the protocol for one HTTP client, from its `ClientAddress`, uvicorn's own arguments, and `connection`, which
it must release."""


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
        if is_plain_http(self._transport):
            self._redirect()
            return
        client, rest = None, self._seen
        is_proxy_line = _PROXY.startswith(self._seen[: len(_PROXY)])
        if is_proxy_line and self._is_trusted(self._peer[0]):
            line, end, _ = self._seen[:_PROXY_LINE_BYTES].partition(b"\r\n")
            rest = self._seen[len(line) + len(end) :]
            if not end and len(self._seen) >= _PROXY_LINE_BYTES:
                self._transport.abort()
            if not end or not rest:
                return
            client = _proxied_client(line)
        self._detach()
        if rest[0] <= _LAST_OF_STUN:
            self._admitted.release()
            protocol = self._turn(client or self._peer)
        else:
            protocol = self._http(client, connection=self._admitted)
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


def _proxied_client(line: bytes) -> tuple[str, int] | None:
    """The client's address in a line such as `PROXY TCP4 192.0.2.7 198.51.100.1 4711 443`; None if it has none."""
    match line.decode("ascii", "replace").split(" "):
        case [_, "TCP4" | "TCP6", host, _, port, _] if port.isdecimal() and int(port) < 1 << 16:
            try:
                return str(ipaddress.ip_address(host)), int(port)
            except ValueError:
                return None
        case _:
            return None
