"""The UDP sockets that STUN and TURN are asked on.

Not asyncio's datagram transport, and a socket for each family: `docs/decisions/0003-udp-by-add-reader.md` says why.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Final, Self

from eyeline.errors import SetupError
from eyeline.serve.relay.port_allocator import address_of, share
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow

RECEIVE_BUFFER_BYTES: Final = 1 << 20
"""Room in the kernel for about a thousand datagrams that come while the loop is busy."""

MAX_DATAGRAM_BYTES: Final = 2048
"""The end of a longer one is lost, and the rest is then no STUN."""

DATAGRAMS_PER_WAKE: Final = 64
"""Then it is others' turn on the loop: about a millisecond."""

PORT_ATTEMPTS: Final = 16
"""How many free ports of IPv4 are tried until one is free on IPv6, too."""

_IP_PKTINFO: Final = 8  # Linux; the socket module has no name for it before Python 3.14
_ANY_INTERFACE: Final = bytes(4)
_NO_SUCH_FAMILY: Final = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)

_Control = tuple[int, int, bytes]
_HostAddress = tuple[socket.AddressFamily, str]


Receive = Callable[[bytes, Flow, Callable[[bytes], None]], None]
"""A datagram, whose it is, and how to answer it."""


class UdpListeners:
    """UDP sockets on one port, until `close`."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._sockets = sockets
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(MAX_DATAGRAM_BYTES)
        self._view = memoryview(self._buffer)

    @classmethod
    def open(cls, *, host: str, port: int) -> Self:
        """Listen on `host`, of which `::` is every address of both families; port 0 takes a free one.

        Needs a running loop, and blocks it while `host` is looked up.  A family that this machine hasn't got is left
        out.  Raises `SetupError`.
        """
        try:
            return cls(_listen(host, port))
        except PermissionError as error:
            raise SetupError(f"No right to open UDP port {port}: use --stun-port with 1024 or more.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SetupError(f"UDP port {port} is taken: choose another with --stun-port.") from error
            where = f"{host}, UDP port {port}"
            raise SetupError(f"Can't listen on {where} ({error.strerror}): see --host and --stun-port.") from error

    @property
    def port(self) -> int:
        """The UDP port, the same for both families."""
        return address_of(self._sockets[0]).port

    def start(self, receive: Receive) -> None:
        """Hand every datagram to `receive` from now on."""
        for each in self._sockets:
            share(each)
            bound = address_of(each)
            self._loop.add_reader(each.fileno(), self._drain, each, bound, receive)

    def close(self) -> None:
        """Stop listening.  A second time does nothing."""
        for each in self._sockets:
            if each.fileno() >= 0:
                self._loop.remove_reader(each.fileno())
                each.close()

    def _drain(self, listener: socket.socket, bound: Address, receive: Receive) -> None:
        """Take what waits at one socket, at most `DATAGRAMS_PER_WAKE` of it.

        With its answer 20 us each (`bench/stun.py`); about a fifth of it buys the right source address.
        """
        for _ in range(DATAGRAMS_PER_WAKE):
            try:
                size, control, _, peer = listener.recvmsg_into((self._buffer,), 64)
            except BlockingIOError:
                return
            except OSError:
                continue  # news of an earlier answer that didn't arrive; the queue goes on behind it
            client = Address(socket.inet_pton(listener.family, peer[0]), peer[1])
            flow = Flow("udp", client, Address(_asked(control) or bound.ip, bound.port))

            def reply(data: bytes, control: list[_Control] = control, peer: tuple[str, int] = peer) -> None:
                with suppress(OSError):  # a full queue, or nobody can be sent to there: the client asks again
                    listener.sendmsg((data,), _from_where_it_came(control), 0, peer)

            receive(bytes(self._view[:size]), flow, reply)


def _asked(control: list[_Control]) -> bytes | None:
    """The address of ours that was asked; of IPv4 it comes after the interface's index."""
    for level, _, info in control:
        return info[4:8] if level == socket.IPPROTO_IP else info[:16]
    return None


def _from_where_it_came(control: list[_Control]) -> list[_Control]:
    """Answer from the address that was asked, by the interface that routing chooses.

    A host with two addresses would else answer from the wrong one, and the client's NAT drop it.  The kernel takes back
    what it said (ip(7), ipv6(7)), with the index of the interface, which comes first or last, put to zero.
    """
    return [
        (level, kind, _ANY_INTERFACE + info[4:] if level == socket.IPPROTO_IP else info[:16] + _ANY_INTERFACE)
        for level, kind, info in control
    ]


def _listen(host: str, port: int) -> list[socket.socket]:
    """One socket for each address, all on one port.  Raises `OSError`."""
    addresses = _addresses(host)
    for _ in range(PORT_ATTEMPTS - 1):
        try:
            return _bind_all(addresses, port)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise
    return _bind_all(addresses, port)


def _addresses(host: str) -> list[_HostAddress]:
    if host == "::":
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104
    found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bind_all(addresses: list[_HostAddress], port: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    missing: OSError | None = None
    with ExitStack() as undo:
        for family, host in addresses:
            try:
                listener = _bind(family, host, port)
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
                missing = error
                continue
            undo.callback(listener.close)
            opened.append(listener)
            port = listener.getsockname()[1]
        if missing and not opened:
            raise missing
        undo.pop_all()
    return opened


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    with ExitStack() as undo:
        listener = undo.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            listener.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        listener.bind((host, port))
        undo.pop_all()
    return listener
