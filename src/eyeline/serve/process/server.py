"""The server process: logs, listening sockets, TLS, signals, and uvicorn."""

import asyncio
import gc
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eyeline.errors import SetupError
from eyeline.serve import client_address, logs
from eyeline.serve.client_address import ForwardedClient
from eyeline.serve.connection_limits import REQUEST_WITHIN, ConnectionLimits
from eyeline.serve.local_address import Listening, addresses, listening
from eyeline.serve.process.demultiplexer import Demultiplexer
from eyeline.serve.process.forwarded_phone import ForwardedPhone
from eyeline.serve.process.listen import BACKLOG_CONNECTIONS, listen, listen_if_free
from eyeline.serve.process.service_manager import notify
from eyeline.serve.websocket import Accept, Reject
from eyeline.settings import Settings

if TYPE_CHECKING:
    from eyeline.serve.process.certificate_reload import ReloadingCertificate

_GC_THRESHOLDS = (20_000, 20, 50)
"""When Python looks for garbage in cycles, of which members leave none.  With its own thresholds, searching all members
again and again took a sixth of the time of 10,000 joins (`bench/signalling.py`)."""
_FAREWELL_S = 3
"""Graceful shutdown: seconds that open requests may still take after draining."""


class Application(Protocol):
    """The application: ASGI 3, WebSockets, TURN and SIP over TCP, and draining before its sockets are closed."""

    @property
    def limits(self) -> ConnectionLimits: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def stream(self, client: tuple[str, int] | None) -> asyncio.Protocol: ...

    def sip_stream(self, forwarded: ForwardedClient | None) -> asyncio.Protocol: ...

    def open_websocket(self, scope: Scope) -> Accept | Reject: ...

    async def drain(self) -> None: ...


class Protocols(NamedTuple):
    """The protocol to which the demultiplexer hands over connections, and what makes WebSockets of them."""

    http: Callable[..., asyncio.Protocol]
    """An `HttpFactory`, once it has its first argument: `upgrade` with its own."""
    upgrade: Callable[..., None]
    """Its first argument is the application's `open_websocket`."""


def serve(
    settings: Settings,
    build: Callable[[Settings], Application],
    protocols: Protocols,
    started: Callable[[Listening], None],
) -> None:
    """Serve what `build` returns until SIGINT or SIGTERM, and call `started` once it can be reached.

    TURN shares the port of the pages: connections that start with STUN go to the application's `stream`.

    Returns after a clean stop by SIGTERM.  Raises SetupError if the server can't start with these settings, and
    KeyboardInterrupt after a clean stop by SIGINT.
    """
    with ExitStack() as stack:
        logs.set_up(settings.log_level, settings.log_format)
        _allow_many_files()
        stack.enter_context(_sigterm_is_a_clean_stop())
        sockets = [stack.enter_context(listener) for listener in listen(settings.host, settings.port)]
        sip_port = settings.sip_port
        phones = [] if sip_port is None else listen(settings.host, sip_port, "sip_port")
        for listener in phones:
            stack.enter_context(listener)
        app = build(settings)
        certificate = _certificate(settings, app.limits, stack)
        fingerprint = certificate.fingerprint if certificate else None
        where = listening(settings, sockets[0].getsockname()[1], fingerprint)
        is_trusted = client_address.trusts(settings.proxies())
        http = partial(protocols.http, partial(protocols.upgrade, app.open_websocket))
        demultiplexer = partial(Demultiplexer, app.stream, http, is_trusted, app.limits)
        phone = partial(ForwardedPhone, app.sip_stream, is_trusted)
        _Server(app, certificate, demultiplexer, lambda: started(where)).serve_on(sockets, phones, phone)


