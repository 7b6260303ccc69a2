"""Load tests: slow clients, floods and churn have no lasting cost."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import count, pairwise
from pathlib import Path
from typing import Final, Self

import httpx
import pytest
from tests.support.crowd import come_and_go
from tests.support.server import LiveServer
from tests.support.socket import Socket
from websockets.exceptions import ConnectionClosed

from eyeline.serve.websocket import CLOSE_WITHIN

MANY: Final = ("--sockets-per-address", "1000000", "--metrics", "open")


def memory(server: LiveServer, what: str = "VmRSS") -> int:
    """Memory of the server process in KiB, now or at its peak (`VmHWM`)."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{server.pid}/status").read_text())
    assert found is not None
    return int(found[1])


def figure(server: LiveServer, name: str) -> float:
    """The value of one metric."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", httpx.get(f"{server.url}/metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def wait(server: LiveServer, name: str, wanted: float) -> None:
    """Wait until a metric has this value."""
    end = time.monotonic() + 2 * CLOSE_WITHIN
    while (now := figure(server, name)) != wanted:
        assert time.monotonic() < end, f"{name} is {now}"


@pytest.mark.more
@pytest.mark.parametrize("letter", ["x", "💜"])
def test_slow_client_costs_less_than_2_mb_and_is_disconnected_alone(letter: str) -> None:
    payload = letter + "x" * 55_000
    with LiveServer(*MANY) as server, Socket(server.url) as alice, Socket(server.url) as carol:
        alice.join("tea", "Alice")
        carol_id = carol.join("tea", "Carol")["you"]
        numbers = iter(range(1, 1000))
        for _ in range(25):  # so that all buffers have grown as large as a flood makes them
            for _ in range(8):
                alice.send({"type": "signal", "to": carol_id, "n": next(numbers), "data": payload})
            for _ in range(8):
                carol.receive("signalled")
        with Socket(server.url, receive_buffer=8192) as bob:
            bob_id = bob.join("tea", "Bob")["you"]
            time.sleep(4)  # for the rate limit
            before = memory(server, "VmHWM")
            for _ in range(250):
                alice.send({"type": "signal", "to": bob_id, "n": next(numbers), "data": payload})
            alice.send({"type": "signal", "to": carol_id, "n": next(numbers), "data": "psst"})
            assert carol.receive("signalled")["data"] == "psst"
            assert figure(server, 'eyeline_drops_total{reason="too-slow"}') == 1
            assert memory(server, "VmHWM") - before < 2000
            wait(server, "eyeline_sockets", 2)
            assert figure(server, 'eyeline_seats{is="away"}') == 1


@pytest.mark.alone
def test_flood_in_one_room_does_not_slow_another() -> None:
    """The limit is 50 ms, which people begin to notice; without a flood it is about a millisecond."""
    with LiveServer(*MANY) as server, ExitStack() as stack:
        alice, bob = (stack.enter_context(Socket(server.url)) for _ in range(2))
        alice.join("tea", "Alice")
        bob_id = bob.join("tea", "Bob")["you"]
        flood = stack.enter_context(Flood(server.url))
        times = []
        for n in range(1, 201):
            began = time.monotonic()
            alice.send({"type": "signal", "to": bob_id, "n": n, "data": "x" * 500})
            bob.receive("signalled")
            times.append(time.monotonic() - began)
            time.sleep(0.02)  # for the rate limit
        assert flood.said > 200
        assert sorted(times)[-20] < 0.05


@pytest.mark.more
@pytest.mark.alone
def test_memory_is_stable_after_ten_thousand_joins_and_leaves() -> None:
    with LiveServer(*MANY) as server:
        asyncio.run(crowd(server.url, 2000))  # let the memory pools of Python and libc reach their size
        levels = [memory(server)]
        for _ in range(2):  # memory pools grow in jumps, a leak grows each time
            asyncio.run(crowd(server.url, 10_000))
            wait(server, "eyeline_sockets", 0)
            levels.append(memory(server))
        assert figure(server, 'eyeline_joins_total{outcome="seated"}') == 22_000
        assert figure(server, "eyeline_rooms") == figure(server, 'eyeline_seats{is="here"}') == 0
        assert figure(server, 'eyeline_seats{is="away"}') == 0
        assert figure(server, "process_open_fds") < 40
        assert min(after - before for before, after in pairwise(levels)) < 4000


async def crowd(url: str, times: int) -> None:
    """Let this many people join and leave rooms of their own, 50 at a time."""
    numbers = iter(range(times))
    async with asyncio.TaskGroup() as people:
        for _ in range(50):
            people.create_task(visits(url, numbers))


async def visits(url: str, numbers: Iterator[int]) -> None:
    """Join and leave these rooms one after the other."""
    for number in numbers:
        await come_and_go(url, f"room-{number}")


class Flood:
    """Mallory and her friends send as fast as their rate limits allow, in rooms of their own, from a thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._flood)
        self.said = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _flood(self) -> None:
        numbers = count(1)
        while not self._stop.is_set():
            with Socket(self._url) as mallory, Socket(self._url) as friend, suppress(ConnectionClosed):
                room = f"flood-{next(numbers)}"
                mallory.join(room, "Mallory")
                friend_id = friend.join(room, "Friend")["you"]
                for n in count(1):  # until she is disconnected
                    self.said += 1
                    mallory.send({"type": "signal", "to": friend_id, "n": n, "data": "x" * 50_000})
