"""Benchmark of the relay: CPU microseconds per packet over channels, ours and coturn, on one core, alternating.

    PYTHONPATH=.:src .venv/bin/python bench/relay.py [--rounds 5] [--packets 400000] [--only veth] [--before ../before]

`saturated` keeps packets in flight, so that the server is always busy; `paced` sends 50,000 single packets per second;
both over loopback.  `veth` is saturated too, over a virtual Ethernet with GRO, where the server's share of receiving
counts as well; it needs root.  `--before` adds the server of another checkout.

The load comes from `bench/load.c`, which needs a C compiler, on the other core; its CPU time isn't included.  A
row in which the server could do more than the load asks isn't valid as `saturated`: `load` is how many times faster
the load is without a server.  Counted are the packets that arrived.
"""

import argparse
import asyncio
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Final, Literal, NamedTuple

import uvloop
from bench import veth
from bench.load import Generator, Load, Packet, Way, cpu_seconds

from eyeline.rate_limit import RateLimit
from eyeline.serve.relay.port_allocator import is_own
from eyeline.serve.relay.relay import PORTS, Addresses, Relay
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.turn import credentials, integrity
from eyeline.turn.allocations import AllocationRules
from eyeline.turn.attribute_formats import Address, Attribute
from eyeline.turn.attributes import Nonce, Realm, Username
from eyeline.turn.authentication import Authenticator
from eyeline.turn.message import ALLOCATE, CHANNEL_BIND, Class, Message
from eyeline.turn.peer_policy import Policy
from eyeline.turn.relay_attributes import (
    UDP,
    ChannelNumber,
    RequestedTransport,
    XorPeerAddress,
    XorRelayedAddress,
)
from eyeline.turn.server import Relaying, Server

LOOPBACK = bytes((127, 0, 0, 1))
SECRET = b"a secret for the bench"
ROOM, PEER = "bench", "client"
CHANNEL = 0x4001
PACE: Final = 50_000
COALESCE_US: Final = 100
OUR_CORE, THEIR_CORE = 1, 0


Kind = Literal["saturated", "paced", "veth"]


async def serve(host: str, port: int, pump: str, coalesce_us: int) -> None:
    """Serve as in production, but with peers in this test's network, and without limits that one client reaches."""
    from eyeline.serve.relay.pump_choice import PumpOptions  # noqa: PLC0415  a checkout before it has none

    ours = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network(f"{veth.HERE}/24", strict=False)]
    rules = AllocationRules(Policy(ours), is_own, own_ports={port}, max_per_member=1000)
    relaying = Relaying(Authenticator(SECRET, b"nonces"), rules, b"tokens")
    server = Server(RateLimit(per_second=1e8, burst=10**9), relaying)
    server.admit(ROOM, PEER, time.time())
    where = Addresses({4: socket.inet_aton(host)}, {})
    options = PumpOptions("python" if pump == "python" else "native", coalesce_us)
    Relay(server, UdpListeners.open(host=host, port=port), PORTS, where, pump=options)
    await asyncio.Event().wait()


Command = Callable[[str, int], list[str]]
"""Starts a server at an address and port."""


def eyeline(pump: str, coalesce_us: int, host: str, port: int) -> list[str]:
    return [sys.executable, __file__, "--serve", host, str(port), pump, str(coalesce_us)]


def before(checkout: Path, host: str, port: int) -> list[str]:
    """The server of another checkout, by its own `bench/relay.py`: over loopback only."""
    del host
    paths = f"PYTHONPATH={checkout}:{checkout / 'src'}"
    return ["env", paths, sys.executable, str(checkout / "bench/relay.py"), "--serve", str(port)]


def coturn(host: str, port: int) -> list[str]:
    flags = "-n -m 1 --no-cli --no-tcp --no-tls --no-dtls --no-rfc5780 --use-auth-secret --allow-loopback-peers"
    more = ["-L", host, "-E", host, "-p", str(port), "-r", "eyeline", "--log-file", "/dev/null"]
    secret = f"--static-auth-secret={SECRET.decode()}"
    return ["turnserver", *flags.split(), *more, secret, "--pidfile", f"/tmp/relay-bench-{port}.pid"]


