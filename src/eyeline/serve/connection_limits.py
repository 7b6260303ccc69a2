"""Connection limits and rate limits, for each client address and in total: those that no single socket can keep.

All follow from how many WebSockets one address may have, since that says how many people an operator expects behind it:
an office of a hundred may reload together, a flood from one of its machines may not.
"""

from collections import Counter
from math import inf
from typing import Final, Literal

from eyeline.rate_limit import RateLimit
from eyeline.serve.client_address import Source

REQUEST_WITHIN: Final = 10.0
"""Seconds within which a request must arrive, head and body, from the opening of the connection or its first byte."""

HEAD_BYTES_MAX: Final = 32 * 1024
"""Bytes in the head of a request.  What came in one read with its end is looked at whole, up to 256 KiB."""

OPENED_PER_SECOND: Final = 0.1
"""WebSockets that an address may open a second, for each one that it may have; as a burst, twice as many as it may
have."""

REQUESTS_PER_SECOND: Final = 1.0
"""HTTP requests a second, WebSocket upgrades included, for each WebSocket that the address may have; as a burst ten
times that number, since a page and its files are ten requests."""

MESSAGES_PER_SECOND: Final = 10.0
"""WebSocket messages a second, for each WebSocket that the address may have; as a burst 60 times that number."""

LOOKS_PER_SECOND: Final = 0.01
"""Rooms that an address may look into a second, for each WebSocket that it may have, so that names can't be guessed
fast; as a burst that number."""

STREAMS: Final = 10
"""Connections of TURN clients at once, for each WebSocket that an address may have: a browser makes one for each peer,
by TCP and by TLS."""

STREAMS_OPENED_PER_SECOND: Final = 1.0
"""TURN connections that an address may open a second, for each WebSocket that it may have; as a burst, twice as many
as it may have."""

LimitCode = Literal["too-many-sockets", "busy"]
"""Why no further WebSocket is admitted."""

RefusalCode = Literal[
    "wrong-subprotocol", "foreign-origin", "too-many-requests", "too-many-sockets", "busy", "going-away"
]
"""Every reason to refuse an HTTP request or a WebSocket handshake; `http/problems.py` has their statuses and words."""


class AdmittedSocket:
    """One open WebSocket, whose messages and look-ups count against its address."""

    def __init__(self, limits: "ConnectionLimits", source: Source | None) -> None:
        self._limits = limits
        self._source = source

    @property
    def network(self) -> str:
        """The address as text, to count by; empty if it isn't known."""
        return "" if self._source is None else self._source.hex()

    def speaks(self, now: float) -> bool:
        """Count a message; False if the address sends too many."""
        return self._source is None or self._limits.messages.try_spend(self._source, now)

    def looks(self, now: float) -> bool:
        """Count a look into a room; False if the address has looked into too many."""
        return self._source is None or self._limits.looks.try_spend(self._source, now)

    def leaves(self) -> None:
        """Count the socket no longer.  The last call."""
        self._limits.leaves(self._source)


class ConnectionLimits:
    """Counts sockets in total and for each address.  A client whose address isn't known has no limits of its own."""

    def __init__(self, *, sockets: int, sockets_per_address: int) -> None:
        each = sockets_per_address
        self._sockets = sockets
        self._sockets_per_address = each
        self._count = 0
        self._inside: Counter[Source | None] = Counter()
        self._streams: Counter[Source] = Counter()
        self._streams_opened = RateLimit(per_second=each * STREAMS_OPENED_PER_SECOND, burst=each * STREAMS * 2)
        self._opened = RateLimit(per_second=each * OPENED_PER_SECOND, burst=each * 2)
        self._requests = RateLimit(per_second=each * REQUESTS_PER_SECOND, burst=each * 10)
        self.messages = RateLimit(per_second=each * MESSAGES_PER_SECOND, burst=each * 60)
        self.looks = RateLimit(per_second=each * LOOKS_PER_SECOND, burst=each)

    def __len__(self) -> int:
        """How many addresses have sockets or connections."""
        return len(self._inside) + len(self._streams)

    def admits(self, source: Source | None, now: float) -> bool:
        """Count an HTTP request; False if the address sends too many."""
        return source is None or self._requests.try_spend(source, now)

    def enter(self, source: Source | None, now: float) -> AdmittedSocket | LimitCode:
        """Admit one more WebSocket, or say why not.  Call `leaves` on what is returned when the socket is gone."""
        if self._count >= self._sockets:
            return "busy"
        most = inf if source is None else self._sockets_per_address
        if self._inside[source] >= most or (source is not None and not self._opened.try_spend(source, now)):
            return "too-many-sockets"
        self._count += 1
        self._inside[source] += 1
        return AdmittedSocket(self, source)

    def connects(self, source: Source, now: float) -> bool:
        """Admit a TURN client over TCP or TLS; False if the address has, or opens, too many.

        If admitted, call `disconnects` when it is gone.
        """
        if self._streams[source] >= self._sockets_per_address * STREAMS or not self._streams_opened.try_spend(
            source, now
        ):
            return False
        self._streams[source] += 1
        return True

    def disconnects(self, source: Source) -> None:
        """A TURN client that was admitted is gone."""
        self._streams[source] -= 1
        if not self._streams[source]:
            del self._streams[source]

    def leaves(self, source: Source | None) -> None:
        """An admitted socket is gone."""
        self._count -= 1
        self._inside[source] -= 1
        if not self._inside[source]:
            del self._inside[source]
