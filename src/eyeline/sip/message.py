"""SIP messages as values (RFC 3261, 7): requests, responses, their headers, the parser and the encoder.

Header lines are kept as they came, and parsed only where the server needs their value: what a proxy passes on stays
the same, and it's fast (`bench/sip.py`).  The parser checks everything that the properties of a message promise, so
that nothing raises later.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from eyeline.errors import RemoteError
from eyeline.sip.header_fields import TOKEN, CSeq, NameAddress, Via, parse_number
from eyeline.sip.headers import Headers, first_of, key_of, keys_of, line_of, value_of
from eyeline.sip.uri import SipUri, scheme_of

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Longer requests get 513.  A browser's INVITE with audio and video has 8 kB, with many candidates 20 kB."""

MAX_HEADERS: Final = 256
MAX_LINE: Final = 8 * 1024
"""Characters in one header line; a longer request URI gets 414."""

MAX_FORWARDS_LIMIT: Final = 255
"""The largest valid Max-Forwards (RFC 3261, 20.22)."""

VERSION: Final = "SIP/2.0"

# fmt: off
REASONS: Final = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    413: "Request Entity Too Large", 414: "Request-URI Too Long", 415: "Unsupported Media Type",
    416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required", 423: "Interval Too Brief",
    430: "Flow Failed", 439: "First Hop Lacks Outbound Support", 440: "Max-Breadth Exceeded",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 482: "Loop Detected",
    483: "Too Many Hops", 484: "Address Incomplete", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 491: "Request Pending", 500: "Server Internal Error",
    501: "Not Implemented", 503: "Service Unavailable", 504: "Server Time-out", 505: "Version Not Supported",
    513: "Message Too Large", 600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere",
}
# fmt: on
"""The usual words for a status."""

_MANDATORY: Final = frozenset({"via", "from", "to", "call-id", "cseq"})
_TOKEN: Final = re.compile(rf"{TOKEN}++")
_NO_SPACE: Final = re.compile(r"\S++")
_FOLD: Final = re.compile(
    r"(?<![ \t])[ \t]*+(?:\r\n[ \t]++)++"
)  # looking behind keeps it linear in long runs of spaces
_STATUS: Final = re.compile(r"[1-6]\d\d", re.ASCII)
_VERSION: Final = re.compile(r"SIP/\d{1,9}\.\d{1,9}", re.IGNORECASE | re.ASCII)
_PRINTABLE: Final = bytes(code for code in range(256) if code == 9 or (code >= 32 and code != 127))

_Problem = tuple[int, str]
"""The status and reason phrase that an invalid request is answered with."""


class BadMessageError(RemoteError):
    """The bytes are not a SIP message that the server can handle."""

    def __init__(self, status: int, reason: str, request: "SipRequest | None" = None) -> None:
        super().__init__("sip-bad-message", reason)
        self.status = status
        """The status to answer with."""
        self.reason = reason
        """The reason phrase: what is wrong."""
        self.request = request
        """The request, to be given to `answer` only; None if there is nothing that may be answered."""


def _has_tag(address: str) -> bool:
    try:
        return NameAddress.parse(address).tag != ""
    except ValueError:
        return False


class Essentials(NamedTuple):
    """The values that every message has, parsed."""

    via: Via
    from_: NameAddress
    to: NameAddress
    call_id: str
    cseq: CSeq
    max_forwards: int | None


class SipMessage:
    """What requests and responses have in common.  The properties raise nothing for a message that was parsed."""

    __slots__ = ()
    headers: Headers
    body: bytes
    parsed: Essentials | None

    @property
    def via(self) -> Via:
        """The topmost Via."""
        return self.parsed.via if self.parsed is not None else Via.parse(self.headers.first("via"))

    @property
    def cseq(self) -> CSeq:
        return self.parsed.cseq if self.parsed is not None else CSeq.parse(self.headers.get("cseq") or "")

    @property
    def call_id(self) -> str:
        return self.parsed.call_id if self.parsed is not None else self.headers.get("call-id") or ""

    @property
    def from_(self) -> NameAddress:
        return self.parsed.from_ if self.parsed is not None else NameAddress.parse(self.headers.get("from") or "")

    @property
    def to(self) -> NameAddress:
        return self.parsed.to if self.parsed is not None else NameAddress.parse(self.headers.get("to") or "")

    @property
    def max_forwards(self) -> int | None:
        """How many more proxies may forward it; None if it doesn't say."""
        return self.parsed.max_forwards if self.parsed is not None else _max_forwards(self.headers)

    def _encode(self, start: str) -> bytes:
        """The bytes to send, with a Content-Length, which a stream needs."""
        lines = self.headers.lines
        if "content-length" not in self.headers.keys:
            lines = (*lines, f"Content-Length: {len(self.body)}")
        return "\r\n".join((start, *lines, "\r\n")).encode() + self.body


