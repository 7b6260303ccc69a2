"""A man in the middle: a malicious broker diverts signals to a page that relays the call between two people."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from websockets.sync.server import ServerConnection, serve

from tests.support.browser import Browser, Page
from tests.support.folder import served
from tests.support.malicious_broker import MaliciousBroker, Message, Visitor

HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class ManInTheMiddle:
    """Browsers open `url`; `mallory` is the page in the middle."""

    url: str
    mallory: Page


@contextmanager
def man_in_the_middle(port: int, browser: Browser) -> Iterator[ManInTheMiddle]:
    """Put Mallory between every two people who join through it."""
    line: list[ServerConnection] = []
    ready = threading.Event()

    def obey(socket: ServerConnection) -> None:
        line.append(socket)
        ready.set()
        for text in socket:
            order = json.loads(text)
            for visitor in broker.visitors:
                if visitor.id == order["to"]:
                    visitor.send({"type": "signalled", "from": order["from"], "data": order["data"]})

    def divert(visitor: Visitor, message: Message) -> list[Message]:
        line[0].send(json.dumps({"from": message["from"], "to": visitor.id, "data": message["data"]}))
        return []

    with MaliciousBroker(port) as broker, serve(obey, "127.0.0.1", 0) as control, served(HERE) as pages:
        threading.Thread(target=control.serve_forever, daemon=True).start()
        broker.tamper = divert
        address = f"ws://127.0.0.1:{control.socket.getsockname()[1]}"
        mallory = browser.open(f"{pages}/man_in_the_middle.html?broker={address}")
        assert ready.wait(15), mallory.console
        yield ManInTheMiddle(broker.url, mallory)
        line[0].close()
        control.shutdown()
