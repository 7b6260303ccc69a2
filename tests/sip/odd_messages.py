"""Odd and hostile SIP messages, and what the parser makes of each.

The kinds are those of RFC 4475 ("torture test messages") and RFC 5118 (the same for IPv6), with messages of our own.
`docs/sip.md` has this table too, and `test_odd_messages.py` compares both.
"""

import random
from typing import Final, NamedTuple

DROPPED: Final = 0
"""The answer to what can't or may not be answered: a response, an ACK, a request without what an answer needs."""

READ: Final = 200
"""The message is valid, and the server goes on with it."""


class Odd(NamedTuple):
    """One message."""

    what: str
    """What is odd about it, in words."""
    source: str
    """The section of an RFC, or "" ."""
    answer: int
    """A status, `READ` or `DROPPED`."""
    data: bytes


def message(text: str) -> bytes:
    """Bytes with the line ends of SIP; the text ends with the empty line after the headers, or a body."""
    return text.lstrip("\n").replace("\n", "\r\n").encode()


INVITE: Final = message("""
INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/WSS q4k1.invalid;branch=z9hG4bKq4k1
Max-Forwards: 70
From: "Alice" <sip:alice@example.com>;tag=ta
To: <sip:bob@example.com>
Call-ID: q4k1
CSeq: 31 INVITE
Contact: <sip:alice@q4k1.invalid;transport=ws>
Content-Length: 0

""")

RINGING: Final = message("""
SIP/2.0 180 Ringing
Via: SIP/2.0/WSS q4k1.invalid;branch=z9hG4bKq4k1
From: "Alice" <sip:alice@example.com>;tag=ta
To: <sip:bob@example.com>;tag=tb
Call-ID: q4k1
CSeq: 31 INVITE
Content-Length: 0

""")


def changed(old: str, new: str, whole: bytes = INVITE) -> bytes:
    """A message with one part replaced, which must be there."""
    assert whole.count(old.encode()) == 1, old
    return whole.replace(old.encode(), new.replace("\n", "\r\n").encode())


def with_line(line: str, whole: bytes = INVITE) -> bytes:
    """A message with another header line."""
    return changed("Content-Length: ", f"{line}\nContent-Length: ", whole)


def renamed(method: str) -> bytes:
    """The INVITE with another method."""
    return INVITE.replace(b"INVITE", method.encode())


TORTUOUS: Final = message("""
INVITE sip:bob@example.com;odd-param SIP/2.0
tO \t:
 <sip:bob@example.com> ;   tAg   =
\ttb
fROM :   "Alice \\"\\\\\\" L."   <sip:alice@example.com>
  ;
  tag = ta
MAX-forwards: 0070
Call-id: q4k1.with-a.dot@192.0.2.8
cSEQ: 00031
  INVITE
V   :  SIP / 2.0
 /WSS
   q4k1.invalid ;  branch =  z9hG4bKq4k1 ,
 SIP/2.0/TCP  192.0.2.9 ;branch=
 z9hG4bKq4k0, SIP / 2.0 / UDP 192.0.2.10:5070
S :
A-Header-Of-The-Future:  many words,
   over "two\\" lines
Strange: ;;,,;;,;
c: application/sdp
RouTe:
 <sip:example.com;lr;unknown=1;flag>
m:"Alice \\"\\"" <sip:alice@q4k1.invalid> ; p =
  v ;
  q = 0.5
l: 4

v=0
""")

