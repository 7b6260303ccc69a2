"""Behind real proxies, configured as in `docs/proxies.md`: pages, WebSockets, TURN over TLS, the client's address."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

import pytest
from tests.support.lab import NAME, LabServer
from tests.support.namespaces import Namespace, Wires, run
from tests.support.proxies import Caddy, HaProxy, Nginx
from tests.support.server import unverified
from tests.support.sip import Device, WebSocketWire, status_of
from tests.support.tls import tls_client
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from eyeline.serve.sip.accounts import AccountFile
from eyeline.signalling.messages import SUBPROTOCOL
from eyeline.turn.attribute_formats import Address
from eyeline.turn.attributes import XorMappedAddress
from eyeline.turn.message import BINDING, Class, Message

pytestmark = pytest.mark.more

Start = Callable[[Namespace], AbstractContextManager[object]]

IDLE_S: Final = float(os.environ.get("IDLE_SECONDS", "0"))
"""How long a WebSocket stays open without a message of its own; 70 is longer than the usual timeout of proxies."""
PEOPLE: Final = 10
TRUSTED: Final = ("--trusted-proxy", "127.0.0.1", "--sockets-per-address", str(PEOPLE))
ALICE, BOB, IPV6 = "127.0.0.5", "127.0.0.6", "::1"
REQUEST: Final = Message(BINDING, Class.REQUEST, bytes(12), ()).encode()
HANDSHAKE: Final = (
    f"GET /ws HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
    "X-Forwarded-For: 198.51.100.1\r\n\r\n"
).encode()


@pytest.fixture(scope="module")
def place() -> Iterator[Namespace]:
    """A machine of its own, whose ports 80, 443 and 8000 are free."""
    with Wires() as wires:
        made = wires.namespace("proxied")
        made.names({NAME: "127.0.0.1"})
        yield made


@pytest.fixture
def eyeline(place: Namespace) -> Iterator[LabServer]:
    with LabServer(place, *TRUSTED) as running:
        yield running


@cache
def tls(*protocols: str) -> ssl.SSLContext:
    context = unverified()
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def dial(place: Namespace, source: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    server = "::1" if ":" in source else "127.0.0.1"
    connection = context.wrap_socket(place.dial((server, 443), source), server_hostname=NAME)
    connection.settimeout(10)
    return connection


def findings(place: Namespace, url: str = f"https://{NAME}") -> list[dict[str, Any]]:
    argv = [*place.prefix, sys.executable, "-m", "eyeline", "doctor", url, "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def failures(found: list[dict[str, Any]]) -> list[str]:
    return [each["code"] for each in found if each["mark"] == "failure"]


def assert_turn_knows_the_clients_address(place: Namespace, client: str) -> None:
    with dial(place, client, tls()) as connection:
        connection.sendall(REQUEST)
        mapped = Message.decode(connection.recv(1000)).get(XorMappedAddress)
        assert mapped is not None
        assert mapped.address == Address(ip_address(client).packed, connection.getsockname()[1])


def assert_limits_apply_to_each_client(place: Namespace) -> None:
    def status(source: str) -> bytes:
        connection = stack.enter_context(dial(place, source, tls("http/1.1")))
        connection.sendall(HANDSHAKE)
        return connection.recv(1000).split(b" ")[1]

    with ExitStack() as stack:
        assert [status(ALICE) for _ in range(PEOPLE + 1)] == [b"101"] * PEOPLE + [b"429"]
        assert status(BOB) == b"101"


def assert_websocket_stays_open(place: Namespace) -> None:
    with connect(
        f"ws://{NAME}/ws",
        sock=tls_client(place.dial(("127.0.0.1", 443), BOB), NAME),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        ping_interval=None,
    ) as socket:
        socket.send('{"type":"hello","room":"tea"}')
        end = time.monotonic() + IDLE_S
        received = []
        while time.monotonic() < end:
            received.append(json.loads(socket.recv(timeout=20))["type"])
            if received[-1] == "ping":
                socket.send('{"type":"pong"}')
        socket.send('{"type":"join","name":"Bob"}')
        while json.loads(socket.recv(timeout=10))["type"] != "joined":
            pass


def assert_page_registers_by_sip(place: Namespace, server: LabServer, path: str = "") -> None:
    AccountFile(server.data_dir).add("alice", "correct-horse", "localhost")
    connection = place.dial(("127.0.0.1", 443), BOB)
    wire = WebSocketWire(f"https://{NAME}{path}", origin=f"https://{NAME}", sock=connection)
    with Device(wire, "alice", "correct-horse", host=NAME) as alice:
        assert status_of(alice.register()) == 200


BYTES: Final[dict[str, tuple[Start, tuple[str, ...]]]] = {
    "nginx": (lambda place: Nginx(place, NAME), ()),
    "haproxy, version 2": (lambda place: HaProxy(place, NAME, http=False), ()),
    "haproxy, version 1": (
        lambda place: HaProxy(place, NAME, http=False, changes={"send-proxy-v2-ssl": "send-proxy"}),
        ("--public-url", f"https://{NAME}"),
    ),
}
REQUESTS: Final[dict[str, Start]] = {
    "haproxy": lambda place: HaProxy(place, NAME, http=True),
    "caddy": lambda place: Caddy(place, NAME),
}


@pytest.mark.parametrize("proxy", BYTES)
def test_proxy_of_bytes_passes_on_pages_calls_and_turn_over_tls(place: Namespace, proxy: str) -> None:
    start, flags = BYTES[proxy]
    with LabServer(place, *TRUSTED, *flags) as server, start(place):
        assert_page_registers_by_sip(place, server)
        found = findings(place)
        assert failures(found) == []
        assert f"Relay turns:{NAME}:443?transport=tcp" in [each["what"] for each in found]
        for client in (ALICE, IPV6):
            assert_turn_knows_the_clients_address(place, client)
        assert_limits_apply_to_each_client(place)
        assert_websocket_stays_open(place)


@pytest.mark.parametrize("proxy", REQUESTS)
def test_proxy_of_requests_passes_on_pages_and_calls_and_speaks_http_2(
    place: Namespace, eyeline: LabServer, proxy: str
) -> None:
    get = f"import httpx; page = httpx.Client(http2=True, verify=False).get('{eyeline.url}/r/tea')"
    tell = "print(page.status_code, page.http_version)"
    with REQUESTS[proxy](place):
        assert run(*place.prefix, sys.executable, "-c", f"{get}; {tell}") == "200 HTTP/2\n"
        assert_page_registers_by_sip(place, eyeline)
        assert_limits_apply_to_each_client(place)
        assert_websocket_stays_open(place)


def test_doctor_says_that_turn_does_not_come_through_a_proxy_of_requests(place: Namespace, eyeline: LabServer) -> None:
    with REQUESTS["haproxy"](place):
        found = findings(place, eyeline.url)
    assert failures(found) == ["turn-tls-blocked"]


BELOW_CALLS: Final = {"location / {": "location /calls/ {"}
PATHS: Final[dict[str, tuple[dict[str, str], tuple[str, ...]]]] = {
    "kept": (BELOW_CALLS, ("--root-path", "/calls")),
    "removed": (
        BELOW_CALLS
        | {"proxy_pass http://127.0.0.1:8000;": "proxy_pass http://127.0.0.1:8000/;"}
        | {'X-Forwarded-Prefix "";': "X-Forwarded-Prefix /calls;"},
        (),
    ),
}


@pytest.mark.parametrize("path", PATHS)
def test_everything_works_below_a_path_that_nginx_keeps_or_removes(place: Namespace, path: str) -> None:
    changes, flags = PATHS[path]
    with LabServer(place, *TRUSTED, *flags) as server, Nginx(place, NAME, changes):
        assert_page_registers_by_sip(place, server, "/calls")
        assert failures(findings(place, f"https://{NAME}/calls")) == []
        with dial(place, BOB, tls("http/1.1")) as connection:
            connection.sendall(f"GET /calls HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
            assert b"\r\nLocation: /calls/\r\n" in connection.recv(1000)


PORT: Final = 9443
OTHER_PORT: Final = {"listen 443;": f"listen {PORT};", "listen [::]:443;": f"listen [::]:{PORT};"}
HOST_LINE: Final = "proxy_set_header Host $http_host;"
PROTO_LINE: Final = "proxy_set_header X-Forwarded-Proto https;"


class Mistake(NamedTuple):
    """A fault of the proxy's or the server's configuration, and how it shows."""

    changes: dict[str, str]
    flags: tuple[str, ...]
    code: str
    logged: str


MISTAKES: Final = {
    "Host without its port": Mistake(
        {HOST_LINE: "proxy_set_header Host $host;"}, TRUSTED, "origin-refused", "let the proxy pass Host with its port"
    ),
    "Host of Eyeline": Mistake(
        {HOST_LINE: ""}, TRUSTED, "origin-refused", "let the proxy pass Host (nginx: $http_host)"
    ),
    "no X-Forwarded-Proto": Mistake({PROTO_LINE: ""}, TRUSTED, "host-refused", "let it send X-Forwarded-Proto"),
    "not trusted": Mistake({}, (), "host-refused", "name it in trusted_proxies"),
}


def relays_after_joining(place: Namespace) -> list[str]:
    """The relay URLs that a page at `PORT` gets when it joins a call."""
    with connect(
        f"ws://{NAME}:{PORT}/ws",
        sock=tls_client(place.dial(("127.0.0.1", PORT), BOB), NAME),
        origin=Origin(f"https://{NAME}:{PORT}"),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
    ) as socket:
        socket.send('{"type":"hello","room":"tea"}')
        socket.send('{"type":"join","name":"Bob"}')
        while (message := json.loads(socket.recv(timeout=10)))["type"] != "joined":
            pass
    [given] = [each["urls"] for each in message["iceServers"] if "username" in each]
    return list(given)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_in_the_headers_is_logged_once_and_found_by_the_doctor_whose_advice_helps(
    place: Namespace, mistake: str
) -> None:
    made = MISTAKES[mistake]
    with Nginx(place, NAME, OTHER_PORT | made.changes):
        with LabServer(place, "--port", "8000", *made.flags) as eyeline:
            assert failures(findings(place, f"https://{NAME}:{PORT}")) == [made.code]
            warnings = [line for line in eyeline.log().splitlines() if "refused=" in line]
        assert len(warnings) == 1
        assert made.logged in warnings[0]
        with LabServer(place, *made.flags, "--public-url", f"https://{NAME}:{PORT}"):
            assert relays_after_joining(place)[1] == f"turns:{NAME}:{PORT}?transport=tcp"


def test_nginx_on_another_port_has_the_same_configuration(place: Namespace, eyeline: LabServer) -> None:
    with Nginx(place, NAME, OTHER_PORT):
        assert failures(findings(place, f"{eyeline.url}:{PORT}")) == []
