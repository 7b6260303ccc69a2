"""The end of a WebSocket whose client does not read: uvicorn's protocol, which would wait for it for ever."""

import asyncio
from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER: Final = 1.0
"""Seconds that the last bytes of a socket have, once the conversation is over; then it is cut off."""


class Protocol(WebSocketsSansIOProtocol):
    """A transport that is closed first sends what it holds; one whose client takes nothing would never be gone."""

    _cut: asyncio.TimerHandle | None = None

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
