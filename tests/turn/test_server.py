"""The STUN server: which requests it answers, which it ignores, and its rate limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.rate_limit import RateLimit
from eyeline.turn.attribute_formats import Address, Attribute, Unknown
from eyeline.turn.attributes import (
    ErrorCode,
    Fingerprint,
    Software,
    UnknownAttributes,
    Username,
    XorMappedAddress,
)
from eyeline.turn.effects import CloseConnection, Effect, Flow, Send
from eyeline.turn.integrity import add_fingerprint, sign
from eyeline.turn.message import BINDING, Class, Message
from eyeline.turn.server import (
    ANSWERS_BURST,
    ANSWERS_PER_SECOND,
    ANSWERS_TO_A_STREAM,
    MAX_REQUEST_BYTES,
    Server,
    answer_limit,
)

ALICE = Address(bytes([192, 0, 2, 1]), 32853)
BOB = Address(bytes.fromhex("20010db8123456780011223344556677"), 32853)
HERE = Address(bytes([203, 0, 113, 1]), 3478)
TRANSACTION = bytes(range(12))


def request(*attributes: Attribute | Unknown, kind: Class = Class.REQUEST, method: int = BINDING) -> bytes:
    return Message(method, kind, TRANSACTION, attributes).encode()


def server() -> Server:
    return Server(answer_limit())


def flow(client: Address) -> Flow:
    return Flow("udp", client, HERE)


def ask(datagram: bytes, source: Address = ALICE) -> list[Effect]:
    return server().receive(datagram, flow(source), 0.0)


def answer_to(datagram: bytes, source: Address = ALICE) -> Message:
    [send] = ask(datagram, source)
    assert isinstance(send, Send)
    assert send.flow == flow(source)
    return Message.decode(send.data)


@pytest.mark.parametrize("source", [ALICE, BOB])
@pytest.mark.parametrize("attributes", [(), (Software("x"),)], ids=["bare", "with attributes"])
def test_response_contains_the_source_address(source: Address, attributes: tuple[Attribute, ...]) -> None:
    expected = Message(BINDING, Class.SUCCESS, TRANSACTION, (XorMappedAddress(source),))
    assert ask(request(*attributes), source) == [Send(expected.encode(), flow(source))]


def test_request_with_a_fingerprint_gets_one_in_the_response() -> None:
    answer = answer_to(add_fingerprint(request()))
    assert [type(each) for each in answer.attributes] == [XorMappedAddress, Fingerprint]


def test_binding_needs_no_credentials_and_ignores_them() -> None:
    answer = answer_to(sign(request(Username("alice")), b"whatever"))
    assert answer.message_class is Class.SUCCESS


def test_unknown_comprehension_required_attribute_gets_420() -> None:
    answer = answer_to(request(Unknown(0x0024, b"\0\0\0\1"), Unknown(0x7001, b"")))
    assert answer.message_class is Class.ERROR
    assert answer.transaction == TRANSACTION
    assert answer.attributes == (ErrorCode(420), UnknownAttributes((0x0024, 0x7001)))


def test_unknown_attribute_after_a_signature_is_ignored() -> None:
    late = request(Unknown(0x7001, b""))[20:]
    signed = sign(request(), b"whatever")
    assert answer_to(signed[:2] + (24 + 4).to_bytes(2) + signed[4:] + late).message_class is Class.SUCCESS


def test_invalid_attribute_value_gets_400() -> None:
    answer = answer_to(request(Unknown(0x0006, b"\xff")))
    assert answer.attributes == (ErrorCode(400),)


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x80" + bytes(39),
        request(kind=Class.INDICATION),
        request(Unknown(0x7001, b""), kind=Class.INDICATION),
        request(Unknown(0x0006, b"\xff"), kind=Class.INDICATION),
        request(kind=Class.SUCCESS),
        request(kind=Class.ERROR),
        request(method=0x003),
        request() + b"\0\0\0\0",
        add_fingerprint(request())[:-1] + b"\0",
        request(*(Unknown(0xFF00 + each, bytes(763)) for each in range(2))),
    ],
)
def test_only_binding_requests_are_answered(datagram: bytes) -> None:
    assert ask(datagram) == []


@given(st.binary(max_size=80), st.sampled_from([ALICE, BOB]))
def test_any_bytes_are_handled(datagram: bytes, source: Address) -> None:
    assert len(ask(datagram, source)) <= 1


@given(st.lists(st.builds(Unknown, st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=8), st.booleans())
def test_response_is_at_most_2_25_times_its_request(attributes: list[Unknown], fingerprinted: bool) -> None:
    datagram = request(*attributes)
    if fingerprinted:
        datagram = add_fingerprint(datagram)
    for send in ask(datagram, BOB):
        assert isinstance(send, Send)
        assert len(send.data) <= 2.25 * len(datagram)


def test_source_gets_a_burst_and_then_a_steady_rate() -> None:
    machine = server()
    assert sum(len(machine.receive(request(), flow(ALICE), 0.0)) for _ in range(10 * ANSWERS_BURST)) == ANSWERS_BURST
    after_a_second = sum(len(machine.receive(request(), flow(ALICE), 1.0)) for _ in range(ANSWERS_BURST))
    assert after_a_second == ANSWERS_PER_SECOND


def test_sources_have_separate_rate_limits() -> None:
    machine = server()
    for _ in range(2 * ANSWERS_BURST):
        machine.receive(request(), flow(ALICE), 0.0)
    assert machine.receive(request(), flow(BOB), 0.0)


def test_tcp_connection_is_closed_after_a_few_responses() -> None:
    machine, stream = server(), flow(ALICE)._replace(transport="stream")
    said = [machine.receive(request(), stream, 0.0) for _ in range(2 * ANSWERS_TO_A_STREAM)]
    assert all(isinstance(send, Send) for [send] in said[:ANSWERS_TO_A_STREAM])
    assert said[ANSWERS_TO_A_STREAM:] == [[CloseConnection(stream)], *[[]] * (ANSWERS_TO_A_STREAM - 1)]
    machine.closed(stream)
    assert machine.receive(request(), stream, 0.0)
    machine.closed(stream)
    assert not machine._unauthenticated


@pytest.mark.parametrize("junk", [b"junk", bytes(MAX_REQUEST_BYTES + 1)])
def test_junk_over_tcp_counts_like_requests(junk: bytes) -> None:
    machine, stream = server(), flow(ALICE)._replace(transport="stream")
    assert [machine.receive(junk, stream, 0.0) for _ in range(ANSWERS_TO_A_STREAM)] == [[]] * ANSWERS_TO_A_STREAM
    assert machine.receive(request(), stream, 0.0) == [CloseConnection(stream)]


def test_tcp_connections_have_separate_limits_that_spoofed_datagrams_cannot_use_up() -> None:
    machine = server()
    for _ in range(2 * ANSWERS_BURST):
        machine.receive(request(), flow(ALICE), 0.0)
    streams = [Flow("stream", Address(ALICE.ip, port), HERE) for port in range(2 * ANSWERS_BURST)]
    for each in streams * (ANSWERS_TO_A_STREAM - 1):
        assert machine.receive(request(), each, 0.0)


def test_ports_of_one_address_share_its_rate_limit() -> None:
    machine = server()
    answers = [machine.receive(request(), flow(Address(ALICE.ip, port)), 0.0) for port in range(2 * ANSWERS_BURST)]
    assert sum(map(len, answers)) == ANSWERS_BURST


def test_ipv6_64_network_shares_one_rate_limit() -> None:
    machine = server()
    sources = [Address(BOB.ip[:8] + each.to_bytes(8), 1) for each in range(2 * ANSWERS_BURST)]
    assert sum(len(machine.receive(request(), flow(source), 0.0)) for source in sources) == ANSWERS_BURST


def test_junk_counts_against_the_rate_limit_like_requests() -> None:
    machine = server()
    for _ in range(ANSWERS_BURST):
        machine.receive(b"junk", flow(ALICE), 0.0)
    assert machine.receive(request(), flow(ALICE), 0.0) == []


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 3)), max_size=80))
def test_source_never_gets_more_than_its_bucket_held(steps: list[tuple[float, int]]) -> None:
    rate_limit, now = RateLimit(per_second=2, burst=4), 0.0
    tokens = dict.fromkeys(range(4), 4.0)
    for pause, source in steps:
        now += pause
        tokens = {each: min(4.0, left + pause * 2) for each, left in tokens.items()}
        if rate_limit.try_spend(bytes([192, 0, 2, source]), now):
            tokens[source] -= 1
        assert tokens[source] > -0.001


def test_rate_limit_remembers_a_bounded_number_of_sources() -> None:
    rate_limit = RateLimit(per_second=50, burst=200, max_addresses=100)
    for source in range(10_000):
        rate_limit.try_spend(source.to_bytes(4), 0.0)
        assert len(rate_limit) <= 100


def test_full_rate_limit_evicts_the_least_recently_seen_source() -> None:
    rate_limit = RateLimit(per_second=50, burst=1, max_addresses=100)
    for source in range(1000):
        rate_limit.try_spend(source.to_bytes(4), 0.0)
    assert not any(rate_limit.try_spend(source.to_bytes(4), 0.0) for source in range(960, 1000))


def test_quiet_source_is_forgotten_once_its_bucket_is_full() -> None:
    rate_limit = RateLimit(per_second=1, burst=1)
    for source in range(100):
        rate_limit.try_spend(source.to_bytes(4), source * 1.5)
        assert len(rate_limit) <= 2
