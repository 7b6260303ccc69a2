"""SIP registrations and calls per second of one core's CPU time, their latency, and memory per registered page.

    PYTHONPATH=src:. .venv/bin/python bench/sip.py [--rounds 2] [--pairs 20] [--members 2000]

Compared with Debian's Kamailio, which has been the usual SIP server for WebSockets.  The servers alternate on one core,
with one client on the other: pairs of WebSockets, each with one registration or one call in progress.  A registration
is two requests, with a challenge for the first one; a call is INVITE, 180, 200, ACK, BYE and 200, with the session
description of a browser.  Kamailio challenges each INVITE, as it is usually set up, or none, as Eyeline, where a
connection that has registered needs no further proof.

The figures are per second of the server's CPU time (user and kernel), so the client's speed doesn't matter.
"""

import argparse
import asyncio
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from time import monotonic, perf_counter
from typing import Final, NamedTuple, cast

import uvloop
from bench.signalling import report, until_it_listens
from bench.sites import free_port

PASSWORD: Final = "correct-horse"
SDP: Final = (Path(__file__).parent / "sip/offer.sdp").read_bytes()
"""An offer of Chromium with sound and picture, as JsSIP sends it."""
FOLDER: Final = Path(__file__).parent / "sip"

Script = Generator[bytes, bytes, None]
"""What a client does: yields a message to send (or nothing), and gets the next one that it receives."""


class SipSoftware(NamedTuple):
    """A server."""

    name: str
    command: Callable[[int, str, int], list[str]]
    path: str


def eyeline(port: int, folder: str, users: int) -> list[str]:
    return [sys.executable, str(FOLDER / "eyeline_server.py"), str(port), folder, str(users)]


def kamailio(port: int, folder: str, *defined: str) -> list[str]:
    config = Path(folder, "kamailio.cfg")
    config.write_text((FOLDER / "kamailio.cfg").read_text().replace("PORT", str(port)))
    return ["/usr/sbin/kamailio", "-DD", "-E", "-f", str(config), "-m", "768", "-Y", folder, *defined]


SERVERS: Final = (
    SipSoftware("eyeline", eyeline, "/sip"),
    SipSoftware("kamailio", lambda port, folder, _: kamailio(port, folder, "-A", "AUTH"), "/"),
    SipSoftware("without 407", lambda port, folder, _: kamailio(port, folder), "/"),
)


class Client(asyncio.Protocol):
    """A minimal WebSocket client (RFC 6455): no fragments, and a mask of zeros."""

    def __init__(self, path: str, user: str, to: str) -> None:
        self._path, self.user, self.to = path, user, to
        self.ready = asyncio.get_running_loop().create_future()
        self.script: Script | None = None
        self.done: list[float] = []
        """How long each registration or call took, in seconds."""
        self.count = 0
        self.failed = 0
        self.running = False
        self.next: Callable[[], Script] = lambda: register(self)
        self.on_end: Callable[[], None] = self.again
        self._shaken, self._held = False, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's transport isn't a subclass
        self.transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: sip\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        held = self._held + data if self._held else data
        if not self._shaken:
            head, end, held = held.partition(b"\r\n\r\n")
            if not end:
                self._held = head
                return
            assert b" 101 " in head, head
            self._shaken = True
            self.ready.set_result(None)
        at = 0
        while len(held) - at >= 2:
            size, start = held[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(held[at + 2 : at + 4]), at + 4
            if len(held) < start + size:
                break
            if held[at] & 15 in {1, 2}:
                self.hear(held[start : start + size])
            at = start + size
        self._held = held[at:]

    def send(self, message: bytes) -> None:
        size = len(message)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2)
        self.transport.write(head + bytes(4) + message)

    def begin(self, script: Script) -> None:
        """Start a script."""
        self.script = script
        self.send(next(script))

    def again(self) -> None:
        """Start the next one, unless the time is over."""
        if self.running:
            self.begin(self.next())

    def hear(self, message: bytes) -> None:
        if message.startswith(b"SIP/2.0"):
            if self.script is not None and not message.startswith(b"SIP/2.0 1"):
                try:
                    said = self.script.send(message)
                except StopIteration:
                    self.script = None
                    self.on_end()
                else:
                    self.send(said)
        elif message.startswith(b"INVITE"):
            self.send(answer(message, b"180 Ringing", self.user))
            self.send(answer(message, b"200 OK", self.user, SDP))
        elif not message.startswith(b"ACK"):
            self.send(answer(message, b"200 OK", self.user))


