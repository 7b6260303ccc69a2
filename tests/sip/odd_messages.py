"""Odd and hostile SIP messages, and what the parser makes of each.

The kinds are those of RFC 4475 ("torture test messages") and RFC 5118 (the same for IPv6), with messages of our own.
`docs/sip.md` has this table too, and `test_odd_messages.py` compares both.
"""

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


def table() -> str:
    """All messages as a table in Markdown."""
    answers = {READ: "valid", DROPPED: "no answer"}
    rows = [
        f"| {each.what} | {f'RFC {each.source}' if each.source else ''} | {answers.get(each.answer, each.answer)} |"
        for each in VALID + REFUSED
    ]
    return "\n".join(["| Message | Source | Answer |", "| --- | --- | --- |", *rows])
