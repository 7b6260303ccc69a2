"""SIP of a running server: puts accounts, the machine and its edges together.  Loaded once somebody can register."""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec
from starlette.types import Scope

from eyeline.serve import client_address
from eyeline.serve.client_address import ForwardedClient
from eyeline.serve.connection_limits import AdmittedSocket
from eyeline.serve.local_address import in_url
from eyeline.serve.logs import LogEvent
from eyeline.serve.metrics import Reading
from eyeline.serve.sip import tokens, websocket
from eyeline.serve.sip.accounts import AccountFile, LiveAccounts, SipPassword
from eyeline.serve.sip.datagrams import Datagrams
from eyeline.serve.sip.domain import domain_of, hosts_of
from eyeline.serve.sip.rooms import RoomBridge
from eyeline.serve.sip.stream import SipStream, StreamContext
from eyeline.serve.sip.switch import SipContext
from eyeline.serve.sip.transport_layer import ClientEnd, TransportLayer
from eyeline.serve.websocket import Accept
from eyeline.signalling.messages import Phones, RoomName, SipUser
from eyeline.signalling.session import AskBridge
from eyeline.sip.effects import SipAccount, SipTransport
from eyeline.sip.server import SipServer

_log = logging.getLogger("eyeline.sip")

PASSWORD_WITHIN: Final = 10.0
"""Timeout of the site's code in seconds; after that the user can't register."""

_USUAL_PORTS: Final[dict[SipTransport, int]] = {"ws": 80, "wss": 443, "tcp": 5060, "tls": 5061, "udp": 5060}

FindSipPassword = Callable[[str, str], Awaitable[SipPassword | None]]
"""The site's own SIP accounts: the password of a user in a realm, which is part of it; None if there is no such user.
Called for users that have no account in the data directory, whenever a device has to prove who it is."""


_ROOM: Final = RoomName("\0sip")
"""Where TURN counts SIP users: a name that no room can have."""


