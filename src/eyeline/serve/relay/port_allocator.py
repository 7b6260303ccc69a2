"""Port allocation for the relay: free ports from a range, and connected sockets that share a bound port."""

import errno
import random
import socket
from array import array
from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from eyeline.turn.attribute_formats import Address
from eyeline.turn.relay_attributes import IPV4

MAX_STRAYS: Final = 16
"""More than the kernel's smallest receive buffer can hold: 2 datagrams, by its accounting at most 5."""

BINDS_MAX: Final = 16
"""Maximum of ports tried for one allocation, at 10 us each, so that a range in use by others doesn't block the loop."""

_LARGEST_BYTES: Final = 65_536
_NO_WAY_THERE: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT)
_RANDOM: Final = random.SystemRandom()

Stray = tuple[bytes, tuple[str, int]]
"""A datagram and its source."""


class Connected(NamedTuple):
    """A connected socket, and the datagrams that it received before it was connected."""

    wire: socket.socket
    strays: list[Stray]
    """From any source, including the address it is connected to."""


class _PortSet:
    """A set of ports of a range: adds, removes and picks a random port in constant time.

    `_order` has all indices of the range, those in the set first; `_place` is where an index is in `_order`.
    """

    def __init__(self, ports: range) -> None:
        self._ports = ports
        self._order = array("H", range(len(ports)))
        self._place = array("H", range(len(ports)))
        self.size = len(ports)

    def __contains__(self, port: int) -> bool:
        return port in self._ports and self._place[self._ports.index(port)] < self.size

    def take(self) -> int:
        """Remove a random port from the set, which must not be empty."""
        port = self._ports[self._order[_RANDOM.randrange(self.size)]]
        self.remove(port)
        return port

    def add(self, port: int) -> None:
        if port not in self:
            self._move(port, self.size)
            self.size += 1

    def remove(self, port: int) -> None:
        if port in self:
            self.size -= 1
            self._move(port, self.size)

    def _move(self, port: int, place: int) -> None:
        """Swap the port with the one at that place."""
        index, other = self._ports.index(port), self._order[place]
        was = self._place[index]
        self._order[was], self._order[place] = other, index
        self._place[other], self._place[index] = was, place


class _FreePorts:
    """The ports of a range that we don't hold, in one address family."""

    def __init__(self, ports: range) -> None:
        odd = ports.start % 2
        self._even, self._odd = _PortSet(ports[odd::2]), _PortSet(ports[1 - odd :: 2])
        self._foreign: deque[int] = deque()
        """Ports that another program held when they were last tried, those tried longest ago first."""

    def take(self, *, even: bool) -> int | None:
        """Take a random port; None if there is none."""
        both = self._even.size + (0 if even else self._odd.size)
        if both == 0:
            return None
        which = self._even if even or _RANDOM.randrange(both) < self._even.size else self._odd
        return which.take()

    def take_next(self, port: int) -> bool:
        """Take the port after an even one; False if it isn't free."""
        free = port + 1 in self._odd
        self._odd.remove(port + 1)
        return free

    def give(self, port: int) -> None:
        """Return a port that isn't held any more."""
        (self._odd if port % 2 else self._even).add(port)

    def give_foreign(self, port: int) -> None:
        """Return a port that another program holds: it is tried again after the others."""
        self._foreign.append(port)

    def retry_foreign(self) -> None:
        """Let one of the other programs' ports be tried again."""
        if self._foreign:
            self.give(self._foreign.popleft())


class PortAllocator:
    """Opens relayed addresses on unpredictable ports of a range (RFC 8656, 7.2 and 21.1)."""

    def __init__(self, ports: range, own: Mapping[int, bytes]) -> None:
        """`own` has this machine's reachable address of each family, by its length in bytes."""
        self._own = own
        self._free = {size: _FreePorts(ports) for size in own}

    def open(self, family: int, *, even: bool, pair: bool) -> tuple[socket.socket, socket.socket | None] | None:
        """A bound socket, and that of the next port if `pair`; None if no port is free.

        Costs nothing if we hold the whole range, and otherwise tries at most `BINDS_MAX` ports.  Raises `OSError` if
        the machine has no sockets left.  Call `close` with each socket when it is no longer needed.
        """
        own = self._own.get(4 if family == IPV4 else 16)
        if own is None:
            return None
        host, free = name_of(own), self._free[len(own)]
        free.retry_foreign()
        for _ in range(BINDS_MAX // (1 + pair)):
            port = free.take(even=even or pair)
            if port is None:
                return None
            first = _bind(family, host, port, free)
            if first is None:
                continue
            if not pair:
                return first, None
            try:
                following = _bind(family, host, port + 1, free) if free.take_next(port) else None
            except OSError:
                self.close(first)
                raise
            if following is not None:
                return first, following
            self.close(first)
        return None

    def close(self, bound: socket.socket) -> None:
        """Close a socket that `open` has returned, and free its port."""
        local = address_of(bound)
        bound.close()
        self._free[len(local.ip)].give(local.port)

    def connect(self, local: Address, remote: Address, buffer_bytes: int) -> Connected:
        """A socket that shares the port of another one and receives everything that comes there from `remote`.

        The other socket must have been passed to `share`.  Raises `OSError`.

        Between `bind` and `connect` it receives from everybody.  Its buffer is minimal at that time, and datagrams stay
        in order: so once `MAX_STRAYS` have been taken out, all further ones come from `remote`.
        """
        wire = socket.socket(_family(local), socket.SOCK_DGRAM)
        try:
            wire.setblocking(False)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
            wire.bind((name_of(local.ip), local.port))
            wire.connect((name_of(remote.ip), remote.port))
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            return Connected(wire, _strays(wire))
        except BaseException:
            wire.close()
            raise


def share(bound: socket.socket) -> None:
    """Let our connected sockets share its port.  Not before it is bound, so that `bind` fails if the port is in use."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def name_of(ip: bytes) -> str:
    """The address as text for the socket module."""
    return socket.inet_ntop(socket.AF_INET if len(ip) == 4 else socket.AF_INET6, ip)


def address_of(bound: socket.socket) -> Address:
    """The address that a socket is bound to."""
    host, port = bound.getsockname()[:2]
    return Address(socket.inet_pton(bound.family, host), port)


def is_own(ip: bytes) -> bool:
    """Whether an IP address currently belongs to this machine: the kernel would use it as source too.  Sends nothing.

    True if that can't be determined, for example because the machine has no sockets left.
    """
    name = name_of(ip)
    try:
        with socket.socket(socket.AF_INET if len(ip) == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect((name, 9))
            return bool(probe.getsockname()[0] == name)
    except OSError as error:
        return error.errno not in _NO_WAY_THERE


def _bind(family: int, host: str, port: int, free: _FreePorts) -> socket.socket | None:
    """A socket bound to a port taken from `free`, which goes back there if that fails."""
    try:
        bound = socket.socket(socket.AF_INET if family == IPV4 else socket.AF_INET6, socket.SOCK_DGRAM)
    except OSError:
        free.give(port)
        raise
    try:
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError:
        bound.close()
        free.give_foreign(port)
        return None
    share(bound)
    return bound


def _strays(wire: socket.socket) -> list[Stray]:
    found: list[Stray] = []
    for _ in range(MAX_STRAYS):
        try:
            data, source = wire.recvfrom(_LARGEST_BYTES)
        except BlockingIOError:
            break
        except OSError:
            continue
        found.append((data, source[:2]))
    return found


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if len(address.ip) == 4 else socket.AF_INET6
