"""A server of the bare page (`bare_page.html`, `bare_page.js`), with a CSP as strict as Eyeline's own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

HERE = Path(__file__).parent


@contextmanager
def bare_page() -> Iterator[str]:
    """Serve the page, and yield its URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/bare_page.html"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    timeout = 2.0
    kinds: ClassVar = {"/bare_page.html": "text/html; charset=utf-8", "/bare_page.js": "text/javascript; charset=utf-8"}

    def do_GET(self) -> None:
        kind = self.kinds.get(self.path)
        self.send_response(200 if kind else 204)
        if kind:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'")
        self.end_headers()
        if kind:
            self.wfile.write(HERE.joinpath(self.path[1:]).read_bytes())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        """Don't log."""