class SipResponse(SipMessage, Struct, frozen=True, gc=False):
    """A response (RFC 3261, 7.2)."""

    status: int
    """100 to 699."""
    reason: str
    headers: Headers
    body: bytes = b""
    parsed: Essentials | None = None

    def with_(self, headers: Headers) -> "SipResponse":
        """A copy with these headers."""
        return SipResponse(self.status, self.reason, headers, self.body)

    def encode(self) -> bytes:
        """The bytes to send."""
        return self._encode(f"{VERSION} {self.status} {self.reason}")


class SipRequest(SipMessage, Struct, frozen=True, gc=False):
    """A request (RFC 3261, 7.1)."""

    method: str
    """In the case of the sender, which matters."""
    uri: str
    """The request URI, as written."""
    headers: Headers
    body: bytes = b""
    parsed: Essentials | None = None

    def with_(self, headers: Headers | None = None, uri: str | None = None) -> "SipRequest":
        """A copy with other headers or another request URI."""
        return SipRequest(
            self.method, self.uri if uri is None else uri, self.headers if headers is None else headers, self.body
        )

    def answer(
        self,
        status: int,
        reason: str = "",
        *,
        to_tag: str = "",
        extra: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        vias: Headers | None = None,
    ) -> SipResponse:
        """A response to this request (RFC 3261, 8.2.6): its Via, From, To, Call-ID and CSeq, and `extra` headers.

        `to_tag` is added to To unless that has a tag already, and `vias` are in the place of its own Via lines.  Also
        works for the request of a `BadMessageError`.
        """
        keys, lines = self.headers.keys, self.headers.lines
        if vias is None:
            vias = self.headers.only(("via",))
        to = lines[keys.index("to")]
        headers = Headers(
            (*vias.keys, "from", "to", "call-id", "cseq", *[name.lower() for name, _ in extra]),
            (
                *vias.lines,
                lines[keys.index("from")],
                f"{to};tag={to_tag}" if to_tag and not _has_tag(value_of(to)) else to,
                lines[keys.index("call-id")],
                lines[keys.index("cseq")],
                *[line_of(name, value) for name, value in extra],
            ),
        )
        return SipResponse(status, reason or REASONS.get(status, "Unknown"), headers, body)

    def encode(self) -> bytes:
        """The bytes to send."""
        return self._encode(f"{self.method} {self.uri} {VERSION}")


def parse(data: bytes) -> SipRequest | SipResponse:
    """Parse a whole message; bytes beyond its Content-Length are ignored (RFC 3261, 18.3).

    Raises only `BadMessageError`.
    """
    head, end, body = data[: MAX_MESSAGE_BYTES + 1].lstrip(b"\r\n").partition(b"\r\n\r\n")
    text = head.decode(errors="replace")
    start, *lines = text.split("\r\n")
    problem = _problem_of_bytes(len(data), head, end, len(lines))
    keys = keys_of(text)
    if len(keys) == len(lines) <= MAX_HEADERS and len(text) <= MAX_LINE:
        headers, unreadable = Headers(keys, tuple(lines)), None
    else:
        start, headers, unreadable = _read_unusual(text)
    body, wrong_length = _exact_body(headers, body)
    essentials, wrong_value = _read_essentials(headers)
    message, unreadable_start = _read_start(start, headers, body, essentials)
    problem = problem or unreadable_start or unreadable or wrong_value or _mismatch(message) or wrong_length
    if problem is None:
        return message
    raise BadMessageError(*problem, request=_answerable(message))


def _problem_of_bytes(size: int, head: bytes, end: bytes, line_ends: int) -> _Problem | None:
    if size > MAX_MESSAGE_BYTES:
        return 513, REASONS[513]
    if not end:
        return 400, "No Empty Line After The Headers"
    if head.translate(None, _PRINTABLE) != b"\r\n" * line_ends:
        return 400, "Control Character Or Bare Line End"
    if not head.isascii():
        try:
            head.decode()
        except UnicodeDecodeError:
            return 400, "Not UTF-8"
    return None


def _read_unusual(text: str) -> tuple[str, Headers, _Problem | None]:
    """The first line, and the headers as far as they can be read: folded, long, or with spaces before the colon."""
    start, *lines = text.split("\r\n")
    headers, problem = _read_headers(lines)
    if problem and _FOLD.search(text):
        start, *lines = _FOLD.sub(" ", text).split("\r\n")
        headers, problem = _read_headers(lines)
    return start, headers, problem


