"""Turns on a TCP stream: a client's messages are handled a limited number at a time, so that a busy one doesn't block
others.  For TURN and SIP."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Generic, TypeVar

StreamMessage = TypeVar("StreamMessage")


class StreamTurns(Generic[StreamMessage]):
    """The messages of one connection that were received but not handled yet; reading is paused until they have been."""

    def __init__(
        self, transport: asyncio.Transport, handle: Callable[[Iterable[StreamMessage]], int], limit: int
    ) -> None:
        """`handle` handles all messages that it's given, at most `limit`, and returns their number.  It must be exact,
        unless `handle` has closed the connection."""
        self._transport = transport
        self._handle = handle
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._waiting: Iterator[StreamMessage] | None = None
        self._paused = False

    def add(self, messages: Iterator[StreamMessage]) -> None:
        """More messages were received."""
        if self._waiting is not None:
            self._waiting = chain(self._waiting, messages)  # TLS may deliver data that it read before the pause
            return
        self._waiting = messages
        self._take()

    def stop(self) -> None:
        """Forget what wasn't handled: the connection has ended."""
        self._waiting = None

    def _take(self) -> None:
        if self._waiting is None or self._transport.is_closing():
            return
        handled = self._handle(islice(self._waiting, self._limit))
        if self._transport.is_closing():
            return
        if handled == self._limit:
            if not self._paused:
                self._paused = True
                self._transport.pause_reading()
            self._loop.call_soon(self._take)
            return
        self._waiting = None
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
