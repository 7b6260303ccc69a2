"""Signals per second on one core, their latency, and memory per idle member, compared with two brokers on Node.

    PYTHONPATH=src:. .venv/bin/python bench/signalling.py [--rounds 3] [--pairs 1000] [--members 10000]

The servers alternate on one core, with one client on the other: pairs of sockets, with one signal of 500 bytes in
flight in each.  The figure is signals per second of the server's CPU time (user and kernel), so the client's speed
doesn't matter.  All rate limits of the brokers have their defaults, except those per address.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, perf_counter_ns
from typing import Final, NamedTuple, cast

import uvloop
from bench.sites import CACHE, PEERJS, free_port

DATA: Final = "x" * 484
"""500 bytes, together with the 16 digits of time before it."""
IN_FLIGHT: Final = 64
SCRIPTS: Final = Path(__file__).parent / "signalling"


class Broker(NamedTuple):
    """A server, and the protocol that it speaks."""

    name: str
    command: Callable[[int, str], list[str]]
    path: Callable[[str, str], str]
    hello: Callable[[str], list[str]]
    ready: bytes
    signal: Callable[["Client", str], str]
    heard: bytes


def eyeline(port: int, folder: str) -> list[str]:
    place = ["--host", "127.0.0.1", "--port", str(port), "--stun-port", "0", "--data-dir", folder]
    many = ["--sockets-per-address", "1000000", "--max-sockets", "100000"]
    return [sys.executable, "-m", "eyeline", "serve", *place, *many]


def eyeline_hello(name: str) -> list[str]:
    room = name.rpartition("-")[0]
    return [f'{{"type":"hello","room":"{room}"}}', f'{{"type":"join","name":"{name}"}}']


def eyeline_signal(client: "Client", data: str) -> str:
    client.said += 1
    return f'{{"type":"signal","to":"{client.other.id}","n":{client.said},"data":"{data}"}}'


def peer_signal(client: "Client", data: str) -> str:
    return f'{{"type":"OFFER","dst":"{client.other.name}","payload":"{data}"}}'


BROKERS: Final = (
    Broker(
        "eyeline",
        eyeline,
        lambda _name, _to: "/ws",
        eyeline_hello,
        b'"joined"',
        eyeline_signal,
        b'{"type":"signalled"',
    ),
    Broker(
        "PeerServer",
        lambda port, _folder: [
            str(CACHE / "node_modules/.bin/peerjs"),
            *("--host", "127.0.0.1", "--port", str(port), "--concurrent_limit", "100000"),
        ],
        lambda name, _to: f"/peerjs?key=peerjs&id={name}&token=t",
        lambda _name: [],
        b'"OPEN"',
        peer_signal,
        b'{"type":"OFFER"',
    ),
    Broker(
        "ws relay",
        lambda port, _folder: ["node", str(SCRIPTS / "relay.mjs"), str(port), str(CACHE)],
        lambda name, to: f"/?id={name}&to={to}",
        lambda _name: [],
        b'"open"',
        lambda _client, data: data,
        b"",
    ),
)


class Client(asyncio.Protocol):
    """A minimal WebSocket client (RFC 6455): no fragments, and a mask of zeros."""

    def __init__(self, broker: Broker, name: str, to: str) -> None:
        self.broker, self.name, self.to = broker, name, to
        self.other = self
        self.id, self.said, self.heard = "", 0, 0
        self.answers, self.open = False, True
        self.delays_us: list[float] = []
        self.ready = asyncio.get_running_loop().create_future()
        self._shaken, self._held = False, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's transport isn't a subclass
        self.transport.write(
            f"GET {self.broker.path(self.name, self.to)} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"{'Sec-WebSocket-Protocol: eyeline.v1' if self.broker.name == 'eyeline' else 'X-Y: z'}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.open = False

    def data_received(self, data: bytes) -> None:
        held = self._held + data
        if not self._shaken:
            head, end, held = held.partition(b"\r\n\r\n")
            if not end:
                self._held = head
                return
            assert b" 101 " in head, head
            self._shaken = True
            for text in self.broker.hello(self.name):
                self.send(text)
        while len(held) >= 2:
            size, start = held[1], 2
            if size == 126:
                size, start = int.from_bytes(held[2:4]), 4
            if len(held) < start + size:
                break
            self.hear(held[start : start + size])
            held = held[start + size :]
        self._held = held

    def hear(self, text: bytes) -> None:
        if not self.ready.done():
            if self.broker.ready in text:
                self.id = text.partition(b'"you":"')[2].partition(b'"')[0].decode()
                self.ready.set_result(None)
        elif text == b'{"type":"ping"}':
            self.send('{"type":"pong"}')
        elif text.startswith(self.broker.heard):
            self.heard += 1
            if self.answers:
                self.say()
            else:
                began = int(text[text.index(b"xxxx") - 16 :][:16])
                self.delays_us.append((perf_counter_ns() - began) / 1000)

    def say(self) -> None:
        """Send one signal to the other."""
        self.send(self.broker.signal(self, f"{perf_counter_ns():016}{DATA}"))

    def send(self, text: str) -> None:
        data = text.encode()
        size = bytes((0x80 | len(data),)) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2)
        self.transport.write(b"\x81" + size + bytes(4) + data)


class Load:
    """Clients of one server, the process `pid`."""

    def __init__(self, broker: Broker, port: int, pid: int) -> None:
        self._broker, self._port, self._pid = broker, port, pid
        self.clients: list[Client] = []

    async def open(self, pairs: int) -> None:
        numbers = iter(range(pairs))

        async def some() -> None:
            for number in numbers:
                alice = await self._open(f"pair{number}-a", f"pair{number}-b")
                bob = await self._open(f"pair{number}-b", f"pair{number}-a")
                alice.other, bob.other = bob, alice
                self.clients += [alice, bob]

        async with asyncio.TaskGroup() as tasks:
            for _ in range(IN_FLIGHT):
                tasks.create_task(some())

    async def _open(self, name: str, to: str) -> Client:
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: Client(self._broker, name, to), "127.0.0.1", self._port)
        await asyncio.wait_for(client.ready, 30)
        return client

    async def flood(self, seconds: float) -> tuple[float, float]:
        """Signals per second, and per second of the server's CPU time."""
        for client in self.clients:
            client.answers = True
        for client in self.clients[::2]:
            client.say()
        await asyncio.sleep(2)
        heard, cpu, began = self._heard(), cpu_seconds(self._pid), monotonic()
        await asyncio.sleep(seconds)
        signals = self._heard() - heard
        rates = signals / (monotonic() - began), signals / (cpu_seconds(self._pid) - cpu)
        for client in self.clients:
            client.answers = False
        await asyncio.sleep(1)
        return rates

    async def pace(self, a_second: float, seconds: float) -> list[float]:
        """Latency of each signal in microseconds, at this many signals per second."""
        for client in self.clients:
            client.delays_us.clear()
        began, said = monotonic(), 0
        while (passed := monotonic() - began) < seconds:
            while said < passed * a_second:
                self.clients[said * 2 % len(self.clients)].say()
                said += 1
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.5)
        return [delay for client in self.clients for delay in client.delays_us]

    def _heard(self) -> int:
        assert all(client.open for client in self.clients)
        return sum(client.heard for client in self.clients)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@contextmanager
