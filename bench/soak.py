"""Whether the broker's memory stays constant while people keep joining and leaving rooms of their own.

    PYTHONPATH=.:src .venv/bin/python bench/soak.py [--seconds 600] [--rate 500]

Prints the memory of its process every 30 seconds, and after everyone has left.
"""

import argparse
import asyncio
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Final

import httpx
import uvloop
from tests.support.crowd import come_and_go
from tests.support.server import LiveServer

PEOPLE: Final = 100
"""How many of them do so at the same time."""

FIGURES: Final = ("process_open_fds", "eyeline_sockets", "eyeline_rooms", 'eyeline_joins_total{outcome="seated"}')


async def person(url: str, rooms: Iterator[int], began: float, rate: float, seconds: float) -> None:
    """Join and leave the next room when its time has come."""
    for room in rooms:
        at = began + room / rate
        if at > began + seconds:
            return
        await asyncio.sleep(max(0.0, at - monotonic()))
        await come_and_go(url, f"room-{room}")


async def look(server: LiveServer, began: float) -> None:
    """Print one row."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{server.url}/metrics", timeout=30)).text
    figures = [re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE) for name in FIGURES]
    resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())
    cells = [f"{monotonic() - began:.0f}", str(int(resident[1]) if resident else "?")]
    cells += [f"{float(found[1]):.0f}" if found else "?" for found in figures]
    print("| " + " | ".join(cells) + " |", flush=True)


async def soak(server: LiveServer, rate: float, seconds: float) -> None:
    rooms, began = count(1), monotonic()
    async with asyncio.TaskGroup() as people:
        for _ in range(PEOPLE):
            people.create_task(person(server.url, rooms, began, rate, seconds))
        while monotonic() < began + seconds:
            await asyncio.sleep(min(30.0, seconds / 4))
            await look(server, began)
    await asyncio.sleep(1)
    await look(server, began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=500, help="joins a second")
    args = parser.parse_args()
    print("| seconds | resident KiB | open files | sockets | rooms | joins |\n| --- | --- | --- | --- | --- | --- |")
    with LiveServer("--sockets-per-address", "1000000", "--metrics", "open") as server:
        uvloop.run(soak(server, args.rate, args.seconds))


if __name__ == "__main__":
    main()
