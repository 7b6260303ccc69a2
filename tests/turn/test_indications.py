"""Send and Data indications, which have their own encoder and decoder for speed: the same bytes as `Message`."""

import pytest

from eyeline.turn.attribute_formats import Address, Unknown
from eyeline.turn.indications import DataHead, Sent, read_send
from eyeline.turn.message import DATA, SEND, Class, Message
from eyeline.turn.relay_attributes import Data, DontFragment, XorPeerAddress

PEER = Address(bytes((198, 51, 100, 7)), 4711)
PEER_6 = Address(bytes.fromhex("20010db8000000000000000000000007"), 4711)
TRANSACTION = bytes(range(12))


@pytest.mark.parametrize("peer", [PEER, PEER_6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("size", range(9))
def test_data_indication_is_what_the_general_encoder_makes(peer: Address, size: int) -> None:
    data, begin = bytes(range(1, 1 + size)), 64
    buffer = bytearray(b"\xff" * 200)  # an earlier packet, of which nothing may leak into the padding
    buffer[begin : begin + size] = data
    head = DataHead(peer, TRANSACTION)
    padding = head.write(buffer, begin, size)
    expected = Message(DATA, Class.INDICATION, TRANSACTION, (XorPeerAddress(peer), Data(data))).encode()
    assert buffer[begin - head.size : begin + size + padding] == expected
    assert buffer[begin + size + padding :] == b"\xff" * (200 - begin - size - padding)


@pytest.mark.parametrize("size", range(9))
def test_send_indication_may_have_optional_attributes_of_any_length(size: int) -> None:
    optional = Unknown(0x8123, bytes(size))
    attributes = (optional, XorPeerAddress(PEER), optional, Data(b"x" * size), DontFragment(), optional)
    sent = read_send(memoryview(Message(SEND, Class.INDICATION, TRANSACTION, attributes).encode()))
    assert sent == Sent(PEER, memoryview(b"x" * size), dont_fragment=True)


def test_send_indication_with_an_unknown_required_attribute_is_dropped() -> None:
    for number, dropped in [(0x7FFF, True), (0x8000, False)]:
        attributes = (XorPeerAddress(PEER), Data(b"x"), Unknown(number, b""))
        sent = read_send(memoryview(Message(SEND, Class.INDICATION, TRANSACTION, attributes).encode()))
        assert (sent is None) is dropped
