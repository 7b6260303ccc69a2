"""WebSocket timeouts: a closed connection ends soon, even if its client has stopped reading.

Keepalive pings and the timeout of a silent client are in `signalling/session.py`.
"""

import asyncio
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from eyeline.serve.client_address import ForwardedClient

LINGER: Final = 1.0
"""Seconds in which the last bytes of a closed WebSocket must be flushed; then the connection is aborted."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Aborts a closing connection after `LINGER`, because a transport waits for its buffer to flush before it closes,
    which never ends if the client doesn't read.

    `forwarded` is the client if a proxy has reported it ahead of the request (PROXY protocol).
    """

    _abort_timer: asyncio.TimerHandle | None = None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        forwarded: ForwardedClient | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._forwarded = forwarded

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection was handed over with its handshake."""
        super().connection_made(transport)
        if self._forwarded is not None:
            self.client = self._forwarded.address
            self.scheme = "wss" if self._forwarded.secure else self.scheme

    async def run_asgi(self) -> None:
        """Run the application as uvicorn does, then start the timeout."""
        try:
            await super().run_asgi()
        finally:
            self._abort_later()

    def shutdown(self) -> None:
        """The server is shutting down."""
        super().shutdown()
        self._abort_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket has closed."""
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        super().connection_lost(exc)

    def _abort_later(self) -> None:
        if self._abort_timer is None and not self.disconnected:
            self._abort_timer = self.loop.call_later(LINGER, self.transport.abort)
