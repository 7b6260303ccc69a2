"""Puts the server together: read this first.

`build(settings)` gives one plain ASGI application: pages, SDK, WebSocket and health, with STUN and TURN beside it.  Run
it by `eyeline serve`, or mount it in another ASGI site under any prefix.
"""

import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from eyeline.serve import secret, websocket
from eyeline.serve.broker import Broker
from eyeline.serve.bus import LocalBus
from eyeline.serve.ice import Ice
from eyeline.serve.pages import Pages
from eyeline.settings import Settings
from eyeline.signalling.messages import IceServer
from eyeline.signalling.token import TokenKey


def build(settings: Settings) -> "Eyeline":
    """The application.  Raises `SetupError` if the data directory or the built web app can't be used."""
    return Eyeline(settings)


class _Running(NamedTuple):
    """What lives as long as the event loop that the application runs in."""

    broker: Broker
    bus: LocalBus
    ice: Ice


class Eyeline:
    """The ASGI application.

    It starts and ends with its lifespan.  In a site that knows none it starts with the first WebSocket; then `close`
    ends it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secret = secret.load(settings.data_dir)
        self._key = TokenKey(self._secret)
        self._life = secrets.token_urlsafe(9)
        self._running: _Running | None = None
        self._site = Starlette(
            routes=[
                WebSocketRoute("/ws", _Asgi(self._websocket)),
                Route("/healthz", self._healthz),
                Mount("/", Pages()),
            ],
            lifespan=self.lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: `http`, `websocket` and `lifespan`."""
        await self._site(scope, receive, send)

    def start(self) -> Broker:
        """Open STUN's sockets and the broker, once, in the running loop.  Raises `SetupError` if a port is taken."""
        if self._running is None:
            ice = Ice(self._settings, self._secret)
            bus = LocalBus(capacity=self._settings.room_capacity, life=self._life)
            self._running = _Running(Broker(bus, self._key), bus, ice)
        return self._running.broker

    def see_out(self) -> None:
        """Tell all clients to come back in a second: the process is going away."""
        if self._running is not None:
            self._running.broker.see_out()

    def close(self) -> None:
        """Say goodbye to all clients and close STUN's sockets."""
        self.see_out()
        if self._running is not None:
            self._running.ice.relay.close()
            self._running.bus.close()
            self._running = None

    @contextlib.asynccontextmanager
    async def lifespan(self, _site: object) -> AsyncIterator[None]:
        """For the site that mounts this: `FastAPI(lifespan=eyeline.lifespan)`."""
        self.start()
        try:
            yield
        finally:
            self.close()

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        broker = self.start()
        if not self._admits(Headers(scope=scope)):
            await receive()
            await websocket.turn_away("foreign-origin", scope, send)
            return
        await websocket.serve(broker, self._ice_servers(scope), scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        """Whether the page that opens the socket may: one of ours, one that the operator allows, or no page at all."""
        origin = headers.get("origin")
        if origin is None or origin in self._settings.allowed_origins:
            return True
        try:
            return urlsplit(origin).netloc == headers.get("host")
        except ValueError:
            return False

    async def _healthz(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})

    def _ice_servers(self, scope: Scope) -> tuple[IceServer, ...]:
        """STUN of our own, under the name that this client reached us by unless `public_address` says another."""
        return self._running.ice.mint(scope)("", "")[:1] if self._running else ()


class _Asgi:
    """Starlette takes an object for a whole ASGI application, and a method for an endpoint."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
