"""Who may come in, and how much one address may do: the limits that no single socket can keep.

Everything follows from how many sockets an address may have, since that says how many people an operator expects behind
one address: an office of a hundred may reload together, a flood from one of its machines may not.
"""

from collections import Counter
from math import inf
from typing import Final, Literal

from eyeline.rate_limit import Budget
from eyeline.serve.client_address import Source

OPENED_PER_SECOND: Final = 0.1
"""WebSockets that an address may open a second, for each one that it may have; twice as many as it may have at once."""

REQUESTS_PER_SECOND: Final = 1.0
"""HTTP requests, upgrades to a WebSocket too, likewise; ten times as many as the sockets at once: a page and its files
are ten."""

MESSAGES_PER_SECOND: Final = 10.0
"""WebSocket messages, likewise; 60 times as many at once."""

LOOKS_PER_SECOND: Final = 0.01
"""Rooms that may be looked into, so that names can't be guessed at speed, likewise; as many at once."""

STREAMS: Final = 10
"""Connections of TURN clients at once, for each WebSocket that an address may have: a browser makes one for each peer,
by TCP and by TLS."""

STREAMS_OPENED_PER_SECOND: Final = 1.0
"""How many of them it may open a second, likewise; twice as many as it may have at once."""

Objection = Literal["too-many-sockets", "busy"]


class Guest:
    """One WebSocket, as its address is held to account for it."""

    def __init__(self, door: "Door", source: Source | None) -> None:
        self._door = door
        self._source = source

    @property
    def network(self) -> str:
        """Stands for the address; empty if that isn't known."""
        return "" if self._source is None else self._source.hex()

    def speaks(self, now: float) -> bool:
        """A message has come; False if the address says too much."""
        return self._source is None or self._door.messages.spend(self._source, now)

    def looks(self, now: float) -> bool:
        """A room is to be looked into; False if the address has looked into too many."""
        return self._source is None or self._door.looks.spend(self._source, now)

    def leaves(self) -> None:
        """The socket is gone.  The last call."""
        self._door.leaves(self._source)


class Door:
    """Counts the sockets of all and of each address.  An address that isn't known has no limits of its own."""

    def __init__(self, *, sockets: int, sockets_per_address: int) -> None:
        each = sockets_per_address
        self._sockets = sockets
        self._sockets_per_address = each
        self._count = 0
        self._inside: Counter[Source | None] = Counter()
        self._streams: Counter[Source] = Counter()
        self._streams_opened = Budget(per_second=each * STREAMS_OPENED_PER_SECOND, burst=each * STREAMS * 2)
        self._opened = Budget(per_second=each * OPENED_PER_SECOND, burst=each * 2)
        self._requests = Budget(per_second=each * REQUESTS_PER_SECOND, burst=each * 10)
        self.messages = Budget(per_second=each * MESSAGES_PER_SECOND, burst=each * 60)
        self.looks = Budget(per_second=each * LOOKS_PER_SECOND, burst=each)

    def __len__(self) -> int:
        """How many addresses have sockets or connections."""
        return len(self._inside) + len(self._streams)

    def admits(self, source: Source | None, now: float) -> bool:
        """An HTTP request has come; False if the address asks too often."""
        return source is None or self._requests.spend(source, now)

    def enter(self, source: Source | None, now: float) -> Guest | Objection:
        """A WebSocket is to be opened.  The guest must say when it leaves."""
        if self._count >= self._sockets:
            return "busy"
        most = inf if source is None else self._sockets_per_address
        if self._inside[source] >= most or (source is not None and not self._opened.spend(source, now)):
            return "too-many-sockets"
        self._count += 1
        self._inside[source] += 1
        return Guest(self, source)

    def connects(self, source: Source, now: float) -> bool:
        """A TURN client has come by TCP or TLS; False if the address has, or opens, too many.

        Else it must be said when it `disconnects`.
        """
        if self._streams[source] >= self._sockets_per_address * STREAMS or not self._streams_opened.spend(source, now):
            return False
        self._streams[source] += 1
        return True

    def disconnects(self, source: Source) -> None:
        """It is gone."""
        self._streams[source] -= 1
        if not self._streams[source]:
            del self._streams[source]

    def leaves(self, source: Source | None) -> None:
        """A guest is gone."""
        self._count -= 1
        self._inside[source] -= 1
        if not self._inside[source]:
            del self._inside[source]
