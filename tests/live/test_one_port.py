"""One port for HTTP and TURN: demultiplexing, and the PROXY protocol of trusted proxies."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from tests.support.server import LiveServer

from eyeline.turn.attribute_formats import Address
from eyeline.turn.attributes import XorMappedAddress
from eyeline.turn.message import BINDING, Class, Message

REQUEST = Message(BINDING, Class.REQUEST, bytes(12), ()).encode()
TOLD = Address(ip_address("192.0.2.7").packed, 4711)
LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"
BINARY = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes((192, 0, 2, 7, 198, 51, 100, 1)) + struct.pack("!HH", 4711, 443)
SECURE = BINARY[:14] + b"\0\x14" + BINARY[16:] + b"\x20\0\x05\x01\0\0\0\0"
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"


@pytest.fixture(scope="module")
def behind_a_proxy() -> Iterator[LiveServer]:
    with LiveServer("--trusted-proxy", "127.0.0.1") as running:
        yield running


def dial(server: LiveServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def seen(connection: socket.socket) -> Address | None:
    """The client's address as the server reports it."""
    mapped = Message.decode(connection.recv(1000)).get(XorMappedAddress)
    return mapped.address if mapped else None


def own(connection: socket.socket) -> Address:
    return Address(bytes((127, 0, 0, 1)), connection.getsockname()[1])


@pytest.mark.parametrize("at_once", [1, 7, 1000])
@pytest.mark.parametrize("header", [LINE, BINARY])
def test_trusted_proxy_gives_the_turn_clients_address(behind_a_proxy: LiveServer, header: bytes, at_once: int) -> None:
    said = header + REQUEST
    with dial(behind_a_proxy) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(said), at_once):
            connection.sendall(said[start : start + at_once])
        assert seen(connection) == TOLD


@pytest.mark.parametrize(
    "line", [b"", LOCAL, b"PROXY UNKNOWN\r\n", b"PROXY TCP4 nobody x 1 2\r\n", b"PROXY TCP4 1 2 -1 4\r\n"]
)
def test_without_a_usable_proxy_header_the_proxy_is_the_client(behind_a_proxy: LiveServer, line: bytes) -> None:
    with dial(behind_a_proxy) as connection:
        connection.sendall(line + REQUEST)
        assert seen(connection) == own(connection)


@pytest.mark.parametrize("header", [LINE, BINARY, LOCAL])
def test_proxy_protocol_header_may_precede_http(behind_a_proxy: LiveServer, header: bytes) -> None:
    with dial(behind_a_proxy) as connection:
        connection.sendall(header + b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_request_that_starts_like_a_proxy_header_is_still_a_request(behind_a_proxy: LiveServer) -> None:
    with dial(behind_a_proxy) as connection:
        connection.sendall(b"P")
        connection.sendall(b"OST /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize("header", [b"PROXY TCP4 " + b"1" * 200, BINARY[:14] + b"\xff\xff"])
def test_endless_proxy_header_is_disconnected(behind_a_proxy: LiveServer, header: bytes) -> None:
    with dial(behind_a_proxy) as connection:
        connection.sendall(header)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1000) == b""


@pytest.mark.parametrize("header", [LINE, BINARY])
def test_proxy_header_of_an_untrusted_client_is_rejected(server: LiveServer, header: bytes) -> None:
    with dial(server) as mallory, dial(server) as alice:
        mallory.sendall(header + REQUEST)
        assert mallory.recv(1000).startswith(b"HTTP/1.1 400 ")
        alice.sendall(REQUEST)
        assert seen(alice) == own(alice)


@pytest.mark.parametrize("said", [REQUEST, b"P", b"GET / HTTP/1.1\r\n"])
def test_immediate_disconnect_leaves_no_traceback(behind_a_proxy: LiveServer, said: bytes) -> None:
    """The server reads the data when the socket no longer has a peer address."""
    for _ in range(50):
        with dial(behind_a_proxy) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close sends a reset
            connection.sendall(said)
    assert behind_a_proxy.healthy()
    assert "Traceback" not in behind_a_proxy.log()


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: eyeline.v1\r\n"
)


def asked(server: LiveServer, line: bytes, head: bytes, forwarded: int) -> tuple[bytes, socket.socket]:
    """The status of the response to a request with a forged forwarding header."""
    connection = dial(server)
    connection.sendall(line + head + b"X-Forwarded-For: 198.51.100.%d\r\n\r\n" % forwarded)
    return connection.recv(1000).split(b" ")[1], connection


@pytest.mark.parametrize(("line", "refused"), [(b"", False), (LINE, True), (BINARY, True)])
def test_forwarded_headers_after_a_proxy_header_are_ignored(line: bytes, refused: bool) -> None:
    """A TCP proxy doesn't check HTTP headers, so limits apply to the address in its PROXY header."""
    flags = ("--trusted-proxy", "127.0.0.1", "--sockets-per-address", "10")
    with LiveServer(*flags) as server, contextlib.ExitStack() as wires:
        for head, most in ((b"GET /healthz HTTP/1.1\r\nHost: x\r\n", 100), (HANDSHAKE, 10)):
            answers = set()
            for number in range(2 * most):  # the rate limit allows some more each second
                answer, connection = asked(server, line, head, number)
                wires.enter_context(connection)
                answers.add(answer)
            assert (b"429" in answers) is refused


def answered(server: LiveServer, request: bytes) -> bytes:
    with dial(server) as connection:
        connection.sendall(request)
        return connection.recv(10000)


@pytest.mark.parametrize(("header", "secure"), [(BINARY, False), (SECURE, True)])
def test_page_is_treated_as_secure_if_the_proxy_says_that_the_client_uses_tls(
    behind_a_proxy: LiveServer, header: bytes, secure: bool
) -> None:
    health = answered(behind_a_proxy, header + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (b"strict-transport-security" in health) is secure
    plain_page = answered(behind_a_proxy, header + HANDSHAKE + b"Origin: http://x\r\n\r\n")
    assert plain_page.startswith(b"HTTP/1.1 403 " if secure else b"HTTP/1.1 101 ")
