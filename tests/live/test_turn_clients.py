"""Interoperability: third-party TURN clients relay through our server with a member's credentials."""

import asyncio
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from aioice import turn
from tests.support.server import LiveServer, free_port, unverified
from tests.support.socket import Socket
from tests.support.tools import need

MESSAGES: Final = 40
TRANSPORTS: Final = {"udp": (), "tcp": ("-t",), "tls": ("-t", "-S")}


@pytest.fixture(scope="module")
def plain() -> Iterator[LiveServer]:
    with LiveServer("--relay-allow", "127.0.0.0/8") as running:
        yield running


@pytest.fixture(scope="module")
def secure() -> Iterator[LiveServer]:
    with LiveServer("--relay-allow", "127.0.0.0/8", "--tls", "self-signed") as running:
        yield running


@contextmanager
def member(server: LiveServer) -> Iterator[tuple[str, str]]:
    """The username and password of a member who stays in the room meanwhile."""
    with Socket(server.url) as alice:
        servers = alice.join("tea", "Alice")["iceServers"]
        [given] = [each for each in servers if each.get("username")]
        yield given["username"], given["credential"]


def relays(server: LiveServer, transport: str, *flags: str) -> None:
    port = server.stun_port if transport == "udp" else server.port
    client = need("turnutils_uclient")
    with member(server) as (name, password):
        who = ("-u", name, "-w", password)
        argv = [client, *TRANSPORTS[transport], *flags, *who, "-p", str(port), "-n", str(MESSAGES), "127.0.0.1"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert re.search(r"Total lost packets 0 \(0\.0+%\), total send dropped 0", said), said[-2000:]
    [(sent, received)] = re.findall(r"tot_send_bytes ~ (\d+), tot_recv_bytes ~ (\d+)", said)[-1:]
    assert int(sent) == int(received) > 0


@pytest.mark.parametrize("transport", ["udp", pytest.param("tcp", marks=pytest.mark.more)])
def test_coturn_clients_talk_to_each_other_through_our_relay(plain: LiveServer, transport: str) -> None:
    relays(plain, transport, "-y", "-m", "2")


def test_coturn_clients_talk_to_each_other_through_our_relay_over_tls(secure: LiveServer) -> None:
    """Through the HTTPS port."""
    relays(secure, "tls", "-y", "-m", "2")


@pytest.mark.more
@pytest.mark.parametrize("indications", [False, True], ids=["channels", "indications"])
def test_coturn_client_talks_to_a_peer_through_our_relay(plain: LiveServer, indications: bool) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with subprocess.Popen(
        [need("turnutils_peer"), "-L", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as peer:
        try:
            relays(plain, "udp", "-e", "127.0.0.1", "-r", str(port), *(["-s"] if indications else []))
        finally:
            peer.terminate()


class Heard(asyncio.DatagramProtocol):
    """Records what arrives at a relayed address."""

    def __init__(self) -> None:
        self.datagrams: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.closed = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.datagrams.put_nowait((data, addr))

    def connection_lost(self, exc: Exception | None) -> None:
        assert exc is None
        self.closed.set()


async def echoed(server: LiveServer, who: tuple[str, str], transport: str, peer: socket.socket) -> None:
    """Send data to the peer, which echoes it."""
    below = "udp" if transport == "udp" else "tcp"
    ssl = unverified() if transport == "tls" else None
    at = ("127.0.0.1", server.stun_port if transport == "udp" else server.port)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        relayed, heard = await turn.create_turn_endpoint(Heard, at, *who, ssl=ssl, transport=below)
        for words in (b"first", b"by channel", bytes(1200)):
            relayed.sendto(words, peer.getsockname())
            data, source = await loop.sock_recvfrom(peer, 2000)
            await loop.sock_sendto(peer, data, source)
            assert await heard.datagrams.get() == (words, peer.getsockname())
        assert source == relayed.get_extra_info("sockname")
        relayed.close()
        await heard.closed.wait()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_aioice_talks_to_a_peer_through_our_relay(plain: LiveServer, secure: LiveServer, transport: str) -> None:
    server = secure if transport == "tls" else plain
    with member(server) as who, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.setblocking(False)
        asyncio.run(echoed(server, who, transport, peer))
