"""How long `eyeline serve` takes until it listens, for two checkouts in turns.

    .venv/bin/python bench/start.py . ../before [--runs 20]

Each checkout has its own `.venv`.  CPU time is that of all threads of the process, user and system, until it has said
"Press Ctrl-C to stop."; modules and the time of their imports are those that `python -X importtime` lists until then.
Bytecode is compiled before the first run that counts, as `pip install` does.
"""

import argparse
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

IMPORTED = re.compile(r"^import time: +(\d+) \| +\d+ \| ", re.MULTILINE)


class Start(NamedTuple):
    """One start of a server."""

    cpu_ms: float
    modules: int
    import_ms: float


def cpu_ms(pid: int) -> float:
    """What the scheduler has given to all threads of the process."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def start(checkout: Path, folder: Path, *options: str) -> Start:
    """Start a server, look at it as soon as it listens, and end it."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ |= {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONPATH": str(checkout / "src")}
    ports = ("--host", "127.0.0.1", "--port", "0", "--stun-port", "0", "--data-dir", str(folder / "data"))
    argv = [str(checkout / ".venv/bin/python"), *options, "-m", "eyeline", "serve", *ports]
    with (
        (folder / "errors").open("w+") as errors,
        subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=errors, text=True) as server,
    ):
        assert server.stdout is not None
        if not any("Ctrl-C" in line for line in server.stdout):
            raise SystemExit(f"{checkout} does not start:\n{(folder / 'errors').read_text()}")
        used = cpu_ms(server.pid)
        server.kill()
        server.wait()
        errors.seek(0)
        imports = [int(us) for us in IMPORTED.findall(errors.read())]
    return Start(used, len(imports), sum(imports) / 1000)


def shown(name: str, checkouts: Sequence[Path], figures: Sequence[float]) -> str:
    """One line: the median of each checkout, and the first as a part of the second."""
    medians = ", ".join(f"{checkout} {figure:.0f}" for checkout, figure in zip(checkouts, figures, strict=True))
    return f"{name}: {medians}; ratio {figures[0] / figures[1]:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkouts", nargs=2, type=Path, metavar="CHECKOUT")
    parser.add_argument("--runs", type=int, default=20)
    args = parser.parse_args()
    checkouts: list[Path] = args.checkouts
    plain: dict[Path, list[Start]] = {checkout: [] for checkout in checkouts}
    traced: dict[Path, list[Start]] = {checkout: [] for checkout in checkouts}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {checkout: Path(scratch, str(number)) for number, checkout in enumerate(checkouts)}
        for checkout, folder in folders.items():
            folder.mkdir()
            start(checkout.resolve(), folder)
        for _ in range(args.runs):
            for checkout, folder in folders.items():
                plain[checkout].append(start(checkout.resolve(), folder))
                traced[checkout].append(start(checkout.resolve(), folder, "-X", "importtime"))
    print(shown("CPU ms until it listens", checkouts, [median(s.cpu_ms for s in plain[c]) for c in checkouts]))
    print(shown("least CPU ms", checkouts, [min(s.cpu_ms for s in plain[c]) for c in checkouts]))
    print(shown("ms of imports", checkouts, [median(s.import_ms for s in traced[c]) for c in checkouts]))
    print(shown("modules", checkouts, [median(s.modules for s in traced[c]) for c in checkouts]))


if __name__ == "__main__":
    main()
