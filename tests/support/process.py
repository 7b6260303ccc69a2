"""External processes and their logs, and the command WebSocket of a browser.

Chromium speaks CDP and Firefox WebDriver BiDi.  Both use JSON: commands with a number, results with the same number,
and events without one.  No thread or event loop of the caller is used, so `asyncio.run` stays available.
"""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Json = dict[str, Any]
PATIENCE: Final = 30.0
START: Final = 90.0
"""Firefox has taken 17 s on two busy cores."""


class CommandError(Exception):
    """The browser rejected a command, or is gone."""


@dataclass(frozen=True)
class Machine:
    """Where a program runs: here, or in a network namespace (a command prefix, and a way to connect from inside)."""

    prefix: tuple[str, ...] = ()
    dial: Callable[[tuple[str, int]], socket.socket] = socket.create_connection


HERE: Final = Machine()


class Process:
    """One program in its own process group.  Its output is appended to `log`, across several starts."""

    def __init__(self, argv: Sequence[str], log: Path, env: dict[str, str] | None = None) -> None:
        self._log = log
        self._from = log.stat().st_size if log.exists() else 0
        with log.open("ab") as sink:
            self._popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=env, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def log(self) -> str:
        """The output of this start of the program."""
        return self._log.read_bytes()[self._from :].decode(errors="replace")

    def wait_for_line(self, pattern: str, deadline: float = START) -> str:
        """Wait until the log matches `pattern`; returns its first group."""
        end = time.monotonic() + deadline
        while not (found := re.search(pattern, self.log())):
            if not self.alive or time.monotonic() > end:
                raise CommandError(f"{self._popen.args!r} never printed {pattern!r}:\n{self.log()}")
            time.sleep(0.01)
        return found[1]

    def end(self, sign: signal.Signals = signal.SIGTERM, deadline: float = 10.0) -> int:
        """Send a signal, kill the whole group after `deadline`, and return the exit code."""
        if self.alive:
            self._popen.send_signal(sign)
        return self.wait(deadline)

    def wait(self, deadline: float = 10.0) -> int:
        """Wait for the program to exit; after `deadline` its whole group is killed.  Returns the exit code."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(deadline)
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        return self._popen.wait()


class CommandSocket:
    """A WebSocket for commands, their results and events."""

    def __init__(self, url: str, on_event: Callable[[Json], None], machine: Machine = HERE) -> None:
        self._on_event = on_event
        self._number = 0
        self._stack = ExitStack()
        parts = urlsplit(url)
        sock = machine.dial((parts.hostname or "127.0.0.1", parts.port or 80))
        self._socket = self._stack.enter_context(
            connect(url, sock=sock, max_size=None, ping_interval=None, compression=None)
        )

    def send(self, method: str, params: Json, **envelope: str) -> int:
        """Send a command without waiting for its result."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params, **envelope})
        return self._number

    def request(self, method: str, params: Json, *, deadline: float = PATIENCE, **envelope: str) -> Json:
        """Send a command and return its result."""
        number = self.send(method, params, **envelope)
        end = time.monotonic() + deadline
        while (answer := self._next(max(0.0, end - time.monotonic()))) is not None:
            if answer.get("id") == number:
                return _result(answer, method)
        raise CommandError(f"{method}: no result in {deadline:.1f} s")

    def poll(self) -> None:
        """Handle the events received so far."""
        while self._next(0.0) is not None:
            pass

    def close(self) -> None:
        self._stack.close()

    def _send(self, message: Json) -> None:
        try:
            self._socket.send(json.dumps(message))
        except ConnectionClosed as gone:
            raise CommandError("the browser is gone") from gone

    def _next(self, patience: float) -> Json | None:
        """The next message; events are passed on before it is returned."""
        try:
            message: Json = json.loads(self._socket.recv(timeout=patience))
        except TimeoutError:
            return None
        except ConnectionClosed as gone:
            raise CommandError("the browser is gone") from gone
        if "id" not in message:
            self._on_event(message)
        return message


def _result(answer: Json, method: str) -> Json:
    if "error" in answer:
        error = answer["error"]
        words = error["message"] if isinstance(error, dict) else f"{error}: {answer.get('message')}"
        raise CommandError(f"{method}: {words}")
    result: Json = answer["result"]
    return result


def scratch(name: str) -> tempfile.TemporaryDirectory[str]:
    """A temporary directory for one program."""
    return tempfile.TemporaryDirectory(prefix=f"eyeline-{name}-", ignore_cleanup_errors=True)