def register(client: Client) -> Script:
    """Register: a request without and one with credentials."""
    began = perf_counter()
    uri = "sip:localhost"
    client.count += 2
    contact = (
        f"Contact: <sip:{client.user}@x.invalid;transport=ws>;expires=600;reg-id=1;"
        f'+sip.instance="<urn:uuid:{client.user}>"\r\nSupported: path, outbound\r\n'
    )
    response = yield request(client, "REGISTER", uri, client.user, client.count, contact)
    proof = authorization("Authorization", response, client.user, "REGISTER", uri)
    response = yield request(client, "REGISTER", uri, client.user, client.count + 1, contact + proof)
    finish(client, began, ok=response.startswith(b"SIP/2.0 200"))


def call(client: Client) -> Script:
    """Call the other, and hang up."""
    began = perf_counter()
    uri = f"sip:{client.to}@localhost"
    client.count += 1
    name = f"{client.user}-{client.count}"
    contact = f"Contact: <sip:{client.user}@x.invalid;transport=ws;ob>\r\nContent-Type: application/sdp\r\n"
    response = yield request(client, "INVITE", uri, client.to, 1, contact, SDP, name)
    number = 1
    if response.startswith(b"SIP/2.0 407"):
        client.send(request(client, "ACK", uri, client.to, 1, "", b"", name, field(response, b"To")))
        credentials = authorization("Proxy-Authorization", response, client.user, "INVITE", uri)
        number = 2
        response = yield request(client, "INVITE", uri, client.to, 2, contact + credentials, SDP, name)
    if not response.startswith(b"SIP/2.0 200"):
        finish(client, began, ok=False)
        return
    setup = perf_counter() - began
    target = field(response, b"Contact").partition(b"<")[2].partition(b">")[0].decode()
    routes = b"".join(b"Route: " + each + b"\r\n" for each in reversed(fields(response, b"Record-Route"))).decode()
    to = field(response, b"To")
    client.send(request(client, "ACK", target, client.to, number, routes, b"", f"{name}ack", to, call_id=name))
    response = yield request(client, "BYE", target, client.to, number + 1, routes, b"", name, to)
    finish(client, perf_counter() - setup, ok=response.startswith(b"SIP/2.0 200"))


def finish(client: Client, began: float, *, ok: bool) -> None:
    client.done.append(perf_counter() - began)
    client.failed += not ok


