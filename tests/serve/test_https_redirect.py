"""Redirect of plain HTTP requests on the TLS port to https."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import uvloop
from uvicorn.config import Config
from uvicorn.server import ServerState

from eyeline.serve.connection_limits import HEAD_BYTES_MAX, ConnectionLimits
from eyeline.serve.http.timeouts import HttpProtocol
from eyeline.serve.process import demultiplexer
from eyeline.serve.process.demultiplexer import Demultiplexer
from eyeline.serve.process.https_redirect import answer
from eyeline.serve.process.tls import Certificate, self_signed

ASKED = b"GET /r/tea?x=%22 HTTP/1.1\r\nAccept: */*\r\nhost: meet.example:8443\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("data"), [])


class Tls:
    """One TLS connection without a socket."""

    def __init__(self, certificate: Certificate) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = certificate.context().wrap_bio(self.incoming, self.outgoing, server_side=True)

    def receive(self, data: bytes) -> bytes:
        """The server's response; raises SSLError when it closes the connection."""
        self.incoming.write(data)
        with suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()


class Port:
    """A TLS port, under uvloop or asyncio."""

    def __init__(self, factory: Callable[[], asyncio.AbstractEventLoop], certificate: Certificate) -> None:
        self._runner = asyncio.Runner(loop_factory=factory)
        self._certificate = certificate

    def ask(self, *parts: bytes) -> bytes:
        """Everything the server sends until it closes the connection."""
        return self._runner.run(self._ask(parts))

    async def _ask(self, parts: tuple[bytes, ...]) -> bytes:
        config, state = Config(lambda: None), ServerState()
        limits = ConnectionLimits(sockets=10, sockets_per_address=10)
        served = lambda _client: asyncio.Protocol(), HttpProtocol, lambda _client: True, limits
        make: Any = partial(Demultiplexer, *served, config, state, {})
        loop, context = asyncio.get_running_loop(), self._certificate.context()
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=context)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            said = await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        server.close()
        await asyncio.sleep(0)
        assert not state.connections
        return said

    def close(self) -> None:
        self._runner.close()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def port(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[Port]:
    made = Port(request.param, certificate)
    yield made
    made.close()


def location(answer: bytes | None) -> bytes:
    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 308 ")
    assert answer.endswith(b"\r\n\r\n")
    return answer.partition(b"\r\nlocation: ")[2].partition(b"\r\n")[0]


@pytest.mark.parametrize("at_once", [1, 30, 1000])
def test_http_request_is_redirected_to_https_and_the_connection_closed(port: Port, at_once: int) -> None:
    said = port.ask(*(ASKED[start : start + at_once] for start in range(0, len(ASKED), at_once)))
    assert location(said) == b"https://meet.example:8443/r/tea?x=%22"


def test_pipelined_http_requests_get_one_redirect(port: Port) -> None:
    assert location(port.ask(ASKED * 2)) == b"https://meet.example:8443/r/tea?x=%22"


@pytest.mark.parametrize("start", [b"G", ASKED[:-1]])
def test_http_head_has_the_usual_time_limit(port: Port, monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(demultiplexer, "REQUEST_WITHIN", 0.05)
    with suppress(ConnectionResetError):
        assert port.ask(start) == b""


def test_anything_but_a_request_closes_the_connection(port: Port) -> None:
    for said in (b"GIVE", b"GET / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n", bytes(20)):
        answered = b""
        with suppress(ConnectionResetError):
            answered = port.ask(said)
        assert b"HTTP" not in answered


def test_redirect_waits_for_the_whole_head() -> None:
    assert all(answer(ASKED[:end]) is None for end in range(len(ASKED)))


@pytest.mark.parametrize("host", [b"localhost", b"192.0.2.7:8000", b"[2001:db8::7]:8443"])
def test_head_is_redirected_like_get_for_every_kind_of_host(host: bytes) -> None:
    assert location(answer(b"HEAD / HTTP/1.0\r\nHost:%s \r\n\r\n" % host)) == b"https://" + host + b"/"


def test_path_with_two_slashes_stays_a_path() -> None:
    said = answer(b"GET //evil.example HTTP/1.1\r\nHost: meet.example\r\n\r\n")
    assert location(said) == b"https://meet.example//evil.example"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n",
        b"GET / HTTP/1.1\r\nHost: alice@evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example/x\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n",
        b"GET / HTTP/1.1\r\nHost: meet.example\nset-cookie: x=1\r\n",
        b"GET / HTTP/1.1\r\nHost: meet.example\rset-cookie: x=1\r\n",
        b"GET / HTTP/1.1\r\nHost: meet.example\r\nHost: evil.example\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET evil.example HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET /\nset-cookie:x=1 HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET / a HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: meet.example\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"x" * HEAD_BYTES_MAX,
        b"POST / HTTP/1.1\r\nHost: meet.example\r\n",
        b"\x00\x01\x00\x00\x21\x12\xa4\x42",
    ],
)
def test_suspicious_request_is_not_reflected(head: bytes) -> None:
    assert answer(head + b"\r\n") == b""


@pytest.mark.parametrize("at_once", [1, 100_000])
def test_tls_connections_are_unaffected(certificate: Certificate, at_once: int) -> None:
    server = Tls(certificate)
    assert server.receive(b"") == b""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    trust = ssl.create_default_context(cafile=certificate.cert)
    client = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
    for _ in range(2):
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            said = outgoing.read()
            for start in range(0, len(said), at_once):
                incoming.write(server.receive(said[start : start + at_once]))
    server.receive(outgoing.read())
    client.write(b"tea")
    server.incoming.write(outgoing.read())
    assert server.tls.read() == b"tea"


def test_no_head_keeps_the_server_busy() -> None:
    spaces = b" " * 30_000
    for host in (b"x" + spaces + b"y", spaces + b"y", b"x" + spaces):
        begun = time.process_time()
        answer(b"GET / HTTP/1.1\r\nHost:" + host + b"\r\n\r\n")
        assert time.process_time() - begun < 0.1
