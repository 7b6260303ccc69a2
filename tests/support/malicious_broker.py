"""A malicious broker: a proxy between browsers and an honest server that sees all messages and tampers with signals."""

import http.client
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.client import connect
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

Message = dict[str, Any]
SUBPROTOCOL: Final = Subprotocol("eyeline.v1")
_HOP_BY_HOP: Final = {"connection", "content-length", "transfer-encoding", "date", "server"}


@dataclass
class Visitor:
    """One browser's connection to the broker."""

    socket: ServerConnection
    id: str = ""
    sent: list[str] = field(default_factory=list)
    """The data of the signals it sent."""
    signals: int = 0
    """The number of signals it was sent, genuine or not."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: Message) -> None:
        with self._lock, suppress(ConnectionClosed):
            if message["type"] == "signalled":
                self.signals += 1
                message = {**message, "n": self.signals}
            self.socket.send(json.dumps(message))


class MaliciousBroker:
    """`with MaliciousBroker(server.port) as broker`: browsers open `broker.url`; `tamper` replaces each signal."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.tamper: Callable[[Visitor, Message], list[Message]] = lambda _visitor, message: [message]
        """The messages sent to a visitor in place of a signal that the server sent to it."""
        self.seen: list[str] = []
        """Every message in both directions, as text."""
        self.visitors: list[Visitor] = []
        self.signals: list[Message] = []
        """The unmodified signals from the server."""
        self._news = threading.Condition()
        self._server: Server = serve(
            self._meet, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], process_request=self._page, compression=None
        )
        self.url = f"http://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def wait_for(self, *, signals: int) -> None:
        """Wait until the server has sent this many signals."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.signals) >= signals, timeout=20)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for visitor in self.visitors:
            visitor.socket.close()
        self._server.shutdown()

    def _page(self, _socket: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return None
        upstream = http.client.HTTPConnection("127.0.0.1", self._to, timeout=10)
        upstream.request("GET", request.path)
        answer = upstream.getresponse()
        body = answer.read()
        upstream.close()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
        headers = Headers([*kept, ("Content-Length", str(len(body))), ("Connection", "close")])
        return Response(answer.status, answer.reason, headers, body)

    def _meet(self, socket: ServerConnection) -> None:
        visitor = Visitor(socket)
        self.visitors.append(visitor)
        with connect(f"ws://127.0.0.1:{self._to}/ws", subprotocols=[SUBPROTOCOL], compression=None) as honest:
            back = threading.Thread(target=self._answer, args=(honest, visitor), daemon=True)
            back.start()
            with suppress(ConnectionClosed):
                for text in socket:
                    self.seen.append(str(text))
                    message = json.loads(text)
                    if message["type"] == "signal":
                        visitor.sent.append(message["data"])
                    honest.send(text)
        back.join()

    def _answer(self, honest: Any, visitor: Visitor) -> None:
        with suppress(ConnectionClosed):
            for text in honest:
                self.seen.append(text)
                message = json.loads(text)
                if message["type"] == "joined":
                    visitor.id = message["you"]
                if message["type"] != "signalled":
                    visitor.send(message)
                    continue
                with self._news:
                    self.signals.append(message)
                    self._news.notify_all()
                for each in self.tamper(visitor, message):
                    visitor.send(each)
        visitor.socket.close()
