"""One TCP port for pages, WebSockets and TURN: a connection's first byte tells which it is.

A TURN client opens with a STUN request, whose first byte is 0x00 to 0x03; HTTP opens with a letter.  Under TLS it is
the first byte inside.

A trusted proxy may say before it who the client is, by the PROXY protocol, version 1: for TURN, which has no headers,
that is the only way to know.  HTTP that comes so is the client's, too: a proxy that passes bytes on has not looked at
its headers, and so they are believed only if that client is a trusted proxy itself.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from eyeline.serve.connection_limits import REQUEST_WITHIN
from eyeline.serve.process.https_redirect import answer, is_astray

_LAST_OF_STUN: Final = 0x03
_PROXY: Final = b"PROXY "
_PROXY_LINE_BYTES: Final = 107
"""The longest line of version 1, with its end."""

ClientAddress = tuple[str, int] | None
"""Where a client is, as a trusted proxy said by the PROXY protocol; None if no proxy said it."""

TurnFactory = Callable[[ClientAddress], asyncio.Protocol]
"""Makes the protocol for one TURN client."""

HttpFactory = Callable[..., asyncio.Protocol]
"""Makes the protocol for one HTTP client, from its `ClientAddress` and uvicorn's own arguments."""


class Demultiplexer(asyncio.Protocol):
    """The protocol of each new connection until its first byte has come."""

    def __init__(
        self,
        turn: TurnFactory,
        http: HttpFactory,
        is_trusted: Callable[[str], bool],
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._turn = turn
        self._is_trusted = is_trusted
        self._seen = b""
        self._http: Callable[[ClientAddress], asyncio.Protocol] = partial(
            http, config=config, server_state=server_state, app_state=app_state, _loop=_loop
        )
        self._connections = cast("set[object]", server_state.connections)
        self._loop = _loop or asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer: tuple[str, int] | None = transport.get_extra_info("peername")  # None if it has hung up already
        self._connections.add(self)
        self._timer = self._loop.call_later(REQUEST_WITHIN, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """The first data: whoever it is for goes on from here."""
        if self._peer is None:
            self._transport.abort()
            return
        if self._transport.is_closing():
            return
        self._seen += data
        if is_astray(self._transport):
            self._redirect()
            return
        client, rest = None, self._seen
        may_tell = _PROXY.startswith(self._seen[: len(_PROXY)])
        if may_tell and self._is_trusted(self._peer[0]):
            line, end, _ = self._seen[:_PROXY_LINE_BYTES].partition(b"\r\n")
            rest = self._seen[len(line) + len(end) :]
            if not end and len(self._seen) >= _PROXY_LINE_BYTES:
                self._transport.abort()
            if not end or not rest:
                return
            client = _told(line)
        self._let_go()
        protocol = self._turn(client or self._peer) if rest[0] <= _LAST_OF_STUN else self._http(client)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(rest)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        del error
        self._let_go()

    def shutdown(self) -> None:
        """uvicorn stops."""
        self._transport.close()

    def _redirect(self) -> None:
        """The time that the request has, its answer has too."""
        said = answer(self._seen)
        if said is not None:
            self._transport.write(said)
            self._transport.close()

    def _let_go(self) -> None:
        self._timer.cancel()
        self._connections.discard(self)


def _told(line: bytes) -> tuple[str, int] | None:
    """The client's address in a line such as `PROXY TCP4 192.0.2.7 198.51.100.1 4711 443`; None if it says none."""
    match line.decode("ascii", "replace").split(" "):
        case [_, "TCP4" | "TCP6", host, _, port, _] if port.isdecimal() and int(port) < 1 << 16:
            try:
                return str(ipaddress.ip_address(host)), int(port)
            except ValueError:
                return None
        case _:
            return None
