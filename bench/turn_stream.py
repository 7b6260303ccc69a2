"""Benchmark of TURN over TCP and TLS: CPU microseconds per relayed packet, ours and coturn, on one core, alternating.

    PYTHONPATH=.:src .venv/bin/python bench/turn_stream.py [--rounds 5] [--packets 200000] [--before ../before]

Over loopback, with 1 and 16 clients, in both directions. At most 256 packets are in flight, and 128 to or 16 from one
peer, so that the server is busy and no socket's buffer overflows. `--before` adds a server of another checkout.
Clients and peers run on the other core and their CPU time isn't included: they encrypt before the measurement, count
TLS records without decrypting them, and hand many packets to the kernel at once. *Idle* is the part of the time that
the server waited for them: if it is large, the server wasn't saturated.
"""

import argparse
import asyncio
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple, Protocol

import uvloop
from bench.packets import Batch, Burst
from bench.relay import CHANNEL, LOOPBACK, PEER, ROOM, SECRET, udp

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
from eyeline.turn.relay_attributes import UDP, ChannelNumber, RequestedTransport, XorPeerAddress, XorRelayedAddress
from eyeline.turn.server import Relaying, Server
from eyeline.turn.tcp_framing import Splitter

WINDOW: Final = 256
WINDOW_TO_PEER: Final = 128
WINDOW_TO_CLIENT: Final = 16
"""Packets in flight to one peer, and from it: more don't fit into its receive buffer, and into the one that coturn
gives a relayed address."""

BURST: Final = 32
LOST_AFTER_S: Final = 0.2
WARM_UP: Final = 10_000
RECORD_BYTES: Final = 5 + 1 + 16
"""What TLS 1.3 adds to each record: header, content type and tag."""


async def serve(port: int, certificate: Path | None) -> None:
    """Serve as in production, but on loopback, with loopback peers, and without limits that one client reaches."""
    rules = AllocationRules(
        Policy([ipaddress.ip_network("127.0.0.0/8")]), is_own, own_ports={port}, max_per_member=1000
    )
    server = Server(
        RateLimit(per_second=1e8, burst=10**9), Relaying(Authenticator(SECRET, b"nonces"), rules, b"tokens")
    )
    server.admit(ROOM, PEER, time.time())
    relay = Relay(server, UdpListeners.open(host="127.0.0.1", port=0), PORTS, Addresses({4: LOOPBACK}, {}))
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    async with await asyncio.get_running_loop().create_server(relay.stream, "127.0.0.1", port, ssl=tls):
        await asyncio.Event().wait()


class Case(NamedTuple):
    """One row."""

    tls: bool
    to_peer: bool
    payload: int
    clients: int

    @property
    def name(self) -> str:
        return f"{'TLS' if self.tls else 'TCP'} to {'peer' if self.to_peer else 'client'} {self.payload} {self.clients}"


class Command(Protocol):
    """The command line of a server, given its port and its certificate."""

    def __call__(self, port: int, certificate: Path | None, /) -> list[str]: ...


def eyeline(checkout: Path, port: int, certificate: Path | None) -> list[str]:
    here = Path(__file__).resolve()
    path = f"PYTHONPATH={checkout / 'src'}:{here.parent.parent}"
    tls = [] if certificate is None else ["--certificate", str(certificate)]
    return ["env", path, sys.executable, str(here), "--serve", str(port), *tls]


def coturn(port: int, certificate: Path | None) -> list[str]:
    flags = "-n -m 1 --no-cli --no-udp --no-dtls --no-rfc5780 --use-auth-secret --allow-loopback-peers"
    more = ["-L", "127.0.0.1", "-E", "127.0.0.1", "-r", "eyeline", "--log-file", "/dev/null"]
    if certificate is None:
        more += ["--no-tls", "-p", str(port)]
    else:
        more += ["--no-tcp", "--tls-listening-port", str(port), "--cert", str(certificate), "--pkey", str(certificate)]
    secret = f"--static-auth-secret={SECRET.decode()}"
    return ["turnserver", *flags.split(), *more, secret, "--pidfile", f"/tmp/turn-stream-bench-{port}.pid"]


