"""TURN services that issue credentials over HTTP: a real HTTP server on loopback."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from eyeline.errors import SetupError
from eyeline.serve.app import build
from eyeline.serve.relay import turn_api
from eyeline.serve.relay.turn_api import TurnApi, TurnApiError, _decoded
from eyeline.settings import Settings
from eyeline.signalling.messages import IceServer, PeerId, RoomName

PATIENCE_S = 10
STUN = {"urls": ["stun:stun.example.org:3478", "stun:stun.example.org:53"]}
TURN = {"urls": ["turn:turn.example.org:3478?transport=udp"], "username": "bob", "credential": "tea"}
GIVEN = (
    IceServer(urls=("stun:stun.example.org:3478",)),
    IceServer(urls=("turn:turn.example.org:3478?transport=udp",), username="bob", credential="tea"),
)


class Service:
    """A TURN service; `answers` are statuses and JSON values, of which the last one is given from then on."""

    def __init__(self, url: str, answers: list[tuple[int, Any]]) -> None:
        self.url, self.answers = url, answers
        self.requests: list[tuple[str, str | None, Any]] = []

    def answer(self) -> tuple[int, Any]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def service(*answers: tuple[int, Any]) -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            given.requests.append((self.path, self.headers["authorization"], body))
            status, value = given.answer()
            text = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{given.url}/elsewhere")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        given = Service(f"http://127.0.0.1:{server.server_port}/keys/7", list(answers))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield given
        finally:
            server.shutdown()
            thread.join()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110  a thread makes it true
            await asyncio.sleep(0.01)


async def after_first_answer(url: str) -> tuple[IceServer, ...]:
    api = TurnApi(url, b"token")
    await api.first_answer()
    api.close()
    return api.servers()


def test_credentials_come_from_the_service_without_addresses_that_browsers_block() -> None:
    with service((201, {"iceServers": [STUN, TURN]})) as turn:
        servers = asyncio.run(after_first_answer(turn.url))

    assert servers == GIVEN
    assert turn.requests == [("/keys/7", "Bearer token", {"ttl": turn_api.LIFETIME_S})]


def test_members_get_the_credentials_and_the_lobby_only_stun(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token\n", encoding="ascii")

    async def run(url: str) -> tuple[Any, tuple[IceServer, ...]]:
        settings = Settings(
            data_dir=tmp_path,
            stun_port=0,
            host="127.0.0.1",
            platform="http",
            turn_api=url,
            turn_api_token=tmp_path / "token",
        )
        eyeline = build(settings)
        async with eyeline.lifespan(None):
            assert eyeline._running is not None
            ice = eyeline._running.ice_servers.ice({"type": "websocket", "headers": [(b"host", b"meet.example.org")]})
            return ice.stun, ice.mint(RoomName("tea"), PeerId("alice"))

    with service((200, {"iceServers": [STUN, TURN]})) as turn:
        lobby, member = asyncio.run(run(turn.url))

    assert lobby == GIVEN[:1]
    assert member == GIVEN
    assert len(turn.requests) == 1


def test_credentials_are_renewed_before_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_api, "LIFETIME_S", 0.2)
    second = {**TURN, "credential": "more tea"}

    async def run(url: str) -> None:
        api = TurnApi(url, b"token")
        await until(lambda: any(server.credential == "more tea" for server in api.servers()))
        api.close()
        await until(lambda: api.servers() == ())

    with service((200, {"iceServers": TURN}), (200, {"iceServers": second})) as turn:
        asyncio.run(run(turn.url))
    assert len(turn.requests) >= 2


def test_credentials_that_ended_while_the_machine_was_suspended_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_api, "CHECK_S", 0.05)
    second = {**TURN, "credential": "more tea"}

    async def run(url: str) -> None:
        api = TurnApi(url, b"token")
        await until(lambda: bool(api.servers()))
        later = time.time() + turn_api.LIFETIME_S
        monkeypatch.setattr(time, "time", lambda: later)  # the monotonic clock stood still
        assert api.servers() == ()
        await until(lambda: any(server.credential == "more tea" for server in api.servers()))
        api.close()

    with service((200, {"iceServers": TURN}), (200, {"iceServers": second})) as turn:
        asyncio.run(run(turn.url))


def test_service_is_asked_no_more_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_api, "LIFETIME_S", 0.2)

    async def run(turn: Service) -> None:
        api = TurnApi(turn.url, b"token")
        await until(lambda: bool(api.servers()))
        api.close()
        await until(lambda: not api.servers())
        assert len(turn.requests) == 1

    with service((200, {"iceServers": TURN})) as turn:
        asyncio.run(run(turn))


def test_after_a_failure_the_service_is_asked_again_and_the_waits_grow(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(turn_api, "RETRY_S", (0.011, 0.033))
    waits: list[float] = []

    async def run(url: str) -> None:
        loop = asyncio.get_running_loop()
        really = loop.call_later

        def call_later(wait: float, *rest: Any) -> asyncio.TimerHandle:
            waits.append(wait)
            return really(wait, *rest)

        monkeypatch.setattr(loop, "call_later", call_later)
        api = TurnApi(url, b"token")
        await until(lambda: api.servers() == GIVEN[1:])
        api.close()

    with service(*[(500, {})] * 4, (200, {"iceServers": TURN})) as turn:
        asyncio.run(run(turn.url))
        assert turn.url not in caplog.text

    assert [wait for wait in waits if 0.01 < wait < 1] == [0.011, 0.022, 0.033, 0.033]
    assert caplog.text.count("the service answered HTTP 500; check the address in turn_api") == 4


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (401, {}, "the service refused the token in turn_api_token (HTTP 401)"),
        (302, {}, "the service answered HTTP 302; check the address in turn_api"),
        (200, b"<html>", "the service answered something other than ICE servers"),
        (200, b"[" * 50_000, "the service answered something other than ICE servers"),
        (200, {"iceServers": [STUN]}, "the service answered without TURN credentials"),
        (200, b" " * 100_000, "the service answered something other than ICE servers"),
    ],
)
def test_each_wrong_answer_is_logged_in_one_sentence_without_address_and_token(
    status: int, answer: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with service((status, answer)) as turn:
        assert asyncio.run(after_first_answer(turn.url)) == ()
        assert len(turn.requests) == 1, "no redirect is followed"

    (line,) = caplog.messages
    assert why in line
    assert "token'" not in line.replace("turn_api_token", "")
    assert "127.0.0.1" not in line


def test_service_that_is_gone_or_silent_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(turn_api, "TIMEOUT_S", 0.05)

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            await after_first_answer(f"http://127.0.0.1:{port}/")
        await after_first_answer(f"http://127.0.0.1:{port}/")

    asyncio.run(run())
    silence, gone = caplog.messages
    assert "the service didn't answer in time" in silence
    assert "the service can't be reached: " in gone


def test_answer_has_a_bounded_number_of_addresses() -> None:
    many = [{**TURN, "urls": [f"turn:turn{n}.example.org" for n in range(30)]}] * 3
    servers = _decoded(json.dumps({"iceServers": many}).encode())

    assert sum(len(server.urls) for server in servers) == 20


def test_addresses_that_are_no_ice_servers_are_left_out() -> None:
    with pytest.raises(TurnApiError):
        _decoded(json.dumps({"iceServers": {**TURN, "urls": ["https://example.org", "turn:a b"]}}).encode())


def test_token_with_a_second_line_is_refused() -> None:
    async def start() -> None:
        TurnApi("http://127.0.0.1:1/", b"token\r\nX-More: yes")

    with pytest.raises(SetupError, match="turn_api_token must be a file with one token"):
        asyncio.run(start())
