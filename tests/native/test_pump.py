"""The packet pump in C, with its sockets alone: batches, segments, floods, and what it refuses."""

import errno
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

packets = pytest.importorskip("eyeline._native.packets", reason="the packet pump in C isn't built")

CHANNEL = 0x4001
SO_NO_CHECK = 11  # Linux: without checksums the kernel refuses segments, as a device may
PATIENCE_S = 5.0

Ends = tuple[socket.socket, socket.socket]


def linked(family: socket.AddressFamily) -> Ends:
    """Two UDP sockets that are connected to each other."""
    one, other = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    for each in one, other:
        each.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        each.settimeout(PATIENCE_S)
    one.connect(other.getsockname())
    other.connect(one.getsockname())
    return one, other


class Path:
    """A client, a peer, and a pump between them with a channel."""

    def __init__(
        self, family: socket.AddressFamily = socket.AF_INET, *, rate: float = 1e12, coalesce_us: int = 0
    ) -> None:
        self.pump = packets.Pump(coalesce_us=coalesce_us)
        self.patience_s = 3e-6 * coalesce_us
        self.bandwidth = packets.TokenBucket(per_second=rate, burst=rate)
        self.client, self.wire = linked(family)
        self.peer, self.channel = linked(family)
        self.pump.add_client(self.wire.fileno(), self.bandwidth)
        self.pump.add_channel(self.wire.fileno(), CHANNEL, self.channel.fileno())

    def run(self) -> list[tuple[int, bytes]]:
        """Run the pump until nothing waits; over loopback, what was sent waits at once."""
        handed: list[tuple[int, bytes]] = []
        while select.select([self.pump], [], [], self.patience_s)[0]:
            handed += self.pump.run(1.0)
        return handed

    def send(self, data: bytes, number: int = CHANNEL) -> None:
        self.client.send(number.to_bytes(2) + len(data).to_bytes(2) + data)

    def close(self) -> None:
        self.pump.close()
        for each in self.client, self.wire, self.peer, self.channel:
            each.close()


