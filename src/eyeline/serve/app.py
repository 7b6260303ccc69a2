"""The ASGI application: wires all parts of the server together.  Read this first.

`build(settings)` returns a plain ASGI application with pages, SDK, WebSocket and health checks, which also runs STUN
and TURN.  Run it with `eyeline serve`, or mount it in another ASGI site under any prefix.
"""

import asyncio
import contextlib
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from eyeline.serve import client_address
from eyeline.serve.alarm import AlarmClock
from eyeline.serve.client_address import ForwardedClient
from eyeline.serve.connection_limits import AdmittedSocket, ConnectionLimits, RefusalCode
from eyeline.serve.http import api, api_keys
from eyeline.serve.http.health import Health
from eyeline.serve.http.middleware import Middleware
from eyeline.serve.http.page_head import PageHead
from eyeline.serve.http.problems import problem, refuse
from eyeline.serve.http.static_files import StaticFiles
from eyeline.serve.logs import LogEvent
from eyeline.serve.metrics import LagProbe, Metrics, Reading
from eyeline.serve.process import secrets_file
from eyeline.serve.process.handshake import is_plain
from eyeline.serve.process.instance_lock import InstanceLock
from eyeline.serve.relay.ice_servers import IceServerProvider
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.serve.sip.switch import SipContext, SipSwitch
from eyeline.serve.site import Site
from eyeline.serve.websocket import Accept, Reject
from eyeline.serve.ws import asgi
from eyeline.serve.ws import authorize as authorization
from eyeline.serve.ws.authorize import Authorize
from eyeline.serve.ws.bus import LocalBus
from eyeline.serve.ws.connection import Broker, Consult
from eyeline.settings import Settings
from eyeline.signalling.messages import SUBPROTOCOL
from eyeline.signalling.resume_token import TokenKey
from eyeline.signalling.room import BrokerRun
from eyeline.signalling.session import GuestPolicy, Ice, SessionPolicy
from eyeline.signalling.wall_clock import WallClock

if TYPE_CHECKING:
    from eyeline.serve.sip.edge import FindSipPassword, SipEdge

_log = logging.getLogger("eyeline.front")

MEMBERS_GRAIN: Final = 0.1
"""Seconds by which pings, timeouts and other deadlines of members and rooms may be late: they come in groups."""

DRAIN_WITHIN: Final = 3.0
"""Graceful shutdown: seconds in which clients must receive the goodbye and disconnect."""


GUEST_POLICY: Final[dict[str, GuestPolicy]] = {"open": "admit", "tokens": "refuse"}
"""How each value of the setting `rooms` treats a client without a pass."""


def build(
    settings: Settings,
    *,
    one_port: bool = False,
    authorize: Authorize | None = None,
    sip_password: "FindSipPassword | None" = None,
) -> "Eyeline":
    """Create the application.

    Raises `SetupError` if the data directory, a file named in the settings, or the built web app can't be used.

    `one_port` promises that the caller passes TURN connections to the port of the pages to `Eyeline.stream`, so that
    clients are told to try that port.  `authorize` replaces `settings.rooms`: it decides who may enter without a pass.
    `sip_password` finds the passwords of SIP users that have no account in the data directory.
    """
    return Eyeline(settings, one_port=one_port, authorize=authorize, sip_password=sip_password)


_Admit = Callable[[Scope, asyncio.TaskGroup | None], Accept | RefusalCode]
"""Admits the WebSocket of a scope, or not.  The site's own code for it runs in this group."""

_NO_WEBSOCKET: Final = Reject(403, [(b"content-length", b"0")], b"")
"""For other paths, as ASGI servers answer."""


class _Running(NamedTuple):
    """The parts that need a running event loop."""

    lock: InstanceLock
    broker: Broker
    bus: LocalBus
    ice_servers: IceServerProvider
    lag: LagProbe
    sip: SipSwitch


