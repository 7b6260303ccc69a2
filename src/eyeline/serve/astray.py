"""Who comes by `http://` to a port that speaks TLS is sent to `https://`.

The first byte of TLS says "handshake", and that of HTTP is a letter.  Our `SSLObject` looks at it before OpenSSL does,
which would hang up.  A head has the time of a handshake, by the event loop.
"""

import re
import ssl
from typing import Final

from eyeline.serve.patience import HEAD_BYTES_MAX

_ASKS: Final = (b"GET ", b"HEAD ")
_REQUEST: Final = re.compile(rb"(?:GET|HEAD) (/[!-~]*) HTTP/1\.[01]\r\n")
_HOST: Final = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
_AUTHORITY: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_ANSWER: Final = (
    b"HTTP/1.1 308 Permanent Redirect\r\nlocation: https://%s%s\r\ncache-control: no-store\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Handshake(ssl.SSLObject):
    """One client's TLS, once it is clear that it is TLS."""

    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _head: bytes | None = b""  # None once it is TLS
    _answered = False

    def look_at(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        """Where its bytes come from, and where they go."""
        self._incoming, self._outgoing = incoming, outgoing

    def do_handshake(self) -> None:
        """Called by the loop at first, and whenever bytes have come."""
        if self._head is not None:
            self._head += self._incoming.read()
            if any(self._head.startswith(method[: len(self._head)]) for method in _ASKS):
                self._redirect(self._head)
            self._incoming.write(self._head)
            self._head = None
        super().do_handshake()

    def _redirect(self, head: bytes) -> None:
        """Raises `SSLWantReadError`, by which the loop sends what there is and goes on, or `SSLError` to hang up."""
        if self._answered:
            raise ssl.SSLError("It has its answer.")
        if b"\r\n\r\n" in head:
            location = where(head)
            if location is None:
                raise ssl.SSLError("It names no host.")
            self._outgoing.write(_ANSWER % location)
            self._answered = True
        elif len(head) > HEAD_BYTES_MAX:
            raise ssl.SSLError("The head of the request is too large.")
        raise ssl.SSLWantReadError


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


def where(head: bytes) -> tuple[bytes, bytes] | None:
    """Host and path of a request, if both look like such: nothing else of what a client says goes into the answer."""
    head = head.partition(b"\r\n\r\n")[0] + b"\r\n"
    asked, hosts = _REQUEST.match(head), _HOST.findall(head)
    if asked is None or len(hosts) != 1 or not _AUTHORITY.fullmatch(hosts[0]):
        return None
    return hosts[0], asked[1]