class Pair(NamedTuple):
    """An allocation with one channel, and its peer."""

    client: socket.socket
    peer: socket.socket


class Client:
    """A TURN client with one request at a time."""

    def __init__(self, server: tuple[str, int], ours: str = "127.0.0.1", login: tuple[str, str] | None = None) -> None:
        """Without a `login` it makes one of the secret."""
        self._login = login
        self.wire = udp(ours)
        self.wire.connect(server)
        self._signing: tuple[Attribute, ...] = ()
        self._key = b""

    def allocate(self) -> Address:
        """The relayed address."""
        ask = (RequestedTransport(UDP),)
        challenge = self._ask(ALLOCATE, *ask)
        realm, nonce = challenge.get(Realm), challenge.get(Nonce)
        assert realm is not None
        assert nonce is not None
        minted = credentials.mint(SECRET, credentials.member(SECRET, ROOM, PEER), time.time())
        username, password = self._login or minted
        self._signing = (Username(username), realm, nonce)
        self._key = credentials.key_md5(username, realm.text, password)
        relayed = self._ask(ALLOCATE, *ask).get(XorRelayedAddress)
        assert relayed is not None, "no allocation"
        return relayed.address

    def bind(self, peer: Address) -> None:
        """Bind the channel."""
        answer = self._ask(CHANNEL_BIND, ChannelNumber(CHANNEL), XorPeerAddress(peer))
        assert answer.message_class is Class.SUCCESS, answer

    def _ask(self, method: int, *attributes: Attribute) -> Message:
        request = Message(method, Class.REQUEST, os.urandom(12), (*attributes, *self._signing)).encode()
        if self._key:
            request = integrity.sign(request, self._key)
        self.wire.settimeout(0.5)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            try:
                self.wire.send(request)
                return Message.decode(self.wire.recv(2048))
            except OSError:
                time.sleep(0.1)  # the server is starting
        raise SystemExit("the server doesn't answer")


def udp(host: str = "127.0.0.1") -> socket.socket:
    each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    each.bind((host, 0))
    return each


def pairs(server: tuple[str, int], ours: str, count: int, stack: ExitStack) -> list[Pair]:
    made = []
    for _ in range(count):
        client, peer = Client(server, ours), stack.enter_context(udp(ours))
        stack.enter_context(client.wire)
        relay = client.allocate()
        client.bind(Address(socket.inet_aton(ours), peer.getsockname()[1]))
        peer.connect((socket.inet_ntoa(relay.ip), relay.port))
        made.append(Pair(client.wire, peer))
    return made


class Case(NamedTuple):
    """A row of the table."""

    kind: Kind
    to_peer: bool
    payload: int
    allocations: int

    @property
    def window(self) -> int:
        """Packets in flight.  A relayed address of coturn's holds some 40 large packets, so no peer sends more."""
        if self.allocations > 1:
            return 16 * self.allocations
        return 256 if self.to_peer else 32


def drive(
    generator: Generator, case: Case, ways: Sequence[Way], packets: int, *, rate: int = PACE, idle: bool = False
) -> Load:
    """Send from the first of each pair to the second, through a relay, which adds or removes a header."""
    header = CHANNEL.to_bytes(2) + case.payload.to_bytes(2)
    if case.to_peer:
        packet = Packet(header, case.payload, 0, case.payload)
    else:
        packet = Packet(b"", case.payload, len(header), case.payload + len(header))
    rate = rate if case.kind == "paced" else 0
    return generator.drive(packet, ways, packets, rate=rate, window=case.window, idle=idle)


def alone(generator: Generator, case: Case) -> float:
    """Packets per second without a server, which the load sends and receives itself."""
    with ExitStack() as stack:
        ways = [(stack.enter_context(udp()), stack.enter_context(udp())) for _ in range(case.allocations)]
        for one, other in ways:
            one.connect(other.getsockname())
        packet = Packet(b"", case.payload, 0, case.payload)
        load = generator.drive(packet, ways, 500_000, window=case.window)
        return load.came / load.seconds


class Figure(NamedTuple):
    """One run of one server."""

    cpu_us: float
    """CPU microseconds per packet: seconds per million."""
    load: Load


