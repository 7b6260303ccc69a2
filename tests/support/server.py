"""A real `eyeline serve` process."""

import http.client
import os
import re
import signal
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.process import Process, scratch

ROOT: Final = Path(__file__).parents[2]


class LiveServer:
    """`with LiveServer("--some-flag") as server`: listens inside the block.

    Ports and data directory stay the same from `kill` or `stop` to the next `start`.
    """

    def __init__(
        self, *flags: str, env: dict[str, str] | None = None, deadline: float = 15.0, port: int | None = None
    ) -> None:
        self._flags, self._env, self._deadline = flags, env or {}, deadline
        self._scratch = scratch("server")
        self._log = Path(self._scratch.name, "log")
        self._process: Process | None = None
        self.port = port or free_port(socket.SOCK_STREAM)
        self.stun_port = free_port(socket.SOCK_DGRAM)
        self._secure = not {"--tls", "--cert", "--domain"}.isdisjoint(flags)
        self.url = f"http{'s' * self._secure}://127.0.0.1:{self.port}"
        self.data_dir = Path(self._scratch.name, "data")

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> None:
        """Start or restart it, and wait until it answers."""
        if self._process and self._process.alive:
            raise RuntimeError("the server runs already")
        self._process = Process(self._argv(), self._log, {**os.environ, **self._env, "PYTHONPATH": str(ROOT / "src")})
        end = time.monotonic() + self._deadline
        while not self.healthy():
            if not self._process.alive or time.monotonic() > end:
                self._process.end(signal.SIGKILL)
                raise AssertionError(f"the server is not healthy:\n{self._process.log()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it with SIGKILL, like a crash."""
        self._running().end(signal.SIGKILL)

    def stop(self, deadline: float = 10.0) -> int:
        """Stop it with SIGTERM and return its exit code; after `deadline` it is killed."""
        return self._running().end(signal.SIGTERM, deadline)

    def healthy(self) -> bool:
        """Whether `/healthz` answers 200."""
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection("127.0.0.1", self.port, timeout=2.0, context=unverified())
            if self._secure
            else http.client.HTTPConnection("127.0.0.1", self.port, timeout=2.0)
        )
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def log(self) -> str:
        """Everything the server has printed, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def transcript(self) -> str:
        """The log lines of the output, without the startup message."""
        lines = [line for line in self.log().splitlines() if re.match(r"\d\d:\d\d:\d\d ", line)]
        assert not re.search(r"\d+\.\d+\.\d+\.\d+|[0-9a-f]+::[0-9a-f]*|ufrag|Traceback", "\n".join(lines))
        return "\n".join(lines)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._scratch.cleanup()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, if it runs, and remove its data."""
        if self._process:
            self._process.end(signal.SIGTERM)
        self._scratch.cleanup()

    def _argv(self) -> Sequence[str]:
        ports = ("--port", str(self.port), "--stun-port", str(self.stun_port))
        place = ("--host", "127.0.0.1", *ports, "--data-dir", str(self.data_dir))
        return (sys.executable, "-m", "eyeline", "serve", *place, *self._flags)

    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("the server was never started")
        return self._process


def unverified() -> ssl.SSLContext:
    """A TLS context that accepts self-signed certificates."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def free_port(kind: socket.SocketKind) -> int:
    """A port on which nothing listens at present."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def own_address() -> str:
    """This machine's address for outgoing packets; none is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("203.0.113.1", 9))
        return str(probe.getsockname()[0])
