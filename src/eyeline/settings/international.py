"""International host names, such as müller.example: settings take their ASCII form (RFC 5890, 2.3.2.1)."""

import re
from collections.abc import Iterable
from typing import Any, Final

_LONGEST_NAME: Final = 253
_NAME: Final = re.compile(r"([A-Za-z0-9._-]|[^\x00-\x7f])+\.([A-Za-z]|[^\x00-\x7f])[^.]+")


def hints(values: Iterable[Any]) -> list[str]:
    """A sentence for the first international host name among the values of a setting; none without one."""
    for value in values:
        if isinstance(value, str) and not value.isascii() and len(value) <= _LONGEST_NAME and _NAME.fullmatch(value):
            form = _ascii_form(value)
            return [f"An international name is given in its ASCII form: {form or 'xn--...'}."]
    return []


def _ascii_form(name: str) -> str | None:
    """The ASCII form of a name; None if it has none, or without the library, which comes with `acme`."""
    try:
        import idna  # noqa: PLC0415  its tables are needed only for such a name
    except ImportError:
        return None
    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return None
