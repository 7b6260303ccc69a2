"""The size of the page: the bytes that joining a call transfers, counted at the socket."""

import re
import socket
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from tests.support.server import LiveServer

LIMIT_BYTES = 90_000
_STATIC_IMPORT = re.compile(rb"""(?:\bfrom|\bimport)\s*["'](\./[^"']+)["']""")
_LOADED = {"stylesheet", "modulepreload", "preload"}


class Links(HTMLParser):
    """The resources that a page requests as soon as it is parsed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "script" or (tag == "link" and told.get("rel") in _LOADED):
            self.found.append(told.get("src") or told.get("href") or "")


def answer(server: LiveServer, path: str, encoding: str) -> bytes:
    """The whole response as transferred, including headers."""
    ask = f"GET {path} HTTP/1.1\r\nHost: localhost:{server.port}\r\nAccept-Encoding: {encoding}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(ask.encode())
        with connection.makefile("rb") as stream:
            head = b"".join(iter(stream.readline, b"\r\n")) + b"\r\n"
            assert head.startswith(b"HTTP/1.1 200 "), head
            [length] = re.findall(rb"(?im)^content-length: (\d+)", head)
            return head + stream.read(int(length))


def body(server: LiveServer, path: str) -> bytes:
    return answer(server, path, "identity").partition(b"\r\n\r\n")[2]


def loaded_to_join(server: LiveServer, page: str) -> list[str]:
    """The paths that a browser requests until it has joined: the page, its resources, and its scripts' imports."""
    paths = [page]
    for path in paths:  # grows during the loop
        content = body(server, path)
        if path == page:
            found = [urljoin("/", link) for link in Links(content.decode()).found]
        elif path.endswith(".js"):
            found = [urljoin(path, link.decode()) for link in _STATIC_IMPORT.findall(content)]
        else:
            found = []
        paths += [each for each in dict.fromkeys(found) if each not in paths and not urlsplit(each).netloc]
    return paths


def test_joining_a_call_transfers_less_than_90_kb(
    server: LiveServer, record_property: Callable[[str, str], None]
) -> None:
    sizes = {path: len(answer(server, path, "gzip, br")) for path in loaded_to_join(server, "/r/tea")}
    kinds = sorted(path.rpartition(".")[2] for path in sizes)
    assert kinds == ["/r/tea", "css", "js", "js", "woff2"], "the page, its style, its two scripts and its font"
    total = sum(sizes.values())
    each = ", ".join(f"{path} {size:,}" for path, size in sorted(sizes.items(), key=lambda item: -item[1]))
    record_property("joining a call transfers", f"{total:,} bytes of {LIMIT_BYTES:,} at most")
    assert total < LIMIT_BYTES, f"joining a call transfers {total:,} bytes, {LIMIT_BYTES:,} are too many: {each}"
