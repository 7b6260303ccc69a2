"""The examples in the docs, saved and run as a reader would.

The first line of an example names its file, and often the command that runs it: `# main.py: uvicorn main:app`.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import SOCK_STREAM
from typing import Final

from tests.support.process import Process
from tests.support.server import ROOT, free_port

RUNNABLE: Final = ("python", "html", "js")
"""Languages whose blocks are files."""

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FIRST_LINE: Final = re.compile(r"(?:#|//|<!--) ([\w/-]+\.\w+)(?:: (.+?))?(?: -->)?$")
_START_WITHIN: Final = 20.0


@dataclass(frozen=True)
class Example:
    """A file that a page tells readers to save; `command` is empty if another example imports it."""

    name: str
    command: str
    text: str

    def save(self, folder: Path, replaced: Mapping[str, str] | None = None) -> None:
        """Write the file into `folder`, with other addresses and ports than the reader's: each must be in it."""
        text = self.text
        for before, after in (replaced or {}).items():
            assert before in text, f"{self.name} has no {before}"
            text = text.replace(before, after)
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in that language."""
    return [text for found, text in _BLOCK.findall((ROOT / page).read_text()) if found == language]


def unnamed(page: str) -> list[str]:
    """The first lines of blocks that should name a file and don't."""
    first = [text.partition("\n")[0] for language in RUNNABLE for text in blocks(page, language)]
    return [line for line in first if not _FIRST_LINE.match(line)]


def examples(page: str) -> dict[str, Example]:
    """The examples of a page, by file name."""
    found = {}
    for text in (text for language in RUNNABLE for text in blocks(page, language)):
        if first := _FIRST_LINE.match(text.partition("\n")[0]):
            found[first[1]] = Example(first[1], first[2] or "", text)
    return found


def run(command: str, folder: Path, environ: Mapping[str, str] | None = None) -> str:
    """Run a command of the docs in that folder, in a shell; returns what it prints.  Raises CalledProcessError."""
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=folder,
        env=_environ() | dict(environ or {}),
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@contextmanager
def started(command: str, folder: Path, path: str) -> Iterator[str]:
    """Run `uvicorn ...` on a free port until `path` answers; yields the URL of that path without its last slash."""
    port = free_port(SOCK_STREAM)
    argv = ["/bin/sh", "-ec", f'cd "$0"; exec "$@" {command} --port {port}', str(folder), sys.executable, "-m"]
    process = Process(argv, folder / "log", _environ())
    try:
        end = time.monotonic() + _START_WITHIN
        while not _answers(port, path):
            assert process.alive, process.log()
            assert time.monotonic() < end, process.log()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}{path.rstrip('/')}"
    finally:
        process.end()


def _environ() -> dict[str, str]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {"PATH": programs, "PYTHONPATH": str(ROOT / "src"), "HOME": os.environ.get("HOME", "/")}


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