def request(
    client: Client,
    method: str,
    uri: str,
    to: str,
    number: int,
    more: str,
    body: bytes = b"",
    name: str = "",
    to_value: bytes = b"",
    call_id: str = "",
) -> bytes:
    name = name or f"{client.user}-registration"
    to_line = to_value.decode() or f"<sip:{to}@localhost>"
    return (
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS x{client.user}.invalid;branch=z9hG4bK{name}{number}\r\n"
        f"Max-Forwards: 70\r\nTo: {to_line}\r\nFrom: <sip:{client.user}@localhost>;tag=f{name}\r\n"
        f"Call-ID: {call_id or name}\r\nCSeq: {number} {method}\r\n{more}"
        "Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\nUser-Agent: JsSIP 3.13.8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def answer(message: bytes, status: bytes, user: str, body: bytes = b"") -> bytes:
    names = (b"Via", b"Record-Route", b"From", b"Call-ID", b"CSeq")
    lines = [b"SIP/2.0 " + status, *(name + b": " + value for name in names for value in fields(message, name))]
    to = field(message, b"To")
    lines.append(b"To: " + to + (b"" if b";tag=" in to else b";tag=t"))
    lines.append(b"Contact: <sip:%s@y.invalid;transport=ws>" % user.encode())
    if body:
        lines.append(b"Content-Type: application/sdp")
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


def fields(message: bytes, name: bytes) -> list[bytes]:
    """The values of a header, each of a list apart."""
    found = []
    at, mark = 0, b"\r\n" + name + b": "
    end = message.find(b"\r\n\r\n")
    while (at := message.find(mark, at, end)) >= 0:
        at += len(mark)
        found.append(message[at : message.index(b"\r\n", at)])
    return found


def field(message: bytes, name: bytes) -> bytes:
    return fields(message, name)[0]


def authorization(header: str, response: bytes, user: str, method: str, uri: str) -> str:
    """Credentials for the last challenge, by MD5."""
    at = response.rindex(b'nonce="') + 7
    nonce = response[at : response.index(b'"', at)].decode()
    proof = _md5(f"{_md5(f'{user}:localhost:{PASSWORD}')}:{nonce}:00000001:c:auth:{_md5(f'{method}:{uri}')}")
    return (
        f'{header}: Digest username="{user}", realm="localhost", nonce="{nonce}", uri="{uri}", algorithm=MD5, '
        f'response="{proof}", qop=auth, nc=00000001, cnonce="c"\r\n'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Load:
    """Clients of one server, the processes of a session."""

    def __init__(self, path: str, port: int, session: int) -> None:
        self._path, self._port, self._session = path, port, session
        self.clients: list[Client] = []

    async def open(self, users: int) -> None:
        """Connect and register so many clients, in pairs."""
        loop = asyncio.get_running_loop()
        for number in range(len(self.clients), users):
            user, to = f"user{number}", f"user{number ^ 1}"
            _, client = await loop.create_connection(lambda: Client(self._path, user, to), "127.0.0.1", self._port)  # noqa: B023
            await client.ready
            registered = loop.create_future()
            client.on_end = lambda: registered.set_result(None)  # noqa: B023
            client.begin(register(client))
            await asyncio.wait_for(registered, 10)
            client.on_end = client.again
            assert not client.failed
            self.clients.append(client)

    async def flood(self, script: Callable[[Client], Script], clients: list[Client], seconds: float) -> list[float]:
        """How many per second, and per second of the server's CPU time; how long each took in ms: p50 and p99."""
        for client in clients:
            client.running, client.next = True, lambda client=client: script(client)  # type: ignore[misc]
            client.again()
        await asyncio.sleep(1)
        for client in clients:
            client.done.clear()
        cpu, began = self._cpu_seconds(), monotonic()
        await asyncio.sleep(seconds)
        took = [each for client in clients for each in client.done]
        rates = len(took) / (monotonic() - began), len(took) / (self._cpu_seconds() - cpu)
        for client in clients:
            client.running = False
        await asyncio.sleep(1)
        cuts = quantiles(took, n=100)
        return [*rates, cuts[49] * 1000, cuts[98] * 1000, sum(client.failed for client in clients)]

    async def pace(self, a_second: float, clients: list[Client], seconds: float) -> list[float]:
        """How long each call took in ms at so many a second: p50 and p99; and how many were not possible in time."""
        for client in clients:
            client.done.clear()
            client.on_end = lambda: None
        began, said, late = monotonic(), 0, 0
        while (passed := monotonic() - began) < seconds:
            while said < passed * a_second:
                client = clients[said % len(clients)]
                said += 1
                if client.script is None:
                    client.begin(call(client))
                else:
                    late += 1
            await asyncio.sleep(0.0005)
        await asyncio.sleep(1)
        cuts = quantiles([each for client in clients for each in client.done], n=100)
        return [cuts[49] * 1000, cuts[98] * 1000, late + sum(client.failed for client in clients)]

    def memory_kib(self) -> int:
        """The memory of the server, without what its processes share."""
        total = 0
        for pid in self._processes():
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total

    def _cpu_seconds(self) -> float:
        total = 0
        for pid in self._processes():
            fields_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields_[11]) + int(fields_[12])
        return total / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> list[int]:
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            try:
                if int((each / "stat").read_text().rpartition(")")[2].split()[3]) == self._session:
                    found.append(int(each.name))
            except OSError:
                continue  # it has ended meanwhile
        return found


@contextmanager
def running(software: SipSoftware, users: int) -> Iterator[tuple[int, int]]:
    """Run the server; yields its port and its session."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            software.command(port, folder, users),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {0}),  # noqa: PLW1509
        ) as process,
    ):
        try:
            asyncio.run(until_it_listens(port))
            yield port, process.pid
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)


async def speak(load: Load, args: argparse.Namespace) -> tuple[list[float], list[float], list[float]]:
    await load.open(args.pairs * 2)
    callers = load.clients[::2]
    registrations = await load.flood(register, load.clients, args.seconds)
    calls = await load.flood(call, callers, args.seconds)
    await load.open(max(args.pairs * 2, 400))
    return registrations, calls, await load.pace(300, load.clients[::2], args.seconds)


async def remember(load: Load, members: int) -> float:
    """KiB for each registered page."""
    await load.open(20)
    before = load.memory_kib()
    await load.open(20 + members)
    return (load.memory_kib() - before) / members


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--only", help="a part of one server's name")
    args = parser.parse_args()
    os.sched_setaffinity(0, {1})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    servers = [server for server in SERVERS if (args.only or "") in server.name]
    tables: tuple[dict[str, list[list[float]]], ...] = ({}, {}, {}, {})
    users = args.members + 420
    for _ in range(args.rounds):
        for server in servers:
            with (
                running(server, users) as (port, session),
                asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
            ):
                figures = runner.run(speak(Load(server.path, port, session), args))
            for table, row in zip(tables, figures, strict=False):
                table.setdefault(server.name, []).append(row)
    for server in servers if args.members else []:
        with running(server, users) as (port, session), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            tables[3][server.name] = [[runner.run(remember(Load(server.path, port, session), args.members))]]
    heads = ["a second", "per CPU second", "p50 ms", "p99 ms", "failed"]
    report("registrations", heads, tables[0])
    report("calls", heads, tables[1])
    report("300 calls a second", ["p50 ms", "p99 ms", "lost"], tables[2])
    report(f"{args.members} registered", ["KiB each"], tables[3])


if __name__ == "__main__":
    main()
