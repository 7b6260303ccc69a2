"""Coverage-guided fuzzing of all input: `make fuzz`, or python -m tools.fuzz {words,stun,relay,edge} [--seconds 60].

Input is accepted or gets its documented error.  Anything else, including a traceback in the log, ends the run
with the bytes that did it.  Needs atheris, which is there for Linux on x86 only.
"""

import argparse
import asyncio
import itertools
import logging
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import atheris

with atheris.instrument_imports(include=["eyeline", "websockets"], enable_loader_override=False):
    import uvicorn
    from tests.support.turn import Client, World
    from uvicorn.server import ServerState

    from eyeline.serve.app import build
    from eyeline.serve.http.timeouts import HttpProtocol
    from eyeline.serve.process.demultiplexer import Demultiplexer
    from eyeline.serve.ws.protocol import upgrade
    from eyeline.settings import Settings
    from eyeline.signalling.codec import decode, encode
    from eyeline.signalling.refusals import Refusal
    from eyeline.turn.framing import MalformedError
    from eyeline.turn.message import Message

HANDSHAKE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: eyeline.v1\r\n\r\n"
)
BEGINNINGS: Final = (
    b"",
    b"GET /",
    b"GET / HTTP/1.1\r\n",
    b"PROXY TCP4 ",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0",
    HANDSHAKE,
    HANDSHAKE + b"\x81\xfe",
    b"\x00\x01",
)


SEEDS: Final = (
    b'{"type":"hello","room":"tea"}',
    b'{"type":"join","name":"Alice"}',
    b'{"type":"resume","token":"x","name":"Alice","heard":0}',
    b'{"type":"signal","to":"bob","n":1,"data":"\\u00e9"}',
    b'{"type":"leave"}',
    b'{"type":"ping"}',
)
"""The fuzzer's seeds for `words`: it has no coverage of the JSON decoder."""


def words(data: bytes) -> None:
    """One message on the WebSocket."""
    try:
        message = decode(data)
    except Refusal:
        return
    assert decode(encode(message)) == message


def stun(data: bytes) -> None:
    """One STUN or TURN message."""
    try:
        message = Message.decode(data)
    except MalformedError:
        return
    assert Message.decode(message.encode()) == message


def relay() -> Callable[[bytes], None]:
    """Input to a relay from a client that has an allocation."""
    world = World()
    client = Client(world)
    assert client.allocate() == 0

    def feed(data: bytes) -> None:
        world.receive(data, client.flow)

    return feed


class Wire(asyncio.Transport):
    """A fake transport whose other end is the fuzzer."""

    def __init__(self, protocol: asyncio.Protocol, number: int) -> None:
        client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        super().__init__({"peername": (client, 4000), "sockname": ("192.0.2.1", 80)})
        self._protocol: asyncio.BaseProtocol = protocol
        self._closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Ignores the response: only a failure matters."""

    def writelines(self, list_of_data: Any) -> None:
        """Ignored, like `write`."""

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self._closed

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There isn't a buffer."""

    def pause_reading(self) -> None:
        """Flow control isn't simulated."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""

    def is_reading(self) -> bool:
        return True


class Alarm(logging.Handler):
    """Raises on a traceback in the log."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            raise AssertionError(record.getMessage())


def edge(folder: Path) -> Callable[[bytes], None]:
    """A connection to the shared port, in pieces: HTTP, WebSocket or TURN."""
    loop = asyncio.new_event_loop()
    failures: list[object] = []
    loop.set_exception_handler(lambda _loop, context: failures.append(context))
    logging.getLogger().addHandler(Alarm())
    app = build(Settings(data_dir=folder, stun_port=0, host="127.0.0.1"), one_port=True)
    http = partial(HttpProtocol, partial(upgrade, app.open_websocket))
    make: Any = partial(Demultiplexer, app.stream, http, lambda _client: True, app.limits)
    config = uvicorn.Config(app, http=make, ws=asyncio.Protocol, log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    numbers = itertools.count()

    async def connection(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        beginning = BEGINNINGS[provider.ConsumeIntInRange(0, len(BEGINNINGS) - 1)]
        pieces = [beginning + provider.ConsumeBytes(provider.ConsumeIntInRange(0, 64))]
        while provider.remaining_bytes():
            pieces.append(provider.ConsumeBytes(provider.ConsumeIntInRange(1, 256)))
        protocol: asyncio.Protocol = make(config=config, server_state=state, app_state={})
        wire = Wire(protocol, next(numbers))
        protocol.connection_made(wire)
        for piece in pieces:
            if piece and not wire.is_closing():
                wire.get_protocol().data_received(piece)  # type: ignore[attr-defined]
                await asyncio.sleep(0)
        wire.close()
        for _ in range(5):
            await asyncio.sleep(0)

    def feed(data: bytes) -> None:
        loop.run_until_complete(connection(data))
        assert failures == [], failures

    asyncio.set_event_loop(loop)
    return feed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=["words", "stun", "relay", "edge"])
    parser.add_argument("--seconds", type=int, default=60)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        targets = {"words": lambda: words, "stun": lambda: stun, "relay": relay, "edge": lambda: edge(Path(folder))}
        feed = targets[args.target]()
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, seed in enumerate(SEEDS if args.target == "words" else ()):
            corpus.joinpath(str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], f"-max_total_time={args.seconds}", "-max_len=4096", str(corpus)], feed)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
