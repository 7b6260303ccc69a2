"""A DNS server for one machine of the lab, on its loopback: `python -m tests.support.dns NAME IP [NAME IP]...`.

Chromium resolves the names of STUN and TURN servers by DNS and ignores `/etc/hosts`.
"""

import ipaddress
import socket
import sys
from typing import Final

_IN: Final = 1
_TYPES: Final = {4: 1, 6: 28}
"""The record type (A or AAAA) by IP version."""

_NO_SUCH_NAME: Final = 3


def answer(query: bytes, names: dict[str, str]) -> bytes:
    """The response to a query for one name (RFC 1035, 4.1)."""
    end = query.index(b"\0", 12) + 5
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii"))
        at += query[at] + 1
    known = names.get(".".join(labels).lower())
    found = b""
    if known is not None:
        ip = ipaddress.ip_address(known)
        if int.from_bytes(query[end - 4 : end - 2]) == _TYPES[ip.version]:
            found = b"\xc0\x0c" + query[end - 4 : end] + (60).to_bytes(4) + len(ip.packed).to_bytes(2) + ip.packed
    flags = 0x8580 | (0 if known else _NO_SUCH_NAME)
    counts = (1).to_bytes(2) + bool(found).to_bytes(2) + bytes(4)
    return query[:2] + flags.to_bytes(2) + counts + query[12:end] + found


def main(*given: str) -> None:
    """Serve until killed."""
    names = dict(zip(given[::2], given[1::2], strict=True))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 53))
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while True:
            query, client = wire.recvfrom(512)
            wire.sendto(answer(query, names), client)


if __name__ == "__main__":
    main(*sys.argv[1:])
