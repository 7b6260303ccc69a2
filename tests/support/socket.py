"""A WebSocket client of a real broker, and an ASGI server for any application."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Literal, Self, get_args
from urllib.parse import SplitResult, urlsplit

import uvicorn
from starlette.types import ASGIApp
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from eyeline import Eyeline
from eyeline.serve.http.timeouts import HttpProtocol
from eyeline.serve.ws.protocol import upgrade
from tests.support.tls import tls_client


class Socket:
    """`with Socket(url) as alice`: a client that sends protocol messages by hand.

    Messages that it doesn't receive stay in the network; `receive_buffer` limits its own kernel's buffer.
    """

    def __init__(
        self,
        url: str,
        *,
        origin: str | None = None,
        headers: Mapping[str, str] | None = None,
        subprotocol: str | None = "eyeline.v1",
        receive_buffer: int | None = None,
    ) -> None:
        said = dict(headers or {}) if origin is None else {"Origin": origin, **(headers or {})}
        offered = None if subprotocol is None else [Subprotocol(subprotocol)]
        parts = urlsplit(url)
        client = _dial(parts, receive_buffer)
        self._open = connect(
            f"ws://{parts.netloc}{parts.path.rstrip('/')}/ws",
            sock=tls_client(client, parts.hostname) if parts.scheme == "https" else client,
            subprotocols=offered,
            additional_headers=said,
            open_timeout=5,
            close_timeout=1,
            compression=None,
        )

    def send(self, message: dict[str, Any] | str) -> None:
        self.connection.send(message if isinstance(message, str) else json.dumps(message))

    def receive(self, wanted: str | None = None, deadline: float = 10) -> dict[str, Any]:
        """The next message, or the next of that type; raises TimeoutError after `deadline` seconds."""
        end = time.monotonic() + deadline
        while True:
            message: dict[str, Any] = json.loads(self.connection.recv(timeout=end - time.monotonic()))
            if wanted in {None, message["type"]}:
                return message

    def join(self, room: str, name: str) -> dict[str, Any]:
        """Join the room; returns the `joined` message."""
        self.send({"type": "hello", "room": room})
        self.send({"type": "join", "name": name})
        return self.receive("joined")

    def __enter__(self) -> Self:
        self.connection: ClientConnection = self._open.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)


def _dial(parts: SplitResult, receive_buffer: int | None) -> socket.socket:
    address = parts.hostname, parts.port
    if receive_buffer is None:
        return socket.create_connection(address, 5)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)  # before connecting: it sets the TCP window
    client.connect(address)
    return client


Edge = Literal["asgi", "own"]
"""How WebSockets reach the application: over ASGI, as in any server, or by the protocol of `eyeline serve`."""

EDGES: Final[tuple[Edge, ...]] = get_args(Edge)


@contextlib.contextmanager
def serving(app: ASGIApp, edge: Edge = "asgi") -> Iterator[str]:
    """Serve the application on a free port, in a thread; yields its URL."""
    how: dict[str, Any] = {"ws": "websockets-sansio"}
    if edge == "own":
        assert isinstance(app, Eyeline)
        how = {"http": partial(HttpProtocol, partial(upgrade, app.open_websocket), None), "ws": asyncio.Protocol}
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", **how))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        end = time.monotonic() + 10
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end:
                raise AssertionError("the application did not start")
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
