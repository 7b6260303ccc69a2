"""How much longer a signal takes while `eyeline serve` also relays packets, in the same process.

    PYTHONPATH=.:src .venv/bin/python bench/relay_and_signals.py [--rounds 5] [--rate 30000] [--signals 2000]

The server is on one core.  On the other, 100 pairs of members signal at a fixed rate, and the load of packets takes the
time that they leave, so that it delays no signal there.
"""

import argparse
import asyncio
import json
import os
import tempfile
from contextlib import ExitStack
from statistics import median, quantiles
from urllib.parse import urlsplit

import uvloop
from bench import relay
from bench.load import Generator
from bench.relay import LOOPBACK, Case, Client, Pair
from bench.signalling import BROKERS, Load, eyeline, running
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from eyeline.signalling.messages import SUBPROTOCOL
from eyeline.turn.attribute_formats import Address

PAIRS = 100
PAYLOAD = 200
RELAYED = Case("paced", to_peer=True, payload=PAYLOAD, allocations=1)


def with_relay(port: int, folder: str) -> list[str]:
    return [*eyeline(port, folder), "--relay-allow", "127.0.0.0/8", "--relay-kilobytes", "1000000"]


def allocated(port: int, stack: ExitStack) -> Pair:
    """An allocation of a new member, with a channel to a peer."""
    with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None) as wire:
        for message in {"type": "hello", "room": "tea"}, {"type": "join", "name": "alice"}:
            wire.send(json.dumps(message))
        joined: dict[str, object] = {}
        while joined.get("type") != "joined":
            joined = json.loads(wire.recv())
        [login] = [each for each in joined["iceServers"] if "username" in each]  # type: ignore[attr-defined]
        turn = urlsplit("//" + login["urls"][0].partition(":")[2])
        client = Client(("127.0.0.1", turn.port or 0), login=(login["username"], login["credential"]))
        stack.enter_context(client.wire)
        peer = stack.enter_context(relay.udp())
        relayed = client.allocate()
        client.bind(Address(LOOPBACK, peer.getsockname()[1]))
        peer.connect(("127.0.0.1", relayed.port))
    return Pair(client.wire, peer)


async def measure(port: int, pid: int, generator: Generator, args: argparse.Namespace) -> tuple[float, float, float]:
    """p95 in microseconds without and with relayed packets, and how many of those were lost."""
    load = Load(BROKERS[0], port, pid)
    await load.open(PAIRS)
    quiet = await load.pace(args.signals, args.seconds)
    with ExitStack() as stack:
        way = await asyncio.to_thread(allocated, port, stack)
        packets = int(args.rate * (args.seconds + 2))
        async with asyncio.TaskGroup() as tasks:
            driven = tasks.create_task(
                asyncio.to_thread(relay.drive, generator, RELAYED, [way], packets, rate=args.rate, idle=True)
            )
            await asyncio.sleep(1)
            busy = await load.pace(args.signals, args.seconds)
        packets_load = driven.result()
    p95 = [quantiles(each, n=20)[18] for each in (quiet, busy)]
    return p95[0], p95[1], (packets_load.sent - packets_load.came) / packets_load.sent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=30_000)
    parser.add_argument("--signals", type=float, default=2000)
    parser.add_argument("--seconds", type=float, default=4)
    args = parser.parse_args()
    os.sched_setaffinity(0, {1})
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        generator = Generator(folder)
        for _ in range(args.rounds):
            broker = BROKERS[0]._replace(command=with_relay)
            with running(broker) as (port, pid), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runs.append(runner.run(measure(port, pid, generator, args)))
                print("p95 {:.0f} us, with packets {:.0f} us; {:.2%} of them lost".format(*runs[-1]), flush=True)
    ratio = median(busy / quiet for quiet, busy, _ in runs)
    print(f"median {ratio:.2f} times as long with {args.rate:,} packets/s, in {len(runs)} rounds")


if __name__ == "__main__":
    main()
