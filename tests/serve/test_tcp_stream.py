"""A TCP connection to the relay: it must not monopolize the event loop, and a slow client costs little."""

import asyncio
from collections import Counter
from typing import Any, Final

from eyeline.serve.relay.tcp_stream import MESSAGES_PER_TURN, STUCK_S, TcpStream
from eyeline.turn.effects import Flow
from eyeline.turn.message import BINDING, Class, Message
from eyeline.turn.tcp_framing import ChannelRun

ASKED: Final = [Message(BINDING, Class.REQUEST, number.to_bytes(12)).encode() for number in range(200)]


class StreamHandler:
    """Records what it receives."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.refused: Counter[str] = Counter()

    def connected(self, flow: Flow, stream: TcpStream) -> bool:
        return True

    def receive(self, datagram: bytes, flow: Flow, reply: Any) -> None:
        self.heard.append(datagram)

    def from_stream(self, flow: Flow, received: ChannelRun | bytes) -> None:
        pass

    def disconnected(self, flow: Flow) -> None:
        pass


class FakeTransport(asyncio.Transport):
    """A fake transport that records whether reading is paused."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.2", 2)})
        self.reading = True
        self.aborted = False
        self.queued = 0

    def abort(self) -> None:
        self.aborted = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.queued += len(data)

    def get_write_buffer_size(self) -> int:
        return self.queued

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False


async def flooded() -> tuple[StreamHandler, FakeTransport, TcpStream]:
    passes, transport = StreamHandler(), FakeTransport()
    stream = TcpStream(passes)
    stream.connection_made(transport)
    stream.data_received(b"".join(ASKED[:150]))
    return passes, transport, stream


async def turns() -> None:
    """Let the event loop run, more than long enough for all queued work."""
    for _ in ASKED:
        await asyncio.sleep(0)


def test_read_full_of_messages_yields_to_other_tasks() -> None:
    async def play() -> None:
        passes, transport, stream = await flooded()
        assert len(passes.heard) == MESSAGES_PER_TURN
        assert not transport.reading
        stream.data_received(b"".join(ASKED[150:]))  # as TLS may do
        await turns()
        assert passes.heard == ASKED
        assert transport.reading

    asyncio.run(play())


def test_queued_messages_are_dropped_when_the_client_disconnects() -> None:
    async def play() -> None:
        passes, _, stream = await flooded()
        stream.connection_lost(None)
        await turns()
        assert len(passes.heard) == MESSAGES_PER_TURN

    asyncio.run(play())


def test_client_that_does_not_read_is_disconnected_even_with_an_allocation() -> None:
    async def play() -> None:
        transport = FakeTransport()
        stream = TcpStream(StreamHandler())
        stream.connection_made(transport)
        now = asyncio.get_running_loop().time()
        stream.pause_writing()
        stream.tick(now + STUCK_S - 1, holds=True)
        assert not transport.aborted
        stream.resume_writing()
        stream.tick(now + 2 * STUCK_S, holds=True)
        assert not transport.aborted
        stream.pause_writing()
        stream.tick(now + STUCK_S + 1, holds=True)
        assert transport.aborted

    asyncio.run(play())


def test_slow_client_has_at_most_256_kib_queued() -> None:
    async def play() -> None:
        transport = FakeTransport()
        stream = TcpStream(StreamHandler())
        stream.connection_made(transport)
        for _ in range(1000):
            stream.send(bytes(1000))
        assert transport.queued == (1 << 18) // 1000 * 1000
        transport.queued = 0
        stream.send(bytes(1000))
        assert transport.queued == 1000, "the client reads again"

    asyncio.run(play())
