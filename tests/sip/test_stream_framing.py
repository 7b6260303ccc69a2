"""Splitting a TCP stream into SIP messages, however it is cut into packets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.sip.stream_framing import BODY_BYTES_MAX, HEAD_BYTES_MAX, PING, PONG, StreamError, StreamSplitter

INVITE = b"INVITE sip:bob@example.org SIP/2.0\r\nl: 5\r\nSubject: tea\r\n\r\nv=0\r\n"
BYE = b"BYE sip:bob@example.org SIP/2.0\r\nContent-Length: 0\r\n\r\n"


def split(*reads: bytes) -> list[bytes]:
    splitter = StreamSplitter()
    return [message for read in reads for message in splitter.feed(read)]


@given(st.lists(st.integers(0, len(INVITE + BYE + INVITE)), max_size=20))
def test_messages_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    stream = INVITE + BYE + INVITE
    edges = [0, *sorted(cuts), len(stream)]

    assert split(*(stream[a:b] for a, b in pairwise(edges))) == [INVITE, BYE, INVITE]


def test_keep_alives_between_messages_are_passed_on() -> None:
    assert split(PING, BYE + PING + BYE, PONG) == [PING, BYE, PING, BYE, PONG]


def test_an_empty_read_is_nothing() -> None:
    assert split(b"") == []


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5",
        b"content-length : 5",
        b"L:5",
        b"Content-Length: 05 ",
        b"l:\r\n 5",
        b"l: 5\r\nContent-Length: 5",
    ],
)
def test_length_in_each_spelling(head: bytes) -> None:
    message = b"BYE sip:b SIP/2.0\r\n" + head + b"\r\n\r\nv=0\r\n"

    assert split(message + BYE) == [message, BYE]


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: no length",
        b"l: 5\r\nl: 6",
        b"l: -5",
        b"l: five",
        b"l: %d" % (BODY_BYTES_MAX + 1),
        b"l: 99999999999999999999",
        b"Subject: l: 5",
    ],
)
def test_message_without_a_usable_length_ends_the_stream(head: bytes) -> None:
    with pytest.raises(StreamError):
        split(BYE + b"BYE sip:b SIP/2.0\r\n" + head + b"\r\n\r\n")


def test_largest_body_is_accepted() -> None:
    message = b"BYE sip:b SIP/2.0\r\nl: %d\r\n\r\n" % BODY_BYTES_MAX + bytes(BODY_BYTES_MAX)

    assert split(message) == [message]


def test_endless_head_ends_the_stream_before_it_fills_the_memory() -> None:
    splitter = StreamSplitter()
    for _ in range(HEAD_BYTES_MAX - 1):
        assert list(splitter.feed(b"x")) == []
    with pytest.raises(StreamError):
        list(splitter.feed(b"x"))


@pytest.mark.parametrize("start", [b"\n\n", b"\rx", b"\r\r\n"])
def test_lone_carriage_return_or_line_feed_ends_the_stream(start: bytes) -> None:
    with pytest.raises(StreamError):
        split(BYE + start)


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_split_or_end_the_stream(reads: list[bytes]) -> None:
    try:
        messages = split(*reads)
    except StreamError:
        return
    assert b"".join(reads).startswith(b"".join(messages))
