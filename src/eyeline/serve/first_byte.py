"""One TCP port for pages, WebSockets and TURN: a connection's first byte tells which it is.

A TURN client opens with a STUN request, whose first byte is 0x00 to 0x03; HTTP opens with a letter.  Under TLS it is
the first byte inside.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from eyeline.serve.patience import HEAD_WITHIN, Http

_LAST_OF_STUN: Final = 0x03


class FirstByte(asyncio.Protocol):
    """What uvicorn makes for each connection, as long as it isn't clear what it is."""

    def __init__(
        self,
        stream: Callable[[], asyncio.Protocol],
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._stream = stream
        self._http: Callable[[], asyncio.Protocol] = partial(Http, config, server_state, app_state, _loop)
        self._connections = cast("set[object]", server_state.connections)
        self._loop = _loop or asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        self._timer = self._loop.call_later(HEAD_WITHIN, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """The first data: whoever it is for goes on from here."""
        self._let_go()
        protocol: asyncio.Protocol = self._stream() if data[0] <= _LAST_OF_STUN else self._http()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        del error
        self._let_go()

    def shutdown(self) -> None:
        """uvicorn stops."""
        self._transport.close()

    def _let_go(self) -> None:
        self._timer.cancel()
        self._connections.discard(self)