class _Gate:
    """Wraps the application: keeps a SetupError during startup for `serve`, instead of logging it as a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.error: SetupError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                held.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except SetupError as error:
            self.error = error
            await send({"type": "lifespan.startup.failed", "message": ""})
        else:
            for message in held:
                await send(message)


class _Server(uvicorn.Server):
    def __init__(
        self,
        app: Application,
        certificate: "ReloadingCertificate | None",
        http: Callable[..., asyncio.Protocol],
        started: Callable[[], None],
    ) -> None:
        gate = _Gate(app)
        super().__init__(
            uvicorn.Config(
                gate,
                loop="uvloop",
                http=cast("type[asyncio.Protocol]", http),
                ws=asyncio.Protocol,  # never made: our HTTP protocol upgrades by itself, unless this is "none"
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=BACKLOG_CONNECTIONS,
                timeout_graceful_shutdown=_FAREWELL_S,
                ssl_context_factory=None if certificate is None else lambda _config, _default: certificate.context,
            )
        )
        self._gate = gate
        self._certificate = certificate
        self._interactive = _has_terminal()
        self._started = started
        self._app = app
        self._phones: list[tuple[socket.socket, Callable[[], asyncio.Protocol]]] = []
        self._phone_servers: list[asyncio.Server] = []

    def serve_on(
        self, sockets: list[socket.socket], phones: list[socket.socket], phone: Callable[[], asyncio.Protocol]
    ) -> None:
        """`phones` are sockets for SIP over TCP and TLS, and `phone` makes the protocol of each connection to them."""
        self._phones = [(listener, phone) for listener in phones]
        try:
            self.run(sockets)
        except SystemExit:
            if self._gate.error is None:
                raise
            raise self._gate.error from None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        if self._certificate is not None:
            await self._certificate.watch()
        await self._listen_for_phones()
        gc.freeze()  # what was loaded until now stays in memory: scanning it took 20 ms and more each time
        gc.set_threshold(*_GC_THRESHOLDS)
        self._started()
        notify("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        notify("STOPPING=1")
        if self._certificate is not None:
            self._certificate.stop()
        for server in self._phone_servers:
            server.close()
        await self._app.drain()  # while the port is still open, so that `/readyz` reports it
        await super().shutdown(sockets)

    async def _listen_for_phones(self) -> None:
        """With a certificate, phones may use TLS or not at the same port: see `handshake`."""
        tls = None if self._certificate is None else self._certificate.context
        timeout = None if tls is None else REQUEST_WITHIN
        for listener, phone in self._phones:
            server = await asyncio.get_running_loop().create_server(
                phone, sock=listener, ssl=tls, ssl_handshake_timeout=timeout
            )
            self._phone_servers.append(server)

    def _reload(self) -> None:
        """SIGHUP: `systemctl reload`, a hook after the certificate was renewed, or the terminal was closed."""
        if self._interactive and not _has_terminal():
            self.should_exit = True
        elif self._certificate is not None:
            self._certificate.reload()


def _has_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


def _allow_many_files() -> None:
    """Raise the limit of open files: each socket is one, and the usual soft limit of 1024 exists for `select`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _sigterm_is_a_clean_stop() -> Iterator[None]:
    """Exit with status 0 on SIGTERM, because uvicorn raises the signal again after its own shutdown."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _certificate(settings: Settings, limits: ConnectionLimits, stack: ExitStack) -> "ReloadingCertificate | None":
    if settings.domains:
        from eyeline.serve.process.acme.certificate import AcmeCertificate  # noqa: PLC0415

        port_80 = [stack.enter_context(listener) for listener in listen_if_free(settings.host, 80)]
        return AcmeCertificate(settings, port_80, limits)
    if settings.cert is None and settings.tls == "off":
        return None  # and nothing of X.509 is imported
    from eyeline.serve.process.certificate_reload import ReloadingCertificate  # noqa: PLC0415
    from eyeline.serve.process.tls import Certificate, self_signed  # noqa: PLC0415

    def find() -> Certificate:
        if settings.cert is not None and settings.key is not None:
            return Certificate(settings.cert, settings.key)
        public = [settings.public_address] if settings.public_address else []
        return self_signed(settings.data_dir, [*addresses(settings.host), *public])

    return ReloadingCertificate(find)
