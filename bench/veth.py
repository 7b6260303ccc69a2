"""A virtual Ethernet between this network namespace and one for a server, with GRO as on a network card.  Needs root.

As on a network card without USO, the kernel cuts segments (UDP_SEGMENT) before a packet leaves, in the sender's time.
Each end receives in a kernel thread of its own (threaded NAPI), which can be pinned and whose CPU time can be counted.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NAMESPACE: Final = "eyeline-bench"
HERE, THERE = "10.99.0.1", "10.99.0.2"
_OUR_END, _THEIR_END = "eyebench0", "eyebench1"
_SIOCETHTOOL, _ETHTOOL_SGRO = 0x8946, 0x2C
_THREADED: Final = "echo 1 > /sys/class/net/{end}/threaded"


@contextmanager
def veth(our_cpu: int, their_cpu: int) -> Iterator[int]:
    """Set it up, and pin the threads that receive; yields the id of the thread of the server's end."""
    _ip("netns", "add", NAMESPACE)
    try:
        _ip("link", "add", _OUR_END, "type", "veth", "peer", "name", _THEIR_END, "netns", NAMESPACE)
        _ip("address", "add", f"{HERE}/24", "dev", _OUR_END)
        _ip("link", "set", _OUR_END, "up")
        _there("ip", "address", "add", f"{THERE}/24", "dev", _THEIR_END)
        _there("ip", "link", "set", _THEIR_END, "up")
        _there("ip", "link", "set", "lo", "up")
        _turn_on_gro(_OUR_END)
        _there("python3", "-c", f"import runpy; runpy.run_path({__file__!r})['_turn_on_gro']({_THEIR_END!r})")
        for run, end in (_here, _OUR_END), (_there, _THEIR_END):
            run("ip", "link", "set", end, "gso_max_segs", "1")
            run("sh", "-c", _THREADED.format(end=end))
        os.sched_setaffinity(_thread(_OUR_END), {our_cpu})
        theirs = _thread(_THEIR_END)
        os.sched_setaffinity(theirs, {their_cpu})
        yield theirs
    finally:
        subprocess.run(["ip", "link", "delete", _OUR_END], check=False)  # the namespace takes its time to go
        _ip("netns", "delete", NAMESPACE)


def inside(command: list[str]) -> list[str]:
    """The command, run in the server's namespace; it keeps its process id."""
    return ["ip", "netns", "exec", NAMESPACE, *command]


def _turn_on_gro(end: str) -> None:
    value = ctypes.create_string_buffer(struct.pack("=II", _ETHTOOL_SGRO, 1))
    request = struct.pack("16sP16x", end.encode(), ctypes.addressof(value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCETHTOOL, request)


def _thread(end: str) -> int:
    """The kernel thread that receives at this end; Linux cuts its name."""
    for path in Path("/proc").glob("[0-9]*/comm"):
        name = path.read_text().strip()
        if name.startswith("napi/") and name.removeprefix("napi/").startswith(end[:10]):
            return int(path.parent.name)
    raise SystemExit(f"no thread receives at {end}: threaded NAPI needs Linux 5.12")


def _ip(*arguments: str) -> None:
    _here("ip", *arguments)


def _here(*command: str) -> None:
    subprocess.run(command, check=True)


def _there(*command: str) -> None:
    subprocess.run(inside(list(command)), check=True)
