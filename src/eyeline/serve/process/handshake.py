"""What a client's first bytes tell before OpenSSL sees them: whether it uses no TLS, or validates a name (ACME).

The first byte of TLS is a record type, that of HTTP and of SIP a letter, or the line end of a keep-alive.  Our
`SSLObject` checks it before OpenSSL, which would abort the connection.
"""

import ssl
from asyncio import BaseTransport
from typing import Any, Final

_FIRST_OF_TEXT: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r")

_ONLY_ACME: Final = b"\x00\x10\x00\x0d\x00\x0b\x0aacme-tls/1"
"""The ALPN extension of a ClientHello that offers only `acme-tls/1` (RFC 7301, 3.1): number, lengths, name."""


class Handshake(ssl.SSLObject):
    """One client's TLS session, or a pass-through if the client sends plain text.

    To the event loop the latter looks like any TLS connection, so it can be answered and closed as usual.
    """

    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _last = b""
    plain = False
    """Whether the client uses no TLS."""
    validates = False
    """Whether the client offers only `acme-tls/1`, as authorities do to validate a name (RFC 8737, 3)."""

    def set_buffers(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        """Set the buffers for incoming and outgoing bytes."""
        self._incoming, self._outgoing = incoming, outgoing

    def do_handshake(self) -> None:
        """Called by the loop at the start, and whenever bytes were received."""
        if self._incoming.pending and not self.plain:
            said = self._incoming.read()
            self._incoming.write(said)
            self.plain = not self._last and said[0] in _FIRST_OF_TEXT
            self.validates = self.validates or _ONLY_ACME in self._last + said
            self._last = (self._last + said)[-len(_ONLY_ACME) :]
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
    """A server's TLS context that also accepts plain text: HTTP is redirected, SIP is served."""

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


def is_plain(transport: BaseTransport) -> bool:
    """Whether the client of a TLS port uses no TLS."""
    handshake = transport.get_extra_info("ssl_object")
    return isinstance(handshake, Handshake) and handshake.plain
