"""The shapes that the values of STUN attributes have (RFC 8489, 14): an address, a text, a digest.

A value that breaks its limits can't be made: the constructor raises `ValueError`, and so does `decode`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from eyeline.turn import framing


class Address(NamedTuple):
    """A transport address.  A tuple, since one is made for every datagram that comes in."""

    ip: bytes
    """In network order: 4 bytes are IPv4, 16 are IPv6."""
    port: int


@dataclass(frozen=True, slots=True)
class Attribute(ABC):
    """One attribute.  `transaction` is the message's id, which the XOR of an IPv6 address needs."""

    NUMBER: ClassVar[int]
    REPEATS: ClassVar[bool] = False
    """Whether each occurrence counts; of all others only the first does (RFC 8489, 14)."""

    @abstractmethod
    def encode(self, transaction: bytes) -> bytes:
        """The value, without the frame."""

    @classmethod
    @abstractmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        """Read a value.  Raises `ValueError`."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An attribute that isn't in the table, or an optional one that can't be read: kept as it came."""

    number: int
    value: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.number <= 0xFFFF:
            raise ValueError("an attribute's number has 16 bits")


@dataclass(frozen=True, slots=True)
class AddressValue(Attribute):
    """A transport address in the clear."""

    address: Address

    def __post_init__(self) -> None:
        if len(self.address.ip) not in (4, 16) or not 0 <= self.address.port <= 0xFFFF:
            raise ValueError("not a transport address")

    def encode(self, transaction: bytes) -> bytes:
        ip, port = self._veil(self.address, transaction)
        return (b"\0\1" if len(ip) == 4 else b"\0\2") + port.to_bytes(2) + ip

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        if (value[1:2], len(value)) not in ((b"\1", 8), (b"\2", 20)):
            raise ValueError("neither an IPv4 nor an IPv6 address")
        return cls(cls._veil(Address(value[4:], int.from_bytes(value[2:4])), transaction))

    @staticmethod
    def _veil(address: Address, transaction: bytes) -> Address:
        """Between the address and what stands on the wire; the same in both directions."""
        del transaction
        return address


@dataclass(frozen=True, slots=True)
class XorAddressValue(AddressValue):
    """Hidden from NATs that rewrite whatever looks like an address of theirs (RFC 8489, 14.2)."""

    @staticmethod
    def _veil(address: Address, transaction: bytes) -> Address:
        mask = (framing.COOKIE.to_bytes(4) + transaction)[: len(address.ip)]
        ip = int.from_bytes(address.ip) ^ int.from_bytes(mask)
        return Address(ip.to_bytes(len(mask)), address.port ^ framing.COOKIE >> 16)


@dataclass(frozen=True, slots=True)
class TextValue(Attribute):
    """UTF-8 of at most `MAX_BYTES` bytes."""

    text: str

    MAX_BYTES: ClassVar[int] = 763

    def __post_init__(self) -> None:
        if len(self.text.encode()) > self.MAX_BYTES:
            raise ValueError("too long a text")

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return self.text.encode()

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        return cls(value.decode())


@dataclass(frozen=True, slots=True)
class DigestValue(Attribute):
    """Bytes of one of `LENGTHS`."""

    digest: bytes

    LENGTHS: ClassVar[Sequence[int]]

    def __post_init__(self) -> None:
        if len(self.digest) not in self.LENGTHS:
            raise ValueError("a digest of another length")

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return self.digest

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        return cls(value)
