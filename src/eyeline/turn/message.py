"""STUN messages as values (RFC 8489, 5 and 6), with their encoder and decoder.

Signatures and the fingerprint are added to the encoded bytes, and signatures are verified there: see `integrity`.
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
"""The only method of STUN itself (RFC 8489, 18.2); a method is a 12-bit number."""

ALLOCATE: Final = 0x003
REFRESH: Final = 0x004
SEND: Final = 0x006
DATA: Final = 0x007
CREATE_PERMISSION: Final = 0x008
CHANNEL_BIND: Final = 0x009
"""The methods of TURN (RFC 8656, 17)."""

ATTRIBUTES: Final = stun.STUN_ATTRIBUTES | relay_attributes.TURN_ATTRIBUTES
"""Every supported attribute, by its number in the IANA registry."""

_REPEATED: Final = frozenset(number for number, kind in ATTRIBUTES.items() if kind.REPEATS)

_A = TypeVar("_A", bound=Attribute)


class Class(IntEnum):
    """The class of a message (RFC 8489, 5)."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


class BadAttributeError(MalformedError):
    """The framing is intact, but a required attribute can't be decoded: a request is answered with 400."""

    def __init__(self, head: "Message", message: str) -> None:
        super().__init__(message)
        self.head = head
        """The message without its attributes."""


@dataclass(frozen=True, slots=True)
class Message:
    """One STUN message, without duplicate attributes and those after a signature (RFC 8489, 14)."""

    method: int
    """12 bits."""
    message_class: Class
    transaction: bytes
    """12 bytes, chosen at random by the client."""
    attributes: tuple[Attribute | Unknown, ...] = ()
    """In the order in which they are encoded."""

    def get(self, kind: type[_A]) -> _A | None:
        """The first attribute of this kind, or None."""
        return next((attribute for attribute in self.attributes if isinstance(attribute, kind)), None)

    def get_all(self, kind: type[_A]) -> tuple[_A, ...]:
        """All attributes of this kind, in order."""
        return tuple(attribute for attribute in self.attributes if isinstance(attribute, kind))

    def unknown_required(self) -> tuple[int, ...]:
        """Numbers of required but unknown attributes: a request with any gets 420, other messages are dropped."""
        return tuple(
            each.number for each in self.attributes if isinstance(each, Unknown) and each.number < REQUIRED_BELOW
        )

    def encode(self) -> bytes:
        """Encode the message.  Raises `LocalError` if its id, method, or number or length of attributes is invalid."""
        if len(self.transaction) != framing.TRANSACTION_BYTES or not 0 <= self.method <= 0xFFF:
            raise LocalError("a transaction id has 12 bytes and a method 12 bits")
        if len(self.attributes) > framing.MAX_ATTRIBUTES:
            raise LocalError("too many attributes")
        body = b"".join(self._frame(attribute) for attribute in self.attributes)
        if len(body) > framing.MAX_BODY_BYTES:
            raise LocalError("attributes too long")
        return framing.write_header(framing.Header(self._type(), len(body), self.transaction)) + body

    @classmethod
    def decode(cls, datagram: bytes) -> Self:
        """Decode a whole datagram.  Raises only `MalformedError` and its subclass `BadAttributeError`.

        A message with a wrong FINGERPRINT is malformed.
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
        """Interleave the two bits of the class with the twelve of the method (RFC 8489, 5, figure 3)."""
        method, message_class = self.method, self.message_class
        spread = (method & 0xF80) << 2 | (method & 0x070) << 1 | method & 0x00F
        return spread | (message_class & 2) << 7 | (message_class & 1) << 4


def _split_type(kind: int) -> tuple[int, Class]:
    method = kind >> 2 & 0xF80 | kind >> 1 & 0x070 | kind & 0x00F
    return method, Class(kind >> 7 & 2 | kind >> 4 & 1)


def _check_fingerprint(datagram: bytes, frame: framing.Frame) -> None:
    if not hmac.compare_digest(integrity.fingerprint(datagram[: frame.begin]), datagram[frame.value]):
        raise MalformedError("the FINGERPRINT is wrong")


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
