"""SIP URIs (RFC 3261, 19.1): `sip:alice@example.com;transport=ws`."""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

_UNRESERVED: Final = r"A-Za-z0-9\-_.!~*'()"
_USER: Final = rf"(?:[{_UNRESERVED}&=+$,;?/]|%[0-9A-Fa-f]{{2}})++"
_PASSWORD: Final = rf"(?:[{_UNRESERVED}&=+$,]|%[0-9A-Fa-f]{{2}})*+"
_PARAM: Final = rf"(?:[{_UNRESERVED}\[\]/:&+$]|%[0-9A-Fa-f]{{2}})"
_URI: Final = re.compile(
    rf"(sips?):(?:({_USER})(?::({_PASSWORD}))?@)?"
    r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,253}))(?::(\d{1,5}))?"
    rf"((?:;{_PARAM}++(?:={_PARAM}*+)?)*+)(?:\?(\S*))?",
    re.IGNORECASE | re.ASCII,
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+):[^\s<>\"]+", re.ASCII)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")

# Parameters that must be equal even if only one of the two URIs has them (RFC 3261, 19.1.4).
_COMPARED_ALWAYS: Final = frozenset({"user", "ttl", "method", "maddr", "transport"})


def scheme_of(uri: str) -> str:
    """The scheme of any URI, in lower case.  Raises `ValueError` if this isn't a URI."""
    found = _SCHEME.fullmatch(uri)
    if found is None:
        raise ValueError("not a URI")
    return found[1].lower()


def unescape(text: str) -> str:
    """Replace `%40` by what it stands for.  Bytes that aren't UTF-8 become U+FFFD."""
    if "%" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).encode("latin-1", "replace").decode(errors="replace")


class SipUri(Struct, frozen=True):
    """A `sip:` or `sips:` URI.  Escapes such as `%40` stay in all fields; see `name` for the user without them."""

    host: str
    """A host name, an IPv4 address, or an IPv6 address in brackets, in lower case."""
    user: str | None = None
    scheme: str = "sip"
    port: int | None = None
    params: Mapping[str, str] = {}
    """Names are in lower case; a parameter without a value has the value "" ."""
    password: str | None = None
    headers: str = ""
    """What follows the question mark: headers for a request that someone makes from this URI."""

    @staticmethod
    @lru_cache(512)
    def parse(text: str) -> "SipUri":
        """Parse a URI without the angle brackets around it.  Raises `ValueError`."""
        found = _URI.fullmatch(text)
        if found is None:
            raise ValueError("not a SIP URI")
        scheme, user, password, host, port, params, headers = found.groups()
        if host[0] == "[":
            ipaddress.IPv6Address(host[1:-1])
        number = None if port is None else int(port)
        if number is not None and not 0 < number < 65536:
            raise ValueError("not a port")
        return SipUri(host.lower(), user, scheme.lower(), number, _params(params), password, headers or "")

    @property
    def name(self) -> str:
        """The user without escapes; "" if the URI has none."""
        return unescape(self.user or "")

    def __str__(self) -> str:
        user = "" if self.user is None else self.user
        if self.password is not None:
            user += f":{self.password}"
        text = f"{self.scheme}:{user}@{self.host}" if self.user is not None else f"{self.scheme}:{self.host}"
        if self.port is not None:
            text += f":{self.port}"
        for name, value in self.params.items():
            text += f";{name}={value}" if value else f";{name}"
        return f"{text}?{self.headers}" if self.headers else text

    def is_equivalent(self, other: "SipUri") -> bool:
        """Whether both name the same resource, by the rules of RFC 3261, 19.1.4."""
        mine, others = self.params, other.params
        return (
            (self.scheme, self.name, self.host, self.port) == (other.scheme, other.name, other.host, other.port)
            and unescape(self.password or "") == unescape(other.password or "")
            and self.headers == other.headers
            and all(mine[name].lower() == others[name].lower() for name in mine.keys() & others.keys())
            and not (mine.keys() ^ others.keys()) & _COMPARED_ALWAYS
        )


def _params(text: str) -> Mapping[str, str]:
    if not text:
        return {}
    found: dict[str, str] = {}
    for each in text[1:].split(";"):
        name, _, value = each.partition("=")
        name = name.lower()
        if name in found:
            raise ValueError("a parameter occurs twice")
        found[name] = value
    return found
