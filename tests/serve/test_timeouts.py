"""Who asks and never reads the answer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from eyeline.serve.connection_limits import REQUEST_WITHIN
from eyeline.serve.http.timeouts import STUCK_WITHIN, HttpProtocol


class Clock:
    """The part of a loop that the protocol asks for time; time passes by `ring`."""

    def __init__(self) -> None:
        self._calls: dict[object, tuple[float, Callable[[], object]]] = {}

    def call_later(self, delay: float, call: Callable[..., object], *more: object) -> Any:
        handle = Handle(self._calls)
        self._calls[handle] = delay, lambda: call(*more)
        return handle

    def create_task(self, answering: Coroutine[None, None, None]) -> Any:
        answering.close()  # nobody answers
        return Handle(self._calls)

    def ring(self, after: float = STUCK_WITHIN) -> None:
        """All that was to be done after so many seconds is done."""
        due = [(handle, call) for handle, (delay, call) in self._calls.items() if delay == after]
        for handle, call in due:
            del self._calls[handle]
            call()


class Handle:
    def __init__(self, calls: dict[object, Any]) -> None:
        self._calls = calls

    def cancel(self) -> None:
        self._calls.pop(self, None)

    def add_done_callback(self, _call: object) -> None:
        pass


class Line(asyncio.Transport):
    """The outside: holds what the client has not taken yet."""

    left = 100_000
    cut = False

    def get_write_buffer_size(self) -> int:
        return self.left

    def abort(self) -> None:
        self.cut = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def http(clock: Clock, line: Line) -> HttpProtocol:
    """One whose client has stopped reading."""

    async def nobody(_scope: object, _receive: object, _send: object) -> None:
        pass

    made = HttpProtocol(None, Config(nobody), ServerState(), {}, cast("asyncio.AbstractEventLoop", clock))
    made.connection_made(line)
    made.pause_writing()
    return made


def test_client_that_reads_nothing_is_disconnected(http: HttpProtocol, clock: Clock, line: Line) -> None:
    clock.ring()
    assert line.cut


def test_slow_reader_is_not_disconnected_while_it_makes_progress(http: HttpProtocol, clock: Clock, line: Line) -> None:
    for _ in range(5):
        line.left -= 1000
        clock.ring()
        assert not line.cut
    clock.ring()
    assert line.cut


def test_timeout_stops_once_the_client_has_caught_up(http: HttpProtocol, clock: Clock, line: Line) -> None:
    http.resume_writing()
    clock.ring()
    assert not line.cut


@pytest.mark.parametrize(("body", "cut"), [(b"{", True), (b"{}", False)])
def test_request_body_has_the_same_time_limit_as_its_head(
    http: HttpProtocol, clock: Clock, line: Line, body: bytes, cut: bool
) -> None:
    http.data_received(b"POST /api/v1/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + body)
    clock.ring(REQUEST_WITHIN)
    assert line.cut is cut
