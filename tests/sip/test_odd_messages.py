"""Odd and hostile SIP messages get their documented answer, and random changes to a real one are handled too."""

import random
from pathlib import Path
from typing import Final

import pytest
from tests.sip.odd_messages import DROPPED, READ, REFUSED, TORTUOUS, VALID, Odd, table

from eyeline.sip.header_fields import CSeq, NameAddress, Via
from eyeline.sip.message import BadMessageError, SipRequest, parse

DOCS: Final = Path(__file__).parents[2] / "docs" / "sip.md"
MUTATIONS: Final = 2000

SDP: Final = b"""\
v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 51214 UDP/TLS/RTP/SAVPF 111 126
c=IN IP4 192.0.2.4
a=candidate:1 1 udp 2122260223 192.0.2.4 51214 typ host generation 0 network-id 1
a=ice-ufrag:Uf3k
a=ice-pwd:9tPq7c0hJxq2mWk1d4sV8bZr
a=fingerprint:sha-256 3A:96:6D:57:B2:C2:C7:61:A0:46:3E:1C:97:39:D3:F7:0A:88:A0:B1:EC:03:FB:10:A5:5D:3A:37:AB:DD:02:AA
a=setup:actpass
a=mid:0
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtpmap:126 telephone-event/8000
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=rtpmap:96 VP8/90000
""".replace(b"\n", b"\r\n")
HEAD: Final = f"""\
INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/WSS 7m5a1b2c3d4e.invalid;branch=z9hG4bK4093672
Max-Forwards: 69
Route: <sip:example.com;transport=ws;lr>
To: <sip:bob@example.com>
From: "Alice Example" <sip:alice@example.com>;tag=l9k2mqv5t1
Call-ID: 3u4v5w6x7y8z9a0b1c2d
CSeq: 4721 INVITE
Proxy-Authorization: Digest username="alice", realm="example.com", nonce="AAAA", uri="sip:bob@example.com", \
algorithm=MD5, response="d41d8cd98f00b204e9800998ecf8427e", qop=auth, cnonce="p0q9", nc=00000001
Contact: <sip:f3g7h1j5@7m5a1b2c3d4e.invalid;transport=ws;ob>
Content-Type: application/sdp
Session-Expires: 90
Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY
Supported: timer,ice,replaces,outbound
User-Agent: Softphone 1.0
Content-Length: {len(SDP)}

""".encode().replace(b"\n", b"\r\n")


@pytest.mark.parametrize("odd", VALID + REFUSED, ids=lambda odd: odd.what)
def test_an_odd_message_gets_its_answer(odd: Odd) -> None:
    status = READ
    try:
        parse(odd.data)
    except BadMessageError as error:
        status = DROPPED if error.request is None else error.status
    assert status == odd.answer


def test_spaces_and_folding_do_not_change_what_a_message_says() -> None:
    message = parse(TORTUOUS)
    assert isinstance(message, SipRequest)
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:bob@example.com;odd-param", b"v=0\r")
    assert message.from_ == NameAddress("sip:alice@example.com", {"tag": "ta"}, 'Alice "\\" L.')
    assert message.to == NameAddress("sip:bob@example.com", {"tag": "tb"})
    assert (message.max_forwards, message.cseq, message.call_id) == (
        70,
        CSeq(31, "INVITE"),
        "q4k1.with-a.dot@192.0.2.8",
    )
    assert [Via.parse(each).sent_by for each in message.headers.all("via")] == [
        *("q4k1.invalid", "192.0.2.9", "192.0.2.10:5070"),
    ]
    assert NameAddress.parse(message.headers.first("contact")).params == {"p": "v", "q": "0.5"}
    assert message.headers.get("a-header-of-the-future") == 'many words, over "two\\" lines'


@pytest.mark.parametrize("odd", VALID, ids=lambda odd: odd.what)
def test_a_valid_message_means_the_same_after_it_was_forwarded(odd: Odd) -> None:
    message = parse(odd.data)
    again = parse(message.encode())
    assert parse(again.encode()) == again
    assert again.headers.lines[: len(message.headers.lines)] == message.headers.lines


def test_two_thousand_changes_to_a_real_invite_are_read_or_refused() -> None:
    generator = random.Random(4475)
    counts = {"read": 0, "answered": 0, "dropped": 0}
    for _ in range(MUTATIONS):
        counts[_outcome(_mutated(HEAD + SDP, generator))] += 1
    assert min(counts.values()) > MUTATIONS // 50


def test_every_odd_message_is_in_the_docs() -> None:
    assert table() in DOCS.read_text(), f"the table in docs/sip.md must be:\n{table()}"


def _mutated(data: bytes, generator: random.Random) -> bytes:
    """Up to four changes, most of them in the headers: bytes changed, inserted, removed, or repeated."""
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(HEAD) if generator.random() < 0.9 else len(data))
        length = generator.choice((1, 1, 2, 8, 64))
        odd = generator.choice(
            (b"\r\n", b"\0", b":", b";", b",", b'"', b"<", b" ", b"\xff", b"%", b"9" * 20, b"SIP/2.0")
        )
        data = generator.choice(
            (
                data[:at] + odd + data[at + length :],
                data[:at] + odd + data[at:],
                data[:at] + data[at + length :],
                data[: at + length] + data[at:],
                data[:at] + generator.randbytes(length) + data[at + length :],
            )
        )
    return data


def _outcome(data: bytes) -> str:
    """What happens to a message; whatever was read or is answered is used as the server would."""
    refusal = None
    try:
        message = parse(data)
    except BadMessageError as error:
        refusal = error
    if refusal is None:
        again = parse(message.encode())
        assert (again.via, again.from_, again.to, again.body) == (message.via, message.from_, message.to, message.body)
        return "read"
    if refusal.request is None:
        return "dropped"
    assert b"\r\n\r\n" not in refusal.request.answer(refusal.status, refusal.reason, to_tag="t").encode()[:-4]
    return "answered"
