"""WebSocket frames (RFC 6455, 5 and 7.4), as a server reads and writes them.  No extensions."""

from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

FINAL: Final = 0x80
"""In the first byte: the last or only frame of a message."""
OPCODE: Final = 0x0F
"""In the first byte."""
MASKED: Final = 0x80
"""In the second byte: all frames of clients."""

WHOLE_TEXT: Final = FINAL | TEXT
WHOLE_BINARY: Final = FINAL | BINARY

CONTROL_BYTES_MAX: Final = 125
"""Maximum payload of a ping, pong or close."""

NORMAL: Final = 1000
PROTOCOL_ERROR: Final = 1002
NO_CODE: Final = 1005
"""A close without a code; never sent."""
INVALID_DATA: Final = 1007
TOO_BIG: Final = 1009
RESTART: Final = 1012

_CONTROL: Final = 0x08
_RESERVED_BITS: Final = 0x70
_KNOWN: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_ASSIGNED_CODES: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
_PRIVATE_CODES: Final = range(3000, 5000)


class InvalidFrame(Exception):
    """The client has broken the protocol: fail the connection with this close code (RFC 6455, 7.1.7)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def payload_at(data: bytes, at: int, *, begun: bool, bytes_max: int) -> tuple[int, int] | None:
    """Start and end of the payload of the frame at `at`; None until its head is complete.

    The payload itself may not have arrived yet; its mask is in the 4 bytes before it.  `begun` says that a message in
    several frames isn't complete.  Raises `InvalidFrame` for a frame that a client must not send, and for a payload of
    more than `bytes_max`, both as soon as the head says so.
    """
    have = len(data) - at
    if have < 2:
        return None
    first, second = data[at], data[at + 1]
    if first != WHOLE_TEXT or second < MASKED or begun:
        _check(first, second, begun=begun)
    size, start = second & 0x7F, at + 6
    if size >= 126:
        start += 2 if size == 126 else 8
        if len(data) < start:
            return None
        size = int.from_bytes(data[at + 2 : start - 4])
        if size > bytes_max:
            raise InvalidFrame(TOO_BIG, "message too big")
    elif have < 6:
        return None
    return start, start + size


def _check(first: int, second: int, *, begun: bool) -> None:
    opcode = first & OPCODE
    if first & _RESERVED_BITS:
        raise InvalidFrame(PROTOCOL_ERROR, "reserved bits must be 0")
    if opcode not in _KNOWN:
        raise InvalidFrame(PROTOCOL_ERROR, "unknown opcode")
    if not second & MASKED:
        raise InvalidFrame(PROTOCOL_ERROR, "frames of clients must be masked")
    if opcode & _CONTROL:
        if not first & FINAL or second & 0x7F > CONTROL_BYTES_MAX:
            raise InvalidFrame(PROTOCOL_ERROR, "control frame too long or fragmented")
    elif (opcode == CONTINUATION) != begun:
        raise InvalidFrame(PROTOCOL_ERROR, "continuation expected" if begun else "unexpected continuation")


def frame(first: int, payload: bytes) -> bytes:
    """An unmasked frame, as servers send them; `first` is `FINAL` and the opcode."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126, size >> 8, size & 0xFF)) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload


def close_frame(code: int, reason: str) -> bytes:
    """A close frame.  `reason` has at most 123 bytes."""
    return frame(FINAL | CLOSE, code.to_bytes(2) + reason.encode())


def check_close(payload: bytes) -> None:
    """Check the payload of a client's close frame.  Raises `InvalidFrame`."""
    if not payload:
        return
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or (code not in _ASSIGNED_CODES and code not in _PRIVATE_CODES):
        raise InvalidFrame(PROTOCOL_ERROR, "invalid close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise InvalidFrame(INVALID_DATA, "reason of the close isn't UTF-8") from None
