"""HTTP limits: clients that send too much, too slowly, or garbage."""

import socket
import time
from contextlib import suppress

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.server import LiveServer

from eyeline.serve.connection_limits import HEAD_BYTES_MAX, REQUEST_WITHIN
from eyeline.serve.http.timeouts import PIPELINED_MAX


def dial(server: LiveServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=2 * REQUEST_WITHIN)


def rest(client: socket.socket) -> bytes:
    """Everything received until the other side closes."""
    answer = b""
    try:
        while more := client.recv(65536):
            answer += more
    except ConnectionError:
        pass
    return answer


def test_endless_head_is_refused_by_size_before_its_timeout() -> None:
    with LiveServer() as server, dial(server) as mallory:
        began = time.monotonic()
        with suppress(ConnectionError):
            mallory.sendall(b"GET / HTTP/1.1\r\nx: ")
            for _ in range(64):
                mallory.sendall(b"x" * HEAD_BYTES_MAX)
        rest(mallory)  # until the server closes the connection
        assert time.monotonic() - began < REQUEST_WITHIN / 2
        assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_head_of_30_kib_is_accepted() -> None:
    with LiveServer() as server:
        assert httpx.get(f"{server.url}/healthz", headers={"x": "x" * 30_000}).status_code == 200


@pytest.mark.more
def test_slow_request_is_disconnected() -> None:
    with LiveServer() as server, dial(server) as silent, dial(server) as slow, dial(server) as long:
        began = time.monotonic()
        slow.sendall(b"GET / HTTP/1.1\r\n")
        long.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
        assert rest(slow) == rest(silent) == b""
        assert rest(long).startswith(b"HTTP/1.1 405 ")
        assert REQUEST_WITHIN - 1 < time.monotonic() - began < REQUEST_WITHIN + 3


def test_pipelined_flood_is_disconnected_and_delays_no_one() -> None:
    with LiveServer() as server, dial(server) as mallory:
        with suppress(ConnectionError):
            mallory.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 5000)
        assert rest(mallory).count(b"HTTP/1.1 200 ") <= PIPELINED_MAX + 1


@pytest.fixture(scope="module")
def server() -> object:
    with LiveServer("--sockets-per-address", "1000000", "--log-level", "debug") as running:
        yield running


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: eyeline.v1\r\n\r\n"
)
BEGINNINGS = [
    b"",
    b"GET / HTTP/1.1\r\n",
    b"GET /ws HTTP/1.1\r\n",
    HANDSHAKE,
    b"POST /healthz HTTP/1.1\r\n",
    b"\x16\x03\x01",
]
PIECES = [
    b"\r\n",
    b"Host: x\r\n",
    b"content-length: 99\r\n",
    b"transfer-encoding: chunked\r\n",
    b"\x81\x85",
    b"\x88\x82",
]


@given(st.sampled_from(BEGINNINGS), st.lists(st.sampled_from(PIECES) | st.binary(max_size=40), max_size=6))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_get_a_response_or_a_close_without_a_traceback(
    server: LiveServer, begin: bytes, pieces: list[bytes]
) -> None:
    with dial(server) as mallory:
        try:
            mallory.sendall(begin + b"".join(pieces))
            mallory.shutdown(socket.SHUT_WR)
            rest(mallory)
        except ConnectionError:
            pass
    assert server.healthy()
    assert "Traceback" not in server.log()
    assert "[error]" not in server.log()
