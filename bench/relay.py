"""Benchmark of the relay: CPU seconds per million packets over channels, ours and coturn, on one core, alternating.

    PYTHONPATH=.:src .venv/bin/python bench/relay.py [--rounds 3] [--packets 400000]

Over loopback.  `saturated` keeps up to 256 packets in flight, so that the server is always busy and none can be lost;
`paced` sends 50,000 per second.  Client and peers run on the other core, and their CPU time isn't included.  Counted
are the packets that arrived.
"""

import argparse
import asyncio
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvloop
from bench.packets import Batch

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
WINDOW = 256
BURST = 64
PACE = 50_000


async def serve(port: int) -> None:
    """Serve as in production, but on loopback, with loopback peers, and without limits that one client reaches."""
    rules = AllocationRules(
        Policy([ipaddress.ip_network("127.0.0.0/8")]), is_own, own_ports={port}, max_per_member=1000
    )
    relaying = Relaying(Authenticator(SECRET, b"nonces"), rules, b"tokens")
    server = Server(RateLimit(per_second=1e8, burst=10**9), relaying)
    server.admit(ROOM, PEER, time.time())
    Relay(server, UdpListeners.open(host="127.0.0.1", port=port), PORTS, Addresses({4: LOOPBACK}, {}))
    await asyncio.Event().wait()


def eyeline(port: int) -> list[str]:
    return [sys.executable, __file__, "--serve", str(port)]


def coturn(port: int) -> list[str]:
    flags = "-n -m 1 --no-cli --no-tcp --no-tls --no-dtls --no-rfc5780 --use-auth-secret --allow-loopback-peers"
    more = ["-L", "127.0.0.1", "-E", "127.0.0.1", "-p", str(port), "-r", "eyeline", "--log-file", "/dev/null"]
    secret = f"--static-auth-secret={SECRET.decode()}"
    return ["turnserver", *flags.split(), *more, secret, "--pidfile", f"/tmp/relay-bench-{port}.pid"]


class Pair(NamedTuple):
    """An allocation with one channel, and its peer."""

    client: socket.socket
    peer: socket.socket


class Client:
    """A TURN client with one request at a time."""

    def __init__(self, port: int) -> None:
        self.wire = udp()
        self.wire.connect(("127.0.0.1", port))
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
        self._signing = (Username(minted.username), realm, nonce)
        self._key = credentials.key_md5(minted.username, realm.text, minted.password)
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
        for _ in range(20):
            try:
                self.wire.send(request)
                return Message.decode(self.wire.recv(2048))
            except OSError:
                time.sleep(0.1)  # the server is starting
        raise SystemExit("the server doesn't answer")


def udp() -> socket.socket:
    each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    each.bind(("127.0.0.1", 0))
    return each


def pairs(port: int, count: int, stack: ExitStack) -> list[Pair]:
    made = []
    for _ in range(count):
        client, peer = Client(port), stack.enter_context(udp())
        stack.enter_context(client.wire)
        relay = client.allocate()
        client.bind(Address(LOOPBACK, peer.getsockname()[1]))
        peer.connect(("127.0.0.1", relay.port))
        made.append(Pair(client.wire, peer))
    return made


def saturate(ways: list[tuple[socket.socket, socket.socket]], packet: bytes, packets: int) -> int:
    """Send `packets`, at most `WINDOW` of them in flight; returns how many arrived."""
    out, into = Batch(packet, BURST), Batch(b"", BURST)
    share = max(1, min(BURST, WINDOW // len(ways)))
    sent = came = 0
    idle_since = time.monotonic()
    while came < packets:
        took = 0
        for source, sink in ways:
            if sent < packets and sent - came < WINDOW:
                sent += out.send(source, min(share, packets - sent))
            got = into.receive(sink)
            took += got
            came += got
        now = time.monotonic()
        if took:
            idle_since = now
        elif now - idle_since > 0.5:
            break
    return came


def pace(ways: list[tuple[socket.socket, socket.socket]], packet: bytes, packets: int) -> int:
    """Send `PACE` packets per second, over the pairs in turn; returns how many arrived."""
    out, into = Batch(packet, BURST), Batch(b"", BURST)
    sent = came = turn = 0
    began = last = time.monotonic()
    while time.monotonic() - last < 0.3:
        due = min(packets, int((time.monotonic() - began) * PACE))
        while sent < due:
            sent += out.send(ways[turn % len(ways)][0], min(8, due - sent))
            turn += 1
        for _, sink in ways:
            got = into.receive(sink)
            came += got
            if got:
                last = time.monotonic()
    return came


def cpu_seconds(pid: int) -> float:
    """The CPU time of all threads, user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Case(NamedTuple):
    drive: Callable[[list[tuple[socket.socket, socket.socket]], bytes, int], int]
    to_peer: bool
    payload: int
    allocations: int


class Figure(NamedTuple):
    cpu_us: float
    """CPU microseconds per packet: seconds per million."""
    lost: int


def measure(command: Callable[[int], list[str]], case: Case, packets: int) -> Figure:
    with udp() as probe:
        port = probe.getsockname()[1]
    with (
        ExitStack() as stack,
        subprocess.Popen(
            command(port),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509
        ) as process,
    ):
        try:
            made = pairs(port, case.allocations, stack)
            body = bytes(case.payload)
            channel_data = CHANNEL.to_bytes(2) + len(body).to_bytes(2) + body
            ways = [(each.client, each.peer) if case.to_peer else (each.peer, each.client) for each in made]
            packet = channel_data if case.to_peer else body
            case.drive(ways, packet, packets // 10)
            before = cpu_seconds(process.pid)
            came = case.drive(ways, packet, packets)
            return Figure((cpu_seconds(process.pid) - before) / came * 1e6, packets - came)
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--packets", type=int, default=400_000)
    parser.add_argument("--serve", metavar="PORT", type=int)
    parser.add_argument("--only", choices=("saturated", "paced"))
    args = parser.parse_args()
    if args.serve:
        uvloop.run(serve(args.serve))
        return
    servers = {"eyeline": eyeline} | ({"coturn": coturn} if shutil.which("turnserver") else {})
    os.sched_setaffinity(0, {1})
    print("| load | way | bytes | allocations | " + " | ".join(f"{name} us" for name in servers) + " | ratio | lost |")
    print("| --- | --- | --- | --- |" + " --- |" * (len(servers) + 2))
    for load, to_peer, payload, allocations in product(("saturated", "paced"), (True, False), (200, 1100), (1, 64)):
        if args.only not in (None, load):
            continue
        case = Case(saturate if load == "saturated" else pace, to_peer, payload, allocations)
        runs = [
            {name: measure(command, case, args.packets) for name, command in servers.items()}
            for _ in range(args.rounds)
        ]
        cost = {name: median(run[name].cpu_us for run in runs) for name in servers}
        ratio = f"{cost['coturn'] / cost['eyeline']:.2f}" if "coturn" in cost else ""
        lost = ", ".join(str(sum(run[name].lost for run in runs)) for name in servers)
        way = "to peer" if to_peer else "to client"
        figures = " | ".join(f"{each:.2f}" for each in cost.values())
        print(f"| {load} | {way} | {payload} | {allocations} | {figures} | {ratio} | {lost} |", flush=True)


if __name__ == "__main__":
    main()