@pytest.fixture(params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def path(request: pytest.FixtureRequest) -> Iterator[Path]:
    made = Path(request.param)
    yield made
    made.close()


def of_sizes(sizes: list[int]) -> list[bytes]:
    """Datagrams that differ."""
    return [bytes((number % 251,)) * size for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    "sizes",
    [[200] * 64, [1100] * 100, [1200] * 6 + [700], [1, 1, 0, 0, 1], [5, 4, 3, 2, 1], [20_000] * 5, [65_500, 1]],
    ids=["64", "more than a batch", "last shorter", "empty ones", "shrinking", "more than a packet's", "largest"],
)
def test_runs_of_one_size_arrive_whole_and_in_order(path: Path, sizes: list[int]) -> None:
    data = of_sizes(sizes)
    for each in data:
        path.send(each)
    assert path.run() == []
    assert [path.peer.recv(65_536) for _ in data] == data
    for each in data:
        path.peer.send(each)
    path.run()
    heads = [CHANNEL.to_bytes(2) + len(each).to_bytes(2) for each in data]
    assert [path.client.recv(65_536) for _ in data] == [head + each for head, each in zip(heads, data, strict=True)]
    assert path.pump.totals() == (len(data), sum(sizes), len(data), sum(sizes), 0)


@given(st.lists(st.sampled_from([0, 1, 7, 8, 300, 1200, 1201]), max_size=80))
@settings(max_examples=40)
def test_any_mixture_of_sizes_and_channels_keeps_the_order_of_each_channel(sizes: list[int]) -> None:
    path = Path()
    other, wire = linked(socket.AF_INET)
    path.pump.add_channel(path.wire.fileno(), CHANNEL + 1, wire.fileno())
    with other, wire:
        data = of_sizes(sizes)
        for number, each in enumerate(data):
            path.send(each, CHANNEL + number % 3 % 2)
        path.run()
        for peer, expected in (other, data[1::3]), (path.peer, [each for at, each in enumerate(data) if at % 3 != 1]):
            assert [peer.recv(2048) for _ in expected] == expected
        path.close()


@pytest.mark.parametrize("way", ["to peer", "to client"])
def test_all_is_sent_where_segments_are_refused(path: Path, way: str) -> None:
    out, source, sink = (
        (path.channel, path.client, path.peer) if way == "to peer" else (path.wire, path.peer, path.client)
    )
    out.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    data = of_sizes([1300] * 10 + [200] * 10 + [1300] * 10)
    for _ in range(2):
        for each in data:
            source.send(b"\x40\1" + len(each).to_bytes(2) + each if way == "to peer" else each)
        path.run()
        assert [sink.recv(2048)[-len(each) :] for each in data] == data


def test_dead_peer_costs_no_packets_of_others(path: Path) -> None:
    dead, wire = linked(path.wire.family)
    path.pump.add_channel(path.wire.fileno(), CHANNEL + 1, wire.fileno())
    dead.close()
    with wire:
        for _ in range(3):
            for _ in range(5):
                path.send(b"anybody?", CHANNEL + 1)
                path.send(b"hello")
            path.run()
        assert [path.peer.recv(2048) for _ in range(15)] == [b"hello"] * 15
        path.pump.remove_channel(path.wire.fileno(), CHANNEL + 1)


def test_only_stun_and_channels_without_a_socket_are_handed_over(path: Path) -> None:
    client = path.wire.fileno()
    path.pump.add_channel(client, CHANNEL + 1, -1)
    stun = bytes(20)
    for datagram in (
        *(stun, b"", b"\0", bytes(19), b"\x80" + bytes(30), b"\xff" * 30, b"\x40", b"\x40\x02\0"),
        *(b"\x40\x02\0\3abcde", b"\x40\x02\0\7abcdef", b"\x40\x03\0\0", b"\x40\x01\0\2a"),
    ):
        path.client.send(datagram)
    assert path.run() == [(client, stun), (client, b"\x40\x02\0\3abc")]
    path.send(b"a real one")
    path.run()
    assert path.peer.recv(2048) == b"a real one"


def test_bandwidth_is_shared_by_both_directions() -> None:
    path = Path(rate=1000)
    for _ in range(10):
        path.send(bytes(100))
    path.run()
    for _ in range(10):
        path.peer.send(bytes(90))
    path.run()
    out, out_bytes, back, back_bytes, dropped = path.pump.totals()
    assert (out, out_bytes, back, back_bytes, dropped) == (10, 1000, 0, 0, 10)
    assert path.bandwidth.available(1.0) == 0
    path.close()


def test_nothing_is_relayed_after_a_channel_or_its_client_is_removed(path: Path) -> None:
    client = path.wire.fileno()
    path.pump.remove_channel(client, CHANNEL)
    path.send(b"still here?")
    path.peer.send(b"still there?")
    path.run()
    path.pump.add_channel(client, CHANNEL, path.channel.fileno())
    path.pump.remove_client(client)
    path.send(b"still here?")
    path.peer.send(b"still there?")
    path.run()
    assert path.pump.totals()[2] <= 1  # what waited at the channel's socket when it was added again
    path.peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        path.peer.recv(2048)


def test_every_socket_gets_its_turn_in_a_flood() -> None:
    with ExitStack() as stack:
        pump, bandwidth = packets.Pump(coalesce_us=0), packets.TokenBucket(per_second=1e12, burst=1e12)
        stack.callback(pump.close)
        quiet: list[tuple[socket.socket, int]] = []
        for number in range(150):
            client, wire = linked(socket.AF_INET)
            stack.enter_context(client)
            stack.enter_context(wire)
            pump.add_client(wire.fileno(), bandwidth)
            for _ in range(1 if number % 10 == 0 else 100):
                client.send(bytes(20))
            if number % 10 == 0:
                quiet.append((client, wire.fileno()))
        heard: set[int] = set()
        for _ in range(20):
            handed = pump.run(1.0)
            assert len(handed) <= 512 + 64
            heard |= {fd for fd, _ in handed}
        assert {fd for _, fd in quiet} <= heard


def test_large_datagrams_for_python_are_bounded_for_each_wake_up(path: Path) -> None:
    for _ in range(30):
        path.client.send(bytes(60_000))
    handed = path.pump.run(1.0)
    assert sum(len(each) for _, each in handed) <= (1 << 18) + 64 * 65_536


@pytest.mark.parametrize("coalesce_us", [100, 10_000])
def test_coalescing_loses_nothing_and_ends_with_the_traffic(coalesce_us: int) -> None:
    path = Path(coalesce_us=coalesce_us)
    for _ in range(3):
        for _ in range(20):
            path.send(b"hello")
        path.run()
        assert [path.peer.recv(2048) for _ in range(20)] == [b"hello"] * 20
        assert select.select([path.pump], [], [], 0.05)[0] == []
    path.close()


def test_coalescing_waits_for_more_packets() -> None:
    path = Path(coalesce_us=10_000)
    path.send(b"first")
    assert path.pump.run(1.0) == []
    path.send(b"second")
    assert select.select([path.pump], [], [], 0)[0] == []
    assert path.pump.run(1.0) == []
    assert path.pump.totals()[0] == 0
    path.run()
    assert path.pump.totals()[0] == 2
    path.close()


def test_misuse_is_an_error(path: Path) -> None:
    client, bucket = path.wire.fileno(), path.bandwidth
    for number in range(63):
        path.pump.add_channel(client, CHANNEL + 1 + number, -1)
    calls: list[tuple[Callable[[], object], int]] = [
        (lambda: path.pump.add_client(client, bucket), errno.EEXIST),
        (lambda: path.pump.add_client(-1, bucket), errno.EBADF),
        (lambda: path.pump.add_client(1 << 20, bucket), errno.EBADF),
        (lambda: path.pump.add_channel(client, 0x5000, -1), errno.ENOSPC),
        (lambda: path.pump.add_channel(client, CHANNEL, client), errno.EEXIST),
        (lambda: path.pump.add_channel(client + 1000, CHANNEL, -1), errno.ENOENT),
        (lambda: path.pump.add_channel(path.channel.fileno(), CHANNEL, -1), errno.ENOENT),
        (lambda: path.pump.add_channel(client, 0, -1), errno.EINVAL),
    ]
    for call, code in calls:
        with pytest.raises(OSError, match=rf"\[Errno {code}\]"):
            call()
    path.pump.close()
    path.pump.close()
    assert path.pump.fileno() == -1
    closed: tuple[Callable[[], object], ...] = (
        lambda: path.pump.add_client(client, bucket),
        lambda: path.pump.run(1.0),
    )
    for call in closed:
        with pytest.raises(OSError, match=rf"\[Errno {errno.EBADF}\]"):
            call()


def test_bandwidth_outlives_its_python_object(path: Path) -> None:
    client, wire = linked(socket.AF_INET)
    with client, wire:
        path.pump.add_client(wire.fileno(), packets.TokenBucket(per_second=1e9, burst=1e9))
        path.pump.add_channel(wire.fileno(), CHANNEL, -1)
        client.send(b"\x40\1\0\0")
        assert path.run() == [(wire.fileno(), b"\x40\1\0\0")]
        path.pump.remove_client(wire.fileno())