VALID: Final = (
    Odd(
        "Spaces, folded lines, compact names and upper case in all places where they are allowed",
        "4475 3.1.1.1",
        READ,
        TORTUOUS,
    ),
    Odd(
        "All characters that a method, a user and a tag may have",
        "4475 3.1.1.2",
        READ,
        message("""
-.!%*_+`'~0aZ sip:-_.!~*'()&=+$,;?/%40:&=+$,@example.com;a-_.!~*'()[]/:&+$=%41 SIP/2.0
Via: SIP/2.0/WSS q4k1.invalid;branch=z9hG4bK-.!%*_+`'~
Max-Forwards: 70
From: -.!%*_+`'~ words <sip:alice@example.com>;tag=-.!%*_+`'~
To: "\\\x21 \N{BULLET} \N{FACE WITH TEARS OF JOY}" <sip:bob@example.com>
Call-ID: -.!%*_+`'~()<>:\\/"[]?{}@x
CSeq: 1 -.!%*_+`'~0aZ
X-.!%*_+`'~: x

"""),
    ),
    Odd(
        "Escapes in the user, such as %3A and %40",
        "4475 3.1.1.3",
        READ,
        changed("INVITE sip:bob@", "INVITE sip:sip%3Abob%40home@"),
    ),
    Odd("An escaped NUL in the user, %00", "4475 3.1.1.4", READ, changed("INVITE sip:bob@", "INVITE sip:bob-%00@")),
    Odd("A % in a method, which is not an escape there", "4475 3.1.1.5", READ, renamed("INV%49TE")),
    Odd("No space between a name and <", "4475 3.1.1.6", READ, changed('"Alice" <', "Alice<")),
    Odd(
        "Long values in many headers",
        "4475 3.1.1.7",
        READ,
        with_line("\n".join(f"X{i}: {'long ' * 1000}" for i in range(9))),
    ),
    Odd("Bytes after the Content-Length, which are ignored", "4475 3.1.1.8", READ, INVITE + INVITE),
    Odd("Semicolons in the user", "4475 3.1.1.9", READ, changed("INVITE sip:bob@", "INVITE sip:bob;day=1;lr@")),
    Odd(
        "Unknown transports in Via",
        "4475 3.1.1.10",
        READ,
        changed("Via: SIP/2.0/WSS ", "Via: SIP/2.0/PIGEON x;branch=z9hG4bK1\nVia: SIP/2.0/SCTP y\nVia: SIP/2.0/WSS "),
    ),
    Odd(
        "A body of several parts, with bytes that aren't text",
        "4475 3.1.1.11",
        READ,
        changed("Content-Length: 0", 'Content-Type: multipart/mixed;boundary="b,;"\nContent-Length: 40')
        + b"--b,;\r\n\r\n\0\xff\xfe\r\n--b,;\r\n\r\n"
        + bytes(20)
        + b"--",
    ),
    Odd("A reason phrase beyond ASCII", "4475 3.1.1.12", READ, changed("180 Ringing", "180 Es läutet: δ", RINGING)),
    Odd("No reason phrase", "4475 3.1.1.13", READ, changed("180 Ringing", "180 ", RINGING)),
    Odd("Branch without unique part", "4475 3.2.1", READ, changed("branch=z9hG4bKq4k1", "branch=z9hG4bK")),
    Odd(
        "Neither Max-Forwards, nor branch, nor tag, as in RFC 2543",
        "4475 3.4.1",
        READ,
        message("""
INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.9
From: <sip:alice@example.com>
To: <sip:bob@example.com>
Call-ID: q4k1
CSeq: 1 INVITE

"""),
    ),
    Odd("A date in an unknown time zone", "4475 3.1.2.12", READ, with_line("Date: Fri, 01 Jan 2010 16:00:00 EST")),
    Odd(
        "An IPv6 address in a URI",
        "5118 4.1",
        READ,
        changed("INVITE sip:bob@example.com", "INVITE sip:bob@[2001:db8::10]"),
    ),
    Odd(
        "A port inside of the brackets of an IPv6 address, which is read as a part of it",
        "5118 4.3",
        READ,
        changed("INVITE sip:bob@example.com", "INVITE sip:bob@[2001:db8::10:5070]"),
    ),
    Odd(
        "A port after an IPv6 address",
        "5118 4.4",
        READ,
        changed("INVITE sip:bob@example.com", "INVITE sip:bob@[2001:db8::10]:5070"),
    ),
    Odd(
        "`received` in Via with an IPv6 address in brackets",
        "5118 4.5",
        READ,
        changed("q4k1.invalid;branch", "[2001:db8::9]:5070;received=[2001:db8::9];branch"),
    ),
    Odd(
        "`received` in Via with an IPv6 address without brackets",
        "5118 4.5",
        READ,
        changed("q4k1.invalid;branch", "[2001:db8::9];received=2001:db8::9;branch"),
    ),
    Odd(
        "IPv4 and IPv6 addresses in several Via",
        "5118 4.7",
        READ,
        changed("Max-Forwards", "Via: SIP/2.0/UDP 192.0.2.1, SIP/2.0/TCP [::1]:9\nMax-Forwards"),
    ),
    Odd(
        "An IPv4 address mapped to IPv6",
        "5118 4.9",
        READ,
        changed("INVITE sip:bob@example.com", "INVITE sip:bob@[::ffff:192.0.2.10]"),
    ),
)

