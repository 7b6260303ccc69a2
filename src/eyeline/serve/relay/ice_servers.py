"""ICE servers for clients: our own STUN and TURN, and the operator's TURN servers, with ephemeral credentials."""

import hmac
import ipaddress
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

from starlette.types import Scope

from eyeline.errors import SetupError
from eyeline.serve.local_address import NO_NAME, addresses, in_url
from eyeline.serve.logs import LogEvent
from eyeline.serve.metrics import Reading
from eyeline.serve.relay.port_allocator import is_own
from eyeline.serve.relay.pump_choice import PumpKind, PumpOptions, source_limit
from eyeline.serve.relay.relay import Addresses, Relay
from eyeline.serve.relay.turn_api import TurnApi
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.serve.setting_files import read_secret
from eyeline.serve.site import Site
from eyeline.settings import Settings
from eyeline.signalling.messages import IceServer
from eyeline.signalling.session import Ice
from eyeline.turn import credentials
from eyeline.turn.allocations import AllocationRules
from eyeline.turn.authentication import Authenticator
from eyeline.turn.peer_policy import Policy
from eyeline.turn.relay_attributes import FAMILY_OF
from eyeline.turn.server import Relaying, Server, answer_limit

_log = logging.getLogger("eyeline.relay")


class IceServerProvider:
    """STUN and TURN of a running server.

    Needs a running loop; raises `SetupError` if a port is in use, or if `public_address` doesn't resolve.  Where only
    HTTP is passed to this server (`platform`), clients don't get its own STUN and TURN.
    """

    def __init__(self, settings: Settings, secret: bytes, site: Site, *, one_port: bool) -> None:
        """`one_port`: TURN over TCP is available at the port of the pages."""
        self._settings = settings
        self._one_port = one_port
        self._site = site
        self._reachable = settings.platform == "none"
        self._turn_secret = read_secret("turn_secret", settings.turn_secret) if settings.turn_secret else None
        token = read_secret("turn_api_token", settings.turn_api_token) if settings.turn_api_token else b""
        relays = settings.relay == "on" and self._reachable
        where = _addresses(settings, relays=relays)
        listeners = UdpListeners.open(host=settings.host, port=settings.stun_port)
        if settings.stun_port == 0:
            _log.info(LogEvent("=", stun_port=str(listeners.port)))
        relaying = None
        if relays:
            rules = AllocationRules(
                Policy(settings.relay_networks()),
                is_own,
                own_ports=frozenset({listeners.port}),
                families=frozenset(FAMILY_OF[size] for size in where.own),
            )
            authenticator = Authenticator(_derive(secret, "credentials"), _derive(secret, "nonces"))
            relaying = Relaying(authenticator, rules, _derive(secret, "reservations"))
        pump = PumpOptions(coalesce_us=settings.relay_coalesce_us)
        if relays:
            _log.info(LogEvent("=", packet_pump=pump.kind))
        self._pump: PumpKind = pump.kind
        self._server = Server(answer_limit(source_limit(pump.kind)), relaying)
        rate = settings.relay_kilobytes * 1000
        self.relay = Relay(self._server, listeners, settings.relay_range(), where, rate, pump=pump)
        self._turn_api = TurnApi(settings.turn_api, token) if settings.turn_api else None

    async def prepare(self) -> None:
        """Wait a few seconds for the first credentials from `turn_api`, so that the first members have them."""
        if self._turn_api is not None:
            await self._turn_api.first_answer()

    def close(self) -> None:
        """Close all sockets, and ask `turn_api` no more."""
        self.relay.close()
        if self._turn_api is not None:
            self._turn_api.close()

    def ice(self, scope: Scope) -> Ice:
        """The ICE servers for this client, with `public_address` or else the host name by which it reached us."""
        name, port, secure = self._site.reached(scope)
        host = in_url(self._settings.public_address) if self._settings.public_address else name
        urls: tuple[str, ...] = (f"turn:{host}:{self.relay.port}?transport=udp",)
        if self._one_port:
            urls += (f"turn{'s' * secure}:{host}:{port}?transport=tcp",)
        stun_urls = (f"stun:{host}:{self.relay.port}",) if self._reachable else _stun_of(self._settings.turn_urls)
        stun = (IceServer(urls=stun_urls),) if stun_urls else ()
        lobby = stun or tuple(server for server in self._from_api() if server.username is None)
        return Ice(lobby, lambda room, peer: (*stun, *self._turn(urls, room, peer)), credentials.LIFETIME_S / 2)

    def vacated(self, room: str, peer: str) -> None:
        """A seat was released: stop relaying for it."""
        self.relay.revoke(room, peer)

    def readings(self) -> dict[str, Reading]:
        """Readings for the metrics."""
        server, totals = self._server, self.relay.totals
        return {
            "eyeline_stun_answers_total": self.relay.stun_answers,
            "eyeline_turn_allocations": lambda: len(server.allocations),
            "eyeline_turn_refusals_total": lambda: {str(code): count for code, count in server.refused.items()},
            "eyeline_relayed_bytes_total": lambda: {
                "to peers": totals().to_peers_bytes,
                "to clients": totals().to_clients_bytes,
            },
            "eyeline_relayed_packets_total": lambda: {
                "to peers": totals().to_peers_packets,
                "to clients": totals().to_clients_packets,
            },
            "eyeline_relay_dropped_packets_total": lambda: totals().dropped,
            "eyeline_relay_native_pump": lambda: self._pump == "native",
        }

    def _turn(self, urls: tuple[str, ...], room: str, peer: str) -> Iterator[IceServer]:
        ours = self.relay.admit(room, peer)
        if ours is not None:
            yield IceServer(urls=urls, username=ours.username, credential=ours.password)
        if self._turn_secret is not None:
            member = credentials.member(self._turn_secret, room, peer)
            minted = credentials.mint(self._turn_secret, member, time.time())
            yield IceServer(urls=self._settings.turn_urls, username=minted.username, credential=minted.password)
        yield from self._from_api()

    def _from_api(self) -> tuple[IceServer, ...]:
        return () if self._turn_api is None else self._turn_api.servers()


