"""The doctor finds a proxy that breaks calls though pages and health checks answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.support.socket import serving

from eyeline.doctor.examine import examine
from eyeline.doctor.finding import Finding
from eyeline.serve.app import build
from eyeline.serve.process.tls import self_signed
from eyeline.settings import Settings


def proxied(site: ASGIApp, change: Callable[[Scope], Scope]) -> ASGIApp:
    """The site behind a proxy that changes each request."""

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        await site(scope if scope["type"] == "lifespan" else change(scope), receive, send)

    return proxy


def failures(folder: Path, change: Callable[[Scope], Scope], path: str = "", **settings: Any) -> list[str | None]:
    """The codes of the doctor's failures behind that proxy."""
    site = build(Settings(data_dir=folder, stun_port=0, host="127.0.0.1", **settings), one_port=True)
    findings: list[Finding] = []
    with serving(proxied(site, change)) as url:
        asyncio.run(examine(url + path, findings.append))
    return [each.code for each in findings if each.mark == "failure" and not each.what.startswith("Relay ")]


def with_host(host: bytes) -> Callable[[Scope], Scope]:
    """A proxy that sends this `Host`."""
    return lambda scope: {
        **scope,
        "headers": [*(each for each in scope["headers"] if each[0] != b"host"), (b"host", host)],
    }


def without_prefix(scope: Scope) -> Scope:
    """A proxy that passes on `/calls/...` as `/...`, and nothing else."""
    path = scope["path"]
    return {**scope, "path": path.removeprefix("/calls") if path.startswith("/calls/") else "/nothing.html"}


def test_proxy_that_drops_the_port_is_found(tmp_path: Path) -> None:
    assert failures(tmp_path, with_host(b"127.0.0.1")) == ["origin-refused"]


def test_proxy_that_sends_an_unknown_host_is_found(tmp_path: Path) -> None:
    assert failures(tmp_path, with_host(b"meet.example.org")) == ["host-refused"]


def test_path_without_the_public_url_is_found(tmp_path: Path) -> None:
    assert failures(tmp_path, without_prefix, "/calls") == ["files-missing"]


def test_path_in_the_public_url_is_healthy(tmp_path: Path) -> None:
    assert failures(tmp_path, without_prefix, "/calls", public_url="http://127.0.0.1/calls") == []


@asynccontextmanager
async def recording(context: ssl.SSLContext, protocols: list[str | None]) -> AsyncIterator[int]:
    """The port of a server that records the ALPN protocol of each connection and answers 200."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocols.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        if await reader.read(1000):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    certificate = self_signed(tmp_path, [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


def test_pages_and_websocket_are_opened_with_the_alpn_protocol_of_browsers(tls: ssl.SSLContext) -> None:
    protocols: list[str | None] = []
    findings: list[Finding] = []

    async def look() -> None:
        async with recording(tls, protocols) as port:
            await examine(f"https://127.0.0.1:{port}", findings.append)

    asyncio.run(look())
    assert findings[-1].what == "WebSocket"
    assert len(protocols) >= 4
    assert set(protocols) == {"http/1.1"}
