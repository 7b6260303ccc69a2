"""Performance: limits on the number of our function calls for one message, one allocation and one packet.

A layer that only passes things on adds calls, and fails here.  The limits are what was measured when the tests were
written; lower them when the number of calls drops.
"""

import asyncio
import gc
import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.serve.test_websocket_protocol import FakeTransport, opened
from tests.support.relaying import CHANNEL, Client, Running, running, udp

import eyeline
from eyeline import Settings, build
from eyeline.serve.ws.protocol import WebSocketProtocol

OURS = str(Path(eyeline.__file__).parent)


class Calls:
    """Our functions that a thread calls while it is profiled."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            self.names.append(frame.f_code.co_qualname)


def frame(message: dict[str, Any]) -> bytes:
    """A masked text frame, with a mask of zeros."""
    text = json.dumps(message).encode()
    head = bytes((0x81, 0x80 | len(text))) if len(text) < 126 else bytes((0x81, 0x80 | 126)) + len(text).to_bytes(2)
    return head + bytes(4) + text


def member(application: eyeline.Eyeline, name: str) -> tuple[WebSocketProtocol, FakeTransport, str]:
    """A member of the room: its connection, its fake transport, and its id."""
    transport = FakeTransport()
    socket = opened(application, transport)
    transport.written = b""
    socket.data_received(frame({"type": "hello", "room": "tea"}) + frame({"type": "join", "name": name}))
    joined = re.search(rb'"type":"joined","you":"([^"]+)"', transport.written)
    assert joined is not None
    return socket, transport, joined[1].decode()


def test_signal_reaches_the_other_member_in_at_most_21_calls(tmp_path: Path) -> None:
    calls = Calls()

    async def run() -> bytes:
        with closing(build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))) as application:
            alice, _, _ = member(application, "Alice")
            bob, transport, to = member(application, "Bob")
            text = frame({"type": "signal", "to": to, "n": 1, "data": "x"})
            transport.written = b""
            sys.setprofile(calls.profile)
            alice.data_received(text)
            sys.setprofile(None)
            for each in (alice, bob):
                each.connection_lost(None)
            return transport.written

    assert b'"data":"x"' in asyncio.run(run())
    assert 0 < len(calls.names) <= 21, calls.names


def test_members_who_have_left_leave_no_cycles_of_objects(tmp_path: Path) -> None:
    """Or else they would stay in memory until Python looks for cycles, which it seldom does."""

    async def run() -> list[str]:
        with closing(build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))) as application:
            for leaves in (True, False, True):  # the first one loads what is loaded later
                gc.collect()
                gc.disable()
                members = [member(application, name) for name in ("Alice", "Bob")]
                for socket, transport, _ in members:
                    if leaves:
                        socket.data_received(frame({"type": "leave"}))
                    socket.connection_lost(None)
                    transport.protocol = None
                del members, socket, transport
                gc.set_debug(gc.DEBUG_SAVEALL)
                gc.collect()
                gc.set_debug(0)
                left = [type(each).__name__ for each in gc.garbage]
                gc.garbage.clear()
            return left

    try:
        left = asyncio.run(run())
    finally:
        gc.set_debug(0)
        gc.enable()
    assert left == []


@pytest.fixture
def relay() -> Iterator[Running]:
    with running("asyncio") as made:
        yield made


@contextmanager
def profiled(relay: Running) -> Iterator[Calls]:
    """The calls of the relay's thread inside the block."""
    calls = Calls()
    relay.run(lambda: sys.setprofile(calls.profile))
    try:
        yield calls
    finally:
        relay.run(lambda: sys.setprofile(None))


def test_allocation_takes_at_most_285_calls(relay: Running) -> None:
    client = Client(relay)
    with closing(client.socket), profiled(relay) as calls:
        client.allocate()

    assert 0 < len(calls.names) <= 285, calls.names


def test_media_packet_is_forwarded_in_at_most_4_calls(relay: Running) -> None:
    client, packets = Client(relay), 8
    with closing(client.socket), udp() as peer:
        client.allocate()
        client.bind(peer)
        with profiled(relay) as calls:
            for _ in range(packets):
                client.send_channel_data(CHANNEL, b"media")
            for _ in range(packets):
                assert peer.recv(2048) == b"media"

    assert 0 < len(calls.names) <= 4 * packets, calls.names
