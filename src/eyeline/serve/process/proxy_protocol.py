"""Parser for the PROXY protocol, versions 1 and 2: a proxy sends the client's address ahead of the client's own bytes.

https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt
"""

import ipaddress
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Literal, NamedTuple

from eyeline.serve.client_address import ForwardedClient

HEADER_BYTES_MAX: Final = 2048
"""Maximum length of a header of version 2.  Addresses take 52 bytes, and the TLVs that proxies usually send a few
hundred."""

_LINE: Final = b"PROXY "
_LINE_BYTES_MAX: Final = 107
_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED: Final = struct.Struct("!12sBBH")
_LOCAL, _PROXY = 0x20, 0x21
_ADDRESS_BYTES: Final = {0x0: 0, 0x1: 12, 0x2: 36, 0x3: 216}
"""The length of the addresses of each family: unspecified, IPv4, IPv6 and Unix sockets."""
_IP_BYTES: Final = {0x11: 4, 0x21: 16}
"""The length of one address of TCP over IPv4 and over IPv6."""
_TLV: Final = struct.Struct("!BH")
_TLS_TLV: Final = 0x20
_OVER_TLS: Final = 0x01


class ProxyHeader(NamedTuple):
    """A complete header."""

    client: ForwardedClient | None
    """None if the header names none: the connection is the proxy's own, or not over IP."""
    length_bytes: int
    """What follows is the client's."""


def parse(data: bytes) -> ProxyHeader | Literal["incomplete", "malformed"] | None:
    """Parse the header with which a connection begins; None if it begins with something else.

    Incomplete data is at most `HEADER_BYTES_MAX` long.
    """
    if data.startswith(_LINE):
        return _parse_line(data)
    if data.startswith(_SIGNATURE):
        return _parse_binary(data)
    return "incomplete" if _LINE.startswith(data) or _SIGNATURE.startswith(data) else None


def _parse_line(data: bytes) -> ProxyHeader | Literal["incomplete", "malformed"]:
    """Version 1, such as `PROXY TCP4 192.0.2.7 198.51.100.1 4711 443`."""
    line, end, _ = data[:_LINE_BYTES_MAX].partition(b"\r\n")
    if not end:
        return "incomplete" if len(data) < _LINE_BYTES_MAX else "malformed"
    client = None
    match line.decode("ascii", "replace").split(" "):
        case [_, "TCP4" | "TCP6", host, _, port, _] if port.isdecimal() and int(port) < 1 << 16:
            with suppress(ValueError):
                client = ForwardedClient((str(ipaddress.ip_address(host)), int(port)))
    return ProxyHeader(client, len(line) + len(end))


def _parse_binary(data: bytes) -> ProxyHeader | Literal["incomplete", "malformed"]:
    """Version 2."""
    if len(data) < _FIXED.size:
        return "incomplete"
    _, command, family, more = _FIXED.unpack_from(data)
    length = _FIXED.size + more
    if command not in (_LOCAL, _PROXY) or length > HEADER_BYTES_MAX:
        return "malformed"
    if len(data) < length:
        return "incomplete"
    if command == _LOCAL:
        return ProxyHeader(None, length)
    address_bytes = _ADDRESS_BYTES.get(family >> 4)
    if address_bytes is None or more < address_bytes:
        return "malformed"
    try:
        secure = any(
            kind == _TLS_TLV and value[:1] and value[0] & _OVER_TLS
            for kind, value in _tlvs(data[_FIXED.size + address_bytes : length])
        )
    except struct.error:
        return "malformed"
    size = _IP_BYTES.get(family)
    if size is None:
        return ProxyHeader(None, length)
    host = ipaddress.ip_address(data[_FIXED.size : _FIXED.size + size])
    (port,) = struct.unpack_from("!H", data, _FIXED.size + 2 * size)
    return ProxyHeader(ForwardedClient((str(host), port), secure=secure), length)


def _tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The type-length-value fields.  Raises `struct.error` if one is cut off."""
    start = 0
    while start < len(data):
        kind, size = _TLV.unpack_from(data, start)
        start += _TLV.size + size
        if start > len(data):
            raise struct.error
        yield kind, data[start - size : start]
