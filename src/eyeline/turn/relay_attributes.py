"""TURN attributes (RFC 8656, 18), except ICMP (18.13), which isn't used here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from eyeline.turn.attribute_formats import Attribute, DigestValue, XorAddressValue

UDP: Final = 17
"""The only transport between relay and peers (18.8): its number in the IP header."""

IPV4: Final = 1
IPV6: Final = 2
"""The address families as TURN numbers them (18.6)."""

FAMILY_OF: Final = {4: IPV4, 16: IPV6}
"""The family of an address, by its length in bytes."""


@dataclass(frozen=True, slots=True)
class NumberValue(Attribute):
    """A number of `BYTES` bytes, padded to four bytes that are ignored when decoding."""

    value: int

    BYTES: ClassVar[int]

    def __post_init__(self) -> None:
        if not 0 <= self.value < 256**self.BYTES:
            raise ValueError("not a number of this length")

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return self.value.to_bytes(self.BYTES) + bytes(4 - self.BYTES)

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        if len(value) != 4:
            raise ValueError("not four bytes")
        return cls(int.from_bytes(value[: cls.BYTES]))


@dataclass(frozen=True, slots=True)
class BytesValue(Attribute):
    """Any bytes."""

    value: bytes

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return self.value

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        return cls(value)


class ChannelNumber(NumberValue):
    """The channel to bind; see `allocation.CHANNELS` (18.1)."""

    NUMBER = 0x000C
    BYTES = 2


class Lifetime(NumberValue):
    """Seconds until an allocation ends without a refresh (18.2)."""

    NUMBER = 0x000D
    BYTES = 4


class XorPeerAddress(XorAddressValue):
    """A peer's address as the relay sees it.  A CreatePermission request may have several (18.3)."""

    NUMBER = 0x0012
    REPEATS = True


class Data(BytesValue):
    """The payload of a Send or Data indication (18.4)."""

    NUMBER = 0x0013


class XorRelayedAddress(XorAddressValue):
    """The relayed address at which peers reach the client; two if an allocation has both families (18.5)."""

    NUMBER = 0x0016
    REPEATS = True


class RequestedAddressFamily(NumberValue):
    """The address family of the allocation; IPv4 if absent (18.6)."""

    NUMBER = 0x0017
    BYTES = 1


@dataclass(frozen=True, slots=True)
class EvenPort(Attribute):
    """Requests an even relayed port and, optionally, to reserve the next one for a second allocation (18.7)."""

    reserve_next: bool

    NUMBER: ClassVar[int] = 0x0018

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return b"\x80" if self.reserve_next else b"\0"

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        if len(value) != 1:
            raise ValueError("not one byte")
        return cls(value[0] >= 0x80)


class RequestedTransport(NumberValue):
    """The transport between relay and peers: `UDP`; others get error 442 (18.8)."""

    NUMBER = 0x0019
    BYTES = 1


@dataclass(frozen=True, slots=True)
class DontFragment(Attribute):
    """Requests the DF bit on packets sent to peers (18.9)."""

    NUMBER: ClassVar[int] = 0x001A

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return b""

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        if value:
            raise ValueError("DONT-FRAGMENT has no value")
        return cls()


class ReservationToken(DigestValue):
    """Identifies a port reserved by EVEN-PORT (18.10)."""

    NUMBER = 0x0022
    LENGTHS = (8,)


class AdditionalAddressFamily(NumberValue):
    """The second address family of the allocation: `IPV6`; others get error 400 (18.11)."""

    NUMBER = 0x8000
    BYTES = 1


@dataclass(frozen=True, slots=True)
class AddressErrorCode(Attribute):
    """Why an allocation has no address of the additional family (18.12)."""

    family: int
    code: int

    NUMBER: ClassVar[int] = 0x8001
    REPEATS: ClassVar[bool] = True

    def encode(self, transaction: bytes) -> bytes:
        del transaction
        return bytes((self.family, 0, *divmod(self.code, 100)))

    @classmethod
    def decode(cls, value: bytes, transaction: bytes) -> Self:
        del transaction
        if len(value) < 4 or value[3] > 99:
            raise ValueError("not an error code")
        return cls(value[0], (value[2] & 7) * 100 + value[3])


def _by_number(attributes: Iterable[type[Attribute]]) -> dict[int, type[Attribute]]:
    return {attribute.NUMBER: attribute for attribute in attributes}


TURN_ATTRIBUTES: Final = _by_number(
    (
        ChannelNumber,
        Lifetime,
        XorPeerAddress,
        Data,
        XorRelayedAddress,
        RequestedAddressFamily,
        EvenPort,
        RequestedTransport,
        DontFragment,
        ReservationToken,
        AdditionalAddressFamily,
        AddressErrorCode,
    )
)
"""Every supported TURN attribute, by its number in the IANA registry."""
