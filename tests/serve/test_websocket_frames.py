"""RFC 6455 as our own server keeps it: every frame that a client may send, and those that it must not."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.serve.test_websocket_protocol import FakeTransport, Recorder
from websockets.utils import apply_mask

from eyeline.serve.websocket import Accept
from eyeline.serve.ws import protocol
from eyeline.serve.ws.opening_handshake import fault
from eyeline.serve.ws.protocol import FRAME_BYTES_MAX, WebSocketProtocol, upgrade

MASK = b"\x37\xfa\x21\x3d"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, masked: bool = True, bits: int = 0) -> bytes:
    """A frame as a client sends it."""
    size, kind = len(payload), (0x80 if final else 0) | bits | opcode
    bit = 0x80 if masked else 0
    if size < 126:
        head = bytes((kind, bit | size))
    elif size < 1 << 16:
        head = bytes((kind, bit | 126)) + size.to_bytes(2)
    else:
        head = bytes((kind, bit | 127)) + size.to_bytes(8)
    return head + (MASK + apply_mask(payload, MASK) if masked else payload)


def closing(code: int | None = None, reason: bytes = b"") -> bytes:
    """A close frame as a client sends it."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2) + reason)


@dataclass
class Outcome:
    """What became of a conversation."""

    heard: list[str | bytes] = field(default_factory=list)
    """The messages that were received."""
    answered: bytes = b""
    """What was sent to the client, without a close frame at its end."""
    code: int | None = None
    """The code of that close frame, 0 for one without."""
    over: bool = False
    lost_times: int = 0


def converse(*pieces: bytes) -> Outcome:
    """Send these pieces to an open WebSocket."""

    async def run() -> Outcome:
        transport, recorder, connections = FakeTransport(), Recorder(), set[Any]()
        socket = WebSocketProtocol(transport, connections)
        socket.deliver_to(recorder)
        for piece in pieces:
            socket.data_received(piece)
        sent, code = transport.written, None
        if b"\x88" in sent:
            sent, _, end = sent.rpartition(b"\x88")
            code = int.from_bytes(end[1:3])
        outcome = Outcome(recorder.heard, sent, code, transport.over, recorder.lost_times)
        socket.connection_lost(None)
        assert (recorder.lost_times, connections) == (1, set())
        return outcome

    return asyncio.run(run())


WELL_FORMED: dict[str, tuple[bytes, list[bytes], bytes]] = {
    "empty text": (frame(TEXT), [b""], b""),
    "text of 125 bytes": (frame(TEXT, b"x" * 125), [b"x" * 125], b""),
    "text of 126 bytes": (frame(TEXT, b"x" * 126), [b"x" * 126], b""),
    "text of 65,535 bytes": (frame(TEXT, b"x" * 65_535), [b"x" * 65_535], b""),
    "text of 65,536 bytes": (frame(TEXT, b"x" * 65_536), [b"x" * 65_536], b""),
    "largest text": (frame(TEXT, b"x" * FRAME_BYTES_MAX), [b"x" * FRAME_BYTES_MAX], b""),
    "binary": (frame(BINARY, b"\0\1"), [b"\0\1"], b""),
    "two texts": (frame(TEXT, b"a") + frame(TEXT, b"b"), [b"a", b"b"], b""),
    "ping": (frame(PING, b"echo"), [], b"\x8a\x04echo"),
    "ping of 125 bytes": (frame(PING, b"e" * 125), [], b"\x8a\x7d" + b"e" * 125),
    "unsolicited pong": (frame(PONG, b"?"), [], b""),
    "fragments": (frame(TEXT, b"a", final=False) + frame(CONTINUATION, b"b"), [b"ab"], b""),
    "empty fragments": (
        frame(TEXT, final=False) + frame(CONTINUATION, final=False) + frame(CONTINUATION),
        [b""],
        b"",
    ),
    "ping between fragments": (
        frame(TEXT, b"a", final=False) + frame(PING) + frame(CONTINUATION, b"b") + frame(TEXT, b"c"),
        [b"ab", b"c"],
        b"\x8a\x00",
    ),
    "largest message in fragments": (
        frame(BINARY, b"x" * 65_536, final=False) + frame(CONTINUATION, b"x" * 65_536),
        [b"x" * FRAME_BYTES_MAX],
        b"",
    ),
}


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", WELL_FORMED)
def test_frames_that_a_client_may_send(name: str, piece: int) -> None:
    said, heard, answered = WELL_FORMED[name]
    if len(said) > 1000 and piece < 1000:
        piece = 20_000
    outcome = converse(*(said[at : at + piece] for at in range(0, len(said), piece)))
    assert outcome == Outcome(list(heard), answered)


@pytest.mark.parametrize("code", [None, 1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])
def test_close_is_echoed_and_ends_the_connection(code: int | None) -> None:
    outcome = converse(closing(code, "größer".encode() if code else b"") + frame(TEXT, b"too late"))
    assert outcome == Outcome([], b"", code or 0, over=True, lost_times=1)


