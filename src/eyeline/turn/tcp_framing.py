"""Where one message ends and the next begins on a TCP connection (RFC 8656, 3.1 and 12.5).

STUN says its length in the header; ChannelData too, and is padded to four bytes, which its length doesn't count.
"""

from collections.abc import Iterator
from typing import Final

from eyeline.turn.framing import COOKIE, MalformedError

_STUN_HEADER_BYTES: Final = 20
_CHANNEL_HEADER_BYTES: Final = 4
_COOKIE_END: Final = 8
_COOKIE: Final = COOKIE.to_bytes(4)


class Splitter:
    """Holds the beginning of one message at most: 65,556 bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._needed = _CHANNEL_HEADER_BYTES

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """Every message that is whole now, without padding.  Raises `MalformedError` when it is neither kind."""
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return  # who sends byte by byte has not all of it copied for each
            data = bytes(self._held)
            self._held.clear()
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
        self._held += stream[at:]
