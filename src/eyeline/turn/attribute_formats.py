"""Formats of STUN attribute values (RFC 8489, 14): an address, a text, a digest.

Constructors and `decode` raise `ValueError` for a value outside its limits.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from eyeline.turn import framing


class Address(NamedTuple):
    """A transport address.  A NamedTuple for speed: each incoming datagram creates one."""

    ip: bytes
    """In network byte order: 4 bytes for IPv4, 16 for IPv6."""
    port: int


@dataclass(frozen=True, slots=True)
class Attribute(ABC):
    """One attribute.  `transaction` is the message's id, needed to XOR an IPv6 address."""

    NUMBER: ClassVar[int]
    REPEATS: ClassVar[bool] = False
    """Whether every occurrence counts; otherwise only the first does (RFC 8489, 14)."""

    @abstractmethod
    def encode(self, transaction: bytes) -> bytes:
        """Encode the value, without its frame."""

    @classmethod
    @abstractmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        """Decode a value.  Raises `ValueError`."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An unsupported attribute, or an optional one that can't be decoded: kept as received."""

    number: int
    value: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.number <= 0xFFFF:
            raise ValueError("an attribute's number has 16 bits")


@dataclass(frozen=True, slots=True)
class AddressValue(Attribute):
    """A transport address, unmasked."""

    address: Address

    def __post_init__(self) -> None:
        if len(self.address.ip) not in (4, 16) or not 0 <= self.address.port <= 0xFFFF:
            raise ValueError("not a transport address")

    def encode(self, transaction: bytes) -> bytes:
        ip, port = self._xor(self.address, transaction)
        return (b"\0\1" if len(ip) == 4 else b"\0\2") + port.to_bytes(2) + ip

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        if (value[1:2], len(value)) not in ((b"\1", 8), (b"\2", 20)):
            raise ValueError("neither an IPv4 nor an IPv6 address")
        return cls(cls._xor(Address(value[4:], int.from_bytes(value[2:4])), transaction))

    @staticmethod
    def _xor(address: Address, transaction: bytes) -> Address:
        """Convert between the address and its encoded form; the same in both directions."""
        del transaction
        return address


@dataclass(frozen=True, slots=True)
class XorAddressValue(AddressValue):
    """A transport address, XORed to hide it from NATs that rewrite addresses in payloads (RFC 8489, 14.2)."""

    @staticmethod
    def _xor(address: Address, transaction: bytes) -> Address:
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
            raise ValueError("text too long")

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return self.text.encode()

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        return cls(value.decode())


@dataclass(frozen=True, slots=True)
class DigestValue(Attribute):
    """Bytes whose length is one of `LENGTHS`."""

    digest: bytes

    LENGTHS: ClassVar[Sequence[int]]

    def __post_init__(self) -> None:
        if len(self.digest) not in self.LENGTHS:
            raise ValueError("wrong digest length")

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return self.digest

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        return cls(value)
