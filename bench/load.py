"""Load from a program in C (`load.c`), so that the benchmark is faster than the server, and CPU time of the server."""

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

Way = tuple[socket.socket, socket.socket]
"""Connected sockets: where packets are sent, and where they must arrive."""


class Packet(NamedTuple):
    """What is sent, and what must arrive."""

    header: bytes
    size: int
    """Bytes after the header, which begin with the time, in 8 bytes."""
    skip: int
    """Bytes before the time in what arrives."""
    length: int
    """Bytes of what arrives; 0 for any."""


class Load(NamedTuple):
    """What the program says."""

    sent: int
    came: int
    seconds: float
    delay_us: int
    """The median."""
    delay_p99_us: int
    wrong: int
    """Packets of another length."""


class Generator:
    """The program, built into a folder."""

    def __init__(self, folder: str) -> None:
        self._program = f"{folder}/load"
        source = str(Path(__file__).with_name("load.c"))
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", self._program, source], check=True)

    def drive(
        self, packet: Packet, ways: Sequence[Way], packets: int, *, rate: int = 0, window: int = 0, idle: bool = False
    ) -> Load:
        """Send `rate` packets per second, or keep `window` of them in flight.

        With `idle` it runs only when nothing else on its processor does.
        """
        files = [each.fileno() for way in ways for each in way]
        numbers = map(str, (packets, rate, window, packet.size, packet.skip, packet.length))
        done = subprocess.run(
            [
                *(("chrt", "--idle", "0") if idle else ()),
                self._program,
                *numbers,
                packet.header.hex(),
                *map(str, files),
            ],
            pass_fds=files,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        sent, came, seconds, delay, p99, wrong = done.stdout.split()
        return Load(int(sent), int(came), float(seconds), int(delay), int(p99), int(wrong))


def cpu_seconds(*pids: int) -> float:
    """The CPU time of all threads of these processes, user and kernel."""
    return sum(sum(_nanoseconds(path) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) for pid in pids) / 1e9


def _nanoseconds(path: Path) -> int:
    """`/proc/PID/stat` would count only hundredths of a second."""
    return int(path.read_text().split()[0])
