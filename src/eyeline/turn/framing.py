"""The bytes of a STUN message (RFC 8489, 5 and 14): a header, then attributes in frames of four bytes' multiple.

Nothing here knows what an attribute means, except for the three that close a message and so decide which frames count.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from eyeline.errors import LocalError, RemoteError

COOKIE: Final = 0x2112A442
"""The magic cookie: what tells STUN from all else, and half of the XOR of addresses (RFC 8489, 5)."""

HEADER_BYTES: Final = 20
TRANSACTION_BYTES: Final = 12
MAX_BODY_BYTES: Final = 0xFFFC
"""The most that the 16 bits of length can say, as a multiple of four."""

MAX_ATTRIBUTES: Final = 32
"""Of a message; twice what any use of STUN or TURN has.  It bounds the work that a stranger's datagram makes."""

MESSAGE_INTEGRITY: Final = 0x0008
MESSAGE_INTEGRITY_SHA256: Final = 0x001C
FINGERPRINT: Final = 0x8028

_HEADER = struct.Struct("!HHI12s")
_FRAME = struct.Struct("!HH")

# What may still count after each closing attribute; all else is ignored (RFC 8489, 14.5 and 14.6).
_MAY_FOLLOW: Final = {
    MESSAGE_INTEGRITY: frozenset({MESSAGE_INTEGRITY_SHA256, FINGERPRINT}),
    MESSAGE_INTEGRITY_SHA256: frozenset({FINGERPRINT}),
}


class MalformedError(RemoteError):
    """A datagram that isn't a STUN message, or is a broken one.  It is dropped without an answer (RFC 8489, 6.3)."""

    def __init__(self, message: str) -> None:
        super().__init__("stun-malformed", message)


class Header(NamedTuple):
    """Of a message: the 14 bits of method and class, the length of the body in bytes, and the transaction id."""

    type: int
    body_bytes: int
    transaction: bytes


class Frame(NamedTuple):
    """One attribute as it lies in a datagram: its number, and where its frame and its value begin and end."""

    number: int
    begin: int
    value: slice


def read_header(datagram: bytes) -> Header:
    """Take the header of a whole datagram.  Raises `MalformedError` for whatever RFC 8489, 5 and 6.3 refuse."""
    if len(datagram) < HEADER_BYTES:
        raise MalformedError("shorter than a header")
    kind, body_bytes, cookie, transaction = _HEADER.unpack_from(datagram)
    if kind > 0x3FFF or cookie != COOKIE:
        raise MalformedError("not STUN")
    if body_bytes % 4 or body_bytes + HEADER_BYTES != len(datagram):
        raise MalformedError("the length isn't the datagram's")
    return Header(kind, body_bytes, transaction)


def write_header(header: Header) -> bytes:
    """The 20 bytes before the attributes."""
    return _HEADER.pack(header.type, header.body_bytes, COOKIE, header.transaction)


def frames(datagram: bytes) -> Iterator[Frame]:
    """The frames that count, in order, of a datagram whose header was read.

    Left out is what follows MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 and has no business there.  Raises
    `MalformedError` when a value runs past the end, when something follows FINGERPRINT (RFC 8489, 14.7), or when there
    are more than `MAX_ATTRIBUTES`.
    """
    at, end = HEADER_BYTES, len(datagram)
    left = MAX_ATTRIBUTES
    allowed: frozenset[int] | None = None
    while at < end:
        number, value_bytes = _FRAME.unpack_from(datagram, at)
        value = slice(at + 4, at + 4 + value_bytes)
        left -= 1
        if value.stop > end or left < 0:
            raise MalformedError("an attribute runs past the end, or there are too many")
        if allowed is None or number in allowed:
            yield Frame(number, at, value)
            allowed = _MAY_FOLLOW.get(number, allowed)
        at = value.stop + -value_bytes % 4
        if number == FINGERPRINT and at < end:
            raise MalformedError("FINGERPRINT isn't last")


def write_frame(number: int, value: bytes) -> bytes:
    """An attribute with its padding, which is zero: no byte of an earlier message leaks out (RFC 8489, 14).

    Raises `LocalError` when the 16 bits of length can't say how long the value is.
    """
    if len(value) > MAX_BODY_BYTES:
        raise LocalError("too long an attribute")
    return _FRAME.pack(number, len(value)) + value + bytes(-len(value) % 4)
