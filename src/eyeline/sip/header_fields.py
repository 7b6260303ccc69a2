"""Values of SIP header fields (RFC 3261, 20 and 25): `Via`, `From`, `To`, `Contact`, `CSeq`, parameters and lists.

Every function raises only `ValueError`, for a value that the grammar doesn't allow.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

from eyeline.sip.uri import scheme_of

TOKEN: Final = r"[A-Za-z0-9.!%*_+`'~\-]"  # noqa: S105
"""A character of a `token`, as a regular expression (RFC 3261, 25.1)."""

_QUOTED: Final = r'"(?:[^"\\]|\\.)*+"'
_PARAM_VALUE: Final = rf"(?:{_QUOTED}|[^\s;,\"<>?]++)"
_PARAM: Final = rf"\s*+;\s*+({TOKEN}++)(?:\s*+=\s*+({_PARAM_VALUE}))?"
_PARAMS: Final = (
    rf"((?:{_PARAM.replace('(' + TOKEN, '(?:' + TOKEN).replace('(' + _PARAM_VALUE, '(?:' + _PARAM_VALUE)})*+)"
)
_EACH_PARAM: Final = re.compile(_PARAM, re.ASCII)
_NAME_ADDRESS: Final = re.compile(
    # a display name that isn't quoted may have letters beyond ASCII: some phones send them
    rf"(?:({_QUOTED})|((?:{TOKEN}|[ \t\x80-\U0010ffff])*+))\s*+<([^\s<>\"]++)>{_PARAMS}",
    re.ASCII,
)
_ADDRESS: Final = re.compile(rf"([A-Za-z][A-Za-z0-9+.\-]*+:[^\s;,?<>\"]++){_PARAMS}", re.ASCII)
_VIA: Final = re.compile(
    rf"SIP\s*+/\s*+2\.0\s*+/\s*+({TOKEN}++)\s++(\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9._\-]++)(?:\s*+:\s*+(\d{{1,5}}))?{_PARAMS}",
    re.IGNORECASE | re.ASCII,
)
_CSEQ: Final = re.compile(rf"(\d{{1,20}})\s++({TOKEN}++)", re.ASCII)
_ELEMENT: Final = re.compile(rf'(?:{_QUOTED}|<[^>]*+>|[^,"<])++')
# The forms that nearly all messages have, which take half the time
_USUAL_ADDRESS: Final = re.compile(rf'(?:"([^"\\]*+)" ?)?<([a-z]++:[^\s<>"]++)>(?:;tag=({TOKEN}++))?', re.ASCII)
_USUAL_VIA: Final = re.compile(rf"SIP/2\.0/([A-Z]++) ([A-Za-z0-9._\-]++);branch=({TOKEN}++)", re.ASCII)

_REMEMBERED: Final = 2048
"""How many addresses the parser remembers, about 1 MB: a device sends the same ones in all requests."""

CSEQ_LIMIT: Final = 2**31
"""A CSeq number is smaller than this (RFC 3261, 8.1.1.5)."""

MAGIC_COOKIE: Final = "z9hG4bK"
"""The start of a branch that is unique, as RFC 3261 asks for (8.1.1.7)."""


def split_list(value: str) -> list[str]:
    """The elements of a list separated by commas, except commas in quotes or angle brackets.

    Empty elements are left out.  After a quote or bracket that isn't closed, the rest is one element.
    """
    if "," not in value:
        stripped = value.strip()
        return [stripped] if stripped else []
    if '"' not in value and "<" not in value:
        return [each for part in value.split(",") if (each := part.strip())]
    found: list[str] = []
    position = 0
    while position < len(value):
        match = _ELEMENT.match(value, position)
        end = position if match is None else match.end()
        if end < len(value) and value[end] != ",":
            end = len(value)
        found.append(value[position:end].strip())
        position = end + 1
    return [each for each in found if each]


def parse_params(text: str) -> Mapping[str, str]:
    """Parameters such as `;tag=1;lr`: names in lower case, values as written, and "" without a value."""
    found: dict[str, str] = {}
    for name, value in _EACH_PARAM.findall(text):
        lower = name.lower()
        if lower in found:
            raise ValueError("a parameter occurs twice")
        found[lower] = value
    return found


def unquote(value: str) -> str:
    """The text of a quoted string; other values stay as they are."""
    if len(value) < 2 or value[0] != '"':
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if "\\" in value else value[1:-1]


class NameAddress(Struct, frozen=True):
    """The value of `From`, `To`, `Contact`, `Route` or `Refer-To`: `"Alice" <sip:alice@example.com>;tag=1`."""

    uri: str
    """Any URI, as written."""
    params: Mapping[str, str] = {}
    display: str = ""
    """The name for people, without quotes."""

    @staticmethod
    @lru_cache(_REMEMBERED)
    def parse(value: str) -> "NameAddress":
        """Parse one element.  Without angle brackets, all parameters belong to the header (RFC 3261, 20.10)."""
        found = _USUAL_ADDRESS.fullmatch(value)
        if found is not None:
            display, uri, tag = found.groups()
            return NameAddress(uri, {"tag": tag} if tag else {}, display or "")
        found = _NAME_ADDRESS.fullmatch(value)
        if found is not None:
            quoted, plain, uri, params = found.groups()
            scheme_of(uri)
            return NameAddress(uri, parse_params(params), unquote(quoted) if quoted else plain.strip())
        found = _ADDRESS.fullmatch(value)
        if found is None:
            raise ValueError("not an address")
        return NameAddress(found[1], parse_params(found[2]))

    @property
    def tag(self) -> str:
        """The tag of this side of a dialog; "" if there is none."""
        return self.params.get("tag", "")


class Via(Struct, frozen=True):
    """One hop of a message's way (RFC 3261, 20.42): `SIP/2.0/WSS host:port;branch=z9hG4bK...`."""

    transport: str
    """In upper case: WS, WSS, TCP, TLS, UDP or something unknown."""
    host: str
    port: int | None = None
    params: Mapping[str, str] = {}

    @staticmethod
    def parse(value: str) -> "Via":
        """Parse one element."""
        found = _USUAL_VIA.fullmatch(value)
        if found is not None:
            transport, host, branch = found.groups()
            return Via(transport, host, None, {"branch": branch})
        found = _VIA.fullmatch(value)
        if found is None:
            raise ValueError("not a Via")
        transport, host, port, params = found.groups()
        number = None if port is None else int(port)
        if number is not None and not 0 < number < 65536:
            raise ValueError("not a port")
        return Via(transport.upper(), host, number, parse_params(params))

    @property
    def branch(self) -> str:
        """The branch; "" if there is none, as in messages of RFC 2543."""
        return self.params.get("branch", "")

    @property
    def sent_by(self) -> str:
        """Host and port as the sender wrote them."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def is_unique(self) -> bool:
        """Whether the branch alone identifies the transaction: it has more than the magic cookie."""
        return self.branch[:7].lower() == "z9hg4bk" and len(self.branch) > len(MAGIC_COOKIE)

    def __str__(self) -> str:
        text = f"SIP/2.0/{self.transport} {self.sent_by}"
        for name, value in self.params.items():
            text += f";{name}={value}" if value else f";{name}"
        return text

    def received_from(self, address: str, port: int) -> "Via":
        """This Via with where its request came from (RFC 3261, 18.2.1, and 3581): `received`, and `rport` if asked."""
        params = {**self.params, "received": address}
        if "rport" in params:
            params["rport"] = str(port)
        return Via(self.transport, self.host, self.port, params)


class CSeq(Struct, frozen=True):
    """The sequence number of a request and its method (RFC 3261, 20.16)."""

    number: int
    method: str

    @staticmethod
    def parse(value: str) -> "CSeq":
        """Parse a value; the number must be below `CSEQ_LIMIT`."""
        found = _CSEQ.fullmatch(value)
        if found is None:
            raise ValueError("not a CSeq")
        number = int(found[1])
        if number >= CSEQ_LIMIT:
            raise ValueError("the CSeq number is too large")
        return CSeq(number, found[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def parse_number(value: str, limit: int) -> int:
    """A number of decimal digits from 0 to `limit`."""
    if not (value.isascii() and value.isdigit() and len(value) <= 20) or int(value) > limit:
        raise ValueError(f"not a number from 0 to {limit}")
    return int(value)
