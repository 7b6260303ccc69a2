"""SIP messages: what the parser accepts and refuses, edits of headers, and properties over arbitrary bytes."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.errors import LocalError
from eyeline.sip.digest import credentials_in
from eyeline.sip.header_fields import CSeq, NameAddress
from eyeline.sip.headers import Headers
from eyeline.sip.message import MAX_MESSAGE_BYTES, BadMessageError, SipRequest, SipResponse, parse

INVITE = b"""\
INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/WSS 3k2.invalid;branch=z9hG4bK1
Max-Forwards: 70
From: "Alice" <sip:alice@example.com>;tag=a1
To: <sip:bob@example.com>
Call-ID: c1
CSeq: 7 INVITE
Contact: <sip:alice@3k2.invalid;transport=ws>
X-Unknown:  kept   as is
Content-Type: application/sdp
Content-Length: 5

v=0

""".replace(b"\n", b"\r\n")[:-2]
RINGING = (
    b"SIP/2.0 180 Ringing\r\nVia: SIP/2.0/WSS 3k2.invalid;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
    b"To: <sip:b@x>;tag=2\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"
)


def request(data: bytes = INVITE) -> SipRequest:
    message = parse(data)
    assert isinstance(message, SipRequest)
    return message


def refused(data: bytes) -> BadMessageError:
    with pytest.raises(BadMessageError) as caught:
        parse(data)
    return caught.value


def test_a_request_has_its_parts() -> None:
    message = request()
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:bob@example.com", b"v=0\r\n")
    assert (message.call_id, message.cseq, message.max_forwards) == ("c1", CSeq(7, "INVITE"), 70)
    assert message.from_ == NameAddress("sip:alice@example.com", {"tag": "a1"}, "Alice")
    assert (message.to.tag, message.via.branch, message.via.transport) == ("", "z9hG4bK1", "WSS")


def test_a_response_has_its_parts() -> None:
    message = parse(RINGING)
    assert isinstance(message, SipResponse)
    assert (message.status, message.reason, message.to.tag) == (180, "Ringing", "2")


@pytest.mark.parametrize("data", [INVITE, RINGING])
def test_what_was_parsed_is_encoded_to_the_same_bytes(data: bytes) -> None:
    assert parse(data).encode() == data


def test_a_message_is_encoded_with_its_length_even_if_it_came_without() -> None:
    without = INVITE.replace(b"Content-Length: 5\r\n", b"")
    assert request(without).encode().count(b"Content-Length: 5\r\n") == 1


@pytest.mark.parametrize("name", ["Call-ID", "call-id", "CALL-ID", "i", "I", "Call-ID \t"])
def test_a_header_is_found_by_any_spelling_of_its_name(name: str) -> None:
    message = request(INVITE.replace(b"Call-ID:", name.encode() + b":"))
    assert message.call_id == "c1"


def test_folded_lines_are_one_value() -> None:
    message = request(INVITE.replace(b'"Alice" <', b'"Alice"\r\n\t  <'))
    assert message.headers.get("From") == '"Alice" <sip:alice@example.com>;tag=a1'


def test_empty_lines_before_a_message_are_ignored() -> None:
    assert request(b"\r\n\r\n" + INVITE) == request()


def test_bytes_after_the_content_length_are_ignored() -> None:
    assert request(INVITE + b"more").body == b"v=0\r\n"


def test_a_name_in_utf_8_is_kept() -> None:
    message = request(INVITE.replace(b"Alice", "Zoë 王".encode()))
    assert message.from_.display == "Zoë 王"


def test_a_list_is_read_over_all_its_lines() -> None:
    headers = Headers.of(("Route", '<sip:a;lr>, "x, y" <sip:b,c>'), ("Subject", "s"), ("Route", "<sip:d>"))
    assert headers.all("route") == ["<sip:a;lr>", '"x, y" <sip:b,c>', "<sip:d>"]


def test_the_first_element_of_a_list_is_removed_or_changed_alone() -> None:
    headers = Headers.of(("Route", "<sip:a>, <sip:b>"), ("Route", "<sip:c>"))
    assert headers.with_first("Route", "<sip:x>").all("Route") == ["<sip:x>", "<sip:b>", "<sip:c>"]
    assert headers.without_first("Route").all("Route") == ["<sip:b>", "<sip:c>"]
    assert headers.without_first("Route").without_first("Route").values("Route") == ["<sip:c>"]


def test_a_replaced_header_keeps_its_place_and_occurs_once() -> None:
    headers = Headers.of(("Expires", "1"), ("To", "<sip:a>"), ("Expires", "2")).replaced("Expires", "3")
    assert headers == Headers.of(("Expires", "3"), ("To", "<sip:a>"))
    assert headers.replaced("Subject", "s").lines[-1] == "Subject: s"


def test_a_line_break_in_a_value_is_a_bug() -> None:
    with pytest.raises(LocalError):
        Headers().appended("Subject", "s\r\nRoute: <sip:evil>")


def test_an_answer_repeats_what_identifies_its_request() -> None:
    answer = request().answer(486, to_tag="b2", extra=[("Retry-After", "5")])
    assert answer.encode() == (
        b"SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/WSS 3k2.invalid;branch=z9hG4bK1\r\n"
        b'From: "Alice" <sip:alice@example.com>;tag=a1\r\nTo: <sip:bob@example.com>;tag=b2\r\n'
        b"Call-ID: c1\r\nCSeq: 7 INVITE\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
    )


def test_an_answer_in_a_dialog_keeps_its_tag() -> None:
    inside = request(INVITE.replace(b"To: <sip:bob@example.com>", b"To: <sip:bob@example.com> ; TAG = old"))
    assert inside.answer(200, to_tag="new").to.tag == "old"


def test_a_refused_request_can_be_answered() -> None:
    error = refused(INVITE.replace(b"Max-Forwards: 70", b"Max-Forwards: lots"))
    assert error.request is not None
    assert (error.status, error.request.answer(error.status, error.reason).call_id) == (400, "c1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
        INVITE.replace(b"INVITE", b"ACK").replace(b"70", b"x"),
        INVITE.replace(b"Call-ID: c1\r\n", b""),
        INVITE.replace(b"Call-ID: c1", b"Call-ID: c\n1"),
        RINGING.replace(b"180", b"18"),
        RINGING.replace(b"CSeq: 7", b"CSeq: x"),
    ],
)
def test_what_cannot_be_answered_says_so(data: bytes) -> None:
    assert refused(data).request is None


def test_a_message_over_64_kib_gets_513() -> None:
    long = INVITE.replace(b"Content-Length: 5", b"Content-Length: 65536") + bytes(65536)
    assert len(long) > MAX_MESSAGE_BYTES
    assert (refused(long).status, refused(long).request is not None) == (513, True)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    _read(data)


@given(st.lists(st.tuples(st.integers(0, len(INVITE)), st.binary(max_size=3), st.integers(0, 40)), max_size=5))
def test_an_invite_changed_anywhere_is_a_message_or_refused(changes: list[tuple[int, bytes, int]]) -> None:
    data = INVITE
    for at, inserted, removed in changes:
        data = data[:at] + inserted + data[at + removed :]
    _read(data)


def _read(data: bytes) -> None:
    """Parse, and use every property, or answer what was refused."""
    refusal = None
    try:
        message = parse(data)
    except BadMessageError as error:
        refusal = error
    if refusal is not None:
        assert refusal.request is None or refusal.request.answer(refusal.status, refusal.reason, to_tag="t").encode()
        return
    assert (message.cseq.number, message.max_forwards or 0) < (2**31, 256)
    assert all((message.via.transport, message.from_.uri, message.to.uri, message.call_id))
    assert parse(message.encode()) == parse(parse(message.encode()).encode())


@pytest.mark.parametrize(
    "line",
    [
        "Subject: x" + " " * 60_000 + "y",
        "Subject: x" + " " * 60_000 + "y\r\n z",
        *(
            "\r\n".join(["Authorization: Digest " + part * (8000 // len(part))] * 7)
            for part in ("a", "a ", "a=b,", 'a="')
        ),
    ],
    ids=lambda line: f"{line[:30]}... {len(line)} B",
)
def test_no_message_keeps_the_server_busy(line: str) -> None:
    begun = time.process_time()
    with suppress(BadMessageError):
        message = parse(INVITE.replace(b"X-Unknown:  kept   as is", line.encode()))
        assert credentials_in(message.headers, "authorization", "example.com") is None
    assert time.process_time() - begun < 0.1


def test_lines_of_spaces_are_folded_too() -> None:
    folded = INVITE.replace(b"Call-ID: c1", b"Call-ID: \r\n  \r\n\t c1")
    assert request(folded).call_id == "c1"
