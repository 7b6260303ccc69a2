"""The servers that `bench/setup.py` asks, one a process.

PYTHONPATH=src python bench/sites.py bare|eyeline PORT [FOLDER]
"""

import asyncio
import mimetypes
import sys
import tempfile
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

PAGES = Path(__file__).parent / "setup"


async def serve_bare(port: int, peerjs: Path) -> None:
    """Pages, and a relay that forwards what one socket says to the others in its room, unread."""
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
        path = next((folder / name for folder in (PAGES, peerjs) if (folder / name).is_file()), None)
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
    """As `eyeline serve` does."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        settings = Settings(host="127.0.0.1", port=port, stun_port=0, data_dir=data, log_level="error")
        run(settings, Site, lambda _where: None)


def main() -> None:
    which, port, *rest = sys.argv[1:]
    if which == "bare":
        asyncio.run(serve_bare(int(port), Path(*rest)))
    else:
        serve_eyeline(int(port))


if __name__ == "__main__":
    main()
