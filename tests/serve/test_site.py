"""Host and Origin validation, against DNS rebinding and hostile pages; the public URL behind a proxy."""

import logging
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Scope
from tests.support.socket import EDGES, Socket, serving
from websockets.exceptions import InvalidStatus

from eyeline.serve.app import build
from eyeline.serve.site import Site, parse_authority
from eyeline.settings import Settings

PROXY = "192.0.2.1"
KEY = "a-key-of-many-characters"


def site(*, standalone: bool = True, **more: Any) -> Site:
    return Site(Settings(data_dir=Path("unused"), trusted_proxies=(PROXY,), **more), standalone=standalone)


def request(host: str | None, origin: str | None = None, *, secure: bool = False, **more: str) -> Scope:
    """A request; `more` are headers, and `peer` is its sender."""
    peer = more.pop("peer", "192.0.2.9")
    said = {"host": host, "origin": origin} | {name.replace("_", "-"): value for name, value in more.items()}
    headers = [(name.encode(), value.encode()) for name, value in said.items() if value is not None]
    return {"type": "websocket", "scheme": "wss" if secure else "ws", "client": (peer, 4711), "headers": headers}


LOCAL = """
localhost:8000 app.localhost 127.0.0.1:8000 [::1]:8000 [fe80::1%eth0] 192.168.1.5 203.0.113.9
nas nas.local nas.LAN. nas.home.arpa eyeline.default.internal
"""
FOREIGN = """
https://host.evil https://my-host https://hos https://evil/host https://host@evil https://evil#host https://host:8443
https://host:80 null host file:// ws://host https:// https://[host
"""


@pytest.mark.parametrize("host", LOCAL.split())
def test_addresses_and_local_names_are_accepted(host: str) -> None:
    assert site().accepts_host(request(host))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8000",
        "evil.local.example",
        "a b",
        "",
        "x:99999",
        "u@localhost",
    ],
)
def test_name_that_others_can_register_is_refused(host: str) -> None:
    assert not site().accepts_host(request(host))


@pytest.mark.parametrize(
    "named",
    [
        {"public_address": "meet.example.org"},
        {"public_url": "https://meet.example.org/calls"},
        {"allowed_hosts": ("www.example.org", "Meet.Example.org")},
        {"host": "meet.example.org"},
        {"domains": ("Meet.example.org",), "allowed_hosts": ("other.example.org",)},
    ],
)
def test_name_in_the_settings_is_accepted(named: dict[str, Any]) -> None:
    assert site(**named).accepts_host(request("MEET.example.org.:8000"))
    assert not site(**named).accepts_host(request("meet.example.org.evil.example"))


def test_request_without_host_is_accepted_as_before_http_1_1() -> None:
    assert site().accepts_host(request(None))
    assert not site().accepts_origin(request(None, "https://host"))


def test_machines_own_name_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "box.example.org")
    assert site().accepts_host(request("box.example.org"))


def test_every_name_is_accepted_over_tls_unless_hosts_are_set() -> None:
    """The browser has compared it with the certificate."""
    secure, forwarded = request("a.example", secure=True), request("a.example", peer=PROXY, x_forwarded_proto="https")
    assert site().accepts_host(secure)
    assert site().accepts_host(forwarded)
    assert not site().accepts_host(request("a.example", x_forwarded_proto="https"))  # not from a trusted proxy
    for each in (secure, forwarded):
        assert not site(allowed_hosts=("b.example",)).accepts_host(each)


def test_mounted_eyeline_leaves_hosts_to_its_site() -> None:
    assert site(standalone=False).accepts_host(request("a.example"))
    assert not site(standalone=False, allowed_hosts=("b.example",)).accepts_host(request("a.example"))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("meet.example.org", "https://meet.example.org"),
        ("meet.example.org:443", "https://meet.example.org"),
        ("MEET.example.org", "https://meet.example.org"),
        ("meet.example.org:8443", "https://meet.example.org:8443"),
        ("[2001:db8::5]:8443", "https://[2001:db8::5]:8443"),
        ("meet.example.org", None),
    ],
)
def test_own_page_is_accepted(host: str, origin: str | None) -> None:
    assert site().accepts_origin(request(host, origin, secure=True))


@pytest.mark.parametrize("origin", FOREIGN.split())
@pytest.mark.parametrize("secure", [False, True])
def test_page_of_another_origin_is_refused(origin: str, secure: bool) -> None:
    assert not site().accepts_origin(request("host", origin, secure=secure))


def test_page_without_tls_is_not_ours_if_we_use_tls() -> None:
    assert not site().accepts_origin(request("host", "http://host", secure=True))
    assert not site().accepts_origin(request("host:443", "http://host:443", secure=True))
    assert not site().accepts_origin(request("host", "http://host", peer=PROXY, x_forwarded_proto="https"))
    assert site().accepts_origin(request("host", "http://host"))