def _read_headers(lines: list[str]) -> tuple[Headers, _Problem | None]:
    """The headers, as far as they can be read."""
    keys: list[str] = []
    kept: list[str] = []
    problem: _Problem | None = None
    for line in lines[:MAX_HEADERS]:
        name, colon, _ = line.partition(":")
        key = key_of(name)
        if not colon or not key or len(line) > MAX_LINE:
            problem = 400, "Bad Header Line"
            continue
        keys.append(key)
        kept.append(line)
    if len(lines) > MAX_HEADERS:
        problem = 400, "Too Many Headers"
    return Headers(tuple(keys), tuple(kept)), problem


def _read_start(
    start: str, headers: Headers, body: bytes, essentials: Essentials | None
) -> tuple[SipRequest | SipResponse, _Problem | None]:
    """The message, with an invalid start line as far as it can be read."""
    if start[:4].upper() == "SIP/":
        version, _, rest = start.partition(" ")
        status, _, reason = rest.partition(" ")
        if version.upper() != VERSION or not _STATUS.fullmatch(status):
            return SipResponse(0, reason, headers, body), (400, "Bad Status Line")
        return SipResponse(int(status), reason, headers, body, essentials), None
    method, _, rest = start.partition(" ")
    uri, _, version = rest.rpartition(" ")
    return SipRequest(method, uri, headers, body, essentials), _problem_of_request_line(method, uri, version)


def _problem_of_request_line(method: str, uri: str, version: str) -> _Problem | None:
    if version.upper() != VERSION:
        known = _VERSION.fullmatch(version)
        return (505, REASONS[505]) if known else (400, "Bad Request Line")
    if len(uri) > MAX_LINE:
        return 414, REASONS[414]
    try:
        if (uri[:4] == "sip:" or scheme_of(uri) in {"sip", "sips"}) and SipUri.parse(uri).headers:
            return 400, "Headers In The Request-URI"
    except ValueError:
        return 400, "Bad Request-URI"
    return None if _TOKEN.fullmatch(method) else (400, "Bad Method")


def _read_essentials(headers: Headers) -> tuple[Essentials | None, _Problem | None]:
    """The values that the server relies on.  All but Via may occur only once."""
    title = "Via"
    try:
        via = Via.parse(first_of(headers.required("via")))
        title = "From"
        from_ = NameAddress.parse(headers.required("from"))
        title = "To"
        to = NameAddress.parse(headers.required("to"))
        title = "Call-ID"
        call_id = _without_space(headers.required("call-id"))
        title = "CSeq"
        cseq = CSeq.parse(headers.required("cseq"))
        title = "Max-Forwards"
        max_forwards = _max_forwards(headers)
    except KeyError:
        return None, (400, f"No {title}")
    except ValueError:
        return None, (400, f"Bad {title}")
    keys = headers.keys
    if len({*keys}) < len(keys):
        for each in ("From", "To", "Call-ID", "CSeq", "Max-Forwards"):
            if keys.count(each.lower()) > 1:
                return None, (400, f"More Than One {each}")
    return Essentials(via, from_, to, call_id, cseq, max_forwards), None


def _without_space(value: str) -> str:
    if _NO_SPACE.fullmatch(value) is None:
        raise ValueError("white space, or nothing")
    return value


def _max_forwards(headers: Headers) -> int | None:
    value = headers.get("max-forwards")
    return None if value is None else parse_number(value, MAX_FORWARDS_LIMIT)


def _mismatch(message: SipRequest | SipResponse) -> _Problem | None:
    if isinstance(message, SipRequest) and message.cseq.method != message.method:
        return 400, "CSeq Of Another Method"
    return None


def _exact_body(headers: Headers, rest: bytes) -> tuple[bytes, _Problem | None]:
    """The body of a message with these headers, from all the bytes after them."""
    count = headers.keys.count("content-length")
    if not count:
        return rest, None
    if count > 1:
        return rest, (400, "More Than One Content-Length")
    try:
        return rest[: parse_number(headers.get("content-length") or "", len(rest))], None
    except ValueError:
        return rest, (400, "Bad Content-Length")


def _answerable(message: SipRequest | SipResponse) -> SipRequest | None:
    """The parts of an invalid request that its answer needs; None if they aren't there, or for an ACK."""
    if isinstance(message, SipResponse) or message.method == "ACK" or not message.uri:
        return None
    keys, lines = message.headers.keys, message.headers.lines
    wanted = [i for i, key in enumerate(keys) if key == "via" or (key in _MANDATORY and keys.index(key) == i)]
    headers = Headers(tuple(keys[i] for i in wanted), tuple(lines[i] for i in wanted))
    echoed = "".join(headers.lines)
    if not {*_MANDATORY} <= {*headers.keys} or any(character < " " and character != "\t" for character in echoed):
        return None
    return message.with_(headers=headers)
