"""SIP framing over TCP and TLS: splits a stream into messages by `Content-Length` (RFC 3261, 18.3).

Keep-alives (RFC 5626, 3.5.1) are passed on as they are: two line ends, which are a ping, or one, a pong.
"""

import re
from collections.abc import Iterator
from typing import Final

HEAD_BYTES_MAX: Final = 32 * 1024
"""Maximum size of a start line with all header fields."""

BODY_BYTES_MAX: Final = 64 * 1024

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"

_LENGTH: Final = re.compile(rb"\r\n(?:content-length|l)[ \t]*:(?:\r\n)?[ \t]*([0-9]{1,9})[ \t]*(?=\r\n)", re.IGNORECASE)
_HEAD_END: Final = b"\r\n\r\n"


class StreamError(Exception):
    """The stream can't be split any further: a message is too long, or has no length or several."""


class StreamSplitter:
    """Splits a stream.  Buffers at most one incomplete message."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = 0
        """Size of the buffer with which its message is complete; 0 while that is unknown."""
        self._searched = 0
        """Bytes of the buffer among which no head ends."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Every message, `PING` and `PONG` that is now complete.  Raises `StreamError`; then the stream must end."""
        if self._buffer:
            self._buffer += data
            if self._waits():  # so that a sender of single bytes doesn't make us copy everything for each
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        self._needed = self._searched = 0
        at = 0
        while at < len(data):
            end = _end_of_blank(data, at) if data[at] in _HEAD_END else self._end_of_message(data, at)
            if end is None:
                self._buffer += data[at:]
                return
            yield data[at:end]
            at = end

    def _waits(self) -> bool:
        if self._needed:
            return len(self._buffer) < self._needed
        if self._buffer.find(_HEAD_END, max(0, self._searched - 3)) < 0:
            self._searched = len(self._buffer)
            return 2 < self._searched < HEAD_BYTES_MAX
        return False

    def _end_of_message(self, data: bytes, at: int) -> int | None:
        """Where the message that starts at `at` ends; None if it isn't complete."""
        head = data.find(_HEAD_END, at, at + HEAD_BYTES_MAX)
        if head < 0:
            self._searched = len(data) - at
            if self._searched >= HEAD_BYTES_MAX:
                raise StreamError("too long a head")
            return None
        lengths = set(_LENGTH.findall(data, at, head + 2))
        if len(lengths) != 1:
            raise StreamError("no single length")
        length = int(lengths.pop())
        if length > BODY_BYTES_MAX:
            raise StreamError("too long a body")
        end = head + len(_HEAD_END) + length
        if end > len(data):
            self._needed = end - at
            return None
        return end


def _end_of_blank(data: bytes, at: int) -> int | None:
    """Where the keep-alive that starts at `at` ends; None if it isn't complete."""
    if data.startswith(PING, at):
        return at + len(PING)
    if data.startswith(PONG, at):
        return at + len(PONG)
    if data[at:] == b"\r":
        return None
    raise StreamError("not SIP")
