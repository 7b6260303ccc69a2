"""WebSockets in our own server: a slow client is disconnected, whatever kind of data is queued for it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import Opcode
from websockets.utils import apply_mask

from eyeline.serve.app import Eyeline, build
from eyeline.serve.http.timeouts import HttpProtocol
from eyeline.serve.websocket import OUTBOX_BYTES, Full
from eyeline.serve.ws.connection import Broker
from eyeline.serve.ws.protocol import LATE_FRAMES, WebSocketProtocol, upgrade
from eyeline.settings import Settings

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: eyeline.v1\r\n\r\n"
)
PING = bytes((0x80 | Opcode.PING, 0x80 | 125)) + bytes(4 + 125)
BURST = 300
"""Frames that a client may send at once, as docs/security.md promises."""
PONG = bytes((0x80 | Opcode.PONG, 0x80)) + bytes(4)
FRAGMENTS = bytes((Opcode.TEXT, 0x80)) + bytes(4) + bytes((0x80 | Opcode.CONT, 0x80)) + bytes(4)
"""An empty message in two frames."""
PONG_BYTES = 2 + 125


class FakeTransport(asyncio.Transport):
    """A fake transport of a client that reads nothing and already has queued data."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0
        self.written = b""
        self.over = False
        self.cut = asyncio.Event()
        self.protocol: asyncio.BaseProtocol | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.left += len(data)
        self.written += data

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_write_buffer_size(self) -> int:
        return self.left

    def is_closing(self) -> bool:
        return self.over

    def close(self) -> None:
        self.over = True

    def abort(self) -> None:
        self.over = True
        self.cut.set()


def opened(eyeline: Eyeline, transport: FakeTransport) -> WebSocketProtocol:
    """A connection whose opening handshake is done."""
    config = Config(eyeline, log_config=None, proxy_headers=False)
    http = HttpProtocol(partial(upgrade, eyeline.open_websocket), None, config, ServerState(), {})
    http.connection_made(transport)
    http.data_received(HANDSHAKE)
    assert isinstance(transport.protocol, WebSocketProtocol)
    return transport.protocol


def conversing(tmp_path: Path, converse: Callable[[WebSocketProtocol, FakeTransport, Broker], Awaitable[None]]) -> None:
    """Run `converse` with a server connection whose handshake is done."""

    async def run() -> None:
        with closing(build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))) as eyeline:
            transport = FakeTransport()
            socket = opened(eyeline, transport)
            await converse(socket, transport, eyeline.start())
            socket.connection_lost(None)

    asyncio.run(run())


def test_unread_pongs_are_bounded(tmp_path: Path) -> None:
    async def converse(socket: WebSocketProtocol, transport: FakeTransport, broker: Broker) -> None:
        transport.left = OUTBOX_BYTES - 2 * PONG_BYTES
        transport.written = b""
        for _ in range(2):
            socket.data_received(PING)
        assert transport.written.count(bytes((0x80 | Opcode.PONG,))) == 2
        assert not broker.tally.drops
        for _ in range(10):
            socket.data_received(PING)
        assert transport.left < OUTBOX_BYTES + 2 * PONG_BYTES
        assert transport.written.endswith(b"too-slow")
        assert broker.tally.drops == {"too-slow": 1}

    conversing(tmp_path, converse)


def test_message_that_exactly_fills_the_outbox_is_sent_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    async def converse(socket: WebSocketProtocol, transport: FakeTransport, _broker: Broker) -> None:
        for length in (1, 125, 126, 0xFFFF, 0x10000):
            transport.left, transport.written = OUTBOX_BYTES - length, b""
            socket.send_text(b"x" * length)
            assert transport.written.endswith(b"x" * length)
            transport.left, transport.written = OUTBOX_BYTES - length + 1, b""
            with pytest.raises(Full):
                socket.send_text(b"x" * length)
            assert transport.written == b""

    conversing(tmp_path, converse)


def test_pings_are_answered_while_the_client_reads(tmp_path: Path) -> None:
    async def converse(socket: WebSocketProtocol, transport: FakeTransport, broker: Broker) -> None:
        for _ in range(100):
            transport.left, transport.written = 0, b""
            socket.data_received(PING)
            assert len(transport.written) == PONG_BYTES
        assert not broker.tally.drops

    conversing(tmp_path, converse)


@pytest.mark.parametrize("flood", [PING, PONG, FRAGMENTS], ids=["pings", "pongs", "fragments"])
def test_flood_of_control_frames_or_fragments_is_cut_off(tmp_path: Path, flood: bytes) -> None:
    async def converse(socket: WebSocketProtocol, transport: FakeTransport, broker: Broker) -> None:
        for _ in range(BURST):
            transport.left = 0
            socket.data_received(flood)
        assert not broker.tally.drops or flood == FRAGMENTS
        for _ in range(BURST):
            transport.left = 0
            socket.data_received(flood)
        assert broker.tally.drops == {"too-fast": 1}
        assert transport.written.endswith(b"too-fast")

    conversing(tmp_path, converse)


def test_client_that_goes_on_after_the_close_is_disconnected(tmp_path: Path) -> None:
    async def converse(socket: WebSocketProtocol, transport: FakeTransport, _broker: Broker) -> None:
        socket.close(4008, "too-fast")
        socket.data_received(PONG * LATE_FRAMES)
        assert not transport.over
        socket.data_received(PONG)
        assert transport.over

    conversing(tmp_path, converse)


class Recorder:
    """Records the messages that it receives."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.lost_times = 0

    def receive(self, frame: str | bytes) -> None:
        self.heard.append(frame)

    def receive_control(self) -> None:
        pass

    def drop_slow(self) -> None:
        pass

    def lost(self) -> None:
        self.lost_times += 1


@pytest.mark.parametrize("piece", [1, 1000, 1 << 20])
def test_message_of_any_length_arrives_whole(tmp_path: Path, piece: int) -> None:
    mask = b"\1\2\3\4"
    messages = [b"x" * size for size in (0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000)]

    def frame(message: bytes) -> bytes:
        size = len(message)
        if size < 126:
            head = bytes((0x81, 0x80 | size))
        elif size < 1 << 16:
            head = bytes((0x81, 0x80 | 126)) + size.to_bytes(2)
        else:
            head = bytes((0x81, 0x80 | 127)) + size.to_bytes(8)
        return head + mask + apply_mask(message, mask)

    async def converse(socket: WebSocketProtocol, _transport: FakeTransport, _broker: Broker) -> None:
        recorder = Recorder()
        socket.deliver_to(recorder)
        for message in messages if piece > 1 else messages[:7]:
            data = frame(message)
            for start in range(0, len(data), piece):
                socket.data_received(data[start : start + piece])
        assert recorder.heard == (messages if piece > 1 else messages[:7])
        recorder.heard.clear()
        socket.data_received(b"".join(map(frame, messages)))
        assert recorder.heard == messages

    conversing(tmp_path, converse)
