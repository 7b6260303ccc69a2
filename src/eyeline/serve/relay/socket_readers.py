"""Reads many sockets with a single reader in the event loop, by an epoll of their own.

asyncio would create an object and a callback for each packet.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Final

SOCKETS_PER_WAKE: Final = 16
"""Sockets read before the event loop runs other tasks."""


class SocketReaders:
    """The watched sockets, each with a function that reads what has come, for a few milliseconds at most."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self.now = 0.0
        """The loop's time when the sockets were last polled."""
        self._loop.add_reader(self._epoll.fileno(), self._read)

    def watch(self, wire: socket.socket, reader: Callable[[], None]) -> None:
        """Call `reader` whenever the socket has something to read."""
        self._readers[wire.fileno()] = reader
        self._epoll.register(wire.fileno(), select.EPOLLIN)

    def unwatch(self, wire: socket.socket) -> None:
        """Stop watching, before the socket is closed.  Does nothing if it isn't watched."""
        if self._readers.pop(wire.fileno(), None) is not None:
            self._epoll.unregister(wire.fileno())

    def close(self) -> None:
        """Stop watching all sockets.  Idempotent."""
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _read(self) -> None:
        self.now = self._loop.time()
        for descriptor, _ in self._epoll.poll(0, SOCKETS_PER_WAKE):
            reader = self._readers.get(descriptor)
            if reader is not None:
                reader()
