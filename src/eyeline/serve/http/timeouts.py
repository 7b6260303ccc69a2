"""How long and how much: what uvicorn's protocols leave open, since it expects a proxy in front."""

import asyncio
from functools import partial
from typing import Any, Final, cast

from httptools import HttpParserError
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

REQUEST_WITHIN: Final = 10.0
"""Seconds that a request may take to come, from the opening of the connection or its first byte: its head and its body,
which the HTTP API alone has a use for."""

HEAD_BYTES_MAX: Final = 32 * 1024
"""Bytes in the head of a request.  What came in one read with its end is looked at whole, up to 256 KiB."""

PIPELINED_MAX: Final = 16
"""Requests that may have come before the first of them is answered.  Browsers send one at a time; one read can hold ten
thousand."""

STUCK_WITHIN: Final = 30.0
"""Seconds in which a client must take at least some of an answer."""

LINGER: Final = 1.0
"""Seconds that the last bytes of a WebSocket have, once the conversation is over; then it is cut off."""


class Http(HttpToolsProtocol):
    """Turns away requests without end, in size or in time.

    `told` is the address of the client where a proxy has said it ahead of the requests: it, and not the proxy's own, is
    whom they come from, and by which their headers are believed or not.
    """

    def __init__(
        self,
        told: tuple[str, int] | None,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._told = told

    _head_bytes: int | None = 0  # None once the head is complete
    _overdue: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """A client has come."""
        super().connection_made(transport)
        self.client = self._told or self.client
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Part of a request."""
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes - len(data) > HEAD_BYTES_MAX:
                self.send_400_response("The head of the request is too large.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        self._head_bytes = 0
        self._await_request()

    def on_headers_complete(self) -> None:
        """The last one."""
        self._head_bytes = None
        if len(self.pipeline) >= PIPELINED_MAX:
            raise HttpParserError  # which ends the reading, and the connection
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A body has come, or there is none."""
        self._calm()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """The head was all; others go on from here."""
        self._calm()
        self._wait_no_more()
        if self._told is not None:
            protocol = partial(cast("type[WebSocket]", self.ws_protocol_class), told=self._told)
            self.ws_protocol_class = cast("type[asyncio.Protocol]", protocol)
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._wait_no_more()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._calm()
        self._wait_no_more()
        super().connection_lost(exc)

    def _await_reading(self) -> None:
        self._wait_no_more()
        left = self.transport.get_write_buffer_size()
        self._stuck = self.loop.call_later(STUCK_WITHIN, self._has_read, left)

    def _has_read(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._await_reading()
        else:
            self.transport.abort()

    def _wait_no_more(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _await_request(self) -> None:
        if self._overdue is None:
            self._overdue = self.loop.call_later(REQUEST_WITHIN, self.transport.abort)

    def _calm(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


class WebSocket(WebSocketsSansIOProtocol):
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
