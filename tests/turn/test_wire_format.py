"""The numbers and bytes that other implementations send and expect, written out from RFC 8489 and RFC 8656."""

import pytest

from eyeline.turn.attribute_formats import Address, Attribute
from eyeline.turn.attributes import AlternateServer, ErrorCode, MappedAddress, PasswordAlgorithm, UnknownAttributes
from eyeline.turn.message import (
    ALLOCATE,
    BINDING,
    CHANNEL_BIND,
    CREATE_PERMISSION,
    DATA,
    REFRESH,
    SEND,
    Class,
    Message,
)
from eyeline.turn.relay_attributes import (
    IPV4,
    IPV6,
    UDP,
    AdditionalAddressFamily,
    AddressErrorCode,
    ChannelNumber,
    Data,
    DontFragment,
    EvenPort,
    Lifetime,
    NumberValue,
    RequestedAddressFamily,
    RequestedTransport,
    ReservationToken,
    XorPeerAddress,
    XorRelayedAddress,
)

TRANSACTION = bytes(range(12))
PEER = Address(bytes([192, 0, 2, 1]), 4711)
PEER_IPV6 = Address(bytes.fromhex("20010db8000000000000000000000007"), 4711)


@pytest.mark.parametrize(
    ("method", "message_class", "first_bytes"),
    [
        (BINDING, Class.REQUEST, "0001"),
        (ALLOCATE, Class.REQUEST, "0003"),
        (REFRESH, Class.REQUEST, "0004"),
        (SEND, Class.INDICATION, "0016"),
        (DATA, Class.INDICATION, "0017"),
        (CREATE_PERMISSION, Class.REQUEST, "0008"),
        (CHANNEL_BIND, Class.REQUEST, "0009"),
        (ALLOCATE, Class.SUCCESS, "0103"),
        (ALLOCATE, Class.ERROR, "0113"),
    ],
)
def test_message_types_are_the_registered_ones(method: int, message_class: Class, first_bytes: str) -> None:
    encoded = Message(method, message_class, TRANSACTION).encode()
    assert encoded.hex() == f"{first_bytes}00002112a442000102030405060708090a0b"


@pytest.mark.parametrize(
    ("attribute", "encoded"),
    [
        (MappedAddress(PEER), "0001 0008 0001 1267 c0000201"),
        (AlternateServer(PEER), "8023 0008 0001 1267 c0000201"),
        (ErrorCode(438, "Stale"), "0009 0009 00000426 5374616c65000000"),
        (ErrorCode(300), "0009 0004 00000300"),
        (ErrorCode(699), "0009 0004 00000663"),
        (UnknownAttributes((0x0024, 0x7FFF)), "000a 0004 00247fff"),
        (PasswordAlgorithm(PasswordAlgorithm.MD5), "001d 0004 0001 0000"),
        (PasswordAlgorithm(PasswordAlgorithm.SHA256), "001d 0004 0002 0000"),
        (ChannelNumber(0x4001), "000c 0004 4001 0000"),
        (Lifetime(600), "000d 0004 00000258"),
        (XorPeerAddress(PEER), "0012 0008 0001 3375 e112a643"),
        (XorPeerAddress(PEER_IPV6), "0012 0014 0002 3375 0113a9fa 00010203 04050607 08090a0c"),
        (Data(b"hello"), "0013 0005 68656c6c6f000000"),
        (XorRelayedAddress(PEER), "0016 0008 0001 3375 e112a643"),
        (RequestedAddressFamily(IPV4), "0017 0004 01000000"),
        (RequestedAddressFamily(IPV6), "0017 0004 02000000"),
        (EvenPort(reserve_next=True), "0018 0001 80000000"),
        (EvenPort(reserve_next=False), "0018 0001 00000000"),
        (RequestedTransport(UDP), "0019 0004 11000000"),
        (DontFragment(), "001a 0000"),
        (ReservationToken(b"12345678"), "0022 0008 3132333435363738"),
        (AdditionalAddressFamily(IPV6), "8000 0004 02000000"),
        (AddressErrorCode(IPV6, 440), "8001 0004 02000428"),
    ],
)
def test_attributes_have_the_registered_number_and_format(attribute: Attribute, encoded: str) -> None:
    body = bytes.fromhex(encoded)
    assert Message(BINDING, Class.REQUEST, TRANSACTION, (attribute,)).encode()[20:] == body
    datagram = bytes.fromhex("0001") + len(body).to_bytes(2) + bytes.fromhex("2112a442") + TRANSACTION + body
    assert Message.decode(datagram).attributes == (attribute,)


@pytest.mark.parametrize("port", [0, 0xFFFF])
def test_any_port_of_16_bits_is_encoded_and_no_other(port: int) -> None:
    assert MappedAddress(Address(bytes(4), port)).encode(TRANSACTION) == b"\0\x01" + port.to_bytes(2) + bytes(4)
    for wrong in (-1, 0x10000):
        with pytest.raises(ValueError, match="not a transport address"):
            MappedAddress(Address(bytes(4), wrong))


@pytest.mark.parametrize(
    ("attribute", "largest"),
    [(ChannelNumber, 0xFFFF), (Lifetime, 0xFFFF_FFFF), (RequestedTransport, 0xFF), (RequestedAddressFamily, 0xFF)],
)
def test_number_that_does_not_fit_its_field_is_refused(attribute: type[NumberValue], largest: int) -> None:
    assert attribute(largest).encode(TRANSACTION).startswith(b"\xff")
    assert attribute(0).encode(TRANSACTION) == bytes(4)
    for value in (-1, largest + 1):
        with pytest.raises(ValueError, match="not a number of this length"):
            attribute(value)