REFUSED: Final = (
    Odd(
        "Separators without anything between them",
        "4475 3.1.2.1",
        400,
        changed("q4k1.invalid;branch", "q4k1.invalid;;,;,,branch"),
    ),
    Odd(
        "Content-Length larger than the body", "4475 3.1.2.2", 400, changed("Content-Length: 0", "Content-Length: 9999")
    ),
    Odd("A negative Content-Length", "4475 3.1.2.3", 400, changed("Content-Length: 0", "Content-Length: -999")),
    Odd("A CSeq of 2^31 or more", "4475 3.1.2.4", 400, changed("31 INVITE", "2147483648 INVITE")),
    Odd("A Max-Forwards over 255", "4475 3.1.2.4", 400, changed("Max-Forwards: 70", "Max-Forwards: 300")),
    Odd(
        "A response with a CSeq of 2^31 or more",
        "4475 3.1.2.5",
        DROPPED,
        changed("31 INVITE", "99999999999 INVITE", RINGING),
    ),
    Odd("A quoted name that doesn't end", "4475 3.1.2.6", 400, changed('"Alice" ', '"Alice ')),
    Odd(
        "Angle brackets around the request URI",
        "4475 3.1.2.7",
        400,
        changed("INVITE sip:bob@example.com", "INVITE <sip:bob@example.com>"),
    ),
    Odd(
        "A space in the request URI",
        "4475 3.1.2.8",
        400,
        changed("INVITE sip:bob@example.com", "INVITE sip:bob@example.com; lr"),
    ),
    Odd("Two spaces in the request line", "4475 3.1.2.9", 400, changed("INVITE sip:bob", "INVITE  sip:bob")),
    Odd(
        "A space at the end of the request line",
        "4475 3.1.2.10",
        400,
        changed("example.com SIP/2.0", "example.com SIP/2.0 "),
    ),
    Odd(
        "Headers in the request URI",
        "4475 3.1.2.11",
        400,
        changed("bob@example.com SIP", "bob@example.com?Route=%3Csip:x%3E SIP"),
    ),
    Odd(
        "Spaces inside of angle brackets",
        "4475 3.1.2.14",
        400,
        changed("To: <sip:bob@example.com>", "To: < sip:bob@example.com >"),
    ),
    Odd("A comma in a name that isn't quoted", "4475 3.1.2.15", 400, changed('"Alice" ', "L., Alice ")),
    Odd("SIP/7.0", "4475 3.1.2.16", 505, changed("example.com SIP/2.0", "example.com SIP/7.0")),
    Odd("A CSeq with another method", "4475 3.1.2.17", 400, changed("31 INVITE", "31 OPTIONS")),
    Odd("An unknown method, and a CSeq with another one", "4475 3.1.2.18", 400, changed("INVITE sip:", "DANCE sip:")),
    Odd("A status of more than three digits", "4475 3.1.2.19", DROPPED, changed("180", "4294967301", RINGING)),
    Odd("No To", "4475 3.3.1", DROPPED, changed("To: <sip:bob@example.com>\r\n", "")),
    Odd("No Call-ID", "4475 3.3.1", DROPPED, changed("Call-ID: q4k1\r\n", "")),
    Odd("Two From", "4475 3.3.8", 400, with_line("From: <sip:eve@example.com>;tag=te")),
    Odd("Two Call-ID, one in compact form", "4475 3.3.8", 400, with_line("i: other")),
    Odd("Two CSeq", "4475 3.3.8", 400, with_line("CSeq: 32 INVITE")),
    Odd("Two Max-Forwards", "4475 3.3.8", 400, with_line("Max-Forwards: 1")),
    Odd("Two Content-Length, even if they are equal", "4475 3.3.9", 400, with_line("l: 0")),
    Odd(
        "An IPv6 address without brackets",
        "5118 4.2",
        400,
        changed("INVITE sip:bob@example.com", "INVITE sip:2001:db8::10"),
    ),
    Odd(
        "An IPv6 address with three colons",
        "5118 4.10",
        400,
        changed("INVITE sip:bob@example.com", "INVITE sip:bob@[2001:db8:::192.0.2.1]"),
    ),
    Odd("A NUL in a header", "", 400, with_line("Subject: a\0b")),
    Odd("A bare CR in a header", "", 400, with_line("Subject: a\rRoute: <sip:evil.example>")),
    Odd("A bare LF in a header", "", 400, INVITE.replace(b"Content-Length", b"Subject: a\nContent-Length")),
    Odd(
        "A bare LF in a header that the answer would repeat",
        "",
        DROPPED,
        INVITE.replace(b"tag=ta", b"tag=ta\nRoute: <sip:evil.example>"),
    ),
    Odd("Bytes that aren't UTF-8", "", 400, INVITE.replace(b"Alice", b"Al\xedce")),
    Odd("A line without colon", "", 400, with_line("What is this")),
    Odd("A space in the name of a header", "", 400, with_line("User Agent: x")),
    Odd("A Via of another protocol", "", 400, changed("Via: SIP/2.0/WSS", "Via: HTTP/1.1/WSS")),
    Odd("Two equal parameters", "", 400, changed("tag=ta", "tag=ta;tag=tb")),
    Odd("A port over 65535", "", 400, changed("INVITE sip:bob@example.com", "INVITE sip:bob@example.com:65536")),
    Odd("A URI without scheme", "", 400, changed("INVITE sip:bob@example.com", "INVITE bob@example.com")),
    Odd("A header line over 8 KiB", "", 400, with_line("Subject: " + "a" * 8192)),
    Odd("More than 256 header lines", "", 400, with_line("\n".join(["X: x"] * 256))),
    Odd("A request URI over 8 KiB", "", 414, changed("INVITE sip:bob@", f"INVITE sip:{'b' * 8192}@")),
    Odd("A message over 64 KiB", "", 513, changed("Content-Length: 0", "Content-Length: 65000") + bytes(65536)),
    Odd("No empty line after the headers", "", 400, INVITE[:-2]),
    Odd("An invalid ACK", "", DROPPED, renamed("ACK").replace(b"70", b"many")),
    Odd("A request of another protocol", "", DROPPED, b"GET /sip HTTP/1.1\r\nHost: example.com\r\n\r\n"),
    Odd("Any other bytes", "", DROPPED, bytes(range(256))),
)


