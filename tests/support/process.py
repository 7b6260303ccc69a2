"""A program of others' making: its process, its log, and the one WebSocket by which it is told what to do.

Chromium speaks CDP here and Firefox speaks WebDriver BiDi.  Both are commands with a number, answers with the same
number and news without one, as JSON.  No thread and no event loop of the caller's is taken: `asyncio.run` stays free.
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
"""Firefox has been seen to take 17 s on two cores with much else to do."""


class WireError(Exception):
    """The program refused a command, or is gone."""


@dataclass(frozen=True)
class Machine:
    """Where a program runs: here, or in a network namespace (words before its command, and a socket made in there)."""

    prefix: tuple[str, ...] = ()
    dial: Callable[[tuple[str, int]], socket.socket] = socket.create_connection


HERE: Final = Machine()


class Process:
    """One program in a process group of its own.  All that it prints goes to `log`, also over several starts."""

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
        """What this start of the program has printed."""
        return self._log.read_bytes()[self._from :].decode(errors="replace")

    def says(self, pattern: str, deadline: float = START) -> str:
        """The first group of `pattern`, once a line of the log holds it."""
        end = time.monotonic() + deadline
        while not (found := re.search(pattern, self.log())):
            if not self.alive or time.monotonic() > end:
                raise WireError(f"{self._popen.args!r} never said {pattern!r}:\n{self.log()}")
            time.sleep(0.01)
        return found[1]

    def end(self, sign: signal.Signals = signal.SIGTERM, deadline: float = 10.0) -> int:
        """Signal the program, kill its whole group if it stays, and give back its exit code."""
        if self.alive:
            self._popen.send_signal(sign)
        return self.wait(deadline)

    def wait(self, deadline: float = 10.0) -> int:
        """Let the program leave by itself; whatever of its group is there after `deadline` is killed."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(deadline)
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        return self._popen.wait()


class Wire:
    """Commands out, answers and news in."""

    def __init__(self, url: str, news: Callable[[Json], None], machine: Machine = HERE) -> None:
        self._news = news
        self._number = 0
        self._stack = ExitStack()
        parts = urlsplit(url)
        sock = machine.dial((parts.hostname or "127.0.0.1", parts.port or 80))
        self._socket = self._stack.enter_context(
            connect(url, sock=sock, max_size=None, ping_interval=None, compression=None)
        )

    def tell(self, method: str, params: Json, **envelope: str) -> int:
        """Send a command without waiting for its answer."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params, **envelope})
        return self._number

    def ask(self, method: str, params: Json, *, deadline: float = PATIENCE, **envelope: str) -> Json:
        """Send a command and give back its result."""
        number = self.tell(method, params, **envelope)
        end = time.monotonic() + deadline
        while (answer := self._next(max(0.0, end - time.monotonic()))) is not None:
            if answer.get("id") == number:
                return _result(answer, method)
        raise WireError(f"{method}: no answer in {deadline:.1f} s")

    def hear(self) -> None:
        """Take in the news that has come by now."""
        while self._next(0.0) is not None:
            pass

    def close(self) -> None:
        self._stack.close()

    def _send(self, message: Json) -> None:
        try:
            self._socket.send(json.dumps(message))
        except ConnectionClosed as gone:
            raise WireError("the browser is gone") from gone

    def _next(self, patience: float) -> Json | None:
        """The next message; news is handed on before it is given back."""
        try:
            message: Json = json.loads(self._socket.recv(timeout=patience))
        except TimeoutError:
            return None
        except ConnectionClosed as gone:
            raise WireError("the browser is gone") from gone
        if "id" not in message:
            self._news(message)
        return message


def _result(answer: Json, method: str) -> Json:
    if "error" in answer:
        error = answer["error"]
        words = error["message"] if isinstance(error, dict) else f"{error}: {answer.get('message')}"
        raise WireError(f"{method}: {words}")
    result: Json = answer["result"]
    return result


def scratch(name: str) -> tempfile.TemporaryDirectory[str]:
    """A directory that goes away with the program that used it."""
    return tempfile.TemporaryDirectory(prefix=f"eyeline-{name}-", ignore_cleanup_errors=True)
