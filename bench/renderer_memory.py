"""The memory of Chromium's renderers, that is of its tabs."""

from collections.abc import Iterator
from pathlib import Path


def renderers_bytes(pid: int) -> int:
    """The proportional set size of all renderers that this process or one of its descendants has started."""
    total = 0
    for each in descendants(pid):
        try:
            if b"--type=renderer" in Path(f"/proc/{each}/cmdline").read_bytes():
                rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
        except (OSError, StopIteration):
            continue  # it has exited meanwhile
    return total


def descendants(pid: int) -> Iterator[int]:
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue  # that thread has exited meanwhile
        for child in children:
            yield from descendants(int(child))
