"""Health, readiness and metrics endpoints, as load balancers and Prometheus use them."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.socket import Socket, serving
from websockets.exceptions import InvalidStatus

from eyeline.errors import SetupError
from eyeline.serve.app import Eyeline, build
from eyeline.serve.metrics import ROWS
from eyeline.settings import Settings


def settings(data_dir: Path, **more: str) -> Settings:
    return Settings(data_dir=data_dir, stun_port=0, host="127.0.0.1", **more)  # type: ignore[arg-type]


@pytest.fixture
def eyeline(tmp_path: Path) -> Eyeline:
    return build(settings(tmp_path, metrics="open"))


@pytest.fixture
def url(eyeline: Eyeline) -> Iterator[str]:
    with serving(eyeline) as running:
        yield running


def figures(url: str) -> dict[str, float]:
    """Every sample of `/metrics`, by `name` or `name{label}`."""
    return {
        f"{sample.name}{{{'/'.join(sample.labels.values())}}}" if sample.labels else sample.name: sample.value
        for family in text_string_to_metric_families(httpx.get(f"{url}/metrics").text)
        for sample in family.samples
    }


def test_every_metric_is_exposed_and_every_label_starts_at_zero(url: str) -> None:
    shown = figures(url)
    for name, row in ROWS.items():
        for value in row.values:
            assert shown[f"{name}{{{value}}}"] == 0
        assert row.values or any(sample.startswith(name) for sample in shown)


def test_metrics_count_what_participants_did(url: str) -> None:
    with Socket(url) as alice, Socket(url) as bob:
        seat = alice.join("tea", "Alice")
        bob.join("tea", "Bob")
        bob.send({"type": "signal", "to": seat["you"], "n": 1, "data": "x"})
        alice.receive("signalled")
        bob.send("not json")
        bob.receive("refused")
        shown = figures(url)
        alice.send({"type": "leave"})
    assert (shown["eyeline_sockets"], shown["eyeline_rooms"], shown["eyeline_seats{here}"]) == (2, 1, 2)
    assert (shown["eyeline_joins_total{seated}"], shown["eyeline_signals_total"]) == (2, 1)
    assert shown["eyeline_refusals_total{malformed}"] == 1
    with Socket(url) as alice:
        alice.send({"type": "resume", "token": seat["resume"], "name": "Alice", "heard": 0})
        assert alice.receive()["code"] == "seat-gone"
    assert figures(url)["eyeline_resumes_total{seat-gone}"] == 1


def test_disconnected_member_is_counted_as_away(url: str) -> None:
    with Socket(url) as alice:
        alice.join("tea", "Alice")
    while (shown := figures(url))["eyeline_sockets"]:
        pass
    assert (shown["eyeline_seats{here}"], shown["eyeline_seats{away}"]) == (0, 1)


def test_closed_and_refused_sockets_are_counted_by_reason(url: str) -> None:
    with pytest.raises(InvalidStatus), Socket(url, origin="https://evil.example"):
        pass
    with Socket(url) as alice:
        alice.send("x" * (64 * 1024 + 1))
        assert alice.receive("refused")["code"] == "too-large"
    shown = figures(url)
    assert shown["eyeline_handshakes_refused_total{foreign-origin}"] == 1
    assert shown["eyeline_drops_total{too-large}"] == 1


def test_refused_connections_are_counted_by_reason(eyeline: Eyeline, url: str) -> None:
    eyeline.limits.connections_refused["too-many-silent"] += 3  # `test_demultiplexer` refuses real ones
    assert figures(url)["eyeline_connections_refused_total{too-many-silent}"] == 3
    assert figures(url)["eyeline_connections_refused_total{too-many-connections}"] == 0


def test_event_loop_lag_is_measured(url: str) -> None:
    end = time.monotonic() + 10
    while not (looks := figures(url)["eyeline_loop_lag_seconds_count"]) and time.monotonic() < end:
        pass
    assert looks > 0


def test_metrics_require_the_token(tmp_path: Path) -> None:
    with serving(build(settings(tmp_path))) as url:
        token = (tmp_path / "metrics-token").read_text().strip()
        for given in (b"", b"Bearer", b"Bearer x", f"Basic {token}".encode(), b"Bearer \xff"):
            assert httpx.get(f"{url}/metrics", headers={b"authorization": given}).status_code == 401
        assert httpx.get(f"{url}/metrics", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert (tmp_path / "metrics-token").stat().st_mode & 0o777 == 0o600


def test_too_short_a_metrics_token_prevents_startup(tmp_path: Path) -> None:
    (tmp_path / "metrics-token").write_text("short\n")
    with pytest.raises(SetupError, match="at least 16"):
        build(settings(tmp_path))


def test_draining_server_is_alive_but_not_ready_and_admits_no_one(eyeline: Eyeline, url: str) -> None:
    assert httpx.get(f"{url}/readyz").status_code == 200
    asyncio.run(eyeline.drain())
    assert httpx.get(f"{url}/readyz").status_code == 503
    assert httpx.get(f"{url}/healthz").status_code == 200
    with pytest.raises(InvalidStatus) as refused, Socket(url):
        pass
    assert refused.value.response.status_code == 503
    assert b"going-away" in (refused.value.response.body or b"")
    assert refused.value.response.headers["retry-after"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_endpoints_are_uncacheable_and_read_only(url: str, path: str) -> None:
    assert httpx.get(f"{url}{path}").headers["cache-control"] == "no-store"
    assert httpx.post(f"{url}{path}").status_code == 405