def running(broker: Broker) -> Iterator[tuple[int, int]]:
    """Run the server; yields its port and its process."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            broker.command(port, folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509
        ) as process,
    ):
        try:
            asyncio.run(until_it_listens(port))
            yield port, process.pid
        finally:
            process.kill()


async def until_it_listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def speak(load: Load, args: argparse.Namespace) -> list[float]:
    await load.open(args.pairs)
    rate, per_cpu = await load.flood(args.seconds)
    delays = quantiles(await load.pace(per_cpu / 4, args.seconds), n=100)
    return [rate, per_cpu, delays[49], delays[98]]


async def idle(load: Load, pid: int, args: argparse.Namespace) -> list[float]:
    before, cpu, began = resident_kib(pid), cpu_seconds(pid), monotonic()
    await load.open(args.members // 2)
    joins = args.members / (monotonic() - began), args.members / (cpu_seconds(pid) - cpu)
    memory, cpu, began = resident_kib(pid) - before, cpu_seconds(pid), monotonic()
    await asyncio.sleep(args.idle_seconds)
    load_idle = (cpu_seconds(pid) - cpu) / (monotonic() - began)
    here = sum(client.open for client in load.clients)
    return [*joins, memory / args.members, args.members - here, load_idle * 100]


def report(title: str, heads: Sequence[str], rows: dict[str, list[list[float]]]) -> None:
    print(f"\n{title}\n{'':12}" + "".join(f"{head:>26}" for head in heads))
    for name, runs in rows.items():
        cells = []
        for column in zip(*runs, strict=True):
            spread = f" ({min(column):,.4g}-{max(column):,.4g})" if len(runs) > 1 else ""
            cells.append(f"{median(column):,.4g}{spread}")
        print(f"{name:12}" + "".join(f"{cell:>26}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--idle-seconds", type=float, default=60)
    parser.add_argument("--only", help="a part of one server's name")
    args = parser.parse_args()
    if not (CACHE / "node_modules/ws").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--prefix", CACHE, "--no-audit", "--no-fund", *PEERJS, "ws"], check=True)
    os.sched_setaffinity(0, {1})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    brokers = [broker for broker in BROKERS if (args.only or "") in broker.name]
    spoken: dict[str, list[list[float]]] = {}
    idled: dict[str, list[list[float]]] = {}
    for _ in range(args.rounds):
        for broker in brokers:
            with running(broker) as (port, pid), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                spoken.setdefault(broker.name, []).append(runner.run(speak(Load(broker, port, pid), args)))
    report(f"{args.pairs} pairs", ["signals/s", "per CPU second", "p50 us at a quarter", "p99 us"], spoken)
    for broker in brokers if args.members else []:
        with running(broker) as (port, pid), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            idled[broker.name] = [runner.run(idle(Load(broker, port, pid), pid, args))]
    report(f"{args.members} idle", ["joins/s", "joins/CPU second", "KiB each", "dropped", "CPU % while idle"], idled)


if __name__ == "__main__":
    main()
