"""UDP listeners for STUN and TURN: one socket per address family, read with `add_reader`.

`docs/decisions/0003-udp-by-add-reader.md` explains why this isn't asyncio's datagram transport.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Final, Self

from eyeline.errors import SetupError
from eyeline.serve.relay.port_allocator import address_of, name_of, share
from eyeline.serve.relay.pump_choice import BindingResponder
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow

RECEIVE_BUFFER_BYTES: Final = 1 << 20
"""Kernel buffer for about a thousand datagrams that arrive while the loop is busy."""

MAX_DATAGRAM_BYTES: Final = 2048
"""Longer datagrams of STUN are truncated and then fail to parse."""

DATAGRAMS_PER_WAKE: Final = 64
"""Datagrams read before the event loop runs other tasks: about a millisecond."""

PORT_ATTEMPTS: Final = 16
"""How many free IPv4 ports are tried until one is free for IPv6 too."""

_IP_PKTINFO: Final = 8  # Linux; the socket module doesn't define it before Python 3.14
_ANY_INTERFACE: Final = bytes(4)
_NO_SUCH_FAMILY: Final = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)

_Control = tuple[int, int, bytes]
_HostAddress = tuple[socket.AddressFamily, str]


Receive = Callable[[bytes, Flow, Callable[[bytes], None]], None]
"""Handles a datagram, given its flow and a function that replies."""


class UdpListeners:
    """UDP sockets on one port, until `close`."""

    def __init__(self, sockets: list[socket.socket], datagram_bytes: int = MAX_DATAGRAM_BYTES) -> None:
        self._sockets = sockets
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(datagram_bytes)
        self._view = memoryview(self._buffer)
        self._responders: list[BindingResponder] = []

    @classmethod
    def open(
        cls, *, host: str, port: int, setting: str = "stun_port", datagram_bytes: int = MAX_DATAGRAM_BYTES
    ) -> Self:
        """Listen on `host`, where `::` means every address of both families; port 0 picks a free one.

        `setting` names the port in errors; longer datagrams than `datagram_bytes` are truncated.
        Needs a running loop, and blocks it while `host` is resolved.  Skips an address family that this machine doesn't
        have.  Raises `SetupError`.
        """
        try:
            return cls(_listen(host, port), datagram_bytes)
        except PermissionError as error:
            raise SetupError(f"No permission to open UDP port {port}: set {setting} to 1024 or more.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SetupError(f"UDP port {port} is already in use: set {setting} to another one.") from error
            where = f"{host}, UDP port {port}"
            raise SetupError(
                f"Can't listen on {where} ({error.strerror}): see the settings host and {setting}."
            ) from error

    @property
    def port(self) -> int:
        """The UDP port, the same for both families."""
        return address_of(self._sockets[0]).port

    def start(self, receive: Receive, responder: Callable[[int], BindingResponder] | None = None) -> None:
        """Pass every datagram to `receive` from now on, except those that a `responder` of the socket answers."""
        for each in self._sockets:
            share(each)
            bound = address_of(each)
            read = partial(self._drain, each, bound, receive)
            if responder is not None:
                made = responder(each.fileno())
                self._responders.append(made)
                read = partial(self._respond, made, each, bound, receive)
            self._loop.add_reader(each.fileno(), read)

    def answered(self) -> int:
        """How many requests the responders have answered."""
        return sum(each.answered() for each in self._responders)

    def close(self) -> None:
        """Stop listening.  Idempotent."""
        for each in self._sockets:
            if each.fileno() >= 0:
                self._loop.remove_reader(each.fileno())
                each.close()

    def _drain(self, listener: socket.socket, bound: Address, receive: Receive) -> None:
        """Read what is queued on one socket, at most `DATAGRAMS_PER_WAKE` datagrams.

        Takes 20 us each including the answer (`bench/stun.py`), a fifth of it for answering from the right address.
        """
        for _ in range(DATAGRAMS_PER_WAKE):
            try:
                size, control, _, peer = listener.recvmsg_into((self._buffer,), 64)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error about an earlier answer; more datagrams may follow
            client = Address(socket.inet_pton(listener.family, peer[0]), peer[1])
            flow = Flow("udp", client, Address(_destination(control) or bound.ip, bound.port))

            def reply(data: bytes, control: list[_Control] = control, peer: tuple[str, int] = peer) -> None:
                with suppress(OSError):  # the queue is full or the client unreachable: it will retransmit
                    listener.sendmsg((data,), _same_source(control), 0, peer)

            receive(bytes(self._view[:size]), flow, reply)

    def _respond(self, responder: BindingResponder, listener: socket.socket, bound: Address, receive: Receive) -> None:
        """Like `_drain`, but only for what isn't a bare Binding request."""
        for datagram, ip, port, scope, destination in responder.run(self._loop.time()):
            peer = (name_of(ip), port) if len(ip) == 4 else (name_of(ip), port, 0, scope)
            control = _any_interface(destination)

            def reply(data: bytes, control: list[_Control] = control, peer: tuple[object, ...] = peer) -> None:
                with suppress(OSError):
                    listener.sendmsg((data,), control, 0, peer)

            receive(datagram, Flow("udp", Address(ip, port), Address(destination or bound.ip, bound.port)), reply)


def _any_interface(source: bytes) -> list[_Control]:
    """Control data to answer from this address, if it is known, by the interface that routing chooses."""
    if len(source) == 4:
        return [(socket.IPPROTO_IP, _IP_PKTINFO, _ANY_INTERFACE + source + bytes(4))]
    return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, source + _ANY_INTERFACE)] if source else []


def _destination(control: list[_Control]) -> bytes | None:
    """The address of ours that the datagram was sent to; in IPv4's structure it follows the interface index."""
    for level, _, info in control:
        return info[4:8] if level == socket.IPPROTO_IP else info[:16]
    return None


def _same_source(control: list[_Control]) -> list[_Control]:
    """Control data to answer from the address the datagram was sent to, by the interface that routing chooses.

    Otherwise a host with two addresses might answer from the wrong one, and the client's NAT would drop it.  The kernel
    accepts its own structure (ip(7), ipv6(7)) with the interface index, which comes first or last, set to zero.
    """
    return [
        (level, kind, _ANY_INTERFACE + info[4:] if level == socket.IPPROTO_IP else info[:16] + _ANY_INTERFACE)
        for level, kind, info in control
    ]


def _listen(host: str, port: int) -> list[socket.socket]:
    """Open one socket per address, all on one port.  Raises `OSError`."""
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
