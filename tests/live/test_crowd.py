"""Two hundred clients in fifty rooms through broker and socket failures: no signal is lost without a reported gap.

`FAULTS=10` runs ten of each fault instead of one.
"""

import asyncio
import os
import random
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Final

from tests.support.crowd import SEATS, Member, settled, until
from tests.support.forwarder import Forwarder
from tests.support.server import LiveServer

TIMES: Final = int(os.environ.get("FAULTS", "1"))
ROOMS: Final = 50


def pairs(members: list[Member]) -> Iterator[tuple[Member, Member]]:
    """Every ordered pair of members of the same room."""
    for start in range(0, len(members), SEATS):
        yield from permutations(members[start : start + SEATS], 2)


def follows(heard: list[str], said: list[str]) -> bool:
    """Whether the received signals are a subsequence of the sent ones: in order, none twice, some may be missing."""
    words = iter(said)
    return all(word in words for word in heard)


async def speak(members: list[Member], words: str) -> None:
    for one, other in pairs(members):
        await one.send(other.id, f"{words} from {one.id}")


async def through(fault: Callable[[], None], number: int, members: list[Member], loses: bool) -> None:
    """Send signals before, during and after a fault, and check what arrives once all are back."""
    taken = [len(each.seats) for each in members]
    await speak(members, f"{number} before")
    if loses:  # a broker that ends loses what it hasn't delivered
        await until(lambda: all(other.got[one.id][-1:] == one.said[other.id][-1:] for one, other in pairs(members)))
    async with asyncio.TaskGroup() as both:
        both.create_task(asyncio.to_thread(fault))
        await speak(members, f"{number} meanwhile")
    await until(lambda: all(len(each.seats) > count for each, count in zip(members, taken, strict=True)))
    await until(lambda: settled(members))
    await speak(members, f"{number} after")
    await until(lambda: all(other.got[one.id][-1:] == one.said[other.id][-1:] for one, other in pairs(members)))
    for one, other in pairs(members):
        heard, said = other.got[one.id], one.said[other.id]
        assert follows(heard, said), (heard, said)
        missing = set(said) - set(heard)
        assert all("meanwhile" in each for each in missing), missing
        assert loses or not any(each.startswith(f"{number} ") for each in missing), missing
    for each in members:
        assert set(each.seats) == {each.id}, "got another seat"


async def run(server: LiveServer, forwarder: Forwarder) -> None:
    def kill() -> None:
        server.kill()
        server.start()

    def drain() -> None:
        assert server.stop() == 0
        server.start()

    members = [Member(forwarder.url, f"room-{number // SEATS}", number) for number in range(ROOMS * SEATS)]
    faults = [kill, drain, forwarder.cut, *([forwarder.stall] if TIMES > 1 else [])] * TIMES
    random.Random(5).shuffle(faults)
    async with asyncio.TaskGroup() as people:
        lives = [people.create_task(each.run()) for each in members]
        await until(lambda: settled(members))
        for number, fault in enumerate(faults):
            await through(fault, number, members, loses=fault in (kill, drain))
        for broker_run in lives:
            broker_run.cancel()
    refusals = {code for each in members for code in each.refusals}
    assert refusals <= {"no-such-peer"}, "only signals to a peer that wasn't back yet may be refused"


def test_two_hundred_clients_miss_no_signal_and_get_none_twice() -> None:
    flags = ("--sockets-per-address", "100000", "--room-capacity", str(SEATS))
    with LiveServer(*flags) as server, Forwarder(server.port) as forwarder:
        asyncio.run(run(server, forwarder))
