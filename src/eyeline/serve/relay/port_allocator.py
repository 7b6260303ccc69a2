"""Port allocation for the relay: free ports from a range, and connected sockets that share a bound port."""

import errno
import random
import socket
from collections.abc import Mapping
from typing import Final, NamedTuple

from eyeline.turn.attribute_formats import Address
from eyeline.turn.relay_attributes import IPV4

MAX_STRAYS: Final = 16
"""More than the kernel's smallest receive buffer can hold: 2 datagrams, by its accounting at most 5."""

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


class PortAllocator:
    """Opens relayed addresses on unpredictable ports of a range (RFC 8656, 7.2 and 21.1)."""

    def __init__(self, ports: range, own: Mapping[int, bytes]) -> None:
        """`own` has this machine's reachable address of each family, by its length in bytes."""
        self._ports = ports
        self._own = own

    def open(self, family: int, *, even: bool, pair: bool) -> tuple[socket.socket, socket.socket | None] | None:
        """A bound socket, and that of the next port if `pair`; None if the range is full.

        Tries the whole range, from a random port on: 40 ms if it is full.  Raises `OSError` if the machine has no
        sockets left, or no such address.
        """
        own = self._own.get(4 if family == IPV4 else 16)
        if own is None:
            return None
        host = name_of(own)
        begin = _RANDOM.randrange(len(self._ports))
        for port in (*self._ports[begin:], *self._ports[:begin]):
            if (even or pair) and port % 2:
                continue
            first = _bind(family, host, port)
            if first is None:
                continue
            if not pair:
                return first, None
            try:
                following = _bind(family, host, port + 1) if port + 1 in self._ports else None
            except OSError:
                first.close()
                raise
            if following is not None:
                return first, following
            first.close()
        return None

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


def _bind(family: int, host: str, port: int) -> socket.socket | None:
    bound = socket.socket(socket.AF_INET if family == IPV4 else socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError:
        bound.close()
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
