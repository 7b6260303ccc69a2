"""HTTPS redirect on the same port: plain `http://` requests to a TLS port are redirected to `https://`.

The first byte of TLS is a record type, and that of HTTP is a letter.  Our `SSLObject` checks it before OpenSSL, which
would abort the connection.  `Demultiplexer` then answers, closes the connection, and applies the request timeout.
"""

import re
import ssl
from asyncio import BaseTransport
from typing import Any, Final

from eyeline.serve.connection_limits import HEAD_BYTES_MAX

_ASKS: Final = (b"GET ", b"HEAD ")
_FIRST: Final = (b"G", b"H")
_REQUEST: Final = re.compile(rb"(?:GET|HEAD) (/[!-~]*) HTTP/1\.[01]\r\n")
_HOST: Final = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
_AUTHORITY: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_ANSWER: Final = (
    b"HTTP/1.1 308 Permanent Redirect\r\nlocation: https://%s%s\r\ncache-control: no-store\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Handshake(ssl.SSLObject):
    """One client's TLS session, or a plain-text pass-through if the client speaks HTTP.

    To the event loop the latter looks like any TLS connection, so it can be answered and closed as usual.
    """

    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _detected = False
    plain = False

    def set_buffers(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        """Set the buffers for incoming and outgoing bytes."""
        self._incoming, self._outgoing = incoming, outgoing

    def do_handshake(self) -> None:
        """Called by the loop at the start, and whenever bytes were received."""
        if not self._detected and self._incoming.pending:
            said = self._incoming.read()
            self._incoming.write(said)
            self._detected, self.plain = True, said[:1] in _FIRST
        if not self.plain:
            super().do_handshake()

    def read(self, len: int = 1024, buffer: bytearray | None = None) -> bytes:  # type: ignore[override]  # noqa: A002
        """Called by the loop."""
        if not self.plain:
            return super().read(len, buffer)
        if not self._incoming.pending:
            raise ssl.SSLWantReadError
        return self._incoming.read(len)

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Called by the loop."""
        return self._outgoing.write(data) if self.plain else super().write(data)

    def unwrap(self) -> None:
        """Called by the loop at the end."""
        if not self.plain:
            super().unwrap()

    def getpeercert(self, binary_form: bool = False) -> Any:
        """Called by the loop after the handshake."""
        return None if self.plain else super().getpeercert(binary_form)


class Context(ssl.SSLContext):
    """A server's TLS context that also accepts plain HTTP, to redirect it."""

    sslobject_class = Handshake

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Called by the loop for each client."""
        made = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        assert isinstance(made, Handshake)
        made.set_buffers(incoming, outgoing)
        return made


def is_plain_http(transport: BaseTransport) -> bool:
    """Whether the client speaks plain HTTP to the TLS port."""
    handshake = transport.get_extra_info("ssl_object")
    return isinstance(handshake, Handshake) and handshake.plain


def answer(head: bytes) -> bytes | None:
    """The redirect for this request head; empty if it isn't a request, None if it is incomplete."""
    if not any(head.startswith(method[: len(head)]) for method in _ASKS):
        return b""
    if b"\r\n\r\n" not in head:
        return None if len(head) <= HEAD_BYTES_MAX else b""
    location = where(head)
    return b"" if location is None else _ANSWER % location


def where(head: bytes) -> tuple[bytes, bytes] | None:
    """Host and path of a request, if both are valid; nothing else from the request is copied into the answer."""
    head = head.partition(b"\r\n\r\n")[0] + b"\r\n"
    asked, hosts = _REQUEST.match(head), _HOST.findall(head)
    if asked is None or len(hosts) != 1 or not _AUTHORITY.fullmatch(hosts[0]):
        return None
    return hosts[0], asked[1]
