"""STUN messages: the RFCs' test vectors, each decoding rule, and properties over arbitrary bytes."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vectors import rfc5769

from eyeline.errors import LocalError
from eyeline.turn import framing
from eyeline.turn.attribute_formats import Address, Attribute, Unknown
from eyeline.turn.attributes import (
    AlternateServer,
    ErrorCode,
    Fingerprint,
    MappedAddress,
    MessageIntegrity,
    MessageIntegritySha256,
    Nonce,
    PasswordAlgorithm,
    PasswordAlgorithms,
    Realm,
    Software,
    UnknownAttributes,
    UserHash,
    Username,
    XorMappedAddress,
)
from eyeline.turn.framing import HEADER_BYTES, MAX_ATTRIBUTES, MalformedError
from eyeline.turn.integrity import add_fingerprint, fingerprint, is_signed, is_signed_sha256, sign, sign_sha256
from eyeline.turn.message import ATTRIBUTES, BINDING, BadAttributeError, Class, Message
from eyeline.turn.relay_attributes import (
    AdditionalAddressFamily,
    AddressErrorCode,
    ChannelNumber,
    Data,
    DontFragment,
    EvenPort,
    Lifetime,
    RequestedAddressFamily,
    RequestedTransport,
    ReservationToken,
    XorPeerAddress,
    XorRelayedAddress,
)

KEY = b"alice's password"
TRANSACTION = bytes(range(12))
ALICE = Username("alice")


def request(*attributes: Attribute | Unknown) -> Message:
    return Message(BINDING, Class.REQUEST, TRANSACTION, attributes)


def with_body(body: bytes) -> bytes:
    """A Binding request with these bytes after the header."""
    head = request().encode()
    return head[:2] + len(body).to_bytes(2) + head[4:] + body


# Test vectors


def test_rfc5769_request_is_decoded_and_verified() -> None:
    message = Message.decode(rfc5769.REQUEST)
    assert (message.method, message.message_class) == (BINDING, Class.REQUEST)
    assert message.get(Software) == Software("STUN test client")
    assert message.get(Username) == Username("evtj:h6vY")
    assert message.get(Fingerprint) is not None
    assert is_signed(rfc5769.REQUEST, rfc5769.SHORT_TERM_PASSWORD)


@pytest.mark.parametrize(
    ("sample", "ip"),
    [
        (rfc5769.IPV4_RESPONSE, bytes([192, 0, 2, 1])),
        (rfc5769.IPV6_RESPONSE, bytes.fromhex("20010db8123456780011223344556677")),
    ],
)
def test_rfc5769_responses_are_decoded_and_verified(sample: bytes, ip: bytes) -> None:
    message = Message.decode(sample)
    assert message.message_class is Class.SUCCESS
    assert message.get(XorMappedAddress) == XorMappedAddress(Address(ip, 32853))
    assert message.get(Fingerprint) is not None
    assert is_signed(sample, rfc5769.SHORT_TERM_PASSWORD)


def test_rfc5769_long_term_request_is_decoded_verified_and_encoded() -> None:
    secret = f"{rfc5769.USERNAME}:{rfc5769.REALM}:{rfc5769.PASSWORD}".encode()
    key = hashlib.md5(secret, usedforsecurity=False).digest()
    message = Message.decode(rfc5769.LONG_TERM_REQUEST)
    assert is_signed(rfc5769.LONG_TERM_REQUEST, key)
    assert message.attributes[:3] == (
        Username(rfc5769.USERNAME),
        Nonce("f//499k954d6OL34oL9FSTvy64sA"),
        Realm(rfc5769.REALM),
    )
    unsigned = Message(BINDING, Class.REQUEST, message.transaction, message.attributes[:3])
    assert sign(unsigned.encode(), key) == rfc5769.LONG_TERM_REQUEST


def test_rfc8489_sha256_request_is_decoded_verified_and_encoded() -> None:
    key = hashlib.sha256(f"{rfc5769.USERNAME}:{rfc5769.REALM}:{rfc5769.PASSWORD}".encode()).digest()
    message = Message.decode(rfc5769.SHA256_REQUEST)
    assert is_signed_sha256(rfc5769.SHA256_REQUEST, key)
    userhash = hashlib.sha256(f"{rfc5769.USERNAME}:{rfc5769.REALM}".encode()).digest()
    assert message.get(UserHash) == UserHash(userhash)
    assert message.get(PasswordAlgorithm) == PasswordAlgorithm(PasswordAlgorithm.SHA256)
    unsigned = Message(BINDING, Class.REQUEST, message.transaction, message.attributes[:-1])
    assert sign_sha256(unsigned.encode(), key) == rfc5769.SHA256_REQUEST


# Decoding


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        request().encode()[:19],
        request().encode() + b"\0\0\0\0",
        b"\x40" + request().encode()[1:],
        request().encode()[:4] + b"\x21\x12\xa4\x43" + TRANSACTION,
        with_body(b"\x80\x22\0\5abcd"),
        with_body(b"\x80\x22\xff\xff"),
        with_body(b"\x80\x22\0\1a\0\0"),
    ],
    ids=["empty", "cut", "more than it says", "first bits", "cookie", "overrun", "far overrun", "not by four"],
)
def test_incomplete_message_is_malformed(datagram: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        Message.decode(datagram)
    assert refused.value.code == "stun-malformed"


def test_first_of_two_equal_attributes_wins() -> None:
    message = Message.decode(request(Username("alice"), Username("bob")).encode())
    assert message.attributes == (Username("alice"),)


def test_attributes_after_a_signature_are_ignored() -> None:
    signed = sign(request(ALICE).encode(), KEY)
    late = with_body(signed[HEADER_BYTES:] + request(Unknown(0x7001, b"late"), Realm("tea")).encode()[HEADER_BYTES:])
    message = Message.decode(late)
    assert [type(each) for each in message.attributes] == [Username, MessageIntegrity]
    assert is_signed(late, KEY)


def test_both_signatures_and_the_fingerprint_are_accepted_in_order() -> None:
    datagram = add_fingerprint(sign_sha256(sign(request(ALICE).encode(), KEY), KEY))
    message = Message.decode(datagram)
    assert [type(each) for each in message.attributes] == [
        Username,
        MessageIntegrity,
        MessageIntegritySha256,
        Fingerprint,
    ]
    assert is_signed(datagram, KEY)
    assert is_signed_sha256(datagram, KEY)


def test_sha1_signature_after_the_sha256_one_is_ignored() -> None:
    datagram = sign(sign_sha256(request(ALICE).encode(), KEY), KEY)
    assert Message.decode(datagram).get(MessageIntegrity) is None
    assert not is_signed(datagram, KEY)


@pytest.mark.parametrize("length", [16, 20, 24, 28, 32])
def test_sha256_signature_may_be_truncated(length: int) -> None:
    unsigned = request(ALICE).encode()
    covered = unsigned[:2] + (len(unsigned) - HEADER_BYTES + 4 + length).to_bytes(2) + unsigned[4:]
    digest = hmac.digest(KEY, covered, "sha256")[:length]
    datagram = covered + b"\0\x1c" + length.to_bytes(2) + digest
    assert is_signed_sha256(datagram, KEY)
    assert not is_signed_sha256(datagram, b"bob's password")


@pytest.mark.parametrize("length", [0, 12, 15, 18, 36])
def test_sha256_signature_of_an_invalid_length_is_refused(length: int) -> None:
    datagram = with_body(b"\0\x1c" + length.to_bytes(2) + bytes(length + -length % 4))
    assert not is_signed_sha256(datagram, KEY)
    with pytest.raises(BadAttributeError):
        Message.decode(datagram)


def test_wrong_fingerprint_is_malformed() -> None:
    datagram = add_fingerprint(request().encode())
    with pytest.raises(MalformedError, match="FINGERPRINT"):
        Message.decode(datagram[:-1] + bytes([datagram[-1] ^ 1]))


def test_nothing_may_follow_a_fingerprint() -> None:
    body = add_fingerprint(request().encode())[HEADER_BYTES:]
    more = request(Realm("tea")).encode()[HEADER_BYTES:]
    with pytest.raises(MalformedError):
        Message.decode(with_body(body + more))
    covered = with_body(body + more)[:HEADER_BYTES]  # also if it has been computed with the length of the whole message
    whole = covered + framing.write_frame(framing.FINGERPRINT, fingerprint(covered)) + more
    with pytest.raises(MalformedError, match="FINGERPRINT isn't last"):
        Message.decode(whole)


def test_unknown_comprehension_required_attributes_are_listed() -> None:
    message = request(Unknown(0x0024, b"\0\0\0\1"), Unknown(0xC057, b"ok"), Unknown(0x7FFF, b""))
    assert Message.decode(message.encode()).unknown_required() == (0x0024, 0x7FFF)


@pytest.mark.parametrize(
    "body",
    [
        b"\0\x06\0\1\xff\0\0\0",
        b"\0\x20\0\4\0\1\0\0",
        b"\0\x20\0\x08\0\3\0\0\0\0\0\0",
        b"\0\x08\0\4abcd",
        b"\0\x1e\0\4abcd",
        b"\0\x09\0\4\0\0\4\x64",
        b"\0\x09\0\4\0\0\2\0",
        b"\0\x0a\0\1\0\0\0\0",
        b"\0\x1d\0\4\0\2\0\4",
        b"\0\x1d\0\x08\0\2\0\0\0\1\0\0",
    ],
)
def test_invalid_value_of_a_required_attribute_is_reported_with_its_message(body: bytes) -> None:
    with pytest.raises(BadAttributeError) as refused:
        Message.decode(with_body(body))
    assert refused.value.head == request()


def test_invalid_value_of_an_optional_attribute_is_kept_raw() -> None:
    assert Message.decode(with_body(b"\x80\x22\0\1\xff\0\0\0")).attributes == (Unknown(0x8022, b"\xff"),)


def test_bad_value_in_a_broken_frame_is_malformed() -> None:
    with pytest.raises(MalformedError) as refused:
        Message.decode(with_body(b"\0\x06\0\1\xff\0\0\0" + b"\0\x06\0\5abcd"))
    assert not isinstance(refused.value, BadAttributeError)


# Encoding


def test_padding_is_zero() -> None:
    assert request(Username("alice")).encode()[HEADER_BYTES:] == b"\0\6\0\5alice\0\0\0"


@pytest.mark.parametrize("method", [0x001, 0x003, 0x00F, 0x010, 0x080, 0xFFF])
@pytest.mark.parametrize("message_class", Class)
def test_every_method_and_class_round_trips(method: int, message_class: Class) -> None:
    message = Message(method, message_class, TRANSACTION)
    assert Message.decode(message.encode()) == message


def test_message_types_are_the_registered_ones() -> None:
    types = [Message(BINDING, each, TRANSACTION).encode()[:2].hex() for each in Class]
    assert types == ["0001", "0011", "0101", "0111"]


@pytest.mark.parametrize(
    "message",
    [
        Message(BINDING, Class.REQUEST, b"short"),
        Message(0x1000, Class.REQUEST, TRANSACTION),
        request(Unknown(0x7000, bytes(0x10000))),
        request(Unknown(0x7000, bytes(40_000)), Unknown(0x7001, bytes(40_000))),
        request(*[ALICE] * (MAX_ATTRIBUTES + 1)),
    ],
)
def test_encoding_an_impossible_message_raises(message: Message) -> None:
    with pytest.raises(LocalError):
        message.encode()


def test_message_has_at_most_the_largest_number_of_attributes() -> None:
    full = request(*(Unknown(0x8F00 + n, b"") for n in range(MAX_ATTRIBUTES)))
    assert Message.decode(full.encode()) == full
    body = b"".join((0x8F00 + n).to_bytes(2) + bytes(2) for n in range(MAX_ATTRIBUTES + 1))
    with pytest.raises(MalformedError):
        Message.decode(full.encode()[:2] + len(body).to_bytes(2) + full.encode()[4:20] + body)


# Properties

ips = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))
addresses = st.builds(Address, ips, st.integers(0, 0xFFFF))
algorithms = st.builds(PasswordAlgorithm, st.integers(0, 0xFFFF), st.binary(max_size=12))
attributes: st.SearchStrategy[Attribute | Unknown] = st.one_of(
    st.builds(MappedAddress, addresses),
    st.builds(XorMappedAddress, addresses),
    st.builds(AlternateServer, addresses),
    st.builds(XorPeerAddress, addresses),
    st.builds(XorRelayedAddress, addresses),
    st.builds(ChannelNumber, st.integers(0, 0xFFFF)),
    st.builds(Lifetime, st.integers(0, 0xFFFF_FFFF)),
    st.builds(Data, st.binary(max_size=40)),
    st.sampled_from([RequestedAddressFamily, AdditionalAddressFamily, RequestedTransport]).flatmap(
        lambda kind: st.builds(kind, st.integers(0, 0xFF))
    ),
    st.builds(EvenPort, st.booleans()),
    st.builds(DontFragment),
    st.builds(ReservationToken, st.binary(min_size=8, max_size=8)),
    st.builds(AddressErrorCode, st.integers(0, 0xFF), st.integers(300, 699)),
    st.builds(Username, st.text(max_size=120)),
    st.builds(Realm, st.text(max_size=120)),
    st.builds(Nonce, st.text(max_size=120)),
    st.builds(Software, st.text(max_size=120)),
    st.builds(UserHash, st.binary(min_size=32, max_size=32)),
    st.builds(ErrorCode, st.integers(300, 699), st.text(max_size=120)),
    st.builds(UnknownAttributes, st.lists(st.integers(0, 0xFFFF), max_size=12).map(tuple)),
    algorithms,
    st.builds(PasswordAlgorithms, st.lists(algorithms, max_size=4).map(tuple)),
    st.builds(Unknown, st.integers(0, 0xFFFF).filter(lambda number: number not in ATTRIBUTES), st.binary(max_size=40)),
)


def number_of(attribute: Attribute | Unknown) -> int:
    return attribute.number if isinstance(attribute, Unknown) else attribute.NUMBER


messages = st.builds(
    Message,
    st.integers(0, 0xFFF),
    st.sampled_from(Class),
    st.binary(min_size=12, max_size=12),
    st.lists(attributes, max_size=8, unique_by=number_of).map(tuple),
)
bodies = st.lists(
    st.tuples(st.sampled_from([*ATTRIBUTES, 0x24, 0xC057]), st.binary(max_size=40)).map(
        lambda each: each[0].to_bytes(2) + len(each[1]).to_bytes(2) + each[1] + b" " * (-len(each[1]) % 4)
    ),
    max_size=6,
).map(b"".join)


@given(st.one_of(st.binary(max_size=80), bodies.map(with_body), messages.map(Message.encode)))
def test_decoding_is_total_and_decoded_messages_can_be_encoded(datagram: bytes) -> None:
    try:
        message = Message.decode(datagram)
        is_signed(datagram, KEY)
        is_signed_sha256(datagram, KEY)
    except MalformedError:
        return
    assert len(message.encode()) <= len(datagram)


@given(messages)
def test_message_round_trips(message: Message) -> None:
    assert Message.decode(message.encode()) == message


@given(messages)
def test_encoded_bytes_round_trip(message: Message) -> None:
    datagram = add_fingerprint(sign_sha256(sign(message.encode(), KEY), KEY))
    assert Message.decode(datagram).encode() == datagram


@given(messages, st.data())
def test_flipped_bit_never_passes_the_signature(message: Message, data: st.DataObject) -> None:
    for put_on, is_proven in (sign, is_signed), (sign_sha256, is_signed_sha256):
        datagram = bytearray(put_on(message.encode(), KEY))
        bit = data.draw(st.integers(0, len(datagram) * 8 - 1))
        datagram[bit // 8] ^= 1 << bit % 8
        try:
            assert not is_proven(bytes(datagram), KEY)
        except MalformedError:
            continue


@given(messages, st.data())
def test_flipped_bit_never_passes_the_fingerprint(message: Message, data: st.DataObject) -> None:
    datagram = bytearray(add_fingerprint(message.encode()))
    bit = data.draw(st.integers(0, len(datagram) * 8 - 1))
    datagram[bit // 8] ^= 1 << bit % 8
    try:
        assert Message.decode(bytes(datagram)).get(Fingerprint) is None
    except MalformedError:
        return