class ByTheServer(NamedTuple):
    """A valid message that the server refuses, or answers itself."""

    what: str
    source: str
    answer: str
    test: str
    """The test that shows it."""


BY_THE_SERVER: Final = (
    ByTheServer("A From that isn't the user who has logged in", "", "403", "test_spoofed_from_is_403"),
    ByTheServer("A wrong password", "", "401 or 407", "test_wrong_password_is_challenged_again"),
    ByTheServer("A nonce with a count that was used before", "", "401 or 407, stale", "test_nothing_is_accepted_twice"),
    ByTheServer("A nonce of this server that is too old", "", "401 or 407, stale", "test_a_nonce_becomes_stale"),
    ByTheServer(
        *("An unknown scheme of Authorization", "4475 3.3.7", "401 or 407"),
        "test_credentials_are_read_from_the_header_of_the_realm",
    ),
    ByTheServer("A request URI with another scheme than sip or sips", "4475 3.3.2", "416", "test_request_uri"),
    ByTheServer("A Proxy-Require", "4475 3.3.5", "420", "test_proxy_require_is_420"),
    ByTheServer("Max-Forwards 0", "4475 3.3.11", "483", "test_max_forwards_0_is_483_and_otherwise_goes_down"),
    ByTheServer("A loop", "5393", "482", "test_loop_is_482_but_a_spiral_is_not"),
    ByTheServer(
        "A response to no request of the server", "4475 3.3.10", "no answer", "test_a_response_to_nothing_is_dropped"
    ),
    ByTheServer(
        *("An unknown method for the server itself", "", "405"),
        "test_unknown_method_passes_to_a_user_but_is_405_for_the_server",
    ),
    ByTheServer(
        *("An unknown method for a user", "4475 3.1.1.2", "passed on"),
        "test_unknown_method_passes_to_a_user_but_is_405_for_the_server",
    ),
    ByTheServer(
        "A user who isn't registered, or doesn't exist", "", "480", "test_offline_user_is_480_and_unknown_user_too"
    ),
    ByTheServer(
        *("A Contact with headers in its URI", "4475 3.3.14", "400"),
        "test_an_invalid_contact_gets_400_and_changes_nothing",
    ),
    ByTheServer("REGISTER for less than 60 s", "3261 10.3", "423", "test_too_short_a_time_gets_423_with_the_minimum"),
    ByTheServer(
        *("An offer of RTP without DTLS for a browser", "8827 6.5", "488"),
        "test_plain_rtp_for_a_browser_is_488_at_once",
    ),
)