class Client:
    """A TURN client over TCP or TLS with one channel, and its peer."""

    def __init__(self, case: Case, port: int) -> None:
        self.wire = _connected(port)
        self._tls: ssl.SSLObject | None = None
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        if case.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self._tls = context.wrap_bio(self._in, self._out)
        self._splitter = Splitter()
        self._signing: tuple[Attribute, ...] = ()
        self._key = b""
        self.peer = udp()
        self._ask(ALLOCATE, RequestedTransport(UDP))
        relayed = self._ask(ALLOCATE, RequestedTransport(UDP)).get(XorRelayedAddress)
        assert relayed is not None, "no allocation"
        peer = Address(LOOPBACK, self.peer.getsockname()[1])
        bound = self._ask(CHANNEL_BIND, ChannelNumber(CHANNEL), XorPeerAddress(peer))
        assert bound.message_class is Class.SUCCESS, bound
        self.peer.connect(("127.0.0.1", relayed.address.port))

    def sealed(self, message: bytes, count: int) -> bytes:
        """What goes over the wire for `count` such messages, each in a TLS record of its own, as browsers send them."""
        if self._tls is None:
            return message * count
        for _ in range(count):
            self._tls.write(message)
        return self._out.read()

    def _ask(self, method: int, *attributes: Attribute) -> Message:
        request = Message(method, Class.REQUEST, os.urandom(12), (*attributes, *self._signing)).encode()
        if self._key:
            request = integrity.sign(request, self._key)
        self._send(request)
        answer = Message.decode(self._receive())
        realm, nonce = answer.get(Realm), answer.get(Nonce)
        if realm is not None and nonce is not None:
            minted = credentials.mint(SECRET, credentials.member(SECRET, ROOM, PEER), time.time())
            self._signing = (Username(minted.username), realm, nonce)
            self._key = credentials.key_md5(minted.username, realm.text, minted.password)
        return answer

    def _send(self, message: bytes) -> None:
        if self._tls is None:
            self.wire.sendall(message)
            return
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.wire.sendall(self._out.read())
                self._in.write(self.wire.recv(65_536))
        self._tls.write(message)
        self.wire.sendall(self._out.read())

    def _receive(self) -> bytes:
        while True:
            data = self.wire.recv(65_536)
            assert data, "the server has closed"
            if self._tls is not None:
                self._in.write(data)
                try:
                    data = self._tls.read(65_536)
                except ssl.SSLWantReadError:
                    continue
            for message in self._splitter.feed(data):
                return bytes(message)


class ToPeer:
    """Packets from a client to its peer."""

    def __init__(self, client: Client, case: Case, packets: int) -> None:
        self._wire = client.wire
        body = bytes(case.payload)
        message = CHANNEL.to_bytes(2) + len(body).to_bytes(2) + body + bytes(-len(body) % 4)
        self._data = memoryview(client.sealed(message, packets))
        self._packet_bytes = len(self._data) // packets
        self._at = self._end = 0
        self._sink, self._batch = client.peer, Batch(b"", BURST)
        self._wire.setblocking(False)

    def push(self, packets: int) -> None:
        self._end = min(self._end + packets * self._packet_bytes, len(self._data))
        self.flush()

    def flush(self) -> None:
        """Send what the kernel didn't take at once."""
        if self._at < self._end:
            with suppress(BlockingIOError):
                self._at += self._wire.send(self._data[self._at : self._end])

    def pull(self) -> int:
        return self._batch.receive(self._sink)


class ToClient:
    """Packets from a peer to its client."""

    def __init__(self, client: Client, case: Case) -> None:
        self._source, self._burst = client.peer, Burst(case.payload, BURST)
        self._wire = client.wire
        self._wire.setblocking(False)
        self._buffer = bytearray(1 << 18)
        self._packet_bytes = 4 + case.payload + -case.payload % 4
        self._tls = case.tls
        self._next_record = 0
        """Where the next TLS record begins, in bytes from what was received last."""
        self._header = b""
        self._spare = 0

    def push(self, packets: int) -> None:
        self._burst.send(self._source, packets)

    def flush(self) -> None:
        """Nothing waits."""

    def pull(self) -> int:
        try:
            size = self._wire.recv_into(self._buffer)
        except BlockingIOError:
            return 0
        packets, self._spare = divmod(
            self._spare + (self._plain_bytes(size) if self._tls else size), self._packet_bytes
        )
        return packets

    def _plain_bytes(self, size: int) -> int:
        """The bytes of content of all TLS records whose header was received, found without decrypting them."""
        data = self._header + memoryview(self._buffer)[:size] if self._header else self._buffer
        size += len(self._header)
        at, plain = self._next_record, 0
        while at + 5 <= size:
            length = data[at + 3] << 8 | data[at + 4]
            plain += length + 5 - RECORD_BYTES
            at += 5 + length
        self._header = bytes(data[at:size]) if at < size else b""
        self._next_record = 0 if at < size else at - size
        return plain


def _connected(port: int) -> socket.socket:
    for _ in range(50):
        try:
            wire = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.1)  # the server is starting
        else:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return wire
    raise SystemExit("the server doesn't listen")


class Driven(NamedTuple):
    """What a server was given, and what arrived."""

    sent: int
    came: int