class SipEdge:
    """Everything of SIP in this process.  Needs a running loop; raises `SetupError` as `AccountFile` does."""

    def __init__(self, context: SipContext) -> None:
        settings = context.settings
        self._settings = settings
        self._site = context.site
        self._ice = context.ice
        self._trusted = settings.proxies()
        self._sip_password = context.sip_password
        self._guests = context.guests
        file = AccountFile(settings.data_dir)
        self._domain = domain_of(settings)
        self._realm = file.settle_realm(self._domain)
        self._accounts = LiveAccounts(file)
        self._token_key = _derive(context.secret, "tokens")
        run = secrets.token_hex(6)
        self.server = SipServer(
            domain=self._domain,
            realm=self._realm,
            hosts=hosts_of(settings),
            key=_derive(context.secret, "nonces and flows"),
            run=run,
        )
        self.layer = TransportLayer(self.server, self)
        self._rooms = RoomBridge(
            self.layer, context.bus, self._domain, run, guests=context.guests, is_online=self._is_online
        )
        self._streams = StreamContext(self.layer, context.limits, self._host, context.is_plain)
        self._datagrams: Datagrams | None = None
        if settings.sip_udp == "on" and settings.sip_port is not None:
            sockets = context.open_udp(settings.sip_port)
            self._datagrams = Datagrams(self.layer, context.limits, sockets, self._host)

    @property
    def on(self) -> bool:
        """Whether anybody can register."""
        return bool(self._sip_password or self._settings.sip_domain or self._accounts.current().passwords)

    def websocket(self, admitted: AdmittedSocket, scope: Scope, tasks: asyncio.TaskGroup | None) -> Accept:
        """Serve an admitted WebSocket.  `tasks` runs the site's code."""
        name, port, secure = self._site.reached(scope)
        transport: SipTransport = "wss" if secure else "ws"
        ip = client_address.client_ip(scope, self._trusted) or b""
        client = ClientEnd(
            transport, ip, scope["client"][1] if scope.get("client") else 0, _with_port(name, port, transport)
        )
        site = None if self._sip_password is None else self._ask_site
        context = websocket.SipSocketContext(admitted, client, partial(self._ice(scope).mint, _ROOM), site, tasks)
        return Accept(websocket.SUBPROTOCOL, partial(websocket.WebSocketClient, self.layer, context))

    def stream(self, forwarded: ForwardedClient | None) -> asyncio.Protocol:
        """A protocol for one client over TCP or TLS; behind a proxy, `forwarded` is the client that it has reported."""
        return SipStream(self._streams, forwarded)

    def close(self) -> None:
        """Close everything.  Idempotent."""
        if self._datagrams is not None:
            self._datagrams.close()
        self.layer.stop()

    def readings(self) -> dict[str, Reading]:
        """Readings for the metrics."""
        server, layer = self.server, self.layer
        return {
            "eyeline_sip_connections": layer.flows,
            "eyeline_sip_drops_total": lambda: layer.drops,
            "eyeline_sip_registrations": lambda: len(server.registrations),
            "eyeline_sip_calls": lambda: len(server.calls.proxy.dialogs),
            "eyeline_sip_transactions": lambda: server.transactions,
            "eyeline_sip_answers_total": lambda: {str(status): count for status, count in server.answered.items()},
            "eyeline_sip_refusals_total": lambda: {limit: float(count) for limit, count in server.refused.items()},
        }

    def mint(self, user: str, unix: float, seconds: float) -> tokens.Token:
        """Credentials of `user` that end."""
        return tokens.mint(self._token_key, user, unix, seconds)

    @property
    def phones(self) -> Phones:
        """What people in rooms are told about phones."""
        return Phones(in_url(self._domain), self._guests, self._settings.call_phones == "on")

    def ask(self, asked: AskBridge) -> None:
        """Do something for a member of a room."""
        self._rooms.ask(asked)

    def ring(self, room: RoomName, user: SipUser) -> bool:
        """Call a user's phones into a room; False if none of them is online."""
        if not self._is_online(user):
            return False
        self._rooms.ring(room, user)
        return True

    def _is_online(self, user: SipUser) -> bool:
        return user in self.server.online()

    def address(self, user: str) -> str:
        """The SIP address of a user."""
        return f"sip:{user}@{in_url(self._domain)}"

    def find(self, username: str, unix: float) -> SipAccount | None:
        """See `AccountSource`."""
        kept = self._accounts.current().passwords.get(username)
        if kept is not None:
            return SipAccount(username, kept.md5, kept.sha256)
        return tokens.account(self._token_key, self._realm, username, unix)

    def changed(self) -> list[str]:
        """See `AccountSource`."""
        return self._accounts.changed()

    async def _ask_site(self, user: str) -> SipAccount | None:
        """Ask the site's code.  If it fails, times out or returns an invalid value, there is no such user; log why."""
        assert self._sip_password is not None
        try:
            async with asyncio.timeout(PASSWORD_WITHIN):
                found = await self._sip_password(user, self._realm)
            if found is None:
                return None
            found = msgspec.convert(msgspec.to_builtins(found), SipPassword)
        except Exception:
            _log.exception(LogEvent("!", accounts="of the site: failed"))
            return None
        return SipAccount(user, found.md5, found.sha256)

    def _host(self, local_ip: str, local_port: int, secure: bool) -> str:
        name = local_ip if self._domain == "localhost" else self._domain
        return _with_port(in_url(name), local_port, "tls" if secure else "tcp")


def _with_port(name: str, port: int, transport: SipTransport) -> str:
    return name if port == _USUAL_PORTS[transport] else f"{name}:{port}"


def _derive(secret: bytes, purpose: str) -> bytes:
    """Derive an independent key for each purpose."""
    return hmac.digest(secret, b"eyeline sip " + purpose.encode(), "sha256")
