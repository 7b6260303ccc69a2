"""The stream pump: bursts between TCP clients and their peers."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing

import pytest
from tests.support.relaying import CHANNEL, udp

from eyeline.serve.client_address import Source
from eyeline.serve.relay.bandwidth import BandwidthLimit
from eyeline.serve.relay.forwarding import RelaySession
from eyeline.serve.relay.socket_quota import SocketQuotas
from eyeline.serve.relay.socket_readers import SocketReaders
from eyeline.serve.relay.stream_pump import StreamPump
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow
from eyeline.turn.tcp_framing import MAX_RUN, ChannelRun, Splitter

UNLIMITED = 1e12


class Listener:
    """A client that records what it is sent, and has room for so many bytes."""

    def __init__(self, room: int) -> None:
        self.sent: list[list[bytes]] = []
        self._room = room

    def send(self, message: bytes) -> None:
        self.sent.append([message])

    def send_all(self, messages: list[bytes]) -> None:
        self.sent.append(messages)

    def room(self) -> int:
        return self._room


class Channel:
    """A channel between a client and a peer, on real sockets."""

    def __init__(self, *, rate: float, room: int) -> None:
        self.peer, self.wire = udp(), udp()
        self.peer.connect(self.wire.getsockname())
        self.wire.connect(self.peer.getsockname())
        self.wire.setblocking(False)
        self.listener = Listener(room)
        here = Address(bytes(4), 1)
        quota = SocketQuotas(10, 10).of(Source(bytes(4)), "alice")
        self.session = RelaySession(Flow("stream", here, here), BandwidthLimit(per_second=1e-9, burst=rate), quota)
        self.session.channels[CHANNEL] = self.wire
        self.session.sends[CHANNEL] = self.wire.send
        self.readers = SocketReaders()
        self.pump = StreamPump(self.readers)
        self.pump.add_channel(self.session, self.listener, CHANNEL, self.wire)

    def from_client(self, size: int, count: int) -> list[bytes]:
        """Forward a burst, and return what reaches the peer."""
        payloads = [number.to_bytes(size) for number in range(count)]
        self.pump.from_client(self.session, ChannelRun(CHANNEL, size, payloads))
        self.peer.setblocking(False)
        came = []
        try:
            while True:
                came.append(self.peer.recv(65_536))
        except BlockingIOError:
            return came

    def close(self) -> None:
        self.readers.close()
        self.peer.close()
        self.wire.close()


def play(scene: Callable[[Channel], object], *, rate: float = UNLIMITED, room: int = 1 << 18) -> None:
    """Run the scene in a loop, and then let the loop read what has come."""

    async def run() -> None:
        with closing(Channel(rate=rate, room=room)) as channel:
            scene(channel)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    asyncio.run(run())


async def until_read(channel: Channel) -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def received(sizes: list[int], *, rate: float = UNLIMITED, room: int = 1 << 18) -> tuple[list[list[bytes]], Channel]:
    """What the client is sent at each write, after the peer has sent packets of these sizes."""

    async def run() -> tuple[list[list[bytes]], Channel]:
        with closing(Channel(rate=rate, room=room)) as channel:
            for number, size in enumerate(sizes):
                channel.peer.send(bytes([number + 1]) * size)
            await until_read(channel)
            return channel.listener.sent, channel

    return asyncio.run(run())


def test_what_one_round_brings_is_one_write() -> None:
    sent, channel = received([100, 3, 0, 1200, 5])
    [whole] = sent
    assert whole == [
        CHANNEL.to_bytes(2) + size.to_bytes(2) + bytes([number + 1]) * size + bytes(-size % 4)
        for number, size in enumerate([100, 3, 0, 1200, 5])
    ]
    assert channel.pump.totals()[2:] == (5, 1308, 0)


def test_largest_packets_are_written_as_they_come() -> None:
    sent, _ = received([65_000] * 3)
    assert [len(each) for each in Splitter().feed(b"".join(b"".join(each) for each in sent))] == [65_004] * 3


def test_client_without_room_loses_what_does_not_fit_and_no_more() -> None:
    sent, channel = received([100, 100, 100, 4], room=220)
    assert [sum(map(len, each)) for each in sent] == [104 + 104 + 8]
    assert channel.pump.totals()[2:] == (3, 204, 0), "what was lost isn't counted as relayed"


def test_bandwidth_limit_cuts_a_burst_to_the_client() -> None:
    sent, channel = received([100] * 5, rate=350)
    assert [sum(map(len, each)) for each in sent] == [3 * 104]
    assert channel.pump.totals()[2:] == (3, 300, 2)


@pytest.mark.parametrize(("size", "count"), [(200, MAX_RUN), (900, 2), (1, 3), (7, 1)])
def test_burst_from_a_client_reaches_the_peer_packet_by_packet(size: int, count: int) -> None:
    def scene(channel: Channel) -> None:
        assert channel.from_client(size, count) == [number.to_bytes(size) for number in range(count)]
        assert channel.pump.totals()[:2] == (count, count * size)

    play(scene)


def test_empty_packets_reach_the_peer() -> None:
    def scene(channel: Channel) -> None:
        channel.pump.from_client(channel.session, ChannelRun(CHANNEL, 0, [b"", b""]))
        assert [channel.peer.recv(10), channel.peer.recv(10)] == [b"", b""]

    play(scene)


def test_bandwidth_limit_cuts_a_burst_to_the_peer() -> None:
    def scene(channel: Channel) -> None:
        assert len(channel.from_client(100, 5)) == 3
        assert channel.pump.totals() == (3, 300, 0, 0, 2)

    play(scene, rate=350)


def test_channel_that_is_not_bound_relays_nothing() -> None:
    def scene(channel: Channel) -> None:
        channel.session.sends.clear()
        assert channel.from_client(100, 5) == []

    play(scene)


def test_burst_arrives_although_the_packet_before_it_was_refused() -> None:
    """The kernel reports that refusal instead of sending the burst."""

    def scene(channel: Channel) -> None:
        where = channel.peer.getsockname()
        channel.peer.close()
        channel.wire.send(b"to nobody")
        channel.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        channel.peer.bind(where)
        assert len(channel.from_client(100, 20)) == 20

    play(scene)