def _stun_of(turn_urls: tuple[str, ...]) -> tuple[str, ...]:
    """STUN at the same addresses over UDP, since each TURN server is a STUN server too (RFC 8656, 2)."""
    over_udp = [url for url in turn_urls if url.startswith("turn:") and not url.endswith("=tcp")]
    return tuple(dict.fromkeys(f"stun:{url.removeprefix('turn:').partition('?')[0]}" for url in over_udp))


def _derive(secret: bytes, purpose: str) -> bytes:
    """Derive an independent key for each purpose."""
    return hmac.digest(secret, b"eyeline turn " + purpose.encode(), "sha256")


def _addresses(settings: Settings, *, relays: bool) -> Addresses:
    """The local and public IP addresses of relayed addresses; loopback on a machine without any network."""
    own: dict[int, bytes] = {}
    for name in addresses(settings.host):
        with suppress(socket.gaierror):
            own = _packed(name) | own
    # Without the relay only browsers resolve the name, possibly to another address than we would.
    public = settings.public_address if relays else None
    return Addresses(own or {4: bytes((127, 0, 0, 1))}, _public(public))


def _public(name: str | None) -> dict[int, bytes]:
    """Resolve `public_address`.

    Raises `SetupError` if that fails, because behind a 1:1 NAT the relay would advertise an unreachable address.
    """
    try:
        return {} if name is None else _packed(name)
    except UnicodeError:
        raise SetupError(f"public_address is '{name}', but that isn't a valid name: {NO_NAME}.") from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise SetupError(f"public_address is '{name}', but no name server can be reached to resolve it.") from None
        raise SetupError(f"public_address is '{name}', but that name doesn't resolve: {error.strerror}.") from None


def _packed(name: str) -> dict[int, bytes]:
    """The first address of each family.  Raises `gaierror` and `UnicodeError`."""
    found: dict[int, bytes] = {}
    for _, _, _, _, where in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM):
        packed = ipaddress.ip_address(str(where[0]).partition("%")[0]).packed
        found.setdefault(len(packed), packed)
    return found
