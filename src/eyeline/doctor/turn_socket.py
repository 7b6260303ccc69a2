"""A STUN or TURN client with a socket of its own, over UDP, TCP or TLS."""

import asyncio
import ipaddress
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Literal, NamedTuple, cast

from eyeline.doctor.finding import Trouble
from eyeline.turn.attribute_formats import Address
from eyeline.turn.client import Answered, Client, ClientEffect, ClientEvent, ErrorResponse, Received, Silent, Transmit
from eyeline.turn.credentials import Credentials
from eyeline.turn.framing import MalformedError
from eyeline.turn.tcp_framing import Splitter

Way = Literal["udp", "tcp", "tls"]

_URL: Final = re.compile(
    r"(stuns?|turns?):(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?(?:\?transport=(udp|tcp))?"
)
_MAX_NEWS: Final = 1000
"""Maximum number of unread events; further ones are dropped, as a network would drop packets."""


class Where(NamedTuple):
    """A server in a STUN or TURN URI (RFC 7064, RFC 7065)."""

    way: Way
    host: str
    port: int


def parse(uri: str) -> Where | None:
    """Parse a URI; None if it is invalid, so that browsers would reject it."""
    found = _URL.fullmatch(uri)
    if found is None:
        return None
    scheme, ipv6, name, port, transport = found.groups()
    way: Way = "tls" if scheme.endswith("s") else "tcp" if transport == "tcp" else "udp"
    where = Where(way, ipv6 or name, int(port or (5349 if way == "tls" else 3478)))
    try:
        ipaddress.IPv6Address(ipv6 or "::")
        (name or "").encode("idna")  # fails if it isn't valid in DNS
    except ValueError:
        return None
    return where if where.port < 1 << 16 and not (transport and scheme.startswith("stun")) else None


class TurnSocket(asyncio.DatagramProtocol, asyncio.Protocol):
    """A client and its socket.  Callers set the timeouts."""

    def __init__(self, way: Way, login: Credentials | None) -> None:
        self._stream = way != "udp"
        self.client = Client(login, stream=self._stream, transaction=lambda: secrets.token_bytes(12))
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[ClientEvent | OSError] = asyncio.Queue(_MAX_NEWS)
        self._splitter = Splitter()
        self._transmit: Callable[[bytes], None] | None = None
        self._abort: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._stream:
            stream = cast("asyncio.WriteTransport", transport)
            self._transmit, self._abort = stream.write, stream.abort
        else:
            datagrams = cast("asyncio.DatagramTransport", transport)
            self._transmit, self._abort = datagrams.sendto, datagrams.abort

    def connection_lost(self, error: Exception | None) -> None:
        self._put(ConnectionResetError(f"The server closed the connection{f': {error}' if error else ''}"))

    def error_received(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self._put(error)

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        self._perform(self.client.receive(data, self._loop.time()))

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._splitter.feed(data):
                self._perform(self.client.receive(bytes(message), self._loop.time()))
        except MalformedError as error:
            self._put(ConnectionAbortedError(f"The server doesn't speak TURN: {error}"))
            self.close()

    async def ask(self, effects: list[ClientEffect]) -> Answered | ErrorResponse:
        """Send a request and wait for its response.  Raises `TimeoutError` or another `OSError`."""
        self._perform(effects)
        while True:
            event = await self._next_event()
            if isinstance(event, Silent):
                raise TimeoutError
            if not isinstance(event, Received):
                return event

    async def granted(self, effects: list[ClientEffect], what: str) -> None:
        """Like `ask`, but raises `Trouble` if the request is refused."""
        answer = await self.ask(effects)
        if isinstance(answer, ErrorResponse):
            raise Trouble("turn-refused", f"{what} was refused with {answer.code}.")

    def send(self, peer: Address, data: bytes) -> None:
        """Send data to a peer through the relay."""
        self._perform(self.client.send(peer, data))

    async def received(self) -> Received:
        """Wait for the next data from a peer."""
        while not isinstance(event := await self._next_event(), Received):
            pass
        return event

    def close(self) -> None:
        """Close the socket."""
        if self._abort is not None:
            self._abort()

    async def _next_event(self) -> ClientEvent:
        while True:
            try:
                async with asyncio.timeout_at(self.client.next_wake()):
                    event = await self._events.get()
            except TimeoutError:
                self._perform(self.client.wake(max(self._loop.time(), self.client.next_wake() or 0)))
                continue
            if isinstance(event, OSError):
                raise event
            return event

    def _perform(self, effects: list[ClientEffect]) -> None:
        for effect in effects:
            if not isinstance(effect, Transmit):
                self._put(effect)
            elif self._transmit is not None:
                self._transmit(effect.data)

    def _put(self, event: ClientEvent | OSError) -> None:
        if not self._events.full():
            self._events.put_nowait(event)


@asynccontextmanager
async def connected(
    where: Where, login: Credentials | None = None, context: ssl.SSLContext | None = None
) -> AsyncIterator[TurnSocket]:
    """Connect to a server, and disconnect at the end.  Raises `OSError`."""
    loop = asyncio.get_running_loop()
    socket = TurnSocket(where.way, login)
    if where.way == "udp":
        await loop.create_datagram_endpoint(lambda: socket, remote_addr=(where.host, where.port))
    else:
        secured = (context or ssl.create_default_context()) if where.way == "tls" else None
        await loop.create_connection(lambda: socket, where.host, where.port, ssl=secured)
    try:
        yield socket
    finally:
        socket.close()


def shown(address: Address) -> str:
    """The address as text, with brackets around IPv6."""
    ip = ipaddress.ip_address(address.ip)
    return f"[{ip}]:{address.port}" if ip.version == 6 else f"{ip}:{address.port}"