_SDP: Final = b"""\
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
_HEAD: Final = """\
INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/WSS 7m5a1b2c3d4e.invalid;branch=z9hG4bK4093672N
Max-Forwards: 69
Route: <sip:example.com;transport=ws;lr>
To: <sip:bob@example.com>
From: "Alice Example" <sip:alice@example.com>;tag=l9k2mqv5t1
Call-ID: 3u4v5w6x7y8z9a0b1c2dN
CSeq: 4721 INVITE
Proxy-Authorization: Digest username="alice", realm="example.com", nonce="AAAA", uri="sip:bob@example.com", \
algorithm=MD5, response="d41d8cd98f00b204e9800998ecf8427e", qop=auth, cnonce="p0q9", nc=00000001
Contact: <sip:f3g7h1j5@7m5a1b2c3d4e.invalid;transport=ws;ob>
Content-Type: application/sdp
Session-Expires: 90
Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY
Supported: timer,ice,replaces,outbound
User-Agent: Softphone 1.0
Content-Length: LENGTH

""".replace("\n", "\r\n")


def real_invite(number: int = 0) -> bytes:
    """An INVITE as a browser sends it, for audio and video; each number is another call."""
    return _HEAD.replace("N\r\n", f"{number}\r\n").replace("LENGTH", str(len(_SDP))).encode() + _SDP


def mutated(data: bytes, generator: random.Random) -> bytes:
    """Up to four changes, most of them in the headers: bytes changed, inserted, removed, or repeated."""
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(data.find(b"\r\n\r\n") + 4 if generator.random() < 0.9 else len(data))
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


def table() -> str:
    """All messages as a table in Markdown."""
    answers = {READ: "valid", DROPPED: "no answer"}
    rows = [
        f"| {each.what} | {f'RFC {each.source}' if each.source else ''} | {answers.get(each.answer, each.answer)} |"
        for each in VALID + REFUSED
    ]
    rows += [
        f"| {each.what} | {f'RFC {each.source}' if each.source else ''} | {each.answer} |" for each in BY_THE_SERVER
    ]
    return "\n".join(["| Message | Source | Answer |", "| --- | --- | --- |", *rows])
