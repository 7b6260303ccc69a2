"""A slow line, in user space: a queue that sends at a fixed rate, and drops what doesn't fit.

    python -m tests.support.shaper DEVICE KBITS

Creates the TUN device; packets that are routed to it come back from it, no faster than KBITS kbit/s.
"""

import asyncio
import fcntl
import os
import struct
import subprocess
import sys
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.namespaces import Namespace
from tests.support.process import Process, scratch

QUEUE_S: Final = 0.3
"""How long a packet waits at most; then the queue is full. Home routers have about that much."""
_TABLE: Final = 77
_TUNSETIFF: Final = 0x400454CA
_TUN_NO_PI: Final = 0x1001


class SlowLine:
    """`with SlowLine(router, 500)`: what arrives at the router's device `lan` leaves at 500 kbit/s inside the block."""

    def __init__(self, router: Namespace, kbits: int) -> None:
        self._router = router
        self._scratch = scratch("shaper")
        argv = [*router.prefix, sys.executable, "-m", "tests.support.shaper", "slow", str(kbits)]
        self._process = Process(argv, Path(self._scratch.name, "log"), dict(os.environ))

    def __enter__(self) -> Self:
        self._process.wait_for_line("(ready)")
        for command in (
            "sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.slow.rp_filter=0",
            f"ip route add default dev slow table {_TABLE}",
            f"ip rule add iif lan table {_TABLE}",
        ):
            self._router.do(command)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._router.do(f"ip rule del table {_TABLE}")
        self._process.end()
        self._scratch.cleanup()


def _tun(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TUN_NO_PI))
    subprocess.run(["ip", "link", "set", name, "up"], check=True)
    return device


async def shape(device: int, bytes_per_second: float) -> None:
    """Send the packets of a TUN device back to it, in order, at this rate."""
    loop = asyncio.get_running_loop()
    queue: deque[tuple[float, bytes]] = deque()
    free = 0.0  # when the line has sent all that is queued
    waiting = False

    def read() -> None:
        nonlocal free, waiting
        packet = os.read(device, 65_536)
        now = loop.time()
        free = max(free, now)
        if free - now > QUEUE_S:
            return
        free += len(packet) / bytes_per_second
        queue.append((free, packet))
        if not waiting:
            waiting = True
            loop.call_at(queue[0][0], write)

    def write() -> None:
        nonlocal waiting
        while queue and queue[0][0] <= loop.time():
            os.write(device, queue.popleft()[1])
        waiting = bool(queue)
        if waiting:
            loop.call_at(queue[0][0], write)

    loop.add_reader(device, read)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(shape(_tun(sys.argv[1]), float(sys.argv[2]) * 1000 / 8))
