"""A TURN server on real sockets, and TURN clients for it."""

import asyncio
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from eyeline.serve.relay.port_allocator import is_own
from eyeline.serve.relay.pump_choice import BEST, PumpKind, PumpOptions, source_limit
from eyeline.serve.relay.relay import Addresses, Relay
from eyeline.serve.relay.socket_quota import SocketQuotas
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.turn import credentials, integrity
from eyeline.turn.allocations import AllocationRules
from eyeline.turn.attribute_formats import Address, Attribute
from eyeline.turn.attributes import ErrorCode, Nonce, Realm, Username
from eyeline.turn.authentication import REALM, Authenticator
from eyeline.turn.message import ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, SEND, Class, Message
from eyeline.turn.peer_policy import Policy
from eyeline.turn.relay_attributes import (
    UDP,
    ChannelNumber,
    RequestedTransport,
    XorPeerAddress,
    XorRelayedAddress,
)
from eyeline.turn.server import Relaying, Server, answer_limit
from eyeline.turn.tcp_framing import Splitter
from tests.support.turn import SECRET

LOOPBACK = bytes((127, 0, 0, 1))
CHANNEL = 0x4001
QUIET_S = 0.2
"""Seconds without data after which a datagram counts as dropped."""


_kind: PumpKind = BEST


