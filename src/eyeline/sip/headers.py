"""The header lines of a SIP message (RFC 3261, 7.3), kept as they came and parsed only where a value is needed."""

import re
from collections.abc import Collection
from typing import Final, Self

from msgspec import Struct

from eyeline.errors import LocalError
from eyeline.sip.header_fields import TOKEN, split_list

# fmt: off
_COMPACT: Final = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject",
    "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}
# fmt: on
_SPELLINGS: Final = (
    *("Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Contact", "Content-Length", "Content-Type", "Route"),
    *("Record-Route", "Allow", "Supported", "Require", "Proxy-Require", "User-Agent", "Expires", "Authorization"),
    *("Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate", "Session-Expires", "Min-SE", "Accept", "Event"),
    *("Refer-To", "Referred-By", "Replaces", "Reason", "Warning", "Unsupported", "Server", "Subject", "Path", "Date"),
)


class _Keys(dict[str, str]):
    """From a name as it's usually spelled to its key.  Other spellings take a little longer."""

    def __missing__(self, name: str) -> str:
        lower = name.lower()
        return self.get(lower, lower)


_KEYS: Final = _Keys(
    {
        **{spelling: spelling.lower() for spelling in _SPELLINGS},
        **{spelling.lower(): spelling.lower() for spelling in _SPELLINGS},
        **_COMPACT,
    }
)
_TOKEN: Final = re.compile(rf"{TOKEN}++")
_NAME: Final = re.compile(rf"\r\n({TOKEN}++):")


class Headers(Struct, frozen=True, gc=False):
    """The header lines of a message, in order.  Names are found in any case, also if the line has the compact form."""

    keys: tuple[str, ...] = ()
    """The full name of each line, in lower case."""
    lines: tuple[str, ...] = ()
    """The lines as they came, with folded ones unfolded."""

    @classmethod
    def of(cls, *fields: tuple[str, str]) -> Self:
        """Headers with these names and values."""
        return cls(tuple(name.lower() for name, _ in fields), tuple(line_of(*each) for each in fields))

    def get(self, name: str) -> str | None:
        """The value of the first line with this name, or None."""
        keys = self.keys
        if name not in keys:
            name = name.lower()
            if name not in keys:
                return None
        line = self.lines[keys.index(name)]
        return line[line.index(":") + 1 :].strip(" \t")

    def required(self, name: str) -> str:
        """The value of the first line with this name.  Raises `KeyError` if there is none."""
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def first(self, name: str) -> str:
        """The first element of a header that is a list; "" if there is none."""
        return first_of(self.get(name) or "")

    def values(self, name: str) -> list[str]:
        """The values of all lines with this name; lists are not split."""
        key = name.lower()
        if self.keys.count(key) == 1:
            return [value_of(self.lines[self.keys.index(key)])]
        return [value_of(line) for each, line in zip(self.keys, self.lines, strict=True) if each == key]

    def all(self, name: str) -> list[str]:
        """The elements of a header that is a list, over all of its lines."""
        return [element for value in self.values(name) for element in split_list(value)]

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.keys

    def prepended(self, name: str, value: str) -> "Headers":
        """A copy with this line at the top."""
        return Headers((name.lower(), *self.keys), (line_of(name, value), *self.lines))

    def appended(self, name: str, value: str) -> "Headers":
        """A copy with this line at the end."""
        return Headers((*self.keys, name.lower()), (*self.lines, line_of(name, value)))

    def replaced(self, name: str, value: str) -> "Headers":
        """A copy with this value in the place of the first line with the name, and without others of that name."""
        key = name.lower()
        if key not in self.keys:
            return self.appended(name, value)
        at = self.keys.index(key)
        lines = (*self.lines[:at], line_of(name, value), *self.lines[at + 1 :])
        if self.keys.count(key) == 1:
            return Headers(self.keys, lines)
        kept = [i for i, each in enumerate(self.keys) if each != key or i == at]
        return Headers(tuple(self.keys[i] for i in kept), tuple(lines[i] for i in kept))

    def without(self, *names: str) -> "Headers":
        """A copy without all lines of these names."""
        keys = {name.lower() for name in names}
        kept = [i for i, each in enumerate(self.keys) if each not in keys]
        if len(kept) == len(self.keys):
            return self
        return Headers(tuple(self.keys[i] for i in kept), tuple(self.lines[i] for i in kept))

    def only(self, keys: Collection[str]) -> "Headers":
        """A copy with the lines of these names alone, which are in lower case."""
        kept = [i for i, each in enumerate(self.keys) if each in keys]
        return Headers(tuple(self.keys[i] for i in kept), tuple(self.lines[i] for i in kept))

    def without_first(self, name: str) -> "Headers":
        """A copy without the first element of a list."""
        return self._with_first(name, ())

    def with_first(self, name: str, element: str) -> "Headers":
        """A copy with another first element of a list."""
        return self._with_first(name, (element,))

    def _with_first(self, name: str, first: tuple[str, ...]) -> "Headers":
        key = name.lower()
        if key not in self.keys:
            return self
        at = self.keys.index(key)
        elements = (*first, *split_list(value_of(self.lines[at]))[1:])
        line = (line_of(name, ", ".join(elements)),) if elements else ()
        keys = self.keys if elements else (*self.keys[:at], *self.keys[at + 1 :])
        return Headers(keys, (*self.lines[:at], *line, *self.lines[at + 1 :]))


def keys_of(head: str) -> tuple[str, ...]:
    """The keys of all lines after the first one that begin with a name and a colon."""
    return tuple(map(_KEYS.__getitem__, _NAME.findall(head)))


def key_of(name: str) -> str:
    """The full name in lower case of a header, from what is before the colon; "" if that isn't a name."""
    name = name.rstrip(" \t")
    return _KEYS[name] if _TOKEN.fullmatch(name) else ""


def line_of(name: str, value: str) -> str:
    """The line of a header."""
    if "\r" in value or "\n" in value:
        raise LocalError(f"a line break in {name}")
    return f"{name}: {value}"


def first_of(value: str) -> str:
    """The first element of a list; "" if there is none."""
    return next(iter(split_list(value)), "") if "," in value else value


def value_of(line: str) -> str:
    """The value in a header line."""
    return line[line.index(":") + 1 :].strip(" \t")
