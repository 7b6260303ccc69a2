"""Who comes by `http://` to a port that speaks TLS is sent to `https://`.

The first byte of TLS says "handshake", and that of HTTP is a letter.  Our `SSLObject` looks at it before OpenSSL does,
which would hang up.  `Demultiplexer` then answers, closes, and sees to it that a head does not take too long.
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
    """One client's TLS; or none, for who speaks HTTP: then what comes and what is said goes through as it is.

    The loop takes the latter for a connection like others, so that whoever answers on it can close it.
    """

    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _looked = False
    plain = False

    def look_at(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        """Where its bytes come from, and where they go."""
        self._incoming, self._outgoing = incoming, outgoing

    def do_handshake(self) -> None:
        """Called by the loop at first, and whenever bytes have come."""
        if not self._looked and self._incoming.pending:
            said = self._incoming.read()
            self._incoming.write(said)
            self._looked, self.plain = True, said[:1] in _FIRST
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
        """Called by the loop once there was a handshake."""
        return None if self.plain else super().getpeercert(binary_form)


class Context(ssl.SSLContext):
    """For a server."""

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
        made.look_at(incoming, outgoing)
        return made


def is_astray(transport: BaseTransport) -> bool:
    """Whether HTTP is spoken on it, where TLS should be."""
    handshake = transport.get_extra_info("ssl_object")
    return isinstance(handshake, Handshake) and handshake.plain


def answer(head: bytes) -> bytes | None:
    """The last that is said to who came with this: nothing, if it is no request.  None while more of it must come."""
    if not any(head.startswith(method[: len(head)]) for method in _ASKS):
        return b""
    if b"\r\n\r\n" not in head:
        return None if len(head) <= HEAD_BYTES_MAX else b""
    location = where(head)
    return b"" if location is None else _ANSWER % location


def where(head: bytes) -> tuple[bytes, bytes] | None:
    """Host and path of a request, if both look like such: nothing else of what a client says goes into the answer."""
    head = head.partition(b"\r\n\r\n")[0] + b"\r\n"
    asked, hosts = _REQUEST.match(head), _HOST.findall(head)
    if asked is None or len(hosts) != 1 or not _AUTHORITY.fullmatch(hosts[0]):
        return None
    return hosts[0], asked[1]