@pytest.fixture(params=["python", "native"])
def each_pump(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> PumpKind:
    """Runs a test with each packet pump; skips the one in C where it wasn't built."""
    kind: PumpKind = request.param
    if kind == "native" and BEST != "native":
        pytest.skip("the packet pump in C isn't built")
    monkeypatch.setattr("tests.support.relaying._kind", kind)
    return kind


def pump_kind() -> PumpKind:
    """The kind that `each_pump` says; without that fixture, the best."""
    return _kind


class Running:
    """A relay in its own thread, so that tests can use blocking sockets."""

    def __init__(
        self,
        factory: Callable[[], asyncio.AbstractEventLoop],
        ports: range,
        rate: float,
        sockets: int | None,
        pump: PumpOptions,
    ) -> None:
        self._factory, self._ports, self._rate, self._sockets, self._pump = factory, ports, rate, sockets, pump
        self.errors: list[object] = []
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(5)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._factory) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda _loop, context: self.errors.append(context))
        listeners = UdpListeners.open(host="127.0.0.1", port=0)
        opened = Policy([ipaddress.ip_network("127.0.0.0/8")])
        rules = AllocationRules(opened, is_own, own_ports={listeners.port})
        limit = answer_limit(source_limit(self._pump.kind))
        self._server = Server(limit, Relaying(Authenticator(SECRET, b"nonces"), rules, b"tokens"))
        where = Addresses({4: LOOPBACK}, {})
        shares = None if self._sockets is None else SocketQuotas(self._sockets, len(self._ports))
        self.relay = Relay(self._server, listeners, self._ports, where, self._rate, shares, self._pump)
        self.shares = self.relay._quotas
        tcp = await self._loop.create_server(self.relay.stream, "127.0.0.1", 0)
        self.port, self.tcp_port = listeners.port, tcp.sockets[0].getsockname()[1]
        self._started.set()
        await self._over.wait()
        tcp.close()
        self.relay.close()
        self.relay.close()
        await asyncio.sleep(0)

    def admit(self, peer: str) -> credentials.Credentials:
        minted = self.relay.admit("tea", peer)
        assert minted is not None
        return minted

    def revoke(self, peer: str) -> None:
        self._loop.call_soon_threadsafe(self.relay.revoke, "tea", peer)

    def tick(self, seconds: float) -> None:
        """Check the streams' timeouts as if this many seconds had passed."""

        def look() -> None:
            for flow, stream in list(self.relay._streams.items()):
                holds = self._server.allocations.get(flow) is not None
                stream.tick(self._loop.time() + seconds, holds=holds)

        self._loop.call_soon_threadsafe(look)

    def run(self, function: Callable[[], object]) -> None:
        """Call the function in the relay's thread, and wait for it."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(function)
        self._loop.call_soon_threadsafe(done.set)
        assert done.wait(5)

    def streams(self) -> int:
        return len(self.relay._streams)

    def allocations(self) -> int:
        return len(self._server.allocations)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)
        assert self.errors == []


@contextmanager
def running(
    factory: str,
    *,
    ports: range = range(49152, 65536),
    rate: float = 1e12,
    sockets: int | None = 10_000,
    coalesce_us: int = 0,
) -> Iterator[Running]:
    """Run a relay with the pump that the fixture `each_pump` says, in tests that have it."""
    loop = uvloop.new_event_loop if factory == "uvloop" else asyncio.new_event_loop
    relay = Running(loop, ports, rate, sockets, PumpOptions(_kind, coalesce_us))
    try:
        yield relay
    finally:
        relay.close()


class Client:
    """A TURN client over UDP or TCP, with one request at a time."""

    def __init__(self, relay: Running, transport: str = "udp", peer: str = "alice", host: str = "127.0.0.1") -> None:
        if transport == "udp":
            self.socket = udp(host)
            self.socket.connect(("127.0.0.1", relay.port))
        else:
            self.socket = socket.create_connection(("127.0.0.1", relay.tcp_port), source_address=(host, 0))
        self.socket.settimeout(5)
        self._splitter = Splitter() if transport == "tcp" else None
        self._waiting: list[bytes] = []
        self.username, password = relay.admit(peer)
        self._key = credentials.key_md5(self.username, REALM, password)
        self._nonce = ""

    def request(self, method: int, *attributes: Attribute) -> Message:
        """Send a request and return the response, after a challenge if needed."""
        self.socket.send(self.signed(method, *attributes))
        answer = Message.decode(self.receive())
        error, nonce = answer.get(ErrorCode), answer.get(Nonce)
        if error is not None and error.code == 438 and nonce is not None:
            self._nonce = nonce.text
            return self.request(method, *attributes)
        return answer

    def signed(self, method: int, *attributes: Attribute) -> bytes:
        """A request signed with the last challenge's nonce."""
        who = (Username(self.username), Realm(REALM), Nonce(self._nonce))
        request = Message(method, Class.REQUEST, os.urandom(12), (*attributes, *who)).encode()
        return integrity.sign(request, self._key)

    def allocate(self) -> Address:
        relayed = self.request(ALLOCATE, RequestedTransport(UDP)).get(XorRelayedAddress)
        assert relayed is not None
        return relayed.address

    def bind(self, peer: socket.socket, channel: int = CHANNEL) -> None:
        answer = self.request(CHANNEL_BIND, ChannelNumber(channel), XorPeerAddress(address(peer)))
        assert answer.message_class is Class.SUCCESS

    def permit(self, peer: socket.socket) -> None:
        answer = self.request(CREATE_PERMISSION, XorPeerAddress(address(peer)))
        assert answer.message_class is Class.SUCCESS

    def receive(self) -> bytes:
        """The next message."""
        if self._splitter is None:
            return self.socket.recv(65_536)
        while not self._waiting:
            data = self.socket.recv(65_536)
            assert data, "the server has closed"
            self._waiting += [bytes(each) for each in self._splitter.feed(data)]
        return self._waiting.pop(0)

    def send_channel_data(self, channel: int, data: bytes, length: int | None = None) -> None:
        """Send ChannelData, optionally with a wrong length field."""
        padding = bytes(-len(data) % 4) if self._splitter else b""
        self.socket.send(channel.to_bytes(2) + (len(data) if length is None else length).to_bytes(2) + data + padding)

    def send_indication(self, peer: socket.socket, *attributes: Attribute) -> None:
        """Send a Send indication."""
        said = (XorPeerAddress(address(peer)), *attributes)
        self.socket.send(Message(SEND, Class.INDICATION, os.urandom(12), said).encode())


def udp(host: str = "127.0.0.1") -> socket.socket:
    each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    each.bind((host, 0))
    each.settimeout(5)
    return each


def address(wire: socket.socket) -> Address:
    return Address(LOOPBACK, wire.getsockname()[1])


def files() -> int:
    """The number of open file descriptors of this process, including sockets."""
    return len(list(Path("/proc/self/fd").iterdir()))


def until(holds: Callable[[], bool]) -> None:
    """Wait until the condition holds in the server's thread."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def receives_nothing(wire: socket.socket) -> bool:
    wire.settimeout(QUIET_S)
    try:
        wire.recv(65_536)
    except TimeoutError:
        return True
    finally:
        wire.settimeout(5)
    return False
