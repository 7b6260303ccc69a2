"""Benchmark of a denial of service: latency of signalling while one member floods Allocate and no port is free.

    PYTHONPATH=src:. .venv/bin/python bench/allocate_flood.py [--rounds 3] [--seconds 30]

The whole default range of relay ports is in use, either by allocations of our own or by other programs.  One member
sends Allocate requests at the rate limit of its address, each of which is refused with 508, while ten pairs of other
members send 100 signals of 500 bytes per second.  The flood stops and starts again every second, so that other load of
the machine affects both halves alike.  The server has one core, all clients share the other.
"""

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import expovariate
from statistics import mean, median, quantiles
from time import monotonic
from typing import Any, Final, NamedTuple

import uvloop
from bench.signalling import BROKERS, Client, Load, cpu_seconds, until_it_listens
from bench.sites import free_port

from eyeline.serve.app import Eyeline, build
from eyeline.serve.relay.relay import PORTS
from eyeline.serve.run import run
from eyeline.settings import Settings
from eyeline.turn import credentials, integrity
from eyeline.turn.attribute_formats import Attribute
from eyeline.turn.attributes import ErrorCode, Nonce, Realm, Username
from eyeline.turn.message import ALLOCATE, Class, Message
from eyeline.turn.relay_attributes import IPV4, UDP, RequestedTransport
from eyeline.turn.server import ANSWERS_PER_SECOND

EYELINE: Final = BROKERS[0]
FLOOD_FROM: Final = "127.0.0.2"
SIGNALS_PER_SECOND: Final = 100
HOLDERS: Final = ("us", "others")


def serve(port: int, stun_port: int, folder: str, held_by: str) -> None:
    """Serve as in production, with the whole range in use."""
    applications: list[Eyeline] = []
    held: list[object] = []

    def application(settings: Settings) -> Eyeline:
        applications.append(build(settings, one_port=True))
        return applications[0]

    def fill(_where: object) -> None:
        running = applications[0]._start()
        if held_by == "us":
            ports = running.ice_servers.relay._plane._ports
            while (opened := ports.open(IPV4, even=False, pair=False)) is not None:
                held.append(opened)
            ports._free[4]._foreign.clear()  # so that none is free again when another program closes its socket
        else:
            held.extend(bound for each in PORTS if (bound := bind(each)) is not None)

    settings = Settings(host="127.0.0.1", port=port, stun_port=stun_port, data_dir=Path(folder))
    run(settings, fill, application)


def bind(port: int) -> socket.socket | None:
    each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        each.bind(("127.0.0.1", port))
    except OSError:
        each.close()
        return None
    return each


class Member(Client):
    """A member that keeps the credentials for the relay."""

    username = password = ""

    def hear(self, text: bytes) -> None:
        """Keep the credentials from `joined`."""
        if b'"joined"' in text:
            servers: list[dict[str, Any]] = json.loads(text)["iceServers"]
            turn = next(each for each in servers if "username" in each)
            self.username, self.password = turn["username"], turn["credential"]
        super().hear(text)


class Flood:
    """Allocate requests of one member, at the rate limit of its address.

    They come at random times (a Poisson process): at regular times they would keep step with the signals, one each
    10 ms, and hit all of them or none.  They are signed before the measurement, and their answers are decoded after it,
    so that the work of the flood's client isn't measured as delay: the same core sends and receives the signals.
    """

    def __init__(self, stun_port: int, member: Member) -> None:
        self._wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._wire.bind((FLOOD_FROM, 0))
        self._wire.connect(("127.0.0.1", stun_port))
        self._wire.setblocking(False)
        self._member = member
        self._requests: list[bytes] = []
        self._answers: list[bytes] = []

    async def sign(self, count: int) -> None:
        """Get a nonce, and sign `count` requests with it."""
        self._wire.send(Message(ALLOCATE, Class.REQUEST, os.urandom(12), (RequestedTransport(UDP),)).encode())
        refused = Message.decode(await asyncio.get_running_loop().sock_recv(self._wire, 2048))
        realm, nonce = refused.get(Realm), refused.get(Nonce)
        assert realm is not None
        assert nonce is not None
        key = credentials.key_md5(self._member.username, realm.text, self._member.password)
        asked: tuple[Attribute, ...] = (RequestedTransport(UDP), Username(self._member.username), realm, nonce)
        self._requests = [
            integrity.sign(Message(ALLOCATE, Class.REQUEST, os.urandom(12), asked).encode(), key) for _ in range(count)
        ]
        asyncio.get_running_loop().add_reader(self._wire, lambda: self._answers.append(self._wire.recv(2048)))

    async def run(self) -> None:
        """Run until cancelled."""
        due = monotonic()
        while True:
            self._wire.send(self._requests.pop())
            due += expovariate(ANSWERS_PER_SECOND)
            await asyncio.sleep(due - monotonic())

    def answers(self) -> Counter[int]:
        """The answers by error code; 0 is success."""
        errors = (Message.decode(each).get(ErrorCode) for each in self._answers)
        return Counter(error.code if error else 0 for error in errors)