def test_page_behind_a_proxy_that_ends_tls_is_accepted() -> None:
    assert site().accepts_origin(request("host", "https://host"))


def test_forwarded_host_is_read_from_trusted_proxies_only() -> None:
    asked = request("127.0.0.1:8000", "https://host:8443", peer=PROXY, x_forwarded_host="host:8443")
    assert site().accepts_origin(asked)
    assert not site().accepts_origin({**asked, "client": ("192.0.2.9", 1)})


def test_public_url_is_our_own_origin_whatever_host_the_proxy_sends() -> None:
    mine = site(public_url="https://meet.example.org:8443/calls/")
    assert mine.accepts_origin(request("meet.example.org", "https://meet.example.org:8443", peer=PROXY))
    assert not mine.accepts_origin(request("meet.example.org", "https://meet.example.org:9443", peer=PROXY))


@pytest.mark.parametrize(
    "text", ["", ":80", "a:b", "a:", "[::1", "::1", "a/b", "a?b", "a#b", "a\\b", "u@a", "a b", "a:65536"]
)
def test_malformed_authority_is_none(text: str) -> None:
    assert parse_authority(text) is None


@pytest.fixture(params=EDGES)
def url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A standalone server that only listens on loopback."""
    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"), one_port=True)
    with serving(eyeline, request.param) as running:
        yield running


def handshake(url: str, **headers: str) -> httpx.Response:
    """The response to a WebSocket handshake that is refused."""
    upgrade = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
    key = {"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", "sec-websocket-protocol": "eyeline.v1"}
    return httpx.get(f"{url}/ws", headers=upgrade | key | headers)


def test_rebound_name_gets_neither_page_nor_websocket_and_is_told_why(url: str) -> None:
    rebound = {"host": "evil.example:8000", "origin": "http://evil.example:8000"}
    for path in ("/", "/r/tea", "/sdk/eyeline.js"):
        answer = httpx.get(url + path, headers=rebound)
        assert (answer.status_code, answer.json()["code"]) == (421, "unknown-host")
        assert "allowed_hosts" in answer.json()["title"]
    refused = handshake(url, **rebound)
    assert (refused.status_code, refused.json()["code"]) == (421, "unknown-host")
    assert httpx.get(f"{url}/healthz", headers=rebound).json()["refuses"] == "unknown-host"


def test_operators_own_monitoring_may_use_any_name(url: str) -> None:
    for path in ("/healthz", "/readyz"):
        assert httpx.get(url + path, headers={"host": "probe.example"}).status_code == 200


def test_page_of_another_origin_can_read_that_it_is_refused(url: str) -> None:
    answer = httpx.get(f"{url}/healthz", headers={"origin": "https://shop.example"})
    assert answer.json() == {"status": "ok", "refuses": "foreign-origin"}
    assert answer.headers["access-control-allow-origin"] == "*"
    assert httpx.get(f"{url}/healthz", headers={"origin": url}).json() == {"status": "ok"}


def test_page_of_the_server_finds_out_that_a_proxy_passes_another_host(url: str) -> None:
    """A page sends no Origin when it reads from its own server."""
    for origin in ("http://127.0.0.1:8443", "https://127.0.0.1:1", "null", "\u2603", "x" * 1000):
        asked = httpx.get(f"{url}/healthz", params={"origin": origin})
        assert asked.json() == {"status": "ok", "refuses": "foreign-origin"}
    assert httpx.get(f"{url}/healthz", params={"origin": url}).json() == {"status": "ok"}
    contradicted = httpx.get(f"{url}/healthz", params={"origin": url}, headers={"origin": "https://shop.example"})
    assert contradicted.json() == {"status": "ok"}


def test_proxy_that_drops_the_port_is_logged_once_with_what_to_do(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with pytest.raises(InvalidStatus), Socket(url, origin="http://127.0.0.1:8443"):
            pass
        with pytest.raises(InvalidStatus), Socket(url, origin="https://shop.example"):
            pass
    [line] = [each.getMessage() for each in caplog.records if "foreign-origin" in each.getMessage()]
    assert "page='http://(an IP address):8443' " in line
    assert "let the proxy pass Host with its port (nginx: $http_host)" in line
    assert "127.0.0.1" not in line


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
    ],
)
def test_refused_page_is_logged_with_its_port_unless_that_is_the_default(origin: str, shown: str) -> None:
    assert site().origin_fault(request("meet.example.org", origin))["page"] == shown


def test_proxy_that_passes_another_host_is_named_as_the_cause() -> None:
    fault = site().origin_fault(
        request("upstream", "https://meet.example.org", peer=PROXY, x_forwarded_for="192.0.2.9")
    )
    assert "let the proxy pass Host" in fault["mend"]
    assert "proxy" not in site().origin_fault(request("upstream", "https://meet.example.org"))["mend"]


def test_unknown_host_is_logged_once_with_what_to_do(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        httpx.get(url, headers={"host": "meet.example.org"})
    [line] = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert "refused=unknown-host host=meet.example.org" in line
    assert "allowed_hosts" in line


@pytest.mark.parametrize("setting", [{"public_url": "https://example.org/calls"}, {"root_path": "/calls/"}])
def test_pages_below_a_path_find_their_files_whether_the_proxy_keeps_the_path_or_not(
    setting: dict[str, str], tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", **setting)  # type: ignore[arg-type]
    with serving(build(settings, one_port=True)) as url:
        for prefix in ("", "/calls"):
            assert_all_is_below_calls(url + prefix, {})


def test_pages_are_below_the_path_that_a_trusted_proxy_has_removed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", trusted_proxies=("127.0.0.1",))
    with serving(build(settings, one_port=True)) as url:
        assert_all_is_below_calls(url, {"x-forwarded-prefix": "/calls"})
        assert '<base href="/"' in httpx.get(url).text


@pytest.mark.parametrize("more", [{}, {"trusted_proxies": (PROXY,)}, {"public_url": "https://example.org"}])
def test_forwarded_prefix_is_ignored_without_a_trusted_proxy_and_with_a_public_url(
    more: dict[str, str], tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", **more)  # type: ignore[arg-type]
    with serving(build(settings, one_port=True)) as url:
        assert '<base href="/"' in httpx.get(url, headers={"x-forwarded-prefix": "/calls"}).text


def assert_all_is_below_calls(url: str, headers: dict[str, str]) -> None:
    page = httpx.get(f"{url}/r/tea", headers=headers).text
    assert '<base href="/calls/">' in page
    assert re.findall(r'"og:image" content="[^"]*?(/calls/[^"]*)"', page) == ["/calls/invitation.png"]
    for path in re.findall(r'(?:src|href)="(\./[^"]+)"', page):
        assert httpx.get(f"{url}/{path}", headers=headers).status_code == 200
    assert httpx.get(f"{url}/healthz", headers=headers).json() == {"status": "ok"}
    assert "export" in httpx.get(f"{url}/sdk/eyeline.js", headers=headers).text
    with Socket(url, headers=headers) as alice:
        assert alice.join("tea", "Alice")["you"]


def test_links_of_the_api_use_the_public_url(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(f'[shop]\nsha256 = "{sha256(KEY.encode()).hexdigest()}"\n')
    settings = Settings(
        data_dir=tmp_path,
        stun_port=0,
        host="127.0.0.1",
        api_keys=tmp_path / "keys.toml",
        public_url="https://example.org/calls/",
    )
    with serving(build(settings, one_port=True)) as url:
        made = httpx.post(f"{url}/api/v1/rooms", json={}, headers={"authorization": f"Bearer {KEY}"}).json()
    assert made["links"]["member"]["url"].startswith(f"https://example.org/calls/r/{made['room']}#pass=")


@pytest.mark.parametrize(
    ("host", "turn"),
    [("meet.example.org", "turns:meet.example.org:8443"), ("192.168.1.5:8000", "turn:192.168.1.5:8000")],
)
def test_turn_over_tcp_is_announced_at_the_public_url(host: str, turn: str) -> None:
    name, port, secure = site(public_url="https://meet.example.org:8443").reached(request(host))
    assert f"turn{'s' * secure}:{name}:{port}" == turn


def test_turn_is_announced_at_the_public_url_of_the_page_if_the_proxy_sends_another_host() -> None:
    mine = site(public_url="https://meet.example.org")
    asked = request("127.0.0.1:8000", "https://meet.example.org", peer=PROXY)
    assert mine.accepts_origin(asked)
    assert mine.reached(asked) == ("meet.example.org", 443, True)
    assert mine.reached(request("127.0.0.1:8000", "https://shop.example")) == ("127.0.0.1", 8000, False)


def test_turn_is_announced_over_tls_if_the_page_was_opened_by_https() -> None:
    assert site().reached(request("meet.local", "https://meet.local")) == ("meet.local", 443, True)
    assert site().reached(request("meet.local:8443", "https://meet.local:8443")) == ("meet.local", 8443, True)
    assert site().reached(request("meet.local:8000", "http://meet.local:8000")) == ("meet.local", 8000, False)


@pytest.mark.parametrize("public_url", ["https://Meet.example.org:443", "https://meet.example.org/calls"])
def test_public_url_is_our_own_origin_however_it_is_written(public_url: str) -> None:
    assert site(public_url=public_url).accepts_origin(request("127.0.0.1:8000", "https://meet.example.org"))


def test_mounted_eyeline_serves_a_name_that_its_site_accepts(tmp_path: Path) -> None:
    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))
    with serving(Starlette(routes=[Mount("/calls", eyeline)], lifespan=eyeline.lifespan)) as url:
        assert httpx.get(f"{url}/calls/", headers={"host": "meet.example.org"}).status_code == 200
