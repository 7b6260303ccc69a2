"""The port allocator: which ports it picks, and how little a full range costs."""

import errno
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise
from statistics import median

import pytest
from tests.support.relaying import LOOPBACK, Client, address, running, until
from tests.support.turn import code

from eyeline.serve.client_address import Source
from eyeline.serve.relay.port_allocator import BINDS_MAX, PortAllocator
from eyeline.serve.relay.relay import PORTS
from eyeline.serve.relay.socket_quota import PORTS_PER_MEMBER, SocketQuotas
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow
from eyeline.turn.message import ALLOCATE, REFRESH, Message
from eyeline.turn.relay_attributes import IPV4, UDP, Lifetime, RequestedTransport

BLOCKS_S = 0.005
"""How long one request may block the event loop."""
SMALL = range(48_100, 48_108)


@pytest.fixture
def binds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports that were tried; `bind` fails for those in `PORTS`, as if other programs held them all."""
    tried: list[int] = []

    def bind(wire: socket.socket, where: tuple[str, int]) -> None:
        tried.append(where[1])
        if where[1] in PORTS:
            raise OSError(errno.EADDRINUSE, "in use")
        unpatched(wire, where)

    unpatched = socket.socket.bind
    monkeypatch.setattr(socket.socket, "bind", bind)
    return tried


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as each:
        yield each


def allocator(ports: range) -> PortAllocator:
    return PortAllocator(ports, {4: LOOPBACK})


def opened(ports: PortAllocator, stack: ExitStack, *, even: bool = False, pair: bool = False) -> list[int] | None:
    """The ports of the sockets that were opened, which are closed with the test."""
    sockets = ports.open(IPV4, even=even, pair=pair)
    if sockets is None:
        return None
    kept = [stack.enter_context(closing(each)) for each in sockets if each is not None]
    return [each.getsockname()[1] for each in kept]


def cpu_seconds(act: Callable[[], object]) -> float:
    began = time.thread_time()
    act()
    return time.thread_time() - began


def test_range_that_we_hold_costs_nothing(binds: list[int]) -> None:
    ports = allocator(PORTS)
    while ports._free[4].take(even=False) is not None:
        pass
    times = [cpu_seconds(lambda: ports.open(IPV4, even=False, pair=False)) for _ in range(50)]
    assert binds == []
    assert median(times) < BLOCKS_S / 10


@pytest.mark.parametrize("pair", [False, True])
def test_range_that_others_hold_costs_a_few_binds(binds: list[int], pair: bool) -> None:
    ports = allocator(PORTS)
    times = []
    for _ in range(50):
        binds.clear()
        times.append(cpu_seconds(lambda: ports.open(IPV4, even=pair, pair=pair)))
        assert len(binds) == BINDS_MAX // (1 + pair)
        assert len(set(binds)) == len(binds)
    assert median(times) < BLOCKS_S


def test_allocate_with_a_full_default_range_does_not_block_the_loop(binds: list[int]) -> None:
    with running("uvloop") as relay, ExitStack() as stack:
        clients = [Client(relay, peer=f"peer-{number}") for number in range(20)]
        for client in clients:
            stack.enter_context(closing(client.socket))
            client.request(REFRESH)  # to get a nonce
        binds.clear()
        times: list[float] = []
        answers: list[bytes] = []
        for client in clients:
            request = client.signed(ALLOCATE, RequestedTransport(UDP))
            flow = Flow("udp", address(client.socket), Address(LOOPBACK, relay.port))
            for _ in range(2):
                receive = partial(relay.relay.receive, request, flow, answers.append)
                relay.run(lambda receive=receive: times.append(cpu_seconds(receive)))  # type: ignore[misc]
        assert [code(Message.decode(answer)) for answer in answers] == [508] * 40
        assert len(binds) == 20 * BINDS_MAX, "the second request of each member is refused without another attempt"
        assert median(times) < BLOCKS_S


def test_ports_of_other_programs_are_used_once_they_are_free(stack: ExitStack) -> None:
    ports = allocator(SMALL)
    with ExitStack() as others:
        for port in SMALL[1:]:
            other = others.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            other.bind(("127.0.0.1", port))
        assert opened(ports, stack) == [SMALL[0]]
        assert opened(ports, stack) is None
    found = [opened(ports, stack) for _ in SMALL[1:]]
    assert sorted(port for each in found for port in each or ()) == list(SMALL[1:])
    assert opened(ports, stack) is None


def test_closed_port_is_free_again() -> None:
    ports = allocator(SMALL[:1])
    for _ in range(3):
        sockets = ports.open(IPV4, even=False, pair=False)
        assert sockets is not None
        assert ports.open(IPV4, even=False, pair=False) is None
        ports.close(sockets[0])


def test_even_ports_and_pairs_are_found_while_there_are_any(stack: ExitStack) -> None:
    ports = allocator(range(48_101, 48_108))
    pairs = [opened(ports, stack, even=True, pair=True) for _ in range(3)]
    assert sorted(each or [] for each in pairs) == [[48_102, 48_103], [48_104, 48_105], [48_106, 48_107]]
    assert opened(ports, stack, even=True) is None
    assert opened(ports, stack) == [48_101]


def test_pair_leaves_ports_free_that_it_could_not_use(stack: ExitStack) -> None:
    ports = allocator(SMALL[:2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", SMALL[1]))
        assert opened(ports, stack, even=True, pair=True) is None
    assert opened(ports, stack, even=True, pair=True) == list(SMALL[:2])


def test_ports_are_unpredictable(stack: ExitStack) -> None:
    """RFC 8656, 7.2 and 21.1: neither in order, nor from a generator whose state an observer could work out."""
    first_ports: set[int] = set()
    for _ in range(20):
        random.seed(1)
        with ExitStack() as one_run:
            first_ports.update(opened(allocator(range(48_000, 49_000)), one_run, even=True) or ())
    assert len(first_ports) > 10
    ports = allocator(range(48_000, 49_000))
    runs = [opened(ports, stack) or [0] for _ in range(20)]
    assert len({after[0] - before[0] for before, after in pairwise(runs)}) > 10


def test_one_address_takes_at_most_half_of_the_ports() -> None:
    with running("uvloop", ports=SMALL) as relay, ExitStack() as stack:

        def ask(number: int, host: str) -> tuple[Client, int]:
            client = Client(relay, peer=f"peer-{number}", host=host)
            stack.enter_context(closing(client.socket))
            return client, code(client.request(ALLOCATE, RequestedTransport(UDP)))

        mallory = [ask(number, "127.0.0.2") for number in range(5)]
        assert [error for _, error in mallory] == [0, 0, 0, 0, 508]
        bob = ask(5, "127.0.0.3")
        assert bob[1] == 0
        for client, _ in (*mallory, bob):
            client.request(REFRESH, Lifetime(0))
        until(lambda: relay.shares.ports.used == relay.shares.used == 0)
        assert ask(6, "127.0.0.2")[1] == 0


def test_member_has_one_quota_of_ports_across_all_addresses() -> None:
    quotas = SocketQuotas(100_000, len(PORTS))
    held = [quotas.of(Source(bytes((192, 0, 2, number))), "mallory") for number in range(2)]
    for each in held:
        each.take(PORTS_PER_MEMBER // 2, ports=PORTS_PER_MEMBER // 2)
    with pytest.raises(OSError, match="port quota is used up"):
        held[0].take(ports=1)
    held[0].take()
    quotas.of(Source(bytes(4)), "alice").take(ports=1)


def test_refused_quota_counts_nothing() -> None:
    quotas = SocketQuotas(2, 100)
    each = quotas.of(Source(bytes(4)), "alice")
    with pytest.raises(OSError, match="socket quota is used up"):
        each.take(2, ports=2)
    assert quotas.used == quotas.ports.used == 0