class Half(NamedTuple):
    """What was measured without the flood, or with it."""

    delays_us: list[float]
    cpu: list[float]
    """Load of the server's core in each second."""


class Figures(NamedTuple):
    idle: Half
    flooded: Half
    answers: Counter[int]
    """To the flood, by error code."""


async def measure(port: int, stun_port: int, pid: int, seconds: int) -> Figures:
    load = Load(EYELINE, port, pid)
    await load.open(10)
    for each in load.clients:
        each.answers = False
    loop = asyncio.get_running_loop()
    _, mallory = await loop.create_connection(
        lambda: Member(EYELINE, "mallory-a", ""), "127.0.0.1", port, local_addr=(FLOOD_FROM, 0)
    )
    await asyncio.wait_for(mallory.ready, 30)
    flood = Flood(stun_port, mallory)
    await flood.sign(seconds * int(ANSWERS_PER_SECOND))
    halves = Half([], []), Half([], [])
    for second in range(seconds):
        half = halves[second % 2]
        before, began = cpu_seconds(pid), monotonic()
        if second % 2:
            async with asyncio.TaskGroup() as tasks:
                flooding = tasks.create_task(flood.run())
                half.delays_us.extend(await load.pace(SIGNALS_PER_SECOND, 1))
                flooding.cancel()
        else:
            half.delays_us.extend(await load.pace(SIGNALS_PER_SECOND, 1))
        half.cpu.append((cpu_seconds(pid) - before) / (monotonic() - began))
    return Figures(*halves, flood.answers())


def once(held_by: str, seconds: int) -> Figures:
    port, stun_port = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, __file__, "--serve", str(port), str(stun_port), folder, held_by],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509
        ) as process,
    ):
        try:
            asyncio.run(until_it_listens(port))
            return uvloop.run(measure(port, stun_port, process.pid, seconds))
        finally:
            process.kill()


def p95(half: Half) -> float:
    return quantiles(half.delays_us, n=20)[18]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--serve", nargs=4, metavar=("PORT", "STUN_PORT", "FOLDER", "HELD_BY"))
    args = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if args.serve:
        port, stun_port, folder, held_by = args.serve
        serve(int(port), int(stun_port), folder, held_by)
        return
    os.sched_setaffinity(0, {1})
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| ports held by | p95 us | p95 us, flooded | ratio | longest us | CPU % | CPU %, flooded | answers |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for held_by in HOLDERS:
        runs = [once(held_by, args.seconds) for _ in range(args.rounds)]
        idle, flooded = median(p95(each.idle) for each in runs), median(p95(each.flooded) for each in runs)
        ratio = median(p95(each.flooded) / p95(each.idle) for each in runs)
        longest = max(max(each.flooded.delays_us) for each in runs)
        cpu = [100 * mean(part) for each in runs for part in (each.idle.cpu, each.flooded.cpu)]
        answers = dict(sum((each.answers for each in runs), Counter[int]()))
        print(
            f"| {held_by} | {idle:.0f} | {flooded:.0f} | {ratio:.2f} | {longest:.0f} "
            f"| {mean(cpu[::2]):.1f} | {mean(cpu[1::2]):.1f} | {answers} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
