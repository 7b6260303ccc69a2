"""Every route, and the security headers of every response."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from tests.support.socket import serving

from eyeline.serve.app import Eyeline, build
from eyeline.serve.http.static_files import BUILD
from eyeline.settings import Settings

ROUTES = ["/ws", "/sip", "/healthz", "/readyz", "/metrics", ""]
"""Every route of the server; the last one is the web app.  All but `/metrics` are public."""

FILES = sorted(f"/{path.relative_to(BUILD).as_posix()}" for path in BUILD.rglob("*") if path.suffix in {".js", ".css"})
PAGES = ["/", "/r/tea", "/elsewhere", "/nothing.js", "/healthz/", *FILES]
PATHS = [*PAGES, "/ws", "/sip", "/healthz", "/readyz", "/metrics"]


def make(tmp_path: Path, **more: object) -> Eyeline:
    return build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", **more))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(make(tmp_path_factory.mktemp("data"), sockets_per_address=10_000)) as running:
        yield running


def test_every_route_is_listed(tmp_path: Path) -> None:
    def path(route: BaseRoute) -> str:
        assert isinstance(route, Mount | Route | WebSocketRoute)
        return route.path

    assert [path(route) for route in make(tmp_path).routes] == ROUTES


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_the_security_headers(url: str, path: str, method: str) -> None:
    answer = httpx.request(method, url + path)
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    shared = path.startswith("/sdk/") and answer.status_code == 200
    assert headers["cross-origin-resource-policy"] == ("cross-origin" if shared else "same-origin")
    assert ("access-control-allow-origin" in headers) is (shared or (path == "/healthz" and answer.status_code == 200))
    assert answer.status_code < 500
    if method not in {"GET", "HEAD"}:
        assert answer.status_code == 405
    if headers["content-type"].startswith("text/html"):
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
    if not path.endswith((".js", ".css")) or answer.status_code >= 400:
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", "")


def asked(app: Eyeline, base: str, said: dict[str, str]) -> httpx.Headers:
    """The response headers of the page."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.get("/", headers=said)

    return asyncio.run(ask()).headers


@pytest.mark.parametrize(
    ("scheme", "tls", "proto", "told"),
    [
        ("https", "off", None, True),
        ("http", "off", None, False),
        ("https", "self-signed", None, False),
        ("http", "off", "https", True),
        ("http", "off", "http", False),
    ],
)
def test_https_responses_send_hsts(tmp_path: Path, scheme: str, tls: str, proto: str | None, told: bool) -> None:
    app = make(tmp_path, tls=tls, trusted_proxies=("127.0.0.1",))
    headers = asked(app, f"{scheme}://tea.example", {} if proto is None else {"x-forwarded-proto": proto})
    assert ("strict-transport-security" in headers) is told


@pytest.mark.parametrize(
    ("base", "proto", "told"),
    [
        ("https://tea.example", None, True),
        ("http://tea.example", "https", True),
        ("http://localhost:8000", None, True),
        ("http://tea.localhost", None, True),
        ("http://127.0.0.2:8000", None, True),
        ("http://[::1]:8000", None, True),
        ("http://tea.example", None, False),
        ("http://192.168.0.7:8000", None, False),
        ("http://notlocalhost", None, False),
        ("http://localhost.example", None, False),
    ],
)
def test_opener_policy_is_sent_only_in_secure_contexts(
    tmp_path: Path, base: str, proto: str | None, told: bool
) -> None:
    app = make(tmp_path, trusted_proxies=("127.0.0.1",))
    headers = asked(app, base, {} if proto is None else {"x-forwarded-proto": proto})
    assert headers.get("cross-origin-opener-policy") == ("same-origin" if told else None)
