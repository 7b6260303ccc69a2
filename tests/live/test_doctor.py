"""`eyeline doctor` as a real process, against real servers, healthy and broken."""

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.process import Process
from tests.support.server import LiveServer, free_port

Finding = dict[str, Any]


class Secure(LiveServer):
    """A server with a self-signed certificate."""

    def healthy(self) -> bool:
        return "Press Ctrl-C to stop." in self.log()


def run(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "eyeline", "doctor", url, *options]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def findings(url: str) -> tuple[int, list[Finding]]:
    done = run(url, "--json")
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def failures(url: str) -> list[str]:
    status, found = findings(url)
    failed = [each["code"] for each in found if each["mark"] == "failure"]
    assert status == (1 if failed else 0)
    return failed


def codes(url: str) -> set[str]:
    return {each["code"] for each in findings(url)[1] if each["code"]}


@contextmanager
def site(*, ahead_s: float = 0, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A web server without WebSocket, like a proxy that passes no upgrade on; its clock may be wrong."""
    files = {
        "/healthz": ("application/json", b"{}"),
        "/": ("text/html", b'<base href="/"><script src="app.js"></script>'),
        "/app.js": ("text/javascript", b""),
    }

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            del timestamp
            return format_datetime(datetime.now(UTC) + timedelta(seconds=ahead_s), usegmt=True)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def expired(folder: Path) -> ssl.SSLContext:
    """A server context with an expired certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime.now(UTC) - timedelta(days=9))
    made = builder.not_valid_after(datetime.now(UTC) - timedelta(days=1)).sign(key, hashes.SHA256())
    pem = folder / "expired.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_healthy_server_has_no_failures() -> None:
    with LiveServer() as server:
        status, found = findings(server.url)
        words = run(server.url).stdout
    assert status == 0
    assert [each["code"] for each in found] == [None] * 11
    assert "No check failed." in words


def test_self_signed_certificate_is_reported_but_not_a_failure() -> None:
    with Secure("--tls", "self-signed") as server:
        status, found = findings(f"https://127.0.0.1:{server.port}")
    assert status == 0
    assert [(each["what"], each["code"]) for each in found if each["code"]] == [
        ("Certificate", "certificate-untrusted")
    ]
    assert any(each["what"].startswith("Relay turns:") for each in found)
    assert "Self-signed" in next(each["detail"] for each in found if each["code"])


def test_missing_server_is_reported_as_a_closed_port() -> None:
    assert failures(f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}") == ["port-refused"]


def test_proxy_without_websocket_upgrade_is_detected() -> None:
    with site() as port:
        assert failures(f"http://127.0.0.1:{port}") == ["proxy-no-upgrade"]


def test_expired_certificate_is_detected(tmp_path: Path) -> None:
    with site(tls=expired(tmp_path)) as port:
        assert "certificate-expired" in failures(f"https://127.0.0.1:{port}")


@pytest.mark.parametrize("ahead_s", [-300, 300])
def test_wrong_clock_is_detected(ahead_s: float) -> None:
    with site(ahead_s=ahead_s) as port:
        assert "clock-off" in failures(f"http://127.0.0.1:{port}")


def test_disabled_relay_is_a_warning() -> None:
    with LiveServer("--relay", "off") as server:
        assert (codes(server.url), failures(server.url)) == ({"no-relay"}, [])


def test_invalid_address_exits_with_status_2() -> None:
    done = run("ftp://example.org")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("eyeline: 'ftp://example.org' isn't an address")


@contextmanager
def coturn(folder: Path, secret: str, *flags: str) -> Iterator[int]:
    """Debian's turnserver on loopback."""
    port = free_port(socket.SOCK_STREAM)
    log = folder / "coturn.log"
    quiet = (
        "--no-cli",
        "--no-tls",
        "--no-dtls",
        "--simple-log",
        "--log-file",
        str(log),
        "--pidfile",
        str(folder / "pid"),
    )
    place = ("-L", "127.0.0.1", "-E", "127.0.0.1", "-p", str(port), "--userdb", str(folder / "users"))
    who = ("--use-auth-secret", "--static-auth-secret", secret, "--realm", "example.org")
    process = Process(["turnserver", "-n", *quiet, *place, *who, *flags], folder / "coturn.out")
    try:
        end = time.monotonic() + 15
        while not _listens(port):
            assert process.alive, process.log()
            assert time.monotonic() < end, process.log()
            time.sleep(0.05)
        yield port
    finally:
        process.end()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_closed_udp_port_is_detected(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="ascii")
    url = f"turn:127.0.0.1:{free_port(socket.SOCK_DGRAM)}?transport=udp"
    with LiveServer("--turn-url", url, "--turn-secret", str(tmp_path / "secret")) as server:
        assert failures(server.url) == ["turn-udp-blocked"]


@pytest.mark.skipif(shutil.which("turnserver") is None, reason="turnserver is missing: apt install coturn")
def test_coturn_is_checked_over_udp_and_tcp_and_its_open_relay_is_detected(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame", encoding="ascii")
    with coturn(tmp_path, "open sesame", "--allow-loopback-peers") as port:
        flags = [part for way in ("udp", "tcp") for part in ("--turn-url", f"turn:127.0.0.1:{port}?transport={way}")]
        with LiveServer("--relay", "off", *flags, "--turn-secret", str(tmp_path / "secret")) as server:
            status, found = findings(server.url)
    marks = [(each["what"], each["code"]) for each in found if each["what"].startswith("Relay")]
    ways = [(f"Relay turn:127.0.0.1:{port}?transport={way}", None) for way in ("udp", "tcp")]
    policy = ("Relay's policy", "policy-open")
    assert (status, marks) == (1, [ways[0], policy, ("Relay's address", None), ways[1]])
