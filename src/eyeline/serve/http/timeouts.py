"""HTTP timeouts and size limits: what uvicorn leaves open because it expects a proxy in front of it."""

import asyncio
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError
from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from eyeline.serve.client_address import ForwardedClient
from eyeline.serve.connection_limits import HEAD_BYTES_MAX, REQUEST_WITHIN, AdmittedConnection

PIPELINED_MAX: Final = 16
"""Maximum number of pipelined requests.  Browsers send one at a time, but one read can hold ten thousand."""

STUCK_WITHIN: Final = 30.0
"""Seconds in which a slow client must read at least part of a response."""


Upgrade = Callable[[Scope, asyncio.Transport, set[Any], list[tuple[bytes, bytes]]], None]
"""Answers a WebSocket handshake, given as the scope of its HTTP request, and takes over its transport.  The others are
the set of all connections, which the WebSocket joins, and headers for the response."""


class HttpProtocol(HttpToolsProtocol):
    """Limits the size of requests and the time that clients may take to send them and to read responses.

    `forwarded` is the client if a proxy has reported it ahead of the requests (PROXY protocol).  Its address replaces
    the proxy's own, also when deciding whether to trust forwarding headers.  `connection` is released when it is
    closed, or becomes a WebSocket, which `upgrade` does.
    """

    def __init__(
        self,
        upgrade: Upgrade,
        forwarded: ForwardedClient | None,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        connection: AdmittedConnection | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._upgrade = upgrade
        self._forwarded = forwarded
        self._connection = connection

    _head_bytes: int | None = 0  # None once the head is complete
    _request_timeout: asyncio.TimerHandle | None = None
    _write_timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """A client has connected."""
        super().connection_made(transport)
        if self._forwarded is not None:
            self.client = self._forwarded.address
            self.scheme = "https" if self._forwarded.secure else self.scheme
        self._start_request_timeout()

    def data_received(self, data: bytes) -> None:
        """Part of a request was received."""
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes - len(data) > HEAD_BYTES_MAX:
                self.send_400_response("The head of the request is too large.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A new request has begun."""
        super().on_message_begin()
        self._head_bytes = 0
        self._start_request_timeout()

    def on_headers_complete(self) -> None:
        """The head of the request is complete."""
        self._head_bytes = None
        if len(self.pipeline) >= PIPELINED_MAX:
            raise HttpParserError  # makes uvicorn close the connection
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete, with its body if it has one."""
        self._cancel_request_timeout()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """The request asks for a WebSocket: hand over the connection, and keep nothing."""
        self._cancel_request_timeout()
        self._cancel_write_timeout()
        self._release()
        self.connections.discard(self)
        self.parser = None  # type: ignore[assignment]  # as uvicorn does at the end: the two refer to each other
        path, _, query = self.url.partition(b"?")
        scope = {**self.scope, "path": unquote_to_bytes(path).decode(errors="replace"), "raw_path": path}
        headers = self.server_state.default_headers
        self._upgrade({**scope, "query_string": query}, self.transport, self.connections, headers)

    def pause_writing(self) -> None:
        """Backpressure: the client reads more slowly than we write."""
        super().pause_writing()
        self._start_write_timeout()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._cancel_write_timeout()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has disconnected."""
        self._cancel_request_timeout()
        self._cancel_write_timeout()
        self._release()
        super().connection_lost(exc)

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.release()

    def _start_write_timeout(self) -> None:
        self._cancel_write_timeout()
        left = self.transport.get_write_buffer_size()
        self._write_timeout = self.loop.call_later(STUCK_WITHIN, self._check_progress, left)

    def _check_progress(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._start_write_timeout()
        else:
            self.transport.abort()

    def _cancel_write_timeout(self) -> None:
        if self._write_timeout is not None:
            self._write_timeout.cancel()
            self._write_timeout = None

    def _start_request_timeout(self) -> None:
        if self._request_timeout is None:
            self._request_timeout = self.loop.call_later(REQUEST_WITHIN, self.transport.abort)

    def _cancel_request_timeout(self) -> None:
        if self._request_timeout is not None:
            self._request_timeout.cancel()
            self._request_timeout = None
