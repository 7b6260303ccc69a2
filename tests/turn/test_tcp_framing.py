"""TCP framing of STUN messages and ChannelData, for any segmentation."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.turn.framing import COOKIE, MalformedError
from eyeline.turn.tcp_framing import MAX_RUN, MAX_RUN_BYTES, ChannelRun, Splitter


def stun(body: bytes) -> bytes:
    return b"\x00\x01" + len(body).to_bytes(2) + COOKIE.to_bytes(4) + bytes(12) + body


def channel_data(body: bytes) -> bytes:
    return b"\x40\x00" + len(body).to_bytes(2) + body


def padded(message: bytes) -> bytes:
    return message + bytes(-len(message) % 4)


MESSAGES = st.lists(
    st.binary(max_size=60).map(lambda body: body[: len(body) // 4 * 4]).map(stun)
    | st.binary(max_size=60).map(channel_data)
)


@given(MESSAGES, st.data())
def test_messages_are_reassembled_from_any_pieces(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(padded, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    splitter = Splitter()
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    assert [bytes(message) for piece in pieces for message in splitter.feed(piece)] == messages


@pytest.mark.parametrize(("size", "most"), [(0, MAX_RUN), (100, MAX_RUN), (1100, MAX_RUN_BYTES // 1100), (65_000, 1)])
def test_channel_data_of_one_channel_and_length_comes_in_bounded_runs(size: int, most: int) -> None:
    burst = padded(channel_data(bytes(size))) * (2 * most + 1)
    longer = padded(channel_data(bytes(size + 1)))
    found = list(Splitter().feed_runs(burst + longer + stun(b"")))
    assert found.pop() == stun(b"")
    runs = [(each.channel, each.size, len(each.payloads)) for each in found if isinstance(each, ChannelRun)]
    assert runs == [(0x4000, size, most), (0x4000, size, most), (0x4000, size, 1), (0x4000, size + 1, 1)]


@pytest.mark.parametrize("bad", [b"\x80\x00\x00\x00", b"\x00\x01\x00\x00abcd"])
def test_data_that_is_neither_stun_nor_channel_data_is_refused(bad: bytes) -> None:
    splitter = Splitter()
    for byte in bad[:-1]:
        assert list(splitter.feed(bytes([byte]))) == []
    with pytest.raises(MalformedError):
        list(splitter.feed(bad[-1:]))


def test_reassembly_byte_by_byte_takes_linear_time() -> None:
    """In less than 2 s: copying the buffer for each byte would copy 2 GB."""
    splitter = Splitter()
    message = channel_data(bytes(65_532))
    start = time.process_time()
    for byte in message[:-1]:
        assert list(splitter.feed(bytes([byte]))) == []
    [whole] = splitter.feed(message[-1:])
    assert bytes(whole) == message
    assert time.process_time() - start < 2
