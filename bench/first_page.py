"""Time to the first page, from a fresh clone and from the wheel, and on later starts; memory of an idle server.

    .venv/bin/python bench/first_page.py

Measured is the last commit, cloned into a temporary folder, and the wheel that `make wheel` builds there, both with
empty caches of pip and npm.  What `make serve` prints is shown with the time at which it came.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).parents[1]
DEADLINE_S: Final = 600.0
STARTS: Final = 5
IDLE_S: Final = 5.0


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class Started:
    """A program that serves, since `begin`, and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], port: int, begin: float, *, shown: bool) -> None:
        self.process, self.port = process, port
        self._begin, self._shown = begin, shown
        self.times = [begin]
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.times.append(time.monotonic())
            if self._shown:
                print(f"{self.times[-1] - self._begin:6.1f} s  {line}", end="", flush=True)

    def first_page(self) -> float:
        """Seconds until the page is there."""
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > self._begin + DEADLINE_S:
                raise SystemExit("The server does not start.")
            time.sleep(0.01)
        return time.monotonic() - self._begin

    def silence(self) -> float:
        """The most seconds between two lines."""
        return max(later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False))


@contextmanager
def started(
    argv: Sequence[str], cwd: Path, environ: Mapping[str, str], begin: float | None = None
) -> Iterator[Started]:
    """`argv` with ports and a data directory of its own, or `make serve` with them in ARGS; ended after the block."""
    port, stun_port = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    options = f"--host 127.0.0.1 --port {port} --stun-port {stun_port} --data-dir {cwd}/data"
    made = argv[0] == "make"
    process = subprocess.Popen(
        [*argv, *([f"ARGS={options}"] if made else options.split())],
        cwd=cwd,
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Started(process, port, begin or time.monotonic(), shown=made)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def memory_mb(pid: int) -> float:
    """The process's own share of memory (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def cold(scratch: Path, name: str) -> dict[str, str]:
    """The environment with empty caches."""
    caches = {"PIP_CACHE_DIR": str(scratch / name / "pip"), "npm_config_cache": str(scratch / name / "npm")}
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | caches


def run(*argv: str | Path, cwd: Path, environ: Mapping[str, str] | None = None) -> None:
    subprocess.run(argv, cwd=cwd, env=environ, check=True, stdout=sys.stderr)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        clone = scratch / "clone"
        begin = time.monotonic()
        run("git", "clone", "--quiet", ROOT, clone, cwd=scratch)
        environ = cold(scratch, "clone-caches")
        with started(["make", "serve"], clone, environ, begin) as made:
            from_clone = made.first_page()
            silent = made.silence()
        run("make", "wheel", cwd=clone, environ=environ)
        (wheel,) = clone.glob("dist/*.whl")

        environ, venv = cold(scratch, "wheel-caches"), scratch / "venv"
        begin = time.monotonic()
        run(sys.executable, "-m", "venv", venv, cwd=scratch)
        run(venv / "bin/pip", "--disable-pip-version-check", "install", "--quiet", wheel, cwd=scratch, environ=environ)
        serve = [str(venv / "bin/eyeline"), "serve"]
        with started(serve, scratch, environ, begin) as installed:
            from_wheel = installed.first_page()
        starts = []
        for _ in range(STARTS):
            with started(serve, scratch, environ) as again:
                starts.append(again.first_page())
        with started(serve, scratch, environ) as idle:
            idle.first_page()
            time.sleep(IDLE_S)
            memory = memory_mb(idle.process.pid)
    print(f"fresh clone to first page: {from_clone:.1f} s, at most {silent:.1f} s without a line")
    print(f"wheel to first page: {from_wheel:.1f} s")
    print(f"second start: {median(starts):.2f} s ({min(starts):.2f}-{max(starts):.2f})")
    print(f"memory at idle: {memory:.1f} MB")
    print(f"load average: {' '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
