"""SIP through its edges, WebSocket, TCP, TLS and UDP, as a device meets them: a whole server, real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import msgspec
import pytest
from tests.support.server import LiveServer, free_port, unverified
from tests.support.sip import DatagramWire, Device, StreamWire, WebSocketWire, Wire, status_of
from tests.support.socket import EDGES, Edge, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus

from eyeline.serve.app import build
from eyeline.serve.metrics import SIP_LIMITS
from eyeline.serve.sip.accounts import AccountFile, SipPassword
from eyeline.settings import Settings
from eyeline.sip.limits import SipLimit
from eyeline.sip.stream_framing import HEAD_BYTES_MAX

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def phones() -> Iterator[tuple[LiveServer, int]]:
    """A server with the accounts of alice and bob, and the port of its phones."""
    port = free_port(socket.SOCK_STREAM)
    with LiveServer("--tls", "self-signed", "--sip-port", str(port), "--sip-udp", "on") as server:
        add_accounts(server.data_dir)
        yield server, port


def add_accounts(data_dir: Path) -> None:
    for user in ("alice", "bob"):
        AccountFile(data_dir).add(user, PASSWORD, "localhost")


WIRES: dict[str, Callable[[LiveServer, int], Wire]] = {
    "wss": lambda server, _port: WebSocketWire(server.url),
    "tls": lambda _server, port: StreamWire(port, tls=True),
    "tcp": lambda _server, port: StreamWire(port),
    "udp": lambda _server, port: DatagramWire(port),
}


@pytest.mark.parametrize("kind", WIRES)
def test_device_registers_and_gets_a_message_over_each_transport(phones: tuple[LiveServer, int], kind: str) -> None:
    with (
        Device(WIRES[kind](*phones), "alice", PASSWORD) as alice,
        Device(WIRES["wss"](*phones), "bob", PASSWORD) as bob,
    ):
        assert status_of(alice.register()) == 200
        assert status_of(bob.register()) == 200
        alice_hears = []

        def hear() -> None:
            request = alice.receive()
            alice_hears.append(request)
            alice.answer(request, "200 OK")

        listening = threading.Thread(target=hear)
        listening.start()
        said = bob.ask("MESSAGE", alice.address, alice.address, "Content-Type: text/plain", body="grüße".encode())
        listening.join()
    assert status_of(said) == 200
    assert alice_hears[0].startswith("MESSAGE sip:alice@client.invalid")
    assert alice_hears[0].endswith("\r\n\r\ngrüße")


@pytest.mark.parametrize("kind", WIRES)
def test_wrong_password_is_refused_over_each_transport(phones: tuple[LiveServer, int], kind: str) -> None:
    with Device(WIRES[kind](*phones), "alice", "wrong") as mallory:
        assert status_of(mallory.register()) in {401, 403}


@pytest.mark.parametrize("kind", ["wss", "tls", "tcp"])
def test_keep_alive_is_answered(phones: tuple[LiveServer, int], kind: str) -> None:
    with Device(WIRES[kind](*phones), "alice", PASSWORD) as alice:
        alice.wire.send(b"\r\n\r\n")
        assert alice.wire.receive() == b"\r\n"


def test_message_in_a_binary_frame_is_understood(phones: tuple[LiveServer, int]) -> None:
    wire = WebSocketWire(phones[0].url)
    with Device(wire, "alice", PASSWORD):
        wire.connection.send(b"\r\n\r\n")
        assert wire.receive() == b"\r\n"


def test_what_is_no_text_arrives_in_a_binary_frame(phones: tuple[LiveServer, int]) -> None:
    wire = WebSocketWire(phones[0].url)
    with Device(wire, "alice", PASSWORD) as alice, Device(StreamWire(phones[1]), "bob", PASSWORD) as bob:
        alice.register()
        bob.register()
        bob.wire.send(
            f"MESSAGE {alice.address} SIP/2.0\r\nVia: {bob.wire.via};branch=z9hG4bKx\r\nFrom: <{bob.address}>;tag=a\r\n"
            f"To: <{alice.address}>\r\nCall-ID: bytes\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\nl: 2\r\n\r\n".encode()
            + b"\xff\xfe"
        )
        received = wire.connection.recv(timeout=10)
        assert isinstance(received, bytes)
        alice.answer(received.decode(errors="replace"), "200 OK")  # or else it is sent again, to the next test's alice
        assert status_of(bob.receive()) == 200
    assert received.endswith(b"\xff\xfe")


@pytest.mark.parametrize(
    ("origin", "subprotocol", "status", "code"),
    [
        ("https://evil.example", "sip", 403, b"foreign-origin"),
        (None, None, 400, b"wrong-subprotocol"),
        (None, "eyeline.v1", 400, b"wrong-subprotocol"),
    ],
)
def test_websocket_that_is_not_ours_is_refused(
    phones: tuple[LiveServer, int], origin: str | None, subprotocol: str | None, status: int, code: bytes
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        WebSocketWire(phones[0].url, origin=origin, subprotocol=subprotocol)
    assert refused.value.response.status_code == status
    assert code in (refused.value.response.body or b"")


@pytest.mark.parametrize(
    "said", [b"x" * HEAD_BYTES_MAX, b"BYE sip:b SIP/2.0\r\n\r\n", b"\rBYE", b"BYE sip:b SIP/2.0\r\nl: 99999999\r\n\r\n"]
)
def test_stream_that_is_not_sip_is_closed(phones: tuple[LiveServer, int], said: bytes) -> None:
    wire = StreamWire(phones[1])
    wire.send(said)
    with pytest.raises(ConnectionError):
        wire.receive()
    wire.close()


def test_account_may_be_added_and_removed_while_the_server_runs() -> None:
    with LiveServer() as server:
        with pytest.raises(InvalidStatus) as refused:
            WebSocketWire(server.url)
        assert refused.value.response.status_code == 404
        assert httpx.get(f"{server.url}/phone").status_code == 404

        AccountFile(server.data_dir).add("alice", PASSWORD, "localhost")
        assert httpx.get(f"{server.url}/phone").status_code == 200
        with Device(WebSocketWire(server.url), "alice", PASSWORD) as alice:
            assert status_of(alice.register()) == 200
            AccountFile(server.data_dir).remove("alice")
            with pytest.raises(ConnectionClosed):
                alice.receive(deadline=20)


def test_server_without_accounts_has_no_sip_and_loads_nothing_of_it(tmp_path: Path) -> None:
    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))
    with serving(eyeline) as url, pytest.raises(InvalidStatus) as refused:
        WebSocketWire(url)
    assert refused.value.response.status_code == 404
    assert not (tmp_path / "sip-accounts.json").exists()


def test_damaged_accounts_are_logged_once_and_read_again_when_they_have_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, parse = [], msgspec.json.decode

    def counted(text: bytes, **options: Any) -> Any:
        parsed.append(text)
        return parse(text, **options)

    monkeypatch.setattr(msgspec.json, "decode", counted)
    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))
    with serving(eyeline) as url:
        AccountFile(tmp_path).path.write_text("{")
        assert [httpx.get(f"{url}/phone").status_code for _ in range(3)] == [404] * 3
        assert parsed == [b"{"]
        AccountFile(tmp_path).path.unlink()
        AccountFile(tmp_path).add("alice", PASSWORD, "localhost")
        assert httpx.get(f"{url}/phone").status_code == 200
    assert sum("is damaged" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("edge", EDGES)
def test_site_has_accounts_of_its_own(tmp_path: Path, edge: Edge) -> None:
    asked = []

    async def sip_password(user: str, realm: str) -> SipPassword | None:
        asked.append(user)
        if user == "broken":
            raise RuntimeError("the site's database is down")
        return SipPassword.of(user, realm, PASSWORD) if user == "carol" else None

    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"), sip_password=sip_password)
    with serving(eyeline, edge) as url:
        for user, expected in (("carol", {200}), ("nobody", {401, 403}), ("broken", {401, 403})):
            with Device(WebSocketWire(url), user, PASSWORD) as device:
                assert status_of(device.register()) in expected
    assert asked == ["carol", "nobody", "broken"]


def test_shutdown_closes_connections_so_that_pages_come_back_to_the_next_process() -> None:
    with LiveServer() as server:
        AccountFile(server.data_dir).add("alice", PASSWORD, "localhost")
        with Device(WebSocketWire(server.url), "alice", PASSWORD) as alice:
            alice.register()
            assert server.stop() == 0
            with pytest.raises(ConnectionClosed) as closed:
                alice.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


def test_metrics_count_devices_and_what_was_refused(phones: tuple[LiveServer, int]) -> None:
    token = (phones[0].data_dir / "metrics-token").read_text().strip()
    with Device(StreamWire(phones[1]), "alice", PASSWORD) as alice:
        alice.register()
        page = httpx.get(f"{phones[0].url}/metrics", headers={"authorization": f"Bearer {token}"}, verify=unverified())
    figures = dict(line.rsplit(" ", 1) for line in page.text.splitlines() if line.startswith("eyeline_sip"))
    assert float(figures['eyeline_sip_connections{transport="tcp"}']) == 1
    assert float(figures["eyeline_sip_registrations"]) >= 1
    assert float(figures['eyeline_sip_answers_total{status="401"}']) >= 1
    assert float(figures['eyeline_sip_refusals_total{limit="passwords"}']) >= 0


def test_every_limit_of_sip_has_its_place_in_the_metrics() -> None:
    assert get_args(SipLimit) == SIP_LIMITS


UNSUPPORTED = [
    ("INVITE", "sip:carol@elsewhere.example", 404),
    ("MESSAGE", "sip:nobody@localhost", 480),
    ("MESSAGE", "sip:bob@localhost", 480),
    ("SUBSCRIBE", "sip:bob@localhost", 405),
    ("PUBLISH", "sip:alice@localhost", 405),
    ("BREW", "sip:localhost", 405),
    ("MESSAGE", "tel:123", 416),
    ("MESSAGE", "sips:bob@localhost", 416),
]


@pytest.mark.parametrize(("method", "uri", "status"), UNSUPPORTED)
def test_what_is_not_supported_gets_the_answer_in_the_docs(
    phones: tuple[LiveServer, int], method: str, uri: str, status: int
) -> None:
    with Device(WebSocketWire(phones[0].url), "alice", PASSWORD) as alice:
        alice.register()
        assert status_of(alice.ask(method, uri, uri)) == status


def test_message_over_64_kib_is_refused_and_the_connection_stays(phones: tuple[LiveServer, int]) -> None:
    with Device(WebSocketWire(phones[0].url), "alice", PASSWORD) as alice:
        alice.register()
        assert status_of(alice.ask("MESSAGE", alice.address, alice.address, body=b"x" * 70_000)) == 513
        assert status_of(alice.register()) == 200
