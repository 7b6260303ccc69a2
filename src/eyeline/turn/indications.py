"""Fast codec for Send and Data indications (RFC 8656, 11), which carry media when no channel is bound.

It creates no object per attribute.  The bytes are the same as those of `message`; a test compares the two.
"""

import struct
from typing import Final, NamedTuple

from eyeline.turn.attribute_formats import Address
from eyeline.turn.framing import COOKIE, HEADER_BYTES

SEND_TYPE: Final = b"\x00\x16"
"""The first bytes of a Send indication."""

_COOKIE: Final = COOKIE.to_bytes(4)
_PEER, _DATA, _DONT_FRAGMENT = 0x0012, 0x0013, 0x001A
_FRAME: Final = struct.Struct("!HH")


class Sent(NamedTuple):
    """The content of a Send indication."""

    peer: Address
    data: memoryview
    dont_fragment: bool


def read_send(datagram: memoryview) -> Sent | None:
    """Decode a Send indication; None if it must be dropped.  `data` is a view into `datagram`."""
    size = len(datagram)
    if size < HEADER_BYTES or datagram[4:8] != _COOKIE or (datagram[2] << 8 | datagram[3]) + HEADER_BYTES != size:
        return None
    peer: Address | None = None
    data: memoryview | None = None
    dont_fragment = False
    at = HEADER_BYTES
    while at < size:
        if at + 4 > size:
            return None
        number, length = _FRAME.unpack_from(datagram, at)
        begin, end = at + 4, at + 4 + length
        if end > size:
            return None
        if number == _PEER:
            peer = peer or _read_peer(datagram[begin:end], bytes(datagram[4:HEADER_BYTES]))
        elif number == _DATA:
            data = datagram[begin:end] if data is None else data
        elif number == _DONT_FRAGMENT:
            dont_fragment = True
        elif number < 0x8000:
            return None
        at = end + -length % 4
    if peer is None or data is None:
        return None
    return Sent(peer, data, dont_fragment)


def _read_peer(value: memoryview, mask: bytes) -> Address | None:
    if (bytes(value[1:2]), len(value)) not in ((b"\1", 8), (b"\2", 20)):
        return None
    ip = int.from_bytes(value[4:]) ^ int.from_bytes(mask[: len(value) - 4])
    return Address(ip.to_bytes(len(value) - 4), int.from_bytes(value[2:4]) ^ COOKIE >> 16)


class DataHead:
    """The part of Data indications from one peer that precedes the data; only the lengths change."""

    def __init__(self, peer: Address, transaction: bytes) -> None:
        """Indications aren't answered, so the same transaction id can be used for all of them."""
        ip_bytes = len(peer.ip)
        veil = int.from_bytes((_COOKIE + transaction)[:ip_bytes])
        ip = (int.from_bytes(peer.ip) ^ veil).to_bytes(ip_bytes)
        family = 1 if ip_bytes == 4 else 2
        port = peer.port ^ COOKIE >> 16
        self._head = (
            struct.pack("!HH4s12sHHHH", 0x0017, 0, _COOKIE, transaction, _PEER, ip_bytes + 4, family, port) + ip
        )
        self._attribute_bytes = ip_bytes + 8
        self.size = len(self._head) + 4

    def write(self, buffer: bytearray, end: int, data_bytes: int) -> int:
        """Write the head so that it ends at `end`, where the data begins, and the padding after the data.

        Returns the number of padding bytes.
        """
        padding = -data_bytes % 4
        begin = end - self.size
        buffer[begin : end - 4] = self._head
        _FRAME.pack_into(buffer, end - 4, _DATA, data_bytes)
        length = self._attribute_bytes + 4 + data_bytes + padding
        buffer[begin + 2] = length >> 8
        buffer[begin + 3] = length & 0xFF
        if padding:
            buffer[end + data_bytes : end + data_bytes + padding] = bytes(padding)
        return padding
