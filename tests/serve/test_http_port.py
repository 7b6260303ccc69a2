"""Port 80 of a server that gets its certificate from an authority: HTTP-01, and a redirect for everybody else."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import uvloop

from eyeline.checks import NO_CHALLENGE
from eyeline.serve.connection_limits import HEAD_BYTES_MAX, SILENT, ConnectionLimits
from eyeline.serve.process import http_port
from eyeline.serve.process.acme import http_01
from eyeline.serve.process.acme.challenge import Challenge, PendingChallenges
from eyeline.serve.process.http_port import HttpPort

NAME = "meet.example.org"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
VALIDATES = f"GET /.well-known/acme-challenge/{TOKEN} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
PEOPLE = 2


def pending() -> PendingChallenges:
    made = PendingChallenges(Path())
    made.add(Challenge("http-01", NAME, TOKEN, f"{TOKEN}.thumbprint"))
    return made


def answer(head: bytes, challenges: PendingChallenges | None = None) -> bytes | None:
    return http_01.answer(head, {NAME}, (challenges or pending()).key_authorization)


def asking(path: str, host: str = NAME, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nAccept: */*\r\nhost: {host}\r\n\r\n".encode()


def status(response: bytes | None) -> bytes:
    assert response is not None
    return response.split(b" ", 2)[1]


def test_authority_gets_the_key_authorization_of_its_token() -> None:
    head, _, body = (answer(VALIDATES) or b"").partition(b"\r\n\r\n")
    assert status(head) == b"200"
    assert body == f"{TOKEN}.thumbprint".encode()
    assert f"content-length: {len(body)}\r\n".encode() in head


def test_after_the_order_the_token_is_unknown() -> None:
    challenges = pending()
    challenges.clear()
    response = answer(VALIDATES, challenges) or b""
    assert status(response) == b"404"
    assert response.endswith(NO_CHALLENGE)


@pytest.mark.parametrize("token", ["", "x", TOKEN + "x", TOKEN[:-1], f"{TOKEN}/", f"{TOKEN}?x", f"../{TOKEN}"])
def test_unknown_token_is_not_found_rather_than_redirected(token: str) -> None:
    assert status(answer(asking(f"/.well-known/acme-challenge/{token}"))) == b"404"


def test_challenge_of_the_tls_port_is_not_shown_on_port_80() -> None:
    challenges = PendingChallenges(Path())
    challenges.add(Challenge("tls-alpn-01", NAME, TOKEN, f"{TOKEN}.thumbprint"))
    assert status(answer(VALIDATES, challenges)) == b"404"


@pytest.mark.parametrize("host", [NAME, f"{NAME}:80", "Meet.Example.ORG", f"{NAME}."])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_any_other_path_is_redirected_to_the_default_port_of_https(host: str, method: str) -> None:
    response = answer(asking("/r/tea?x=%22", host, method)) or b""
    assert status(response) == b"308"
    assert f"\r\nlocation: https://{NAME}/r/tea?x=%22\r\n".encode() in response


@pytest.mark.parametrize("host", ["evil.example", f"{NAME}.evil.example", "198.51.100.7", "[2001:db8::7]", "localhost"])
def test_unknown_host_is_refused_and_not_repeated(host: str) -> None:
    response = answer(asking("/", host)) or b""
    assert status(response) == b"421"
    assert host.encode() not in response


@pytest.mark.parametrize(
    "head",
    [
        asking("/", method="POST"),
        asking("/", "evil.example/x"),
        asking("http://evil.example/"),
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"x" * HEAD_BYTES_MAX,
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_anything_else_closes_the_connection(head: bytes) -> None:
    assert answer(head) == b""


def test_answer_waits_for_the_whole_head() -> None:
    assert all(answer(VALIDATES[:end]) is None for end in range(len(VALIDATES)))


class Port:
    """An open port, under uvloop or asyncio."""

    def __init__(self, factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.limits = ConnectionLimits(sockets=10, sockets_per_address=PEOPLE)
        self._runner = asyncio.Runner(loop_factory=factory)
        self._socket = socket.create_server(("127.0.0.1", 0))
        known = partial(http_01.answer, names={NAME}, key_authorization=pending().key_authorization)
        self.http = HttpPort([self._socket], known, self.limits)
        self._runner.run(self.http.serve())

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self._socket.getsockname())

    def ask(self, *parts: bytes) -> bytes:
        """All that the server sends until it closes the connection."""

        async def ask() -> bytes:
            reader, writer = await self._open()
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0)
            return await self._rest(reader, writer)

        return self._runner.run(ask())

    def silent(self, connections: int) -> list[bytes]:
        """What silent connections, opened one after the other, get until the port is closed."""

        async def wait() -> list[bytes]:
            opened = [await self._open() for _ in range(connections)]
            refused = await self._rest(*opened.pop())
            self.http.close()
            return [refused, *[await self._rest(*each) for each in opened]]

        return self._runner.run(wait())

    async def _rest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        said = b""
        with suppress(ConnectionError):
            async with asyncio.timeout(5):
                said = await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        return said

    def close(self) -> None:
        self.http.close()
        self._runner.run(asyncio.sleep(0))
        self._runner.close()
        self._socket.close()
        assert len(self.limits) == 0


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def port(request: pytest.FixtureRequest) -> Iterator[Port]:
    made = Port(request.param)
    yield made
    made.close()


@pytest.mark.parametrize("at_once", [1, 30, 1000])
def test_request_may_arrive_in_pieces_and_the_connection_is_closed_after_the_answer(port: Port, at_once: int) -> None:
    parts = (VALIDATES[start : start + at_once] for start in range(0, len(VALIDATES), at_once))
    assert port.ask(*parts).endswith(f"{TOKEN}.thumbprint".encode())


def test_pipelined_requests_get_one_answer(port: Port) -> None:
    assert port.ask(VALIDATES * 2).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("start", [b"", b"G", VALIDATES[:-1]])
def test_head_has_the_usual_time_limit(port: Port, monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(http_port, "REQUEST_WITHIN", 0.05)
    assert port.ask(start) == b""


def test_silent_connections_count_against_their_address_and_end_with_the_server(port: Port) -> None:
    most = PEOPLE * SILENT
    assert port.silent(most + 1) == [b""] * (most + 1)
    assert port.limits.connections_refused == {"too-many-silent": 1}
