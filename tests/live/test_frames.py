"""WebSocket frames byte by byte (RFC 6455, 5), including invalid ones that no library would send."""

import json
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any, Final

import pytest
from tests.support.server import LiveServer
from websockets.frames import Opcode
from websockets.utils import apply_mask

HANDSHAKE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: eyeline.v1\r\n\r\n"
)
HELLO: Final = b'{"type":"hello","room":"tea"}'


def frame(
    payload: bytes, opcode: int = Opcode.TEXT, *, fin: bool = True, mask: bool = True, size: int | None = None
) -> bytes:
    """Encode one frame; `size` overrides its length field."""
    size = len(payload) if size is None else size
    first, bit, key = opcode | 0x80 * fin, 0x80 * mask, os.urandom(4)
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    return head + (key + bytes(apply_mask(payload, key)) if mask else payload)


class RawWebSocket:
    """A raw WebSocket connection after the handshake."""

    def __init__(self, server: LiveServer) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._socket.sendall(HANDSHAKE)
        assert self._file.readline().startswith(b"HTTP/1.1 101 ")
        while self._file.readline() != b"\r\n":
            pass

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._socket.sendall(piece)

    def receive(self) -> tuple[int, bytes]:
        """The next frame: its opcode and its payload."""
        first, size = self._file.read(2)
        if size == 126:
            [size] = struct.unpack("!H", self._file.read(2))
        assert first & 0x80
        return first & 0x0F, self._file.read(size)

    def message(self) -> dict[str, Any]:
        opcode, text = self.receive()
        assert opcode == Opcode.TEXT
        heard: dict[str, Any] = json.loads(text)
        return heard

    def closed(self) -> int:
        """The close code of the server; earlier frames are skipped."""
        while True:
            opcode, payload = self.receive()
            if opcode == Opcode.CLOSE:
                return int.from_bytes(payload[:2])

    def ended(self) -> bool:
        """Whether the server closes the connection without sending anything more."""
        return self._file.read(1) == b""

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def websocket(server: LiveServer) -> Iterator[RawWebSocket]:
    made = RawWebSocket(server)
    yield made
    made.close()


def test_message_may_be_fragmented_with_control_frames_between(websocket: RawWebSocket) -> None:
    websocket.send(
        frame(HELLO[:9], fin=False), frame(b"are you there?", Opcode.PING), frame(HELLO[9:12], Opcode.CONT, fin=False)
    )
    websocket.send(frame(b"", Opcode.CONT, fin=False), frame(HELLO[12:], Opcode.CONT))
    assert websocket.receive() == (Opcode.PONG, b"are you there?")
    assert websocket.message()["type"] == "welcome"


def test_frame_may_arrive_byte_by_byte_or_with_others_at_once(websocket: RawWebSocket) -> None:
    said = frame(HELLO)
    websocket.send(*(said[each : each + 1] for each in range(len(said))))
    assert websocket.message()["type"] == "welcome"
    websocket.send(frame(b'{"type":"ping"}') * 3 + frame(b"x", Opcode.PING) + frame(b'{"type":"ping"}')[:-1])
    assert [websocket.message()["type"] for _ in range(3)] == ["pong"] * 3
    assert websocket.receive() == (Opcode.PONG, b"x")


@pytest.mark.parametrize("size", [125, 126, 127, 65_535, 65_536])
def test_every_length_encoding_is_read(websocket: RawWebSocket, size: int) -> None:
    websocket.send(frame(HELLO + b" " * (size - len(HELLO))))
    assert websocket.message()["type"] == "welcome"


def test_character_may_be_split_between_fragments(websocket: RawWebSocket) -> None:
    join = '{"type":"join","name":"Zoë"}'.encode()
    middle = join.index("ë".encode()) + 1
    websocket.send(frame(HELLO), frame(join[:middle], fin=False), frame(join[middle:], Opcode.CONT))
    assert websocket.message()["type"] == "welcome"
    assert "Zoë" in [member["name"] for member in websocket.message()["roster"]["members"]]


def test_invalid_utf_8_is_refused_and_the_session_continues(websocket: RawWebSocket) -> None:
    """RFC 6455, 8.1, would fail the connection; here it is just one more malformed message."""
    websocket.send(frame(b"\xff\xfe"), frame(b"\xff", fin=False), frame(b"\xfe", Opcode.CONT), frame(HELLO))
    assert [websocket.message().get("code") for _ in range(2)] == ["malformed"] * 2
    assert websocket.message()["type"] == "welcome"


def test_unsolicited_pong_is_ignored(websocket: RawWebSocket) -> None:
    websocket.send(frame(b"", Opcode.PONG), frame(HELLO))
    assert websocket.message()["type"] == "welcome"


