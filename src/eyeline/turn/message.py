"""A STUN message as a value (RFC 8489, 5 and 6), and its way to bytes and back.

Signatures and the fingerprint are put on the bytes afterwards, and signatures are looked at there: see `integrity`.
"""

import hmac
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self, TypeVar

from eyeline.errors import LocalError
from eyeline.turn import attributes as stun
from eyeline.turn import framing, integrity, relay_attributes
from eyeline.turn.attribute_formats import Attribute, Unknown
from eyeline.turn.attributes import REQUIRED_BELOW
from eyeline.turn.framing import MalformedError

BINDING: Final = 0x001
"""The one method of STUN itself (RFC 8489, 18.2); a method is a number of 12 bits."""

ALLOCATE: Final = 0x003
REFRESH: Final = 0x004
SEND: Final = 0x006
DATA: Final = 0x007
CREATE_PERMISSION: Final = 0x008
CHANNEL_BIND: Final = 0x009
"""The methods of TURN (RFC 8656, 17)."""

ATTRIBUTES: Final = stun.STUN_ATTRIBUTES | relay_attributes.TURN_ATTRIBUTES
"""Every attribute that is understood, by its number in the IANA registry."""

_REPEATED: Final = frozenset(number for number, kind in ATTRIBUTES.items() if kind.REPEATS)

_A = TypeVar("_A", bound=Attribute)


class Class(IntEnum):
    """What a message is in its transaction (RFC 8489, 5)."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


class BadAttributeError(MalformedError):
    """The frames are whole, but a value that must be understood can't be read: a request is answered with 400."""

    def __init__(self, head: "Message", message: str) -> None:
        super().__init__(message)
        self.head = head
        """The message without its attributes."""


@dataclass(frozen=True, slots=True)
class Message:
    """One STUN message.  What is said twice, or after a signature, isn't in it (RFC 8489, 14)."""

    method: int
    """12 bits."""
    message_class: Class
    transaction: bytes
    """12 bytes, random to the client."""
    attributes: tuple[Attribute | Unknown, ...] = ()
    """In the order of the wire."""

    def get(self, kind: type[_A]) -> _A | None:
        """The attribute of this kind, if there is one."""
        return next((attribute for attribute in self.attributes if isinstance(attribute, kind)), None)

    def get_all(self, kind: type[_A]) -> tuple[_A, ...]:
        """All attributes of this kind, in order."""
        return tuple(attribute for attribute in self.attributes if isinstance(attribute, kind))

    def unknown_required(self) -> tuple[int, ...]:
        """The numbers of attributes that must be understood and aren't: a request gets 420, all else is dropped."""
        return tuple(
            each.number for each in self.attributes if isinstance(each, Unknown) and each.number < REQUIRED_BELOW
        )

    def encode(self) -> bytes:
        """The message on the wire.  Raises `LocalError` when it can't be one (id, method or length)."""
        if len(self.transaction) != framing.TRANSACTION_BYTES or not 0 <= self.method <= 0xFFF:
            raise LocalError("a transaction id has 12 bytes and a method 12 bits")
        if len(self.attributes) > framing.MAX_ATTRIBUTES:
            raise LocalError("too many attributes")
        body = b"".join(self._frame(attribute) for attribute in self.attributes)
        if len(body) > framing.MAX_BODY_BYTES:
            raise LocalError("too long attributes")
        return framing.write_header(framing.Header(self._type(), len(body), self.transaction)) + body

    @classmethod
    def decode(cls, datagram: bytes) -> Self:
        """Read a whole datagram.  Raises `MalformedError`, or its child `BadAttributeError`, and nothing else.

        A FINGERPRINT that is wrong makes a message malformed; that is what it is for.
        """
        header = framing.read_header(datagram)
        found: list[tuple[int, bytes]] = []
        seen: set[int] = set()
        for frame in framing.frames(datagram):
            if frame.number == framing.FINGERPRINT:
                _check_fingerprint(datagram, frame)
            if frame.number not in seen or frame.number in _REPEATED:
                seen.add(frame.number)
                found.append((frame.number, datagram[frame.value]))
        method, message_class = _split_type(header.type)
        try:
            attributes = tuple(_read(number, value, header.transaction) for number, value in found)
        except ValueError as error:
            raise BadAttributeError(Message(method, message_class, header.transaction), str(error)) from error
        return cls(method, message_class, header.transaction, attributes)

    def _frame(self, attribute: Attribute | Unknown) -> bytes:
        if isinstance(attribute, Unknown):
            return framing.write_frame(attribute.number, attribute.value)
        return framing.write_frame(attribute.NUMBER, attribute.encode(self.transaction))

    def _type(self) -> int:
        """The class's two bits stand among the method's twelve (RFC 8489, 5, figure 3)."""
        method, message_class = self.method, self.message_class
        spread = (method & 0xF80) << 2 | (method & 0x070) << 1 | method & 0x00F
        return spread | (message_class & 2) << 7 | (message_class & 1) << 4


def _split_type(kind: int) -> tuple[int, Class]:
    method = kind >> 2 & 0xF80 | kind >> 1 & 0x070 | kind & 0x00F
    return method, Class(kind >> 7 & 2 | kind >> 4 & 1)


def _check_fingerprint(datagram: bytes, frame: framing.Frame) -> None:
    if not hmac.compare_digest(integrity.fingerprint(datagram[: frame.begin]), datagram[frame.value]):
        raise MalformedError("the FINGERPRINT is another message's")


def _read(number: int, value: bytes, transaction: bytes) -> Attribute | Unknown:
    kind = ATTRIBUTES.get(number)
    if kind is None:
        return Unknown(number, value)
    try:
        return kind.decode(value, transaction)
    except ValueError:
        if number < REQUIRED_BELOW:
            raise
        return Unknown(number, value)
