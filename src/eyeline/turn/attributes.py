"""STUN attributes (RFC 8489, 14), each a frozen value that can encode and decode itself.

To add an attribute, write its class here, based on one of `attribute_formats` if possible, and list it in
`STUN_ATTRIBUTES`.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from eyeline.turn import framing
from eyeline.turn.attribute_formats import AddressValue, Attribute, DigestValue, TextValue, XorAddressValue

REQUIRED_BELOW: Final = 0x8000
"""Attributes with a lower number are comprehension-required: unknown ones make a request fail (RFC 8489, 14)."""


class MappedAddress(AddressValue):
    """The sender's address as the server sees it, unmasked.  Only decoded: servers send the XORed form (14.1)."""

    NUMBER = 0x0001


class XorMappedAddress(XorAddressValue):
    """The sender's server-reflexive address, the result of a Binding request (14.2)."""

    NUMBER = 0x0020


class AlternateServer(AddressValue):
    """The server to use instead, in a 300 (Try Alternate) error (14.15)."""

    NUMBER = 0x8023


class Username(TextValue):
    """The user name, for both credential mechanisms; fewer than 509 bytes (14.3)."""

    NUMBER = 0x0006
    MAX_BYTES = 508


class Realm(TextValue):
    """The realm of long-term credentials; up to 763 bytes are accepted (14.9)."""

    NUMBER = 0x0014


class Nonce(TextValue):
    """The nonce of long-term credentials; up to 763 bytes are accepted (14.10)."""

    NUMBER = 0x0015


class Software(TextValue):
    """The sender's software; up to 763 bytes are accepted.  Eyeline doesn't send it (14.14)."""

    NUMBER = 0x8022


class UserHash(DigestValue):
    """SHA-256 of `username:realm`, in place of USERNAME (14.4)."""

    NUMBER = 0x001E
    LENGTHS = (32,)


class MessageIntegrity(DigestValue):
    """HMAC-SHA1 of the message before it; see `integrity` (14.5)."""

    NUMBER = framing.MESSAGE_INTEGRITY
    LENGTHS = (20,)


class MessageIntegritySha256(DigestValue):
    """HMAC-SHA256 of the message before it, possibly truncated; see `integrity` (14.6)."""

    NUMBER = framing.MESSAGE_INTEGRITY_SHA256
    LENGTHS = range(16, 33, 4)


class Fingerprint(DigestValue):
    """CRC-32 of the message before it, XORed; present in a decoded message only if it is correct (14.7)."""

    NUMBER = framing.FINGERPRINT
    LENGTHS = (4,)


@dataclass(frozen=True, slots=True)
class ErrorCode(Attribute):
    """Why a request is refused: a code from 300 to 699, and a text of up to 763 bytes (14.8)."""

    code: int
    reason: str = ""

    NUMBER: ClassVar[int] = 0x0009

    def __post_init__(self) -> None:
        if not 300 <= self.code <= 699 or len(self.reason.encode()) > 763:
            raise ValueError("not an error code")

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return bytes((0, 0, *divmod(self.code, 100))) + self.reason.encode()

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        if len(value) < 4 or value[3] > 99:
            raise ValueError("not an error code")
        return cls((value[2] & 7) * 100 + value[3], value[4:].decode())


@dataclass(frozen=True, slots=True)
class UnknownAttributes(Attribute):
    """The numbers of the unknown attributes, in a 420 error (14.13)."""

    numbers: tuple[int, ...]

    NUMBER: ClassVar[int] = 0x000A

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return b"".join(number.to_bytes(2) for number in self.numbers)

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        if len(value) % 2:
            raise ValueError("half a number")
        return cls(tuple(int.from_bytes(value[at : at + 2]) for at in range(0, len(value), 2)))


@dataclass(frozen=True, slots=True)
class PasswordAlgorithm(Attribute):
    """The algorithm of the long-term key (14.12).  `MD5` and `SHA256` are registered; neither has parameters."""

    algorithm: int
    parameters: bytes = b""

    NUMBER: ClassVar[int] = 0x001D
    MD5: ClassVar[int] = 0x0001
    SHA256: ClassVar[int] = 0x0002

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return framing.write_frame(self.algorithm, self.parameters)

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        first, rest = cls.split(value)
        if rest:
            raise ValueError("more than one algorithm")
        return first

    @classmethod
    def split(cls, value: bytes) -> tuple[Self, bytes]:
        """The first algorithm of a list, and the list without it.  Raises `ValueError`."""
        end = 4 + int.from_bytes(value[2:4])
        if len(value) < max(4, end):
            raise ValueError("truncated algorithm")
        return cls(int.from_bytes(value[:2]), value[4:end]), value[end + -end % 4 :]


@dataclass(frozen=True, slots=True)
class PasswordAlgorithms(Attribute):
    """The algorithms for the long-term key that a server offers, best first (14.11)."""

    algorithms: tuple[PasswordAlgorithm, ...]

    NUMBER: ClassVar[int] = 0x8002

    def encode(self, transaction: bytes) -> bytes:
        return b"".join(algorithm.encode(transaction) for algorithm in self.algorithms)

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        found: list[PasswordAlgorithm] = []
        while value:
            algorithm, value = PasswordAlgorithm.split(value)
            found.append(algorithm)
        return cls(tuple(found))


STUN_ATTRIBUTES: Final[dict[int, type[Attribute]]] = {
    attribute.NUMBER: attribute
    for attribute in (
        MappedAddress,
        Username,
        MessageIntegrity,
        ErrorCode,
        UnknownAttributes,
        Realm,
        Nonce,
        MessageIntegritySha256,
        PasswordAlgorithm,
        UserHash,
        XorMappedAddress,
        PasswordAlgorithms,
        Software,
        AlternateServer,
        Fingerprint,
    )
}
"""Every supported STUN attribute, by its number in the IANA registry."""
