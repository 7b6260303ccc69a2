"""WebSocket timeout: a closed connection ends soon, even when its client has stopped reading."""

import asyncio
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

LINGER: Final = 1.0
"""Seconds that the last bytes of a WebSocket have, once the conversation is over; then it is cut off."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A transport that is closed first sends what it holds; one whose client takes nothing would never be gone."""

    _cut: asyncio.TimerHandle | None = None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        told: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._told = told

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake has come."""
        super().connection_made(transport)
        self.client = self._told or self.client

    async def run_asgi(self) -> None:
        """As uvicorn does, and then the end."""
        try:
            await super().run_asgi()
        finally:
            self._end()

    def shutdown(self) -> None:
        """The server stops."""
        super().shutdown()
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        if self._cut is not None:
            self._cut.cancel()
        super().connection_lost(exc)

    def _end(self) -> None:
        if self._cut is None and not self.disconnected:
            self._cut = self.loop.call_later(LINGER, self.transport.abort)
