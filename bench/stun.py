"""How many STUN Binding requests per second one core answers over loopback, compared with coturn if installed.

    PYTHONPATH=.:src .venv/bin/python bench/stun.py [--rounds 5] [--requests 400000]

The servers alternate on one core, with up to 256 requests in flight from the other core (`bench/load.c`, which needs
a C compiler).  The figure is requests per second of the server's CPU time (user and kernel).
"""

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from statistics import median

import uvloop
from bench.load import Generator, Packet, cpu_seconds

from eyeline.serve.relay.pump_choice import source_limit
from eyeline.serve.relay.relay import Relay
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.turn.message import BINDING, Class, Message
from eyeline.turn.server import Server

REQUEST = Message(BINDING, Class.REQUEST, bytes(12)).encode()
HEAD = REQUEST[:8]
HOSTS = "127.0.0.1", "::1"
WINDOW = 256


async def serve(kind: str, host: str, port: int) -> None:
    """As in production, but with a rate limit that the one client can't reach."""
    limit = source_limit("python" if kind == "python" else "native")
    Relay(Server(limit(per_second=1e8, burst=10**9)), UdpListeners.open(host=host, port=port))
    await asyncio.Event().wait()


def eyeline(kind: str, loop: str, host: str, port: int) -> list[str]:
    del host  # the wildcard address, as in production
    return [sys.executable, __file__, "--serve", kind, loop, "::", str(port)]


def coturn(host: str, port: int) -> list[str]:
    flags = "-S -n -m 0 --no-cli --no-tcp --no-tls --no-dtls --no-rfc5780 --no-software-attribute --log-file /dev/null"
    return ["turnserver", *flags.split(), "-L", host, "-p", str(port), "--pidfile", f"/tmp/stun-bench-{port}.pid"]


def udp(host: str) -> socket.socket:
    each = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    each.bind((host, 0))
    return each


def ready(client: socket.socket) -> None:
    """Send requests until there is a response."""
    deadline = time.monotonic() + 10
    client.settimeout(0.1)
    while time.monotonic() < deadline:
        try:
            client.send(REQUEST)
            client.recv(2048)
        except OSError:
            continue
        return
    raise SystemExit("the server didn't come up")


def measure(command: Callable[[str, int], list[str]], host: str, requests: int, generator: Generator) -> float:
    with udp(host) as probe:
        port = probe.getsockname()[1]
    with ExitStack() as stack:
        process = subprocess.Popen(
            command(host, port),
            stdout=subprocess.DEVNULL,
            preexec_fn=partial(os.sched_setaffinity, 0, {0}),  # noqa: PLW1509
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        client = stack.enter_context(udp(host))
        client.connect((host, port))
        ready(client)
        # The time is in the transaction id, which comes back.
        packet = Packet(HEAD, len(REQUEST) - len(HEAD), len(HEAD), 0)
        generator.drive(packet, [(client, client)], requests // 10, window=WINDOW)
        before = cpu_seconds(process.pid)
        load = generator.drive(packet, [(client, client)], requests, window=WINDOW)
        assert load.came > 0.99 * requests, load
        return load.came / (cpu_seconds(process.pid) - before)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=400_000)
    parser.add_argument("--serve", nargs=4, metavar=("KIND", "LOOP", "HOST", "PORT"))
    args = parser.parse_args()
    if args.serve:
        kind, loop, host, port = args.serve
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
            runner.run(serve(kind, host, int(port)))
    os.sched_setaffinity(0, {1})
    servers: dict[str, Callable[[str, int], list[str]]] = {
        f"eyeline, {kind}, {loop}": partial(eyeline, kind, loop)
        for kind, loop in (("native", "uvloop"), ("native", "asyncio"), ("python", "uvloop"))
    }
    if shutil.which("turnserver"):
        servers["coturn"] = coturn
    figures: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        generator = Generator(folder)
        for _ in range(args.rounds):
            for host in HOSTS:
                for name, command in servers.items():
                    figures.setdefault((host, name), []).append(measure(command, host, args.requests, generator))
    for (host, name), each in figures.items():
        coturns = figures.get((host, "coturn"), each)
        ratio = median(ours / theirs for ours, theirs in zip(each, coturns, strict=True))
        spread = f"{min(each):,.0f} to {max(each):,.0f}"
        print(f"{host:10} {name:24} {median(each):10,.0f} requests/s per core  ({spread}), {ratio:.2f} of coturn")


if __name__ == "__main__":
    main()
