"""How many STUN Binding requests per second one core answers over loopback, compared with coturn if installed.

    PYTHONPATH=src .venv/bin/python bench/stun.py [--rounds 5] [--requests 200000]

The servers alternate on one core, with one client on the other that sends bursts of 64 requests.
The figure is requests per second of the server's CPU time (user and kernel), so the client's speed doesn't matter.
"""

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import monotonic

import uvloop

from eyeline.rate_limit import RateLimit
from eyeline.serve.relay.relay import Relay
from eyeline.serve.relay.udp_listener import UdpListeners
from eyeline.turn.message import BINDING, Class, Message
from eyeline.turn.server import Server

BURST = 64
REQUEST = Message(BINDING, Class.REQUEST, b"eyeline-stun").encode()


async def serve(host: str, port: int) -> None:
    """As in production, but with a rate limit that the one client can't reach."""
    server = Server(RateLimit(per_second=1e8, burst=10**9))
    Relay(server, UdpListeners.open(host=host, port=port))
    await asyncio.Event().wait()


def eyeline(loop: str) -> Callable[[str, int], list[str]]:
    def command(host: str, port: int) -> list[str]:
        del host  # the wildcard address, as in production
        return [sys.executable, __file__, "--serve", loop, "::", str(port)]

    return command


def coturn(host: str, port: int) -> list[str]:
    flags = "-S -n -m 0 --no-cli --no-tcp --no-tls --no-dtls --no-rfc5780 --no-software-attribute --log-file /dev/null"
    return ["turnserver", *flags.split(), "-L", host, "-p", str(port), "--pidfile", f"/tmp/stun-bench-{port}.pid"]


def free_port(family: socket.AddressFamily) -> int:
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(client: socket.socket, requests: int) -> None:
    """Send bursts, each after the responses to the last one.  A request without a response for a second is lost."""
    for _ in range(requests // BURST):
        for _ in range(BURST):
            client.send(REQUEST)
        try:
            for _ in range(BURST):
                client.recv(2048)
        except TimeoutError:
            print("lost", file=sys.stderr)


def ready(client: socket.socket) -> None:
    """Send requests until there is a response."""
    deadline = monotonic() + 10
    client.settimeout(0.1)
    while monotonic() < deadline:
        try:
            client.send(REQUEST)
            client.recv(2048)
        except OSError:
            continue
        client.settimeout(1)
        return
    raise SystemExit("the server didn't come up")


def measure(command: Callable[[str, int], list[str]], host: str, requests: int) -> float:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    port = free_port(family)
    with (
        subprocess.Popen(
            command(host, port),
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509
        ) as process,
        socket.socket(family, socket.SOCK_DGRAM) as client,
    ):
        try:
            client.connect((host, port))
            ready(client)
            ask(client, requests // 10)
            before = cpu_seconds(process.pid)
            ask(client, requests)
            return requests / (cpu_seconds(process.pid) - before)
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--serve", nargs=3, metavar=("LOOP", "HOST", "PORT"))
    args = parser.parse_args()
    if args.serve:
        loop, host, port = args.serve
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
            runner.run(serve(host, int(port)))
    os.sched_setaffinity(0, {1})
    servers = {"eyeline, asyncio": eyeline("asyncio"), "eyeline, uvloop": eyeline("uvloop")}
    if shutil.which("turnserver"):
        servers["coturn"] = coturn
    figures: dict[tuple[str, str], list[float]] = {}
    for _ in range(args.rounds):
        for host in "127.0.0.1", "::1":
            for name, command in servers.items():
                figures.setdefault((host, name), []).append(measure(command, host, args.requests))
    for (host, name), each in figures.items():
        spread = f"{min(each):,.0f} to {max(each):,.0f}"
        print(f"{host:10} {name:17} {median(each):10,.0f} requests/s per core  ({spread}, {len(each)} rounds)")


if __name__ == "__main__":
    main()
