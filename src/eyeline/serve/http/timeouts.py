"""HTTP timeouts and size limits: what uvicorn leaves open because it expects a proxy in front of it."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from httptools import HttpParserError
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from eyeline.serve.connection_limits import HEAD_BYTES_MAX, REQUEST_WITHIN

PIPELINED_MAX: Final = 16
"""Requests that may have come before the first of them is answered.  Browsers send one at a time; one read can hold ten
thousand."""

STUCK_WITHIN: Final = 30.0
"""Seconds in which a client must take at least some of an answer."""


class HttpProtocol(HttpToolsProtocol):
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
            protocol = partial(cast("Callable[..., asyncio.Protocol]", self.ws_protocol_class), told=self._told)
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
