"""Memory and CPU time of Chromium's processes, by their type: `renderer` for its tabs, `gpu-process`, `utility`."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


def renderers_bytes(pid: int) -> int:
    """The proportional set size of all renderers that this process or one of its descendants has started."""
    total = 0
    for each in descendants(pid):
        try:
            if type_of(each) == "renderer":
                rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            continue  # it has exited meanwhile
    return total


def cpu_seconds(pid: int) -> Counter[str]:
    """CPU time, user and system, that this process's descendants have used so far, by type of process."""
    used: Counter[str] = Counter()
    for each in descendants(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            used[type_of(each)] += (int(fields[11]) + int(fields[12])) / TICKS  # type: ignore[assignment]
        except OSError:
            continue  # it has exited meanwhile
    return used


def type_of(pid: int) -> str:
    """What Chromium calls a process with `--type`; empty for its first process and for any other program."""
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").split(b" ")
    return next((each.removeprefix(b"--type=").decode() for each in arguments if each.startswith(b"--type=")), "")


def descendants(pid: int) -> Iterator[int]:
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue  # that thread has exited meanwhile
        for child in children:
            yield from descendants(int(child))
