"""Pages with unchanged SIP libraries: JsSIP and SIP.js as they come from npm, in a browser."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from tests.support.browser import DEADLINE, Browser
from tests.support.forwarder import Forwarder
from tests.support.process import scratch
from tests.support.server import LiveServer
from tests.support.tools import need

Library = Literal["jssip", "sip.js"]
PASSWORD: Final = "correct horse"
HOST: Final = "127.0.0.1"
_BUILD: Final = Path(__file__).parent / "sip_page" / "build.mjs"

_TONE: Final = """async (n, tone) => {
  const connected = globalThis.__connections.filter((each) => each.connectionState === 'connected');
  const audio = connected.at(-1).getSenders().find(({ track }) => track?.kind === 'audio');
  if (!audio.dtmf.canInsertDTMF) return 'not negotiated';
  const sent = new Promise((resolve) => { audio.dtmf.ontonechange = (event) => resolve(event.tone); });
  phone.tone(n, tone);
  return sent;
}"""


@contextmanager
def sip_page() -> Iterator[str]:
    """Bundle the page with the libraries in `web/node_modules`, serve it, and yield its URL."""
    with scratch("sip-page") as folder:
        subprocess.run([need("node"), str(_BUILD), folder], check=True, timeout=60)
        server = _Server((HOST, 0), partial(_Handler, directory=folder))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}/page.html"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        """Don't log."""


class SipPhone:
    """One page, registered as `user`.  Calls are named by their number, from 0, on this page."""

    def __init__(self, browser: Browser, page: str, server: LiveServer, library: Library, user: str) -> None:
        self.uri = f"sip:{user}@{HOST}"
        self.library, self.user = library, user
        self._forwarder = Forwarder(server.port)
        self._forwarder.__enter__()
        self.page = browser.open(page)
        self.page.until("globalThis.loaded")
        url = f"{self._forwarder.url.replace('http', 'ws', 1)}/sip"
        account = {"url": url, "uri": self.uri, "user": user, "password": PASSWORD}
        self.page.evaluate("(...given) => start(...given)", library, account)
        self.registers(1)

    def cut(self) -> None:
        """Reset its connection to the server."""
        self._forwarder.cut()

    @property
    def registrations(self) -> int:
        """How often it has registered."""
        return int(self.page.evaluate("phone.registrations"))

    def registers(self, times: int, deadline: float = DEADLINE) -> None:
        """Wait until it has registered that often."""
        self.page.until("(times) => phone.registrations >= times", times, deadline=deadline)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Its calls so far."""
        found: list[dict[str, Any]] = self.page.evaluate("phone.calls")
        return found

    def reaches(self, call: int, state: str, deadline: float = DEADLINE) -> None:
        """Wait until that call is in this state."""
        self.until(call, "state", state, deadline)

    def until(self, call: int, field: str, value: object, deadline: float = DEADLINE) -> None:
        """Wait until that call has this value."""
        self.page.until("(n, field, value) => phone.calls[n]?.[field] === value", call, field, value, deadline=deadline)

    def call(self, to: "SipPhone | str", *, video: bool = False) -> int:
        """Call somebody."""
        number = len(self.calls)
        self.do("call", to if isinstance(to, str) else to.uri, video)
        self.page.until("(n) => phone.calls.length > n", number)
        return number

    def do(self, name: str, *args: object) -> Any:
        """Call a method of the page's `phone`, and wait for its promise."""
        return self.page.evaluate(f"(...given) => phone.{name}(...given)", *args, deadline=DEADLINE)

    def send_tone(self, call: int, tone: str) -> None:
        """Send a digit in the media (RFC 4733), and wait until the browser has sent it."""
        assert self.page.evaluate(_TONE, call, tone, deadline=DEADLINE) == tone

    def receives(self, text: str) -> None:
        """Wait for a message."""
        self.page.until("(text) => phone.texts.includes(text)", text)

    def close(self) -> None:
        self.page.close()
        self._forwarder.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
