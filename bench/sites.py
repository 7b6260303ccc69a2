"""The servers for `bench/setup.py`, each in its own process.

PYTHONPATH=src python bench/sites.py bare|eyeline PORT [FOLDER]
"""

import asyncio
import json
import mimetypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from eyeline.serve.app import Eyeline
from eyeline.serve.run import run
from eyeline.settings import Settings

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "eyeline-bench"
PEERJS = ("peerjs@1.5.5", "peer@1.0.2")
PAGES = Path(__file__).parent / "setup"


async def serve_bare(port: int) -> None:
    """Pages, and a WebSocket server that forwards each message to the others in its room, unparsed."""
    rooms: dict[str, set[ServerConnection]] = {}

    async def relay(connection: ServerConnection) -> None:
        room = rooms.setdefault(connection.request.path if connection.request else "", set())
        room.add(connection)
        async for message in connection:
            broadcast(room - {connection}, message)
        room.discard(connection)

    def page(_connection: ServerConnection, request: Request) -> Response | None:
        name = urlsplit(request.path).path.removeprefix("/")
        if name.startswith("ws/"):
            return None
        path = next(
            (folder / name for folder in (PAGES, CACHE / "node_modules/peerjs/dist") if (folder / name).is_file()), None
        )
        body = path.read_bytes() if path else b""
        headers = [("Content-Type", mimetypes.guess_type(name)[0] or "text/plain"), ("Content-Length", str(len(body)))]
        status = HTTPStatus.OK if path else HTTPStatus.NOT_FOUND
        return Response(status, status.phrase, Headers(headers), body)

    async with serve(relay, "127.0.0.1", port, process_request=page, compression=None):
        await asyncio.Event().wait()


class Site(Eyeline):
    """Eyeline, with the pages of this bench under /bench/."""

    _pages: Final = {f"/bench/{path.name}": HTMLResponse(path.read_bytes()) for path in PAGES.glob("*.html")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = self._pages.get(scope.get("path", ""))
        await (super().__call__ if page is None else page)(scope, receive, send)


def serve_eyeline(port: int) -> None:
    """Serve as `eyeline serve` does."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        settings = Settings(host="127.0.0.1", port=port, stun_port=0, data_dir=data, log_level="error")
        run(settings, lambda _where: None, partial(Site, one_port=True, authorize=None, sip_password=None))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(port: int, *command: str | Path) -> Iterator[None]:
    """Start the process, and wait until it listens."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        try:
            deadline = time.monotonic() + 20
            while child.poll() is None and time.monotonic() < deadline:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            else:
                raise SystemExit(f"{command} did not come up")
            yield
        finally:
            child.kill()  # it stores nothing, and would wait for clients that are still connected


def serve_all() -> None:
    """Serve until SIGTERM."""
    peerjs = CACHE / "node_modules/.bin/peerjs"
    if not peerjs.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--prefix", str(CACHE), "--no-audit", "--no-fund", *PEERJS]
        subprocess.run(install, check=True, stdout=sys.stderr)
    bare, peer, eyeline = (free_port() for _ in range(3))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with ExitStack() as stack:
        stack.enter_context(process(bare, sys.executable, __file__, "bare", str(bare)))
        stack.enter_context(process(peer, peerjs, "--host", "127.0.0.1", "--port", str(peer)))
        stack.enter_context(process(eyeline, sys.executable, __file__, "eyeline", str(eyeline)))
        print(json.dumps([f"http://127.0.0.1:{bare}", peer, f"http://127.0.0.1:{eyeline}"]), flush=True)
        signal.pause()


def main() -> None:
    match sys.argv[1:]:
        case ["all"]:
            serve_all()
        case ["bare", port]:
            asyncio.run(serve_bare(int(port)))
        case ["eyeline", port]:
            serve_eyeline(int(port))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
