"""The I/O layer of STUN and TURN: connects listeners and streams, the `turn.server.Server`, and the data plane.

`udp_listener` and `tcp_stream` receive messages and pass them on with a function that replies.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple, assert_never

from eyeline.serve.client_address import source_of
from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.relay.data_plane import DataPlane
from eyeline.serve.relay.forwarding import StreamClient, Totals
from eyeline.serve.relay.port_allocator import PortAllocator
from eyeline.serve.relay.pump_choice import PumpOptions, binding_responder
from eyeline.serve.relay.socket_quota import SocketQuota, SocketQuotas, half_of_the_files
from eyeline.serve.relay.tcp_stream import TcpStream
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.turn.attribute_formats import Address
from eyeline.turn.credentials import Credentials
from eyeline.turn.effects import (
    Bind,
    CloseConnection,
    Effect,
    Flow,
    Forbid,
    Free,
    Open,
    Permit,
    Send,
    Unbind,
    Unreserve,
)
from eyeline.turn.server import Server

TICK_S: Final = 1.0
"""How often expiries are checked."""


class Addresses(NamedTuple):
    """The local and public IP addresses of relayed addresses, which differ behind a 1:1 NAT."""

    own: dict[int, bytes]
    """This machine's reachable address of each family, by its length in bytes."""
    public: dict[int, bytes]
    """The same as others see it."""


PORTS: Final = range(49152, 65536)
"""The dynamic ports, which IANA doesn't assign (RFC 8656, 7.2)."""

UNLIMITED: Final = 1e15
"""A rate in bytes per second that is never reached."""

NOWHERE: Final = Addresses({}, {})
"""No addresses, so that nothing can be relayed."""


