"""A web server for a folder of files, on an origin of its own."""

import contextlib
import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def served(folder: Path, page: str | None = None) -> Iterator[str]:
    """The URL of the folder, served on a free port.  `page` is the file for paths that are none: an app's own."""
    handler = functools.partial(_Quiet, directory=str(folder), page=page)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    timeout = 2.0

    def __init__(self, *args: Any, page: str | None = None, **more: Any) -> None:
        self._page = page
        super().__init__(*args, **more)

    def translate_path(self, path: str) -> str:
        found = super().translate_path(path)
        return found if self._page is None or Path(found).is_file() else str(Path(self.directory, self._page))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Don't log."""
