"""Sockets for the relay: free ports out of a range, and connected sockets beside a bound one."""

import errno
import random
import socket
from collections.abc import Mapping
from typing import Final, NamedTuple

from eyeline.turn.attribute_formats import Address
from eyeline.turn.relay_attributes import IPV4

MAX_STRAYS: Final = 16
"""More than the smallest buffer that the kernel gives can hold: 2 datagrams, by its figures at most 5."""

_LARGEST_BYTES: Final = 65_536
_NO_WAY_THERE: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT)
_RANDOM: Final = random.SystemRandom()

Stray = tuple[bytes, tuple[str, int]]
"""Data, and who sent it."""


class Connected(NamedTuple):
    """A socket that hears only one address from now on, and what it heard before that."""

    wire: socket.socket
    strays: list[Stray]
    """Anybody's, the one address among them."""


class PortAllocator:
    """The ports that relayed addresses may have.  An unforeseeable one is chosen (RFC 8656, 7.2 and 21.1)."""

    def __init__(self, ports: range, own: Mapping[int, bytes]) -> None:
        """`own` has the address of this machine at which others reach it, by the length of an address in bytes."""
        self._ports = ports
        self._own = own

    def open(self, family: int, *, even: bool, pair: bool) -> tuple[socket.socket, socket.socket | None] | None:
        """A bound socket, and the one of the next port if `pair`; None when the range is full.

        The whole of the range is tried, from a random place on: 40 ms when it is full.  Raises `OSError` when the
        machine has no more sockets, or no such address.
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
        """A socket at an address that another socket is bound to, which takes from it all that comes from `remote`.

        The other one must have been shared by `share`.  Raises `OSError`.

        Between `bind` and `connect` it hears everybody.  There is hardly room for that in its buffer, and a queue keeps
        its order: so once `MAX_STRAYS` are taken out, all that is left comes from `remote`, however much there is.
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
    """Let connected sockets of ours have the same port.  Only now that it is bound: the port was free before."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def name_of(ip: bytes) -> str:
    """The address as the socket module writes it."""
    return socket.inet_ntop(socket.AF_INET if len(ip) == 4 else socket.AF_INET6, ip)


def address_of(bound: socket.socket) -> Address:
    """Where a socket is bound."""
    host, port = bound.getsockname()[:2]
    return Address(socket.inet_pton(bound.family, host), port)


def is_own(ip: bytes) -> bool:
    """Whether an IP address is one of this machine's, now: the kernel would send to it from itself.  Sends nothing.

    When that can't be found out, as when the machine has no more sockets, it is taken for one.
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
    heard: list[Stray] = []
    for _ in range(MAX_STRAYS):
        try:
            data, source = wire.recvfrom(_LARGEST_BYTES)
        except BlockingIOError:
            break
        except OSError:
            continue
        heard.append((data, source[:2]))
    return heard


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if len(address.ip) == 4 else socket.AF_INET6
