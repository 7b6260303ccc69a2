"""SIP over UDP, for phones: each source address is a flow, which answers go back to (RFC 3261, 18; RFC 3581)."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Final, Protocol

from eyeline.serve.client_address import source_of
from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.sip.transport_layer import ClientEnd, CloseReason, TransportLayer
from eyeline.signalling.messages import IceServer
from eyeline.sip.effects import LookUp
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow

FLOWS_MAX: Final = 10_000
"""Source addresses remembered at once.  When there are more, the one silent longest that no device uses is forgotten:
source addresses can be forged, and one machine has 65,535 ports."""

LOOKS_MAX: Final = 100
"""How many addresses are looked at to find one that can be forgotten; without success the new one isn't taken."""

SILENT_SECONDS: Final = 2 * 3600.0
"""Silence after which a source address is forgotten: phones register again at least once an hour."""

_FAMILIES: Final = {4: socket.AF_INET, 16: socket.AF_INET6}

Reply = Callable[[bytes], None]


class UdpSockets(Protocol):
    """Sockets that receive datagrams."""

    def start(self, receive: Callable[[bytes, Flow, Reply], None]) -> None:
        """Pass every datagram to `receive` from now on, with a function that answers it."""

    def close(self) -> None:
        """Stop listening."""


class Datagrams:
    """All UDP flows."""

    def __init__(
        self,
        layer: TransportLayer,
        limits: ConnectionLimits,
        sockets: UdpSockets,
        host: Callable[[str, int, bool], str],
    ) -> None:
        self._layer = layer
        self._limits = limits
        self._sockets = sockets
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._clients: dict[Address, DatagramClient] = {}
        """The one silent longest comes first, except for those with a device that were looked at meanwhile."""
        sockets.start(self._receive)

    def close(self) -> None:
        """Stop listening.  Idempotent."""
        self._sockets.close()

    def _receive(self, datagram: bytes, flow: Flow, reply: Reply) -> None:
        now = self._loop.time()
        if not self._limits.messages.try_spend(source_of(flow.client.ip), now):
            return
        client = self._clients.pop(flow.client, None)
        if not datagram.strip(b"\r\n\0"):  # a keep-alive, without an answer: the NAT has seen it
            if client is not None:
                self._clients[flow.client] = client
                client.heard_at = now
            return
        if client is None:
            if len(self._clients) >= FLOWS_MAX and not self._make_room():
                return
            ip = socket.inet_ntop(_FAMILIES[len(flow.server.ip)], flow.server.ip)
            end = ClientEnd("udp", flow.client.ip, flow.client.port, self._host(ip, flow.server.port, False))
            client = DatagramClient(self._layer, partial(self._clients.pop, flow.client, None), end)
        self._clients[flow.client] = client
        client.receive(datagram, reply, now)

    def _make_room(self) -> bool:
        for address, client in list(islice(self._clients.items(), LOOKS_MAX)):
            if not client.has_device:
                client.forget()
                return True
            self._clients[address] = self._clients.pop(address)  # the next search begins behind it
        return False


class DatagramClient:
    """One source address."""

    def __init__(self, layer: TransportLayer, gone: Callable[[], object], end: ClientEnd) -> None:
        self._layer = layer
        self._gone = gone
        self._reply: Reply | None = None
        self.heard_at = 0.0
        self._flow_id = layer.open(self, end)

    @property
    def has_device(self) -> bool:
        """Whether a device that has proved who it is uses this address."""
        return self._layer.has_device(self._flow_id)

    def receive(self, datagram: bytes, reply: Reply, now: float) -> None:
        """A datagram was received."""
        self._reply, self.heard_at = reply, now
        self._layer.receive(self._flow_id, datagram)

    def forget(self) -> None:
        """Forget this address."""
        self._gone()
        self._layer.closed(self._flow_id)

    def send(self, message: bytes) -> None:
        """See `SipConnection`."""
        if self._reply is not None:
            self._reply(message)

    def close(self, why: CloseReason) -> None:
        """See `SipConnection`."""
        del why
        self.forget()

    def tick(self, now: float) -> None:
        """See `SipConnection`."""
        if now - self.heard_at > SILENT_SECONDS:
            self._layer.drop(self._flow_id, "silent")

    def ask_site(self, question: LookUp) -> bool:
        """See `SipConnection`: phones have accounts of the file."""
        del question
        return False

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """See `SipConnection`: phones are given theirs by the person who sets them up."""
        del user
        return ()
