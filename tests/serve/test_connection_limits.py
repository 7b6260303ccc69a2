"""Connection limits and rate limits, per address and in total."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message
from tests.support.socket import EDGES, Socket, serving
from websockets.exceptions import InvalidStatus

from eyeline.serve.app import build
from eyeline.serve.client_address import Source
from eyeline.serve.connection_limits import STREAMS, AdmittedSocket, ConnectionLimits
from eyeline.settings import Settings
from eyeline.signalling.messages import SUBPROTOCOL

ALICE, MALLORY = Source(b"\xc0\x00\x02\x01"), Source(b"\xc0\x00\x02\x02")


def limits(sockets: int = 100) -> ConnectionLimits:
    return ConnectionLimits(sockets=sockets, sockets_per_address=10)


def enter(into: ConnectionLimits, source: Source | None, now: float = 0) -> AdmittedSocket:
    admitted = into.admit_socket(source, now)
    assert isinstance(admitted, AdmittedSocket)
    return admitted


def test_sockets_are_limited_per_address() -> None:
    full = limits()
    guests = [enter(full, MALLORY) for _ in range(10)]

    assert full.admit_socket(MALLORY, 0) == "too-many-sockets"
    enter(full, ALICE)
    guests[0].release()
    enter(full, MALLORY)


def test_rapid_reconnects_from_one_address_are_throttled() -> None:
    busy = limits()
    for _ in range(20):
        enter(busy, MALLORY).release()

    assert busy.admit_socket(MALLORY, 0) == "too-many-sockets"
    enter(busy, MALLORY, now=1.001)
    assert busy.admit_socket(MALLORY, 1.001) == "too-many-sockets"


def test_total_number_of_sockets_is_limited() -> None:
    full = limits(sockets=12)
    for _ in range(10):
        enter(full, MALLORY)
    enter(full, ALICE)
    last = enter(full, None)

    assert full.admit_socket(ALICE, 0) == full.admit_socket(None, 0) == "busy"
    last.release()
    enter(full, ALICE)


def test_unknown_address_has_no_limit_per_address() -> None:
    open_door = limits()
    guests = [enter(open_door, None) for _ in range(50)]

    assert all(admitted.count_message(0) and admitted.count_lookup(0) for admitted in guests * 50)
    assert all(open_door.admit_request(None, 0) for _ in range(1000))


def test_messages_and_room_lookups_are_limited_over_all_sockets_of_an_address() -> None:
    one = limits()
    first, second, other = enter(one, MALLORY), enter(one, MALLORY), enter(one, ALICE)

    assert [admitted.count_lookup(0) for admitted in [first, second] * 6] == [True] * 10 + [False] * 2
    assert [admitted.count_message(0) for admitted in [first, second] * 301] == [True] * 600 + [False] * 2
    assert other.count_lookup(0)
    assert other.count_message(0)
    assert first.count_lookup(10.001)


def test_turn_connections_per_address_are_limited_in_number_and_rate() -> None:
    busy, most = limits(), 10 * STREAMS
    assert sum(busy.admit_stream(MALLORY, 0) for _ in range(2 * most)) == most
    assert busy.admit_stream(ALICE, 0)
    opened_again = 0
    for _ in range(2 * most):
        busy.release_stream(MALLORY)
        opened_again += busy.admit_stream(MALLORY, 0)
        if opened_again == most:
            break
    assert not busy.admit_stream(MALLORY, 0)
    busy.release_stream(MALLORY)
    assert not busy.admit_stream(MALLORY, 0)
    assert busy.admit_stream(MALLORY, 0.101)


def test_no_state_is_kept_for_addresses_without_connections() -> None:
    empty = limits()
    for admitted in [enter(empty, ALICE), enter(empty, MALLORY), enter(empty, None)]:
        admitted.release()
    empty.admit_stream(ALICE, 0)
    empty.release_stream(ALICE)

    assert len(empty) == 0


@pytest.fixture(params=EDGES)
def url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", max_sockets=15, sockets_per_address=10)
    with serving(build(settings), request.param) as running:
        yield running


def refusal(url: str) -> tuple[int, str, str]:
    with pytest.raises(InvalidStatus) as refused, Socket(url):
        pass
    answer = refused.value.response
    return answer.status_code, answer.headers["retry-after"], (answer.body or b"").decode()


def test_one_socket_too_many_gets_429_with_retry_after(url: str) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(Socket(url))
        status, retry_after, body = refusal(url)
    assert (status, retry_after) == (429, "10")
    assert '"code":"too-many-sockets"' in body


def test_too_many_requests_get_429_with_retry_after(url: str) -> None:
    with httpx.Client() as mallory:
        while (answer := mallory.get(f"{url}/healthz")).status_code == 200:
            pass
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "status": 429,
        "code": "too-many-requests",
        "title": "Too many requests from your network.",
    }


@pytest.mark.parametrize("path", ["/ws", "/elsewhere"])
@pytest.mark.parametrize("head", [{"subprotocols": []}, {"headers": [(b"origin", b"https://evil.example")]}])
def test_refused_upgrades_count_as_requests(tmp_path: Path, head: dict[str, Any], path: str) -> None:
    """They use up the whole burst of the address."""
    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", sockets_per_address=10))
    scope = {
        "type": "websocket",
        "path": path,
        "client": ("192.0.2.1", 1),
        "headers": [],
        "subprotocols": [SUBPROTOCOL],
    }

    async def connect() -> Message:
        return {"type": "websocket.connect"}

    async def ask() -> str:
        said: list[Message] = []

        async def hear(message: Message) -> None:
            said.append(message)

        await eyeline({**scope, "subprotocols": [SUBPROTOCOL], **head}, connect, hear)
        return str(said[-1].get("reason"))

    async def ask_often() -> list[str]:
        with closing(eyeline):
            answers = [await ask() for _ in range(200)]
            assert eyeline.start().tally.handshakes_refused["too-many-requests"] > 0
        return answers

    answers = asyncio.run(ask_often())
    assert "too-many-requests" not in answers[:100]
    assert "too-many-requests" in answers[100:]


def test_client_that_guesses_room_names_is_throttled_but_keeps_its_socket(url: str) -> None:
    for number in range(10):
        with Socket(url) as mallory:
            mallory.send({"type": "hello", "room": f"guess-{number}"})
            assert mallory.receive()["type"] == "welcome"
    with Socket(url) as mallory:
        mallory.send({"type": "hello", "room": "tea"})
        assert mallory.receive()["code"] == "too-many-looks"
        mallory.send({"type": "ping"})
        assert mallory.receive() == {"type": "pong"}


def test_message_flood_over_many_sockets_is_cut_off(url: str) -> None:
    with ExitStack() as stack:
        flood = [stack.enter_context(Socket(url)) for _ in range(8)]
        heard = ""
        for number in range(1000):  # on each socket fewer than the limit for one socket
            flood[number % 8].send({"type": "ping"})
            heard = flood[number % 8].receive().get("code", "")
            if heard:
                break
    assert heard == "too-fast"
    assert number >= 600


def test_total_number_of_rooms_is_limited_but_members_can_still_resume(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", max_sockets=10)
    with serving(build(settings)) as url:
        for number in range(10):  # the seats of disconnected members are kept
            with Socket(url) as somebody:
                seat = somebody.join(f"room-{number}", "Somebody")
        with Socket(url) as alice:
            alice.send({"type": "hello", "room": "one-too-many"})
            assert alice.receive()["code"] == "busy"
        with Socket(url) as somebody:
            somebody.send({"type": "resume", "token": seat["resume"], "name": "Somebody", "heard": 0})
            assert somebody.receive()["type"] == "joined"
