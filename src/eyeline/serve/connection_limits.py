"""Connection limits and rate limits per client address and in total, which no single socket can enforce.

All are multiples of the maximum number of WebSockets per address, since that reflects how many people an operator
expects behind one address: an office of a hundred can reload at once, a flood from one machine is throttled.
"""

from collections import Counter
from math import inf
from typing import Final, Literal

from eyeline.rate_limit import RateLimit
from eyeline.serve.client_address import Source

REQUEST_WITHIN: Final = 10.0
"""Seconds within which a request must arrive, head and body, from the opening of the connection or its first byte."""

HEAD_BYTES_MAX: Final = 32 * 1024
"""Maximum size of a request's head in bytes.  If its end arrives in the same read, up to 256 KiB are accepted."""

SILENT: Final = 2
"""Silent TCP connections (no byte received yet) at a time, for each WebSocket that an address may have: a browser opens
one in advance, and sends a request over its others at once."""

CONNECTIONS: Final = 10
"""Concurrent TCP connections that are neither WebSockets nor TURN, for each WebSocket that an address may have: a
browser opens six to load a page."""

OPENED_PER_SECOND: Final = 0.1
"""WebSockets that an address may open per second, for each one it may have.  Burst: twice as many as it may have."""

REQUESTS_PER_SECOND: Final = 1.0
"""HTTP requests per second, WebSocket upgrades included, for each WebSocket that the address may have.  Burst: ten
times that number, since loading a page takes ten requests."""

MESSAGES_PER_SECOND: Final = 10.0
"""WebSocket messages per second, for each WebSocket that the address may have.  Burst: 60 times that number."""

LOOKS_PER_SECOND: Final = 0.01
"""Lobbies that an address may enter per second, for each WebSocket that it may have, so that room names can't be
guessed quickly.  Burst: the number of WebSockets that it may have."""

STREAMS: Final = 10
"""Concurrent TURN connections over TCP and TLS, for each WebSocket that an address may have: a browser opens one of
each per peer."""

STREAMS_OPENED_PER_SECOND: Final = 1.0
"""TURN connections that an address may open per second, for each WebSocket that it may have.  Burst: 20 times that
number."""

LimitCode = Literal["too-many-sockets", "busy"]
"""Why a WebSocket is refused by a limit."""

ConnectionRefusal = Literal["too-many-connections", "too-many-silent"]
"""Why a TCP connection is closed before anything is read from it."""

RefusalCode = Literal[
    "unknown-host",
    "no-sip",
    "wrong-subprotocol",
    "foreign-origin",
    "too-many-requests",
    "too-many-sockets",
    "busy",
    "going-away",
]
"""Every reason to refuse an HTTP request or a WebSocket handshake; `http/problems.py` has their statuses and texts."""


class AdmittedSocket:
    """One open WebSocket, whose messages and lobby visits count against its address."""

    def __init__(self, limits: "ConnectionLimits", source: Source | None) -> None:
        self._limits = limits
        self._source = source

    @property
    def network(self) -> str:
        """The address as text, for counting; empty if unknown."""
        return "" if self._source is None else self._source.hex()

    def count_message(self, now: float) -> bool:
        """Count a message; False if the address sends too many."""
        return self._source is None or self._limits.messages.try_spend(self._source, now)

    def count_lookup(self, now: float) -> bool:
        """Count a lobby entered; False if the address has entered too many."""
        return self._source is None or self._limits.looks.try_spend(self._source, now)

    def release(self) -> None:
        """Stop counting the socket.  Must be the last call."""
        self._limits.release_socket(self._source)