PROTOCOL_ERROR: Final = 1002
NO_UTF_8: Final = 1007
TOO_BIG: Final = 1009
TOO_FAST: Final = 4008


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (frame(HELLO, mask=False), PROTOCOL_ERROR),
        (frame(b"", Opcode.PING, mask=False), PROTOCOL_ERROR),
        (frame(HELLO, opcode=0x40 | Opcode.TEXT), PROTOCOL_ERROR),
        (frame(HELLO, opcode=0x20 | Opcode.TEXT), PROTOCOL_ERROR),
        (frame(HELLO, opcode=0x10 | Opcode.TEXT), PROTOCOL_ERROR),
        (frame(HELLO, opcode=3), PROTOCOL_ERROR),
        (frame(b"", opcode=0xB), PROTOCOL_ERROR),
        (frame(HELLO, Opcode.CONT), PROTOCOL_ERROR),
        (frame(HELLO, fin=False) + frame(HELLO), PROTOCOL_ERROR),
        (frame(b"", Opcode.PING, fin=False), PROTOCOL_ERROR),
        (frame(b"", Opcode.CLOSE, fin=False), PROTOCOL_ERROR),
        (frame(b"x" * 126, Opcode.PING), PROTOCOL_ERROR),
        (frame(b"\x03", Opcode.CLOSE), PROTOCOL_ERROR),
        (frame(struct.pack("!H", 999), Opcode.CLOSE), PROTOCOL_ERROR),
        (frame(struct.pack("!H", 1005), Opcode.CLOSE), PROTOCOL_ERROR),
        (frame(struct.pack("!H", 1000) + b"\xff", Opcode.CLOSE), NO_UTF_8),
        (frame(b"", size=1 << 40), TOO_BIG),
        (frame(b"", size=1 << 63), TOO_BIG),
        (frame(b"x" * 65_537), TOO_BIG),
        (frame(b"x" * 40_000, fin=False) + frame(b"x" * 40_000, Opcode.CONT), TOO_BIG),
    ],
    ids=[
        "no mask",
        "a ping without a mask",
        "the first reserved bit",
        "the second reserved bit",
        "the third reserved bit",
        "a reserved opcode",
        "a reserved opcode for control",
        "a continuation of nothing",
        "a message within another",
        "a ping in fragments",
        "a close in fragments",
        "a long ping",
        "half a close code",
        "a reserved close code",
        "the code for none",
        "a reason that is no UTF-8",
        "a length without end",
        "a length that would be negative",
        "over 64 KiB",
        "over 64 KiB in fragments",
    ],
)
def test_protocol_violation_closes_the_socket_with_its_code(websocket: RawWebSocket, said: bytes, code: int) -> None:
    websocket.send(frame(HELLO))
    websocket.message()
    websocket.send(said)
    assert websocket.closed() == code


@pytest.mark.parametrize(
    "said", [frame(HELLO, mask=False), frame(b"x" * 65_537)], ids=["closed by the library", "closed by the broker"]
)
def test_no_message_is_answered_after_a_close_frame(websocket: RawWebSocket, said: bytes) -> None:
    websocket.send(said + frame(b'{"type":"ping"}') + frame(b"", Opcode.CLOSE))
    assert websocket.closed() in {PROTOCOL_ERROR, TOO_BIG}
    assert websocket.ended()


@pytest.mark.parametrize("code", [1000, 1001, 4000])
def test_close_frame_is_answered_with_its_code(websocket: RawWebSocket, code: int) -> None:
    websocket.send(frame(HELLO), frame(struct.pack("!H", code) + b"bye", Opcode.CLOSE))
    assert websocket.closed() == code
    assert websocket.ended()


def test_close_frame_without_a_code_is_answered_without_one(websocket: RawWebSocket) -> None:
    websocket.send(frame(b"", Opcode.CLOSE))
    assert websocket.receive() == (Opcode.CLOSE, b"")
    assert websocket.ended()


@pytest.mark.parametrize(
    "said",
    [frame(b"x" * 125, Opcode.PING), frame(b"", Opcode.PONG), frame(b"", Opcode.CONT, fin=False)],
    ids=["pings", "pongs", "empty parts"],
)
def test_control_frames_and_fragments_count_against_the_rate_limit(websocket: RawWebSocket, said: bytes) -> None:
    """Each ping is answered and each fragment is kept, so an endless stream of them would exhaust memory or CPU."""
    first = frame(b"{", fin=False) if said[0] == Opcode.CONT else b""
    websocket.send(first, said * 500)
    while (heard := websocket.receive())[0] == Opcode.PONG:
        pass
    assert json.loads(heard[1])["code"] == "too-fast"
    assert websocket.closed() == TOO_FAST


def test_client_that_keeps_sending_after_a_close_is_disconnected(websocket: RawWebSocket) -> None:
    websocket.send(frame(b'{"type":"leave"}'))
    assert websocket.closed() == 1000
    with pytest.raises(ConnectionError):
        websocket.send(*[frame(b"", Opcode.PING) * 1000] * 1000)
