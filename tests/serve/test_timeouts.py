"""HTTP timeouts: clients that never read the response or never finish the request."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from eyeline.serve.connection_limits import HEAD_BYTES_MAX, REQUEST_WITHIN
from eyeline.serve.http.timeouts import PIPELINED_MAX, STUCK_WITHIN, HttpProtocol


class FakeLoop:
    """A fake event loop with the methods that the protocol uses; time passes by `ring`."""

    def __init__(self) -> None:
        self._calls: dict[object, tuple[float, Callable[[], object]]] = {}

    def call_later(self, delay: float, call: Callable[..., object], *more: object) -> Any:
        handle = Handle(self._calls)
        self._calls[handle] = delay, lambda: call(*more)
        return handle

    def create_task(self, answering: Coroutine[None, None, None]) -> Any:
        answering.close()  # never answers
        return Handle(self._calls)

    def ring(self, after: float = STUCK_WITHIN) -> None:
        """Call everything that was scheduled with this delay."""
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


class ReadingTransport(asyncio.Transport):
    """A client that reads everything."""

    closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass


class FakeTransport(asyncio.Transport):
    """A fake transport with data that the client hasn't read yet."""

    left = 100_000
    cut = False
    written = b""

    def get_write_buffer_size(self) -> int:
        return self.left

    def abort(self) -> None:
        self.cut = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.cut = True


@pytest.fixture
def loop() -> FakeLoop:
    return FakeLoop()


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


def no_upgrade(*_request: object) -> None:
    raise AssertionError("nobody asks for a WebSocket")


@pytest.fixture
def http(loop: FakeLoop, transport: FakeTransport) -> HttpProtocol:
    """A connection whose client has stopped reading."""

    async def nobody(_scope: object, _receive: object, _send: object) -> None:
        pass

    made = HttpProtocol(no_upgrade, None, Config(nobody), ServerState(), {}, cast("asyncio.AbstractEventLoop", loop))
    made.connection_made(transport)
    made.pause_writing()
    return made


def test_client_that_reads_nothing_is_disconnected(
    http: HttpProtocol, loop: FakeLoop, transport: FakeTransport
) -> None:
    loop.ring()
    assert transport.cut


def test_slow_reader_is_not_disconnected_while_it_makes_progress(
    http: HttpProtocol, loop: FakeLoop, transport: FakeTransport
) -> None:
    for _ in range(5):
        transport.left -= 1000
        loop.ring()
        assert not transport.cut
    loop.ring()
    assert transport.cut


def test_timeout_stops_once_the_client_has_caught_up(
    http: HttpProtocol, loop: FakeLoop, transport: FakeTransport
) -> None:
    http.resume_writing()
    loop.ring()
    assert not transport.cut


@pytest.mark.parametrize(("body", "cut"), [(b"{", True), (b"{}", False)])
def test_request_body_has_the_same_time_limit_as_its_head(
    http: HttpProtocol, loop: FakeLoop, transport: FakeTransport, body: bytes, cut: bool
) -> None:
    http.data_received(b"POST /api/v1/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + body)
    loop.ring(REQUEST_WITHIN)
    assert transport.cut is cut


@pytest.mark.parametrize("excess", [0, 1])
def test_request_head_has_a_limited_size(http: HttpProtocol, transport: FakeTransport, excess: int) -> None:
    """A piece may pass the limit, as uvicorn reads up to 64 kB at once, and what follows is refused."""
    http.data_received(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
    http.data_received(b"y" * (HEAD_BYTES_MAX + excess))
    http.data_received(b"\r\n")
    assert (b" 400 " in transport.written) is bool(excess)


@pytest.mark.parametrize("excess", [False, True])
def test_pipelined_requests_are_limited(loop: FakeLoop, excess: bool) -> None:
    transport, request = ReadingTransport(), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

    async def never(_scope: object, _receive: object, _send: object) -> None:
        await asyncio.Event().wait()

    piped = HttpProtocol(no_upgrade, None, Config(never), ServerState(), {}, cast("asyncio.AbstractEventLoop", loop))
    piped.connection_made(transport)
    piped.data_received(request * (1 + PIPELINED_MAX + excess))  # the first one is being answered
    assert len(piped.pipeline) == PIPELINED_MAX
    assert transport.closed is excess
