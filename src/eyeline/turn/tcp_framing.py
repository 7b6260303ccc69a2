"""TURN framing over TCP: splits a stream into STUN messages and ChannelData (RFC 8656, 3.1 and 12.5).

Both have their length in the header.  ChannelData is also padded to four bytes, which its length doesn't include.
"""

from collections.abc import Iterator
from typing import Final

from eyeline.turn.framing import COOKIE, MalformedError

_STUN_HEADER_BYTES: Final = 20
_CHANNEL_HEADER_BYTES: Final = 4
_COOKIE_END: Final = 8
_COOKIE: Final = COOKIE.to_bytes(4)


class Splitter:
    """Splits a stream into messages.  Buffers at most one incomplete message: 65,556 bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = _CHANNEL_HEADER_BYTES

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """Every message that is now complete, without padding.  Raises `MalformedError` for anything else."""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return  # so that a sender of single bytes doesn't make us copy everything for each
            data = bytes(self._buffer)
            self._buffer.clear()
        self._needed = _CHANNEL_HEADER_BYTES
        stream = memoryview(data)
        at, end = 0, len(stream)
        while end - at >= _CHANNEL_HEADER_BYTES:
            length = stream[at + 2] << 8 | stream[at + 3]
            kind = stream[at] & 0xC0
            if kind == 0x40:
                message, whole = _CHANNEL_HEADER_BYTES + length, _CHANNEL_HEADER_BYTES + length + -length % 4
            elif kind == 0:
                message = whole = _STUN_HEADER_BYTES + length
                if end - at >= _COOKIE_END and stream[at + 4 : at + _COOKIE_END] != _COOKIE:
                    raise MalformedError("not STUN")
            else:
                raise MalformedError("neither STUN nor ChannelData")
            if end - at < whole:
                self._needed = whole if end - at >= _COOKIE_END else min(whole, _COOKIE_END)
                break
            yield stream[at : at + message]
            at += whole
        self._buffer += stream[at:]