FORBIDDEN: dict[str, tuple[bytes, int]] = {
    "unmasked text": (frame(TEXT, b"a", masked=False), 1002),
    "unmasked ping": (frame(PING, masked=False), 1002),
    **{f"reserved bit {bits:#x}": (frame(TEXT, bits=bits), 1002) for bits in (0x10, 0x20, 0x40)},
    "reserved bit of a ping": (frame(PING, bits=0x40), 1002),
    **{f"opcode {opcode:#x}": (frame(opcode), 1002) for opcode in (*range(3, 8), *range(11, 16))},
    "long ping": (frame(PING, b"x" * 126), 1002),
    "long close": (frame(CLOSE, b"\x03\xe8" + b"x" * 124), 1002),
    "fragmented ping": (frame(PING, final=False), 1002),
    "continuation of nothing": (frame(CONTINUATION, b"a"), 1002),
    "text in a fragmented message": (frame(TEXT, b"a", final=False) + frame(TEXT, b"b"), 1002),
    "binary in a fragmented message": (frame(TEXT, b"a", final=False) + frame(BINARY, b"b", final=False), 1002),
    "continuation after a whole message": (frame(CONTINUATION, b"a") + frame(CONTINUATION, b"b"), 1002),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    **{f"close code {code}": (closing(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535)},
    "reason that isn't UTF-8": (closing(1000, b"\xff"), 1007),
    "frame too big": (frame(TEXT, b"x" * (FRAME_BYTES_MAX + 1)), 1009),
    "head of a frame too big": (bytes((0x82, 0xFF)) + (1 << 62).to_bytes(8) + MASK, 1009),
    "message too big": (
        frame(TEXT, b"x" * FRAME_BYTES_MAX, final=False) + frame(CONTINUATION, b"x", final=False),
        1009,
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_frame_that_a_client_must_not_send_ends_the_connection_with_a_code(name: str) -> None:
    said, code = FORBIDDEN[name]
    outcome = converse(frame(TEXT, b"before") + said + frame(TEXT, b"after"))
    assert outcome == Outcome([b"before"], b"", code, over=True, lost_times=1)


@pytest.mark.parametrize("ended_by", ["close", "violation", "end of stream", "shutdown"])
def test_ended_connection_is_aborted_if_its_last_bytes_are_not_read(
    ended_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER", 0.01)

    async def run() -> None:
        transport = FakeTransport()
        socket = WebSocketProtocol(transport, set[Any]())
        socket.deliver_to(Recorder())
        ends = {
            "close": lambda: socket.data_received(closing(1000)),
            "violation": lambda: socket.data_received(frame(3)),
            "end of stream": socket.eof_received,
            "shutdown": socket.shutdown,
        }
        ends[ended_by]()
        assert transport.over
        async with asyncio.timeout(10):
            await transport.cut.wait()

    asyncio.run(run())


@given(st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=10))
def test_any_bytes_in_any_pieces_have_the_same_outcome(data: bytes, sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    assert converse(*pieces, data[at:]) == converse(data)


@given(
    st.lists(
        st.builds(
            frame,
            st.sampled_from([CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG, 3, 11]),
            st.one_of(st.binary(max_size=4), st.just(b"x" * 126), st.just(b"\x03\xe8")),
            final=st.booleans(),
            masked=st.sampled_from([True, True, True, False]),
        ),
        max_size=8,
    ),
    st.integers(1, 300),
)
def test_frames_in_any_order_and_pieces_have_the_same_outcome(said: list[bytes], piece: int) -> None:
    data = b"".join(said)
    assert converse(*(data[at : at + piece] for at in range(0, len(data), piece))) == converse(data)


HEADERS = [
    (b"sec-websocket-version", b"13"),
    (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    (b"sec-websocket-protocol", b"other, eyeline.v1"),
]


def without(name: bytes, *instead: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of a handshake with other values for one of them."""
    return [each for each in HEADERS if each[0] != name] + [(name, value) for value in instead]


@pytest.mark.parametrize(
    ("method", "version", "headers", "status"),
    [
        ("GET", "1.1", HEADERS, None),
        ("POST", "1.1", HEADERS, 405),
        ("GET", "1.0", HEADERS, 505),
        ("GET", "1.1", without(b"sec-websocket-version"), 426),
        ("GET", "1.1", without(b"sec-websocket-version", b"8"), 426),
        ("GET", "1.1", without(b"sec-websocket-version", b"13", b"13"), 426),
        ("GET", "1.1", without(b"sec-websocket-key"), 400),
        ("GET", "1.1", without(b"sec-websocket-key", b""), 400),
        ("GET", "1.1", without(b"sec-websocket-key", b"dGhl"), 400),
        ("GET", "1.1", without(b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZ\xff=="), 400),
        ("GET", "1.1", without(b"sec-websocket-key", *[b"dGhlIHNhbXBsZSBub25jZQ=="] * 2), 400),
    ],
)
def test_request_that_is_no_handshake_is_refused(
    method: str, version: str, headers: list[tuple[bytes, bytes]], status: int | None
) -> None:
    refusal = fault(method, version, headers)
    assert (refusal and refusal.status) == status


def test_handshake_is_answered_as_in_the_rfc() -> None:
    """The key and its answer are those of RFC 6455, 1.3."""

    async def run() -> bytes:
        transport, seen = FakeTransport(), []

        def decide(scope: Any) -> Accept:
            seen.append(scope["subprotocols"])
            return Accept("eyeline.v1", lambda _socket: Recorder())

        scope = {"method": "GET", "http_version": "1.1", "scheme": "http", "headers": HEADERS}
        upgrade(decide, scope, transport, set(), [(b"date", b"today")])
        assert seen == [["other", "eyeline.v1"]]
        return transport.written

    assert asyncio.run(run()) == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: eyeline.v1\r\n"
        b"date: today\r\n\r\n"
    )
