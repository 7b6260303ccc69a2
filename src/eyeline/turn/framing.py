"""STUN message framing (RFC 8489, 5 and 14): a header, then attributes padded to multiples of four bytes.

The contents of attributes don't matter here, except for the three that close a message and so decide which of the
attributes after them count.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from eyeline.errors import LocalError, RemoteError

COOKIE: Final = 0x2112A442
"""The magic cookie, which distinguishes STUN from other protocols and is used to XOR addresses (RFC 8489, 5)."""

HEADER_BYTES: Final = 20
TRANSACTION_BYTES: Final = 12
MAX_BODY_BYTES: Final = 0xFFFC
"""The largest multiple of four that fits the 16-bit length field."""

MAX_ATTRIBUTES: Final = 32
"""Maximum number of attributes in a message; twice what any use of STUN or TURN needs.  It bounds the cost of a
stranger's datagram."""

MESSAGE_INTEGRITY: Final = 0x0008
MESSAGE_INTEGRITY_SHA256: Final = 0x001C
FINGERPRINT: Final = 0x8028

_HEADER = struct.Struct("!HHI12s")
_FRAME = struct.Struct("!HH")

# The attributes allowed after each closing attribute; others are ignored (RFC 8489, 14.5 and 14.6).
_MAY_FOLLOW: Final = {
    MESSAGE_INTEGRITY: frozenset({MESSAGE_INTEGRITY_SHA256, FINGERPRINT}),
    MESSAGE_INTEGRITY_SHA256: frozenset({FINGERPRINT}),
}


class MalformedError(RemoteError):
    """The datagram isn't a valid STUN message.  It is dropped without an answer (RFC 8489, 6.3)."""

    def __init__(self, message: str) -> None:
        super().__init__("stun-malformed", message)


class Header(NamedTuple):
    """A message's header: the 14 bits of method and class, the length of the body in bytes, and the transaction id."""

    type: int
    body_bytes: int
    transaction: bytes


class Frame(NamedTuple):
    """One attribute's position in a datagram: its number, where its frame begins, and the slice of its value."""

    number: int
    begin: int
    value: slice


def read_header(datagram: bytes) -> Header:
    """Parse the header of a whole datagram.  Raises `MalformedError` for anything invalid by RFC 8489, 5 and 6.3."""
    if len(datagram) < HEADER_BYTES:
        raise MalformedError("shorter than a header")
    kind, body_bytes, cookie, transaction = _HEADER.unpack_from(datagram)
    if kind > 0x3FFF or cookie != COOKIE:
        raise MalformedError("not STUN")
    if body_bytes % 4 or body_bytes + HEADER_BYTES != len(datagram):
        raise MalformedError("the length doesn't match the datagram")
    return Header(kind, body_bytes, transaction)


def write_header(header: Header) -> bytes:
    """Encode the 20 bytes before the attributes."""
    return _HEADER.pack(header.type, header.body_bytes, COOKIE, header.transaction)


def frames(datagram: bytes) -> Iterator[Frame]:
    """The attributes that count, in order, of a datagram whose header has been parsed.

    Skips attributes that aren't allowed after MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256.  Raises `MalformedError`
    if a value extends past the end, if anything follows FINGERPRINT (RFC 8489, 14.7), or if there are more than
    `MAX_ATTRIBUTES`.
    """
    at, end = HEADER_BYTES, len(datagram)
    left = MAX_ATTRIBUTES
    allowed: frozenset[int] | None = None
    while at < end:
        number, value_bytes = _FRAME.unpack_from(datagram, at)
        value = slice(at + 4, at + 4 + value_bytes)
        left -= 1
        if value.stop > end or left < 0:
            raise MalformedError("an attribute extends past the end, or there are too many")
        if allowed is None or number in allowed:
            yield Frame(number, at, value)
            allowed = _MAY_FOLLOW.get(number, allowed)
        at = value.stop + -value_bytes % 4
        if number == FINGERPRINT and at < end:
            raise MalformedError("FINGERPRINT isn't last")


def write_frame(number: int, value: bytes) -> bytes:
    """Encode an attribute, padded with zeros so that no byte of an earlier message leaks (RFC 8489, 14).

    Raises `LocalError` if the value is too long for the 16-bit length field.
    """
    if len(value) > MAX_BODY_BYTES:
        raise LocalError("attribute too long")
    return _FRAME.pack(number, len(value)) + value + bytes(-len(value) % 4)