def saturate(ways: Sequence[ToPeer | ToClient], packets: int, window: int) -> Driven:
    """Relay `packets`, at most `window` of them in flight."""
    share = max(1, min(BURST, window // len(ways)))
    sent = came = given_up = 0
    active_at = time.monotonic()
    while came < packets:
        before = came
        for way in ways:
            if sent - came - given_up + share <= window:
                way.push(share)
                sent += share
            way.flush()
            came += way.pull()
        now = time.monotonic()
        if came > before:
            active_at = now
        elif now - active_at > LOST_AFTER_S:
            given_up, active_at = sent - came, now
    while came < sent and time.monotonic() - active_at < LOST_AFTER_S:
        came += sum(way.pull() for way in ways)
    return Driven(sent, came)


class Usage(NamedTuple):
    """Seconds of all threads of a process."""

    running: float
    runnable: float
    """Waiting for the core, while other processes had it."""


def usage(pid: int) -> Usage:
    fields = [each.read_text().split() for each in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return Usage(*(sum(int(each[at]) for each in fields) / 1e9 for at in (0, 1)))


class Figure(NamedTuple):
    """What one run gave."""

    cpu_us: float
    """CPU microseconds per packet."""
    idle: float
    lost: int


def measure(command: Command, case: Case, packets: int, certificate: Path) -> Figure:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (
        subprocess.Popen(
            command(port, certificate if case.tls else None),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509
        ) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.terminate)
        _connected(port).close()
        clients = [Client(case, port) for _ in range(case.clients)]
        each = (WARM_UP + packets) // case.clients * 2
        ways = [ToPeer(client, case, each) if case.to_peer else ToClient(client, case) for client in clients]
        for client in clients:
            stack.enter_context(client.wire)
            stack.enter_context(client.peer)
        window = min(WINDOW, case.clients * (WINDOW_TO_PEER if case.to_peer else WINDOW_TO_CLIENT))
        saturate(ways, WARM_UP, window)
        before, began = usage(process.pid), time.monotonic()
        sent, came = saturate(ways, packets, window)
        after, took = usage(process.pid), time.monotonic() - began
        used = after.running - before.running
        idle = 1 - (used + after.runnable - before.runnable) / took
        return Figure(used / came * 1e6, max(0.0, idle), sent - came)


def self_signed(folder: Path) -> Path:
    """A certificate and its key, of the kind that ACME issues by default, in one file."""
    made = folder / "certificate.pem"
    key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench"
    subprocess.run(
        ["openssl", *key.split(), "-keyout", "key", "-out", "cert"], cwd=folder, check=True, capture_output=True
    )
    made.write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return made


def shown(costs: list[float]) -> str:
    return f"{median(costs):.2f} ({min(costs):.2f}-{max(costs):.2f})"


def compare(servers: dict[str, Command], rounds: int, packets: int, cases: list[Case]) -> None:
    others = [name for name in servers if name != "eyeline"]
    print("| over | way | bytes | clients | " + " | ".join(f"{name} us" for name in servers), end=" | ")
    print(" | ".join(f"{name} / eyeline" for name in others) + " | idle | lost |")
    print("| --- | --- | --- | --- |" + " --- |" * (len(servers) + len(others) + 2))
    with tempfile.TemporaryDirectory() as folder:
        certificate = self_signed(Path(folder))
        for case in cases:
            runs = [
                {name: measure(command, case, packets, certificate) for name, command in servers.items()}
                for _ in range(rounds)
            ]
            costs = {name: [run[name].cpu_us for run in runs] for name in servers}
            ratios = [f"{median(run[name].cpu_us / run['eyeline'].cpu_us for run in runs):.2f}" for name in others]
            idle = ", ".join(f"{median(run[name].idle for run in runs):.0%}" for name in servers)
            lost = ", ".join(str(sum(run[name].lost for run in runs)) for name in servers)
            row = ("TLS" if case.tls else "TCP", "to peer" if case.to_peer else "to client", case.payload, case.clients)
            print("|", " | ".join([*map(str, row), *map(shown, costs.values()), *ratios, idle, lost]), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--packets", type=int, default=200_000)
    parser.add_argument("--before", type=Path, help="another checkout, to compare with")
    parser.add_argument("--only", default="", help="part of a row's name, such as 'TLS to peer 200'")
    parser.add_argument("--serve", metavar="PORT", type=int)
    parser.add_argument("--certificate", type=Path)
    args = parser.parse_args()
    if args.serve:
        uvloop.run(serve(args.serve, args.certificate))
        return
    here = Path(__file__).resolve().parent.parent
    servers: dict[str, Command] = {"eyeline": partial(eyeline, here)}
    if args.before is not None:
        servers["before"] = partial(eyeline, args.before.resolve())
    if shutil.which("turnserver"):
        servers["coturn"] = coturn
    os.sched_setaffinity(0, {1})
    cases = [Case(*each) for each in product((False, True), (True, False), (200, 1100), (1, 16))]
    cases = [each for each in cases if args.only in each.name]
    compare(servers, args.rounds, args.packets, cases)


if __name__ == "__main__":
    main()