class Eyeline:
    """The ASGI application.

    It starts and stops with its ASGI lifespan.  Without one, it starts with the first WebSocket and stops by `close`.
    """

    def __init__(
        self, settings: Settings, *, one_port: bool, authorize: Authorize | None, sip_password: "FindSipPassword | None"
    ) -> None:
        self._settings = settings
        self._one_port = one_port
        self._authorize = authorize
        self._sip_password = sip_password
        self._secret = secrets_file.load(settings.data_dir)
        self._key = TokenKey(self._secret)
        self._passes = authorization.pass_verifier(settings, self._secret)
        self._running: _Running | None = None
        self._metrics = Metrics()
        token = secrets_file.metrics_token(settings.data_dir) if settings.metrics == "token" else None
        self._trusted = settings.proxies()
        self._site = Site(settings, standalone=one_port)
        self._logged: set[RefusalCode] = set()
        self._static_files = StaticFiles(
            head=PageHead(settings, self._home).lines,
            frame_ancestors=settings.allowed_origins,
            phone=lambda: self._sip() is not None,
        )
        self._limits = ConnectionLimits(sockets=settings.max_sockets, sockets_per_address=settings.sockets_per_address)
        self._tasks: asyncio.TaskGroup | None = None
        """Runs the site's own code for the WebSockets of our own server, as long as the lifespan."""
        self._websockets = {"/ws": self._signalling, "/sip": self._phone}
        self.routes: list[BaseRoute] = [
            *(WebSocketRoute(path, _Asgi(partial(self._over_asgi, admit))) for path, admit in self._websockets.items()),
            *Health(self._metrics, refuses=self._refuses_page, token=token, draining=self._draining).routes,
            *self._api(),
            Mount("/", _Asgi(self._serve_pages)),
        ]
        site = Starlette(routes=self.routes, lifespan=self.lifespan)
        hsts = settings.tls != "self-signed"
        self._middleware = Middleware(site, self._limits, self._trusted, hsts=hsts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: `http`, `websocket` and `lifespan`."""
        scope = self._site.below_root_path(scope)
        if scope["type"] == "websocket" and not self._middleware.admits(scope):
            await receive()  # websocket.connect
            await asgi.refuse(self._turned_away("too-many-requests"), scope, send)
        else:
            await self._middleware(scope, receive, send)

    def open_websocket(self, scope: Scope) -> Accept | Reject:
        """Answer a WebSocket handshake in our own server, as `__call__` does in others.  `scope` is as in ASGI."""
        scope = self._site.below_root_path(scope)
        if not self._middleware.admits(scope):
            return self._turned_away("too-many-requests")
        admit = self._websockets.get(scope["path"].removeprefix(scope["root_path"]))
        return _NO_WEBSOCKET if admit is None else self._answered(admit(scope, self._tasks))

    def start(self) -> Broker:
        """Start the broker, STUN and TURN in the running loop.  Does nothing if they have been started.

        Raises `SetupError` as `InstanceLock` and `IceServerProvider` do.
        """
        return self._start().broker

    @property
    def limits(self) -> ConnectionLimits:
        """The limits that TCP connections count against from their opening."""
        return self._limits

    def stream(self, client: tuple[str, int] | None) -> asyncio.Protocol:
        """A protocol for one TURN client over TCP or TLS; behind a proxy, `client` is its address."""
        return self._start().ice_servers.relay.stream(client, self._limits)

    def sip_stream(self, forwarded: ForwardedClient | None) -> asyncio.Protocol:
        """A protocol for one SIP phone over TCP or TLS; behind a proxy, `forwarded` is the client that it has reported.
        Needs the setting `sip_port`."""
        return self._start().sip.stream(forwarded)

    def _sip(self) -> "SipEdge | None":
        return self._start().sip.edge()

    def _start(self) -> _Running:
        if self._running is None:
            lock = InstanceLock(self._settings.data_dir)
            try:
                self._running = self._run(lock)
            except BaseException:
                lock.release()
                raise
            self._measure(self._running)
        return self._running

    def _run(self, lock: InstanceLock) -> _Running:
        settings = self._settings
        ice_servers = IceServerProvider(settings, self._secret, self._site, one_port=self._one_port)
        broker_run = BrokerRun(secrets.token_urlsafe(9), asyncio.get_running_loop().time(), WallClock())
        clock = AlarmClock(MEMBERS_GRAIN)
        bus = LocalBus(
            capacity=settings.room_capacity,
            rooms=settings.max_sockets,
            broker_run=broker_run,
            vacated=ice_servers.vacated,
            clock=clock,
        )
        context = SipContext(
            settings,
            self._secret,
            self._limits,
            self._site,
            self._sip_password,
            bus,
            guests=self._guests() == "admit",
            ice=ice_servers.ice,
            is_plain=is_plain,
            open_udp=lambda port: UdpListeners.open(
                host=settings.host, port=port, setting="sip_port", datagram_bytes=65_535
            ),
        )
        sip = SipSwitch(context)
        broker = Broker(bus, sip, self._policy(broker_run.wall_clock, sip), clock)
        return _Running(lock, broker, bus, ice_servers, LagProbe(self._metrics.lag.observe), sip)

    def _api(self) -> list[Mount]:
        """The HTTP API, if the operator has configured keys for it."""
        if self._settings.api_keys is None:
            return []
        keys = api_keys.load(self._settings.api_keys, self._secret)
        context = api.ApiContext(keys, self._passes, lambda: self._start().bus, self._home, self._sip)
        mount = Mount(api.PREFIX, api.build(context))
        mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)  # to match paths with a newline too
        return [mount]

    def _home(self, scope: Scope) -> str:
        """The URL of the pages: `public_url`, or else as the client of the pages or of the API sees them."""
        return self._site.home(scope, scope["root_path"].removesuffix(api.PREFIX).rstrip("/"))

    def _policy(self, wall_clock: WallClock, sip: SipSwitch) -> SessionPolicy:
        return SessionPolicy(
            self._key, Ice(), wall_clock, passes=self._passes, guests=self._guests(), phones=sip.phones
        )

    def _guests(self) -> GuestPolicy:
        return GUEST_POLICY[self._settings.rooms] if self._authorize is None else "ask"

    async def drain(self) -> None:
        """Tell all clients when to reconnect, and wait at most `DRAIN_WITHIN` seconds until they have disconnected."""
        if self._running is not None:
            self._running.broker.drain()
            self._running.sip.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_WITHIN):
                    await self._running.broker.drained()

    def close(self) -> None:
        """Send all clients a goodbye, and close the sockets of STUN and TURN."""
        if self._running is not None:
            self._running.broker.drain()
            self._running.sip.stop()
            self._running.ice_servers.close()
            self._running.bus.close()
            self._running.lag.close()
            self._running.lock.release()
            self._running = None

    @contextlib.asynccontextmanager
    async def lifespan(self, _site: object) -> AsyncIterator[None]:
        """A lifespan for the site that mounts this: `FastAPI(lifespan=eyeline.lifespan)`.

        Its end drains, unless that has been done.  uvicorn has closed all WebSockets by then.
        """
        running = self._start()
        await running.ice_servers.prepare()
        async with asyncio.TaskGroup() as self._tasks:
            try:
                yield
            finally:
                if not self._draining():
                    await self.drain()
                self.close()

    async def _over_asgi(self, admit: "_Admit", scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        async with asyncio.TaskGroup() as tasks:
            answer = self._answered(admit(scope, tasks))
            if isinstance(answer, Accept):
                await asgi.serve(answer, receive, send)
            else:
                await asgi.refuse(answer, scope, send)

    def _signalling(self, scope: Scope, tasks: asyncio.TaskGroup | None) -> Accept | RefusalCode:
        running = self._start()
        admitted = self._admit(scope, SUBPROTOCOL)
        if not isinstance(admitted, AdmittedSocket):
            return admitted
        site = (
            None if self._authorize is None else Consult(partial(authorization.consult, self._authorize, scope), tasks)
        )
        ice = running.ice_servers.ice(scope)
        return Accept(SUBPROTOCOL, partial(running.broker.open, admitted=admitted, ice=ice, site=site))

    def _phone(self, scope: Scope, tasks: asyncio.TaskGroup | None) -> Accept | RefusalCode:
        phones = self._start().sip
        if phones.edge() is None and not self._draining():
            return "no-sip"
        admitted = self._admit(scope, "sip")
        return phones.websocket(admitted, scope, tasks) if isinstance(admitted, AdmittedSocket) else admitted

    def _answered(self, answer: Accept | RefusalCode) -> Accept | Reject:
        return answer if isinstance(answer, Accept) else self._turned_away(answer)

    def _turned_away(self, why: RefusalCode) -> Reject:
        self._start().broker.tally.handshakes_refused[why] += 1
        return problem(why)

    async def _serve_pages(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._site.accepts_host(scope):
            self._log_once("unknown-host", self._site.host_fault(scope))
            await refuse("unknown-host", send)
        else:
            await self._static_files(scope, receive, send)

    def _admit(self, scope: Scope, subprotocol: str) -> AdmittedSocket | RefusalCode:
        why = self._refuses_page(scope)
        if why is not None:
            return why
        if subprotocol not in scope["subprotocols"]:
            return "wrong-subprotocol"
        if self._draining():
            return "going-away"
        source = client_address.client(scope, self._trusted)
        return self._limits.admit_socket(source, asyncio.get_running_loop().time())

    def _refuses_page(self, scope: Scope) -> Literal["unknown-host", "foreign-origin"] | None:
        """Why a WebSocket is refused because of the host it was opened by, or of the page that opens it."""
        if not self._site.accepts_host(scope):
            self._log_once("unknown-host", self._site.host_fault(scope))
            return "unknown-host"
        if not self._site.accepts_origin(scope):
            self._log_once("foreign-origin", self._site.origin_fault(scope))
            return "foreign-origin"
        return None

    def _log_once(self, why: RefusalCode, fault: dict[str, str]) -> None:
        """Log the first refusal that the operator may have caused; anybody could repeat it."""
        if why not in self._logged:
            self._logged.add(why)
            _log.warning(LogEvent("!", refused=why, **fault))

    def _draining(self) -> bool:
        return self._running is not None and self._running.broker.draining

    def _measure(self, running: _Running) -> None:
        broker, bus, tally = running.broker, running.bus, running.broker.tally
        readings: dict[str, Reading] = {
            "eyeline_sockets": broker.__len__,
            "eyeline_rooms": bus.__len__,
            "eyeline_seats": bus.seats,
            "eyeline_joins_total": lambda: tally.joins,
            "eyeline_resumes_total": lambda: tally.resumes,
            "eyeline_signals_total": lambda: tally.signals,
            "eyeline_refusals_total": lambda: tally.refusals,
            "eyeline_drops_total": lambda: tally.drops,
            "eyeline_handshakes_refused_total": lambda: tally.handshakes_refused,
            "eyeline_connections_refused_total": lambda: self._limits.connections_refused,
            "eyeline_turn_connections_refused_total": lambda: running.ice_servers.relay.refused,
        }
        for name, reading in (readings | running.ice_servers.readings() | running.sip.readings()).items():
            self._metrics.read(name, reading)


class _Asgi:
    """Wraps a method, because Starlette treats only objects as ASGI applications, and methods as endpoints."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
