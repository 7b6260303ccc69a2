"""The doctor's check of a site whose port is closed, or that serves http instead of https or the reverse."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.server import free_port

from eyeline.checks import NO_CHALLENGE, PENDING_CERTIFICATE
from eyeline.doctor import site_check
from eyeline.doctor.examine import examine
from eyeline.doctor.finding import Finding
from eyeline.doctor.site_check import ends_soon
from eyeline.serve.process.tls import self_signed

WELL = b"200 OK"
GONE = b"404 Not Found"
NEEDS_TLS = b"400 The plain HTTP request was sent to HTTPS port"
SENDS_ON = b"301 Moved Permanently\r\nLocation: https://meet.example/call/healthz"


@asynccontextmanager
async def answering(status: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that answers every request with `status`."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(1000)
        if head[:4] in (b"GET ", b"HEAD"):
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


def found(url: str, status: bytes, context: ssl.SSLContext | None = None) -> tuple[list[str | None], str]:
    """The codes of all findings for `url` (`%d` becomes the server's port), and their texts."""

    async def look() -> list[Finding]:
        findings: list[Finding] = []
        async with answering(status, context) as port:
            await examine(url % port, findings.append)
        return findings

    findings = asyncio.run(look())
    words = "\n".join(f"{each.detail}\n{each.advice}" for each in findings)
    return [each.code for each in findings], re.sub(r"127\.0\.0\.1:\d+", "here", words)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """The context of a server that speaks only TLS."""
    certificate = self_signed(tmp_path, [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


@pytest.mark.parametrize("status", [WELL, GONE])
def test_address_without_a_scheme_falls_back_to_http(status: bytes) -> None:
    codes, words = found("127.0.0.1:%d", status)
    assert codes[:2] == [None, None]
    assert "the doctor continues with http://here" in words
    assert codes[-1] == "proxy-no-upgrade"  # it went on to the first check that this server fails


def test_https_address_of_an_http_server_is_reported() -> None:
    codes, words = found("https://127.0.0.1:%d", WELL)
    assert codes == [None, "other-scheme"]
    assert "It speaks plain http: try http://here" in words


def test_http_address_of_an_https_server_is_reported(tls: ssl.SSLContext) -> None:
    codes, words = found("http://127.0.0.1:%d/call", WELL, tls)
    assert codes == [None, "other-scheme"]
    assert "It speaks https: try https://here/call" in words


def test_redirect_from_http_to_https_is_reported() -> None:
    codes, words = found("http://127.0.0.1:%d/call", SENDS_ON)
    assert codes == [None, "other-scheme"]
    assert "It redirects to https: try https://meet.example/call\n" in words


def test_other_redirect_targets_are_not_repeated_in_the_report() -> None:
    codes, words = found("http://127.0.0.1:%d", b"301 Moved\r\nLocation: https://meet.example/\x1b[31m")
    assert "other-scheme" not in codes
    assert "meet.example" not in words


@pytest.mark.parametrize("status", [NEEDS_TLS, SENDS_ON])
def test_http_server_that_only_demands_tls_is_not_used_as_a_fallback(status: bytes) -> None:
    assert found("127.0.0.1:%d", status)[0] == [None, "certificate-untrusted"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_refused_connection_is_reported_as_nothing_listening(host: str) -> None:
    findings: list[Finding] = []
    asyncio.run(examine(f"http://{host}:{free_port(socket.SOCK_STREAM)}", findings.append))
    [finding] = findings
    assert finding.code == "port-refused"
    assert finding.detail.startswith("Nothing listens there")
    assert "firewall, and forward" not in str(finding.advice)


def test_name_without_an_address_is_not_blamed_on_the_firewall() -> None:
    findings: list[Finding] = []
    asyncio.run(examine("http://meet.invalid", findings.append))
    [finding] = findings
    assert finding.code == "name-unknown"
    assert finding.detail.startswith("'meet.invalid' has no address")
    assert "firewall" not in str(finding.advice)


@pytest.fixture
def waiting(tmp_path: Path) -> ssl.SSLContext:
    """The context of a server that waits for its first certificate."""
    made = self_signed(tmp_path, [], common_name=PENDING_CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert, made.key)
    return context


def test_server_that_waits_for_its_first_certificate_is_told_from_a_self_signed_one(waiting: ssl.SSLContext) -> None:
    codes, words = found("https://127.0.0.1:%d", WELL, waiting)
    assert codes[1] == "certificate-pending"
    assert "Port 443 of each name in `domains` must lead to it" in words


@pytest.mark.parametrize(
    ("port_80", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n" + NO_CHALLENGE, "Its port 80 leads to the server, too."),
        (b"HTTP/1.1 404 Not Found\r\n\r\nnginx", "On its port 80 something other than the server answers."),
        (b"", "On its port 80 something other than the server answers."),
        (None, "Its port 80 can't be reached from here."),
    ],
)
def test_without_a_certificate_the_doctor_says_whether_port_80_could_get_one(
    waiting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, port_80: bytes | None, words: str
) -> None:
    async def look() -> list[Finding]:
        findings: list[Finding] = []
        async with answering(WELL, waiting) as port, answering_port_80(port_80) as other:
            monkeypatch.setattr(site_check, "_HTTP_PORT", other)
            await examine(f"https://127.0.0.1:{port}", findings.append)
        return findings

    [finding] = [each for each in asyncio.run(look()) if each.code == "certificate-pending"]
    assert finding.detail == f"Self-signed, until an authority issues one. {words}"


@asynccontextmanager
async def answering_port_80(response: bytes | None) -> AsyncIterator[int]:
    """The port of a server with this response; None for a port at which nothing listens."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response or b"")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        if response is None:
            server.close()
        yield port


@pytest.mark.parametrize(("days", "left", "soon"), [(90, 15, False), (90, 13, True), (6, 2, False), (6, 1, True)])
def test_short_lived_certificate_may_end_sooner(days: int, left: int, soon: bool) -> None:
    assert ends_soon(timedelta(days=days), timedelta(days=left)) == soon


@pytest.mark.parametrize(
    ("addresses", "code"),
    [(["127.0.0.1", "127.0.0.2"], "address-silent"), (["127.0.0.1"], None), (["127.0.0.1", "2001:db8::7"], None)],
    ids=["refuses", "one", "no IPv6 here"],
)
def test_each_address_of_a_name_is_tried(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], code: str | None
) -> None:
    """Nothing is at `2001:db8::`, which is for documentation."""
    monkeypatch.setattr(site_check, "PATIENCE_S", 0.5)
    resolve = socket.getaddrinfo

    def resolved(host: str, port: int, *more: Any, **options: Any) -> list[Any]:
        hosts = addresses if host == "meet.example" else [host]
        return [found for each in hosts for found in resolve(each, port, *more, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    codes, words = found("http://meet.example:%d", WELL)
    assert codes[0] == code
    assert ("127.0.0.2 of the same name doesn't" in words) == (code is not None)