def measure(command: Command, case: Case, packets: int, generator: Generator) -> Figure:
    over = case.kind == "veth"
    server, ours = (veth.THERE, veth.HERE) if over else ("127.0.0.1", "127.0.0.1")
    with udp() as probe:
        port = probe.getsockname()[1]
    with ExitStack() as stack:
        threads = [stack.enter_context(veth.veth(OUR_CORE, THEIR_CORE))] if over else []
        started = command(server, port)
        process = subprocess.Popen(
            veth.inside(started) if over else started,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=partial(os.sched_setaffinity, 0, {THEIR_CORE}),  # noqa: PLW1509
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        made = pairs((server, port), ours, case.allocations, stack)
        ways: list[Way] = [(client, peer) if case.to_peer else (peer, client) for client, peer in made]
        drive(generator, case, ways, packets // 10)
        spent = cpu_seconds(process.pid, *threads)
        load = drive(generator, case, ways, packets)
        return Figure((cpu_seconds(process.pid, *threads) - spent) / max(load.came, 1) * 1e6, load)


def cases(only: str | None) -> list[Case]:
    """All rows, or those of one kind."""
    kinds: tuple[Kind, ...] = ("saturated", "paced")
    loopback = [
        Case(kind, to_peer, payload, allocations)
        for kind, to_peer, payload, allocations in product(kinds, (True, False), (200, 1100), (1, 64))
    ]
    over_veth = [Case("veth", to_peer, *rest) for to_peer in (True, False) for rest in ((200, 64), (1100, 16))]
    return [case for case in loopback + (over_veth if os.geteuid() == 0 else []) if only in (None, case.kind)]


def row(case: Case, runs: list[dict[str, Figure]], generator: Generator) -> str:
    """Cost with (least-most), the ratio of coturn's cost to each, and what was lost."""
    peer = "coturn" if "coturn" in runs[0] else "python"
    cells, ratios, lost, delays = [], [], [], []
    for name in runs[0]:
        costs = [run[name].cpu_us for run in runs]
        cells.append(f"{median(costs):.2f} ({min(costs):.2f}-{max(costs):.2f})")
        ratios.append(f"{median(run[peer].cpu_us / run[name].cpu_us for run in runs):.2f}")
        lost.append(str(sum(run[name].load.sent - run[name].load.came for run in runs)))
        delays.append(str(round(median(run[name].load.delay_us for run in runs))))
    ours = median(run["eyeline"].load.came / run["eyeline"].load.seconds for run in runs)
    strength = f"{alone(generator, case) / ours:.1f}" if case.kind == "saturated" else ""
    way = "to peer" if case.to_peer else "to client"
    joined = [" / ".join(each) for each in (ratios, lost, delays)]
    return " | ".join(
        (f"| {case.kind}", way, str(case.payload), str(case.allocations), *cells, *joined, f"{strength} |")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packets", type=int, default=400_000)
    parser.add_argument("--before", type=Path, help="another checkout, whose server takes part over loopback")
    parser.add_argument("--serve", nargs=4, metavar=("HOST", "PORT", "PUMP", "COALESCE_US"))
    parser.add_argument("--only", choices=("saturated", "paced", "veth"))
    args = parser.parse_args()
    if args.serve:
        host, port, pump, coalesce_us = args.serve
        uvloop.run(serve(host, int(port), pump, int(coalesce_us)))
        return
    servers: dict[str, Command] = {"eyeline": partial(eyeline, "native", 0), "python": partial(eyeline, "python", 0)}
    if shutil.which("turnserver"):
        servers["coturn"] = coturn
    os.sched_setaffinity(0, {OUR_CORE})
    with tempfile.TemporaryDirectory() as folder:
        generator = Generator(folder)
        for case in cases(args.only):
            now = dict(servers)
            if case.kind == "paced":
                now[f"{COALESCE_US} us"] = partial(eyeline, "native", COALESCE_US)
            if args.before and case.kind != "veth":
                now["before"] = partial(before, args.before.resolve())
            print(
                f"\n{' | '.join(('| load', 'way', 'bytes', 'allocations', *now))} | ratios | lost | delay us | load |"
            )
            runs = [
                {name: measure(command, case, args.packets, generator) for name, command in now.items()}
                for _ in range(args.rounds)
            ]
            print(row(case, runs, generator), flush=True)


if __name__ == "__main__":
    main()
