"""Denial of service against the relay, on real sockets: floods at the wrong moment, and exhaustion of quotas."""

import asyncio
import errno
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest
from tests.support.relaying import CHANNEL, Client, Running, address, each_pump, files, running, udp, until

from eyeline.serve.app import Eyeline, build
from eyeline.serve.client_address import Source
from eyeline.serve.connection_limits import STREAMS
from eyeline.serve.relay import port_allocator
from eyeline.serve.relay.bandwidth import BandwidthLimit, BandwidthLimits
from eyeline.serve.relay.port_allocator import MAX_STRAYS, PortAllocator, is_own
from eyeline.serve.relay.socket_quota import SOCKETS_PER_MEMBER, SocketQuotas
from eyeline.settings import Settings
from eyeline.turn.attributes import ErrorCode
from eyeline.turn.message import ALLOCATE, BINDING, CHANNEL_BIND, REFRESH, Class, Message
from eyeline.turn.relay_attributes import (
    UDP,
    ChannelNumber,
    Data,
    EvenPort,
    Lifetime,
    RequestedTransport,
    ReservationToken,
    XorPeerAddress,
)

BOB = "bob", "127.0.0.3"
Meanwhile = Callable[[Callable[[], object]], None]
Lines = tuple[Eyeline, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


pytestmark = pytest.mark.usefixtures("each_pump")
__all__ = ["each_pump"]


@pytest.fixture
def relay() -> Iterator[Running]:
    with running("uvloop") as made:
        yield made


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Run a function each time between `bind` and `connect`, while the socket receives from anyone."""

    def arrange(act: Callable[[], object]) -> None:
        calls = 0

        def name_of(ip: bytes) -> str:
            nonlocal calls
            calls += 1
            if calls % 2 == 0:  # the first call is for `bind`
                act()
            return name(ip)

        monkeypatch.setattr(port_allocator, "name_of", name_of)

    name = port_allocator.name_of
    return arrange


def no_more_files(*_: object) -> None:
    raise OSError(errno.EMFILE, "no more files")


def test_datagrams_before_connect_are_bounded_and_never_delivered_to_the_wrong_peer(
    meanwhile: Meanwhile,
) -> None:
    with udp() as bound, udp() as peer, udp() as stranger:
        port_allocator.share(bound)
        meanwhile(lambda: [each.sendto(bytes(20), bound.getsockname()) for each in (stranger, peer) * 500])
        wire, strays = PortAllocator(range(1), {}).connect(address(bound), address(peer), 1 << 21)
        with closing(wire):
            assert 0 < len(strays) < MAX_STRAYS
            stranger.sendto(b"let me in", bound.getsockname())
            peer.sendto(b"hello", bound.getsockname())
            assert wire.recv(2048) == b"hello"
            with pytest.raises(BlockingIOError):
                wire.recv(2048)


def test_retransmitted_allocate_at_the_wrong_moment_gives_one_allocation(relay: Running, meanwhile: Meanwhile) -> None:
    client = Client(relay)
    with closing(client.socket):
        client.request(REFRESH)  # to get a nonce
        before, request = files(), client.signed(ALLOCATE, RequestedTransport(UDP))
        meanwhile(lambda: client.socket.send(request))
        client.socket.send(request)
        assert client.receive() == client.receive()
        assert relay.allocations() == 1
        assert files() == before + 2
        assert client.request(REFRESH, Lifetime(0)).message_class is Class.SUCCESS
        until(lambda: files() == before)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_channel_without_a_connected_socket_still_relays(
    relay: Running, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    client = Client(relay, transport)
    with closing(client.socket), udp() as peer:
        relayed = "127.0.0.1", client.allocate().port
        with monkeypatch.context() as patch:
            patch.setattr(PortAllocator, "connect", no_more_files)
            client.bind(peer)
        client.send_channel_data(CHANNEL, b"hello")
        assert peer.recvfrom(2048) == (b"hello", relayed)
        peer.sendto(b"hello back", relayed)
        assert Message.decode(client.receive()).get(Data) == Data(b"hello back")
        assert relay.relay.totals()[:2] == (1, 5)
        client.bind(peer)
        assert client.request(REFRESH, Lifetime(0)).message_class is Class.SUCCESS


def test_no_member_takes_all_sockets_and_optional_ones_stay_below_half() -> None:
    with running("uvloop", sockets=20) as small, ExitStack() as stack:
        peers = [stack.enter_context(udp()) for _ in range(8)]
        clients = [Client(small, peer=name, host=host) for name, host in [("mallory", "127.0.0.2")] * 4 + [BOB]]
        for client in clients:
            stack.enter_context(closing(client.socket))
        before = files()
        clients[0].allocate()
        for number, peer in enumerate(peers):
            clients[0].bind(peer, CHANNEL + number)
            clients[0].send_channel_data(CHANNEL + number, b"hello")
            assert peer.recv(2048) == b"hello"
        assert small.shares.used == files() - before == 5
        answers = [client.request(ALLOCATE, RequestedTransport(UDP)) for client in clients[1:]]
        assert [error and error.code for error in (each.get(ErrorCode) for each in answers)] == [None, None, 508, None]
        assert small.shares.used == files() - before == 11
        for client in clients:
            client.request(REFRESH, Lifetime(0))
        until(lambda: small.shares.used == files() - before == 0)


def test_unauthenticated_tcp_clients_take_at_most_half_of_the_sockets() -> None:
    with running("uvloop", sockets=20) as small, ExitStack() as stack:
        hosts = [f"127.0.0.{number}" for number in range(2, 6)]
        clients = [Client(small, "tcp", host=host) for host in hosts * 5]
        for client in clients:
            stack.enter_context(closing(client.socket))
        until(lambda: small.shares.used == small.streams() == small.relay.refused["no-sockets"] == 10)
        bob = Client(small, peer="bob")
        stack.enter_context(closing(bob.socket))
        assert bob.request(ALLOCATE, RequestedTransport(UDP)).get(ErrorCode) is None
        bob.request(REFRESH, Lifetime(0))
        for client in clients:
            client.socket.close()
        until(lambda: small.shares.used == small.streams() == 0)


def test_address_whose_clients_have_only_tcp_gets_its_whole_share() -> None:
    with running("uvloop", sockets=80) as small, ExitStack() as stack:
        clients: list[Client] = []
        for number in range(20):
            clients.append(Client(small, "tcp", peer=f"peer-{number}", host="127.0.0.2"))
            stack.enter_context(closing(clients[-1].socket))
            clients[-1].allocate()
        assert small.shares.used == 40
        for each in clients:
            each.socket.close()
        until(lambda: small.shares.used == small.relay._strangers.used == 0)


def test_flooding_tcp_client_is_disconnected_and_others_are_answered(relay: Running) -> None:
    flood = Message(BINDING, Class.REQUEST, bytes(12)).encode() * 1000
    for _ in range(20):
        mallory, bob = Client(relay, "tcp"), Client(relay, "tcp", peer="bob")
        with closing(mallory.socket), closing(bob.socket):
            mallory.socket.sendall(flood)
            bob.allocate()
            until(lambda: relay.streams() == 1)
        until(lambda: relay.streams() == 0)
    assert relay.relay.refused["too-many-requests"] == 20


@asynccontextmanager
async def one_port(data_dir: Path, *, connections: int, told: tuple[str, int] | None = None) -> AsyncIterator[Lines]:
    """An application, and TCP connections to its TURN server; `told` is the client address from the PROXY header."""
    app = build(Settings(data_dir=data_dir, stun_port=0, host="127.0.0.1", sockets_per_address=10), one_port=True)
    server = await asyncio.get_running_loop().create_server(lambda: app.stream(told), "127.0.0.1", 0)
    lines = [await asyncio.open_connection(*server.sockets[0].getsockname()) for _ in range(connections)]
    yield app, lines
    for _, writer in lines:
        writer.close()
        await writer.wait_closed()
    server.close()
    app.close()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("allowed", "told", "why"),
    [(STREAMS * 10, None, b"too-many-connections"), (1, ("192.0.2.7", 4711), b"twice")],
)
def test_connections_per_address_to_the_shared_port_are_limited(
    tmp_path: Path, allowed: int, told: tuple[str, int] | None, why: bytes
) -> None:
    async def play() -> None:
        async with one_port(tmp_path, connections=allowed + 1, told=told) as (app, lines):
            for reader, writer in lines[:-1]:
                writer.write(Message(BINDING, Class.REQUEST, bytes(12)).encode())
                assert await reader.readexactly(32)
            assert await lines[-1][0].read() == b""
            assert b'turn_connections_refused_total{why="%s"} 1.0' % why in app._metrics.page()

    asyncio.run(play())


def test_reserved_port_counts_as_long_as_it_is_open(relay: Running) -> None:
    first, second = Client(relay), Client(relay)
    with closing(first.socket), closing(second.socket):
        answer = first.request(ALLOCATE, RequestedTransport(UDP), EvenPort(reserve_next=True))
        token = answer.get(ReservationToken)
        assert token is not None
        assert relay.shares.used == 3
        first.request(REFRESH, Lifetime(0))
        until(lambda: relay.shares.used == 1)
        second.request(ALLOCATE, RequestedTransport(UDP), token)
        assert relay.shares.used == 2
        first.request(ALLOCATE, RequestedTransport(UDP), EvenPort(reserve_next=True))
        assert relay.shares.used == 5
        relay.revoke("alice")
        until(lambda: relay.shares.used == 0)


def test_member_has_one_share_across_all_addresses() -> None:
    shares = SocketQuotas(100 * SOCKETS_PER_MEMBER, 100)
    held = [shares.of(Source(bytes((192, 0, 2, number))), "mallory") for number in range(2)]
    for each in held:
        each.take(SOCKETS_PER_MEMBER // 2)
    with pytest.raises(OSError, match="socket quota is used up"):
        held[0].take()
    shares.of(Source(bytes(4)), None).take()
    shares.of(Source(bytes(4)), "alice").take()


def test_relay_leaves_half_of_the_file_descriptors_to_http() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        with running("uvloop", sockets=None) as small:
            before = files()
            for number in range(60):
                client = Client(small, peer=f"peer-{number}", host=f"127.0.0.{2 + number % 3}")
                client.request(ALLOCATE, RequestedTransport(UDP))
                client.socket.close()
            assert files() - before == small.shares.used == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_address_is_treated_as_our_own_when_no_socket_is_left_to_check() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        assert is_own(bytes((198, 51, 100, 7)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_new_allocation_does_not_reset_the_bandwidth_limit() -> None:
    began = time.monotonic()
    with running("uvloop", rate=100_000) as slow, udp() as peer:
        for _ in range(6):
            client = Client(slow)
            client.allocate()
            client.bind(peer)
            for _ in range(120):
                client.send_channel_data(CHANNEL, bytes(1000))
            client.request(REFRESH, Lifetime(0))
            client.socket.close()
        allowed = 100_000 * (1 + time.monotonic() - began)
        assert 90_000 <= slow.relay.totals().to_peers_bytes <= allowed


def test_clock_skew_does_not_reset_the_bandwidth_limit() -> None:
    limit = BandwidthLimit(per_second=1000, burst=1000)
    limit.available(10)
    limit.spend(1000)
    for now in (10.003, 10, 10.003, 10, 10.003):
        assert limit.available(now) == pytest.approx(3)


def test_bandwidth_limit_is_kept_until_it_has_refilled() -> None:
    meters = BandwidthLimits(1000)
    used, busy = meters.of("alice"), meters.of("bob")
    for each in (used, busy):
        each.available(10)
        each.spend(600)
    used.users -= 1
    meters.tick(10.5)
    assert meters.of("alice") is used
    used.users -= 1
    meters.tick(10.7)
    assert len(meters) == 1
    assert meters.of("alice") is not used


def test_flood_during_channel_bind_is_not_delivered_by_the_channel(relay: Running, meanwhile: Meanwhile) -> None:
    client = Client(relay)
    with closing(client.socket), udp() as peer, udp() as neighbour:
        relayed = ("127.0.0.1", client.allocate().port)
        meanwhile(lambda: [neighbour.sendto(b"flood", relayed) for _ in range(1000)])
        client.socket.send(client.signed(CHANNEL_BIND, ChannelNumber(CHANNEL), XorPeerAddress(address(peer))))
        peer_said = CHANNEL.to_bytes(2) + b"\0\5hello"
        heard: list[bytes] = []
        while not heard or heard[-1][:2] != b"\1\x09":
            heard.append(client.receive())
        peer.sendto(b"hello", relayed)
        while heard[-1] != peer_said:
            heard.append(client.receive())
        senders = [Message.decode(each).get(XorPeerAddress) for each in heard[:-1] if each[:2] != b"\1\x09"]
        assert set(senders) == {XorPeerAddress(address(neighbour))}
        assert len(senders) < MAX_STRAYS