class AdmittedConnection:
    """One open TCP connection, until it becomes a WebSocket or a TURN client, which have limits of their own."""

    def __init__(self, source: Source | None, counters: "list[Counter[Source]]") -> None:
        """`counters`: of all such connections, and of the silent ones."""
        self._source = source
        self._counters = counters
        if source is not None:
            for each in counters:
                each[source] += 1

    def end_silence(self) -> None:
        """The client has sent its first byte.  Idempotent."""
        self._end(1)

    def release(self) -> None:
        """Stop counting the connection.  Idempotent."""
        self._end(0)

    def _end(self, keep: int) -> None:
        self._counters, ended = self._counters[:keep], self._counters[keep:]
        if self._source is not None:
            for each in ended:
                each[self._source] -= 1
                if not each[self._source]:
                    del each[self._source]


class ConnectionLimits:
    """Counts sockets in total and per address.  A client with an unknown address has no limits of its own."""

    def __init__(self, *, sockets: int, sockets_per_address: int) -> None:
        each = sockets_per_address
        self._sockets = sockets
        self._sockets_per_address = each
        self._count = 0
        self._inside: Counter[Source | None] = Counter()
        self._connections: Counter[Source] = Counter()
        self._silent: Counter[Source] = Counter()
        self.connections_refused: Counter[str] = Counter()
        """By `ConnectionRefusal`."""
        self._streams: Counter[Source] = Counter()
        self._streams_opened = RateLimit(per_second=each * STREAMS_OPENED_PER_SECOND, burst=each * STREAMS * 2)
        self._opened = RateLimit(per_second=each * OPENED_PER_SECOND, burst=each * 2)
        self._requests = RateLimit(per_second=each * REQUESTS_PER_SECOND, burst=each * 10)
        self.messages = RateLimit(per_second=each * MESSAGES_PER_SECOND, burst=each * 60)
        self.looks = RateLimit(per_second=each * LOOKS_PER_SECOND, burst=each)

    def __len__(self) -> int:
        """How many addresses have sockets or connections."""
        return len(self._inside) + len(self._connections) + len(self._streams)

    def admit_connection(self, source: Source | None) -> AdmittedConnection | None:
        """Admit a new TCP connection; None if the address has too many, or too many that haven't sent anything."""
        why = None if source is None else self._connection_refusal(source)
        if why is not None:
            self.connections_refused[why] += 1
            return None
        return AdmittedConnection(source, [self._connections, self._silent])

    def _connection_refusal(self, source: Source) -> ConnectionRefusal | None:
        each = self._sockets_per_address
        if self._silent[source] >= each * SILENT:
            return "too-many-silent"
        return "too-many-connections" if self._connections[source] >= each * CONNECTIONS else None

    def admit_request(self, source: Source | None, now: float) -> bool:
        """Count an HTTP request; False if the address sends too many."""
        return source is None or self._requests.try_spend(source, now)

    def admit_socket(self, source: Source | None, now: float) -> AdmittedSocket | LimitCode:
        """Admit one more WebSocket, or return why not.  Call `release` on the result when the socket is closed."""
        if self._count >= self._sockets:
            return "busy"
        most = inf if source is None else self._sockets_per_address
        if self._inside[source] >= most or (source is not None and not self._opened.try_spend(source, now)):
            return "too-many-sockets"
        self._count += 1
        self._inside[source] += 1
        return AdmittedSocket(self, source)

    def admit_stream(self, source: Source, now: float) -> bool:
        """Admit a TURN client over TCP or TLS; False if the address has, or opens, too many.

        If admitted, call `release_stream` when it has disconnected.
        """
        if self._streams[source] >= self._sockets_per_address * STREAMS or not self._streams_opened.try_spend(
            source, now
        ):
            return False
        self._streams[source] += 1
        return True

    def release_stream(self, source: Source) -> None:
        """An admitted TURN client has disconnected."""
        self._streams[source] -= 1
        if not self._streams[source]:
            del self._streams[source]

    def release_socket(self, source: Source | None) -> None:
        """An admitted WebSocket has closed."""
        self._count -= 1
        self._inside[source] -= 1
        if not self._inside[source]:
            del self._inside[source]
