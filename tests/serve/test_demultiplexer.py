"""Connections to the one TCP port: what counts against an address before its protocol is known, and after."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvloop
from uvicorn.config import Config
from uvicorn.server import ServerState

from eyeline.serve.app import Eyeline, build
from eyeline.serve.connection_limits import CONNECTIONS, REQUEST_WITHIN, SILENT
from eyeline.serve.http.timeouts import HttpProtocol
from eyeline.serve.process.demultiplexer import Demultiplexer
from eyeline.serve.ws.protocol import upgrade
from eyeline.settings import Settings
from eyeline.signalling.messages import SUBPROTOCOL
from eyeline.turn.message import BINDING, Class, Message

PEOPLE = 10
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n\r\n" % SUBPROTOCOL.encode()
)
STUN = Message(BINDING, Class.REQUEST, bytes(12)).encode()
MALLORY, BOB, PROXY = "127.0.0.2", "127.0.0.3", "127.0.0.9"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Open = Callable[[str], Awaitable[Streams]]
Scene = Callable[[Eyeline, Open], Coroutine[None, None, None]]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], None]:
    """Run a scene with a server whose limits are for ten people behind an address."""

    async def run(scene: Scene) -> None:
        settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", sockets_per_address=PEOPLE)
        app = build(settings, one_port=True)
        trusted = PROXY.__eq__
        http = partial(HttpProtocol, partial(upgrade, app.open_websocket))
        make: Any = partial(Demultiplexer, app.stream, http, trusted, app.limits)
        config = Config(app, http=make, ws=asyncio.Protocol, log_config=None, lifespan="off")
        config.load()
        loop, opened = asyncio.get_running_loop(), list[Streams]()
        factory = partial(make, config=config, server_state=ServerState(), app_state={})
        server = await loop.create_server(factory, "127.0.0.1", 0)

        async def open_from(host: str) -> Streams:
            where = server.sockets[0].getsockname()
            opened.append(await asyncio.open_connection(*where, local_addr=(host, 0)))
            return opened[-1]

        async with asyncio.timeout(20):
            await scene(app, open_from)
        for _, writer in opened:
            writer.transport.abort()
        server.close()
        app.close()
        for _ in range(1000):
            await asyncio.sleep(0.001 if len(app.limits) else 0)
        assert len(app.limits) == 0, "closed connections don't count any more"

    def act(scene: Scene) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(run(scene))

    return act


async def says(streams: Streams, data: bytes) -> bytes:
    """The beginning of the answer; empty if the server has closed the connection."""
    reader, writer = streams
    try:
        writer.write(data)
        return await reader.read(12)
    except ConnectionResetError:
        return b""


async def is_closed(streams: Streams) -> bool:
    """Whether the server closes the connection at once, long before the time limit for a request."""
    try:
        async with asyncio.timeout(REQUEST_WITHIN / 4):
            return await streams[0].read(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_silent_connections_are_limited_per_address(play: Callable[[Scene], None]) -> None:
    async def scene(app: Eyeline, open_from: Open) -> None:
        silent = [await open_from(MALLORY) for _ in range(PEOPLE * SILENT)]
        assert await is_closed(await open_from(MALLORY))
        assert await says(await open_from(BOB), HEALTH) == b"HTTP/1.1 200"
        assert await says(silent[0], HEALTH) == b"HTTP/1.1 200"
        more = await open_from(MALLORY)
        assert await is_closed(await open_from(MALLORY))
        assert await says(more, STUN) != b""
        assert app.limits.connections_refused == {"too-many-silent": 2}

    play(scene)


@pytest.mark.parametrize("first", [b"G", HEALTH])
def test_connections_that_have_sent_something_are_limited_per_address(
    play: Callable[[Scene], None], first: bytes
) -> None:
    async def scene(app: Eyeline, open_from: Open) -> None:
        for _ in range(PEOPLE * CONNECTIONS):
            streams = await open_from(MALLORY)
            if first == HEALTH:
                assert await says(streams, HEALTH) == b"HTTP/1.1 200"
            else:
                streams[1].write(first)
                await streams[1].drain()
        assert await is_closed(await open_from(MALLORY))
        assert await says(await open_from(BOB), HEALTH) == b"HTTP/1.1 200"
        assert app.limits.connections_refused == {"too-many-connections": 1}

    play(scene)


@pytest.mark.parametrize("data", [STUN, UPGRADE], ids=["turn", "websocket"])
def test_turn_and_websockets_have_limits_of_their_own(play: Callable[[Scene], None], data: bytes) -> None:
    async def scene(app: Eyeline, open_from: Open) -> None:
        streams = await open_from(MALLORY)
        assert await says(streams, data) != b""
        assert not app.limits._connections
        assert len(app.limits) == 1

    play(scene)


def test_trusted_proxy_has_no_limit_of_its_own(play: Callable[[Scene], None]) -> None:
    async def scene(app: Eyeline, open_from: Open) -> None:
        for _ in range(PEOPLE * SILENT):
            await open_from(PROXY)
        assert await says(await open_from(PROXY), HEALTH) == b"HTTP/1.1 200"
        assert not app.limits._connections

    play(scene)
