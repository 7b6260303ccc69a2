"""A site under hypercorn or granian mounts Eyeline, and calls work there."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import SOCK_STREAM

import httpx
import pytest
from tests.support.process import Process
from tests.support.server import free_port
from tests.support.socket import Socket
from websockets.exceptions import ConnectionClosed, InvalidStatus

SITE = """
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from eyeline import Settings, build

eyeline = build(Settings(data_dir=Path(__file__).parent / "data", stun_port=0, host="127.0.0.1"))
app = Starlette(routes=[Mount("/calls", eyeline)], lifespan=eyeline.lifespan)
"""

SERVERS = {
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:{port}", "site_with_calls:app"),
    "granian": ("granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", "site_with_calls:app"),
}


@contextmanager
def serving(server: str, folder: Path) -> Iterator[tuple[str, Process]]:
    """The prefix under which Eyeline is mounted, and the server's process."""
    (folder / "site_with_calls.py").write_text(SITE)
    port = free_port(SOCK_STREAM)
    words = [word.format(port=port) for word in SERVERS[server]]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    process = Process([sys.executable, "-m", *words], folder / "log", environ)
    try:
        url = f"http://127.0.0.1:{port}/calls"
        end = time.monotonic() + 20
        while not answers(f"{url}/healthz"):
            assert process.alive, process.log()
            assert time.monotonic() < end, process.log()
            time.sleep(0.02)
        yield url, process
    finally:
        process.end()


def answers(url: str) -> bool:
    """Whether the page loads."""
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(params=SERVERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Process]]:
    """A site under each of the servers."""
    with serving(request.param, tmp_path) as running:
        yield running


def test_two_members_meet_in_a_site_under_another_server(place: tuple[str, Process]) -> None:
    url, process = place
    with Socket(url) as alice, Socket(url) as bob:
        seat = alice.join("tea", "Alice")
        members = bob.join("tea", "Bob")["roster"]["members"]
        assert [member["name"] for member in members] == ["Alice", "Bob"]
        bob.send({"type": "signal", "to": seat["you"], "n": 1, "data": "psst"})
        assert alice.receive("signalled")["data"] == "psst"
        with Socket(url) as elsewhere:
            elsewhere.send({"type": "resume", "token": seat["resume"], "name": "Alice", "heard": 1})
            assert elsewhere.receive("joined")["you"] == seat["you"]
            assert alice.receive("refused")["code"] == "replaced"
            with pytest.raises(ConnectionClosed):
                alice.receive()
            assert (alice.connection.close_code, alice.connection.close_reason) == (4002, "replaced")
        bob.send({"type": "leave"})
        with pytest.raises(ConnectionClosed):
            bob.receive("nothing of this type ever comes")
        assert bob.connection.close_code == 1000
    assert process.end(signal.SIGTERM) == 0
    assert "Traceback" not in process.log()


def test_pages_and_refusals_come_through_another_server(place: tuple[str, Process]) -> None:
    url, process = place
    for path in ("/", "/r/tea", "/readyz"):
        assert httpx.get(url + path).status_code == 200, path
    assert "script-src" in httpx.get(f"{url}/").headers["content-security-policy"]
    with pytest.raises(InvalidStatus) as refused, Socket(url, origin="https://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403
    assert b"foreign-origin" in (refused.value.response.body or b"")
    assert "Traceback" not in process.log()
