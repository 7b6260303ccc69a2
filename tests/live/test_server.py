"""The server process: shutdown, its log, and slow clients."""

import os
import shutil
import signal
import ssl
import time
from pathlib import Path

import httpx
import pytest
from tests.support.server import LiveServer
from tests.support.socket import Socket
from websockets.exceptions import ConnectionClosed

from eyeline.serve.process.tls import self_signed

SDP = "v=0 o=- 1 1 IN IP4 203.0.113.7 a=ice-ufrag:tEaP"


def test_shutdown_tells_clients_when_to_reconnect() -> None:
    with LiveServer() as server, Socket(server.url) as alice:
        seat = alice.join("tea", "Alice")
        assert server.stop() == 0
        assert alice.receive("goodbye")["backInMs"] == 1000
        with pytest.raises(ConnectionClosed):
            alice.receive()
        assert alice.connection.close_code == 1012
        server.start()
        with Socket(server.url) as again:
            again.send({"type": "resume", "token": seat["resume"], "name": "Alice", "heard": 0})
            assert again.receive("joined")["you"] == seat["you"]


def test_page_behind_the_router_of_a_platform_may_open_a_websocket() -> None:
    name = "meet.example.org"
    router = {"host": name, "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7"}
    page = {**router, "origin": f"https://{name}"}
    with LiveServer("--platform", "http") as server:
        assert httpx.get(server.url, headers=router).status_code == 200
        assert "refuses" not in httpx.get(f"{server.url}/healthz", headers=page).json()
    with LiveServer() as server:
        assert httpx.get(server.url, headers=router).status_code == 421
        assert httpx.get(f"{server.url}/healthz", headers=page).json()["refuses"] == "unknown-host"


def test_backup_restored_on_another_machine_gives_everybody_their_seat() -> None:
    with LiveServer() as server, Socket(server.url) as alice:
        seat = alice.join("tea", "Alice")
        assert server.stop() == 0
        other = LiveServer()
        shutil.copytree(server.data_dir, other.data_dir)
        with other, Socket(other.url) as again:
            again.send({"type": "resume", "token": seat["resume"], "name": "Alice", "heard": 0})
            assert again.receive("joined")["you"] == seat["you"]


def test_shutdown_reports_not_ready_and_does_not_wait_for_slow_clients() -> None:
    with LiveServer() as server, Socket(server.url) as alice, Socket(server.url, receive_buffer=8192) as bob:
        bob_id = bob.join("tea", "Bob")["you"]
        alice.join("tea", "Alice")
        for n in range(1, 290):  # more than the kernel buffers; Bob reads none of it
            alice.send({"type": "signal", "to": bob_id, "n": n, "data": "x" * 60_000})
        alice.send({"type": "ping"})
        alice.receive("pong")
        os.kill(server.pid, signal.SIGTERM)
        assert alice.receive("goodbye")["backInMs"] == 1000
        assert httpx.get(f"{server.url}/readyz").status_code == 503
        assert server.stop(deadline=8) == 0
        assert "error" not in server.log()


def test_log_of_a_whole_call_contains_no_address_name_token_or_description() -> None:
    with LiveServer("--log-level", "debug") as server:
        with Socket(server.url) as alice, Socket(server.url) as bob:
            seat = alice.join("tea-with-bob", "Alice Liddell")
            bob.join("tea-with-bob", "Bob")
            bob.send({"type": "signal", "to": seat["you"], "n": 1, "data": SDP})
            alice.receive("signalled")
            alice.send("not json")
            bob.send({"type": "leave"})
        server.stop()
        log = server.transcript()
    assert "Signalled" in log
    assert "malformed" in log
    relay = seat["iceServers"][1]
    for secret in (
        "203.0.113",
        "ufrag",
        "Liddell",
        "tea-with-bob",
        seat["resume"],
        relay["username"],
        relay["credential"],
    ):
        assert secret not in log


def test_slow_client_is_disconnected_alone() -> None:
    with LiveServer() as server, Socket(server.url) as alice, Socket(server.url) as bob, Socket(server.url) as carol:
        bob_id = bob.join("tea", "Bob")["you"]
        alice.join("tea", "Alice")
        carol_id = carol.join("tea", "Carol")["you"]
        for n in range(1, 290):  # 17 MB, more than sockets and a member's outbox hold; Bob reads nothing
            alice.send({"type": "signal", "to": bob_id, "n": n, "data": "x" * 60_000})
        alice.send({"type": "signal", "to": carol_id, "n": 290, "data": "psst"})
        assert carol.receive("signalled")["data"] == "psst"
        with pytest.raises(ConnectionClosed):
            bob.receive("nothing of this type ever comes")


def test_hangup_signal_reloads_the_certificate_and_ends_no_call(tmp_path: Path) -> None:
    old, new = self_signed(tmp_path / "old", []), self_signed(tmp_path / "new", [])
    cert, key = str(shutil.copy(old.cert, tmp_path)), str(shutil.copy(old.key, tmp_path))
    with LiveServer("--cert", cert, "--key", key) as server, Socket(server.url) as alice:
        alice.join("tea", "Alice")
        shutil.copy(new.cert, cert)
        shutil.copy(new.key, key)
        os.kill(server.pid, signal.SIGHUP)
        end = time.monotonic() + 5  # the files aren't checked before 10 s
        while ssl.get_server_certificate(("127.0.0.1", server.port)) != new.cert.read_text():
            assert time.monotonic() < end, server.log()
        alice.send({"type": "ping"})
        assert alice.receive("pong")


def test_hangup_signal_does_not_stop_a_server_without_a_certificate() -> None:
    with LiveServer() as server, Socket(server.url) as alice:
        os.kill(server.pid, signal.SIGHUP)
        assert alice.join("tea", "Alice")["you"]
        assert server.healthy()