class Relay:
    """A STUN and TURN server that runs until `close`.  Needs a running loop."""

    def __init__(
        self,
        server: Server,
        listeners: UdpListeners,
        ports: range = PORTS,
        addresses: Addresses = NOWHERE,
        rate: float = UNLIMITED,
        quotas: SocketQuotas | None = None,
        pump: PumpOptions = PumpOptions(),  # noqa: B008  a pure value
    ) -> None:
        """`rate` is in bytes per second for each member.  `quotas` defaults to half of this process's open
        files, and the whole range of ports."""
        self._server = server
        self._listeners = listeners
        self._addresses = addresses
        self._loop = asyncio.get_running_loop()
        self._quotas = SocketQuotas(half_of_the_files(), len(ports)) if quotas is None else quotas
        self._plane = DataPlane(self, PortAllocator(ports, addresses.own), self._quotas, rate, pump)
        self.from_stream = self._plane.from_stream
        self._streams: dict[Flow, TcpStream] = {}
        self._stream_quotas: dict[Flow, SocketQuota] = {}
        self._strangers = self._quotas.half()
        self._stranger_quotas: dict[Flow, SocketQuota] = {}
        """Additional quotas of streams that haven't had an allocation yet."""
        self.refused: Counter[str] = Counter()
        """See `tcp_stream.StreamHandler`."""
        server.wake(self._loop.time(), time.time())
        listeners.start(self.receive, binding_responder(server.rate_limit))
        self._timer = self._loop.call_later(TICK_S, self._tick)

    @property
    def port(self) -> int:
        """The UDP port, the same for both families."""
        return self._listeners.port

    def admit(self, room: str, peer: str) -> Credentials | None:
        """Credentials for the new member `peer` of `room`; None without a relay."""
        return self._server.admit(room, peer, time.time())

    def revoke(self, room: str, peer: str) -> None:
        """The member `peer` has left `room`."""
        self._perform(self._server.revoke(room, peer), None)

    def stream(self, client: tuple[str, int] | None = None, limits: ConnectionLimits | None = None) -> TcpStream:
        """A protocol for one TURN client over TCP or TLS; `client` is its address behind a proxy."""
        return TcpStream(self, client, limits)

    def receive(self, datagram: bytes, flow: Flow, reply: Callable[[bytes], None]) -> None:
        """Handle STUN from a client; `reply` answers through the same socket."""
        self._perform(self._server.receive(datagram, flow, self._loop.time()), reply)

    def stun(self, datagram: bytes, flow: Flow) -> None:
        """See `forwarding.Control`."""
        self._perform(
            self._server.receive(datagram, flow, self._loop.time()), lambda data: self._plane.send(flow, data)
        )

    def resolve(self, peer: Address) -> Address | None:
        """See `forwarding.Control`."""
        return self._server.allocations.resolve(peer)

    def advertised(self, address: Address) -> Address:
        """See `forwarding.Control`."""
        own, public = (each.get(len(address.ip)) for each in self._addresses)
        return Address(public, address.port) if public is not None and own == address.ip else address

    def connected(self, flow: Flow, stream: TcpStream) -> bool:
        """A TCP or TLS client has connected; False if there are too many, or if a proxy reports one client twice."""
        if flow in self._streams:
            self.refused["twice"] += 1
            return False
        source = source_of(flow.client.ip)
        quota, stranger = self._quotas.of(source, None), self._strangers.of(source, None)
        try:
            quota.take()
            stranger.take()
        except OSError:
            quota.end()
            self.refused["no-sockets"] += 1
            return False
        self._streams[flow] = stream
        self._stream_quotas[flow], self._stranger_quotas[flow] = quota, stranger
        return True

    def disconnected(self, flow: Flow) -> None:
        """A TCP or TLS client has disconnected."""
        del self._streams[flow]
        self._stream_quotas.pop(flow).end()
        self._end_stranger_quota(flow)
        self._perform(self._server.closed(flow), None)

    def stun_answers(self) -> int:
        """How many Binding requests were answered since the start."""
        return self._server.answered + self._listeners.answered()

    def totals(self) -> Totals:
        """What was relayed since the start."""
        return self._plane.totals()

    def close(self) -> None:
        """Stop listening, and close every allocation.  Idempotent."""
        self._timer.cancel()
        self._listeners.close()
        for stream in list(self._streams.values()):
            stream.shutdown()
        self._plane.close()

    def _end_stranger_quota(self, flow: Flow) -> None:
        stranger = self._stranger_quotas.pop(flow, None)
        if stranger is not None:
            stranger.end()

    def _tick(self) -> None:
        now = self._loop.time()
        self._perform(self._server.wake(now, time.time()), None)
        self._plane.tick(now)
        for flow, stream in list(self._streams.items()):
            stream.tick(now, holds=self._server.allocations.get(flow) is not None)
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def _perform(self, effects: list[Effect], reply: Callable[[bytes], object] | None) -> None:
        for effect in effects:
            match effect:
                case Send(data):
                    if reply is not None:
                        reply(data)
                case Open(flow):
                    client: StreamClient | None = self._streams.get(flow)
                    relayed = self._plane.open(effect, client)
                    if relayed:
                        self._end_stranger_quota(flow)
                    self._perform(self._server.opened(flow, relayed, self._loop.time()), reply)
                case CloseConnection(flow):
                    self.refused["too-many-requests"] += 1
                    self._streams[flow].shutdown()
                case _:
                    self._relay(effect)

    def _relay(self, effect: Free | Unreserve | Permit | Forbid | Bind | Unbind) -> None:
        match effect:
            case Free(flow):
                self._plane.free(flow)
            case Unreserve(token):
                self._plane.unreserve(token)
            case Permit(flow, ip, ours):
                self._plane.permit(flow, ip, ours=ours)
            case Forbid(flow, ip):
                self._plane.forbid(flow, ip)
            case Bind(flow, channel, _, target):
                self._plane.bind(flow, channel, target)
            case Unbind(flow, channel):
                self._plane.unbind(flow, channel)
            case _:
                assert_never(effect)
