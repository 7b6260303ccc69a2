"""SIP is off until somebody can register: then its edge is loaded and opened, and no restart is needed."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from starlette.types import Scope

from eyeline.errors import SetupError
from eyeline.serve.client_address import ForwardedClient
from eyeline.serve.connection_limits import AdmittedSocket, ConnectionLimits
from eyeline.serve.logs import LogEvent
from eyeline.serve.metrics import ROWS, Reading
from eyeline.serve.sip import ACCOUNTS_FILE
from eyeline.serve.site import Site
from eyeline.serve.websocket import Accept
from eyeline.settings import Settings
from eyeline.signalling.messages import Phones
from eyeline.signalling.session import AskBridge, Ice

if TYPE_CHECKING:
    from eyeline.serve.sip.datagrams import UdpSockets
    from eyeline.serve.sip.edge import FindSipPassword, SipEdge
    from eyeline.serve.sip.rooms import RoomBus

_log = logging.getLogger("eyeline.sip")

_Stamp = tuple[int, int, int]


class SipContext(NamedTuple):
    """What SIP needs of the server."""

    settings: Settings
    secret: bytes
    limits: ConnectionLimits
    site: Site
    sip_password: "FindSipPassword | None"
    bus: "RoomBus"
    guests: bool
    """Whether people without a pass, which phones don't have, may enter rooms."""
    ice: Callable[[Scope], Ice]
    """The STUN and TURN servers for the client of a WebSocket."""
    is_plain: Callable[[asyncio.BaseTransport], bool]
    """Whether a connection to a TLS port uses no TLS."""
    open_udp: Callable[[int], "UdpSockets"]
    """Open UDP sockets at this port.  Raises `SetupError`."""


class SipSwitch:
    """SIP of a running server, on or off.  Raises `SetupError` as `SipEdge` does, if it is on from the start."""

    def __init__(self, context: SipContext) -> None:
        self._context = context
        self._file = str(context.settings.data_dir / ACCOUNTS_FILE)
        self._edge: SipEdge | None = None
        self._unusable: _Stamp | None = None
        """The file of accounts that couldn't be used, so that it isn't read again for each request."""
        self._stopped = False
        self._open()

    def edge(self) -> "SipEdge | None":
        """The edge, if anybody can register."""
        if self._edge is None and not self._stopped:
            try:
                self._open()
            except SetupError as error:  # the file was written after the start
                self._unusable = self._stamp()
                _log.error(LogEvent("!", sip="off", why=str(error)))
        return self._edge if self._edge is not None and self._edge.on else None

    def phones(self) -> Phones | None:
        """What people in rooms are told about phones."""
        edge = self.edge()
        return None if edge is None else edge.phones

    def ask(self, asked: AskBridge) -> bool:
        """Do something with phones for a member of a room; False if nobody may."""
        edge = self.edge()
        if edge is None or not edge.phones.call_out:
            return False
        edge.ask(asked)
        return True

    def websocket(self, admitted: AdmittedSocket, scope: Scope, tasks: asyncio.TaskGroup | None) -> Accept:
        """See `SipEdge`.  SIP must be on."""
        assert self._edge is not None
        return self._edge.websocket(admitted, scope, tasks)

    def stream(self, forwarded: ForwardedClient | None) -> asyncio.Protocol:
        """A protocol for one phone over TCP or TLS; see `SipEdge`.  Needs the setting `sip_port`."""
        assert self._edge is not None
        return self._edge.stream(forwarded)

    def readings(self) -> dict[str, Reading]:
        """Readings for the metrics; zeros while SIP is off."""
        return {name: partial(self._read, name) for name in ROWS if name.startswith("eyeline_sip_")}

    def stop(self) -> None:
        """Close all connections, for good.  Idempotent."""
        self._stopped = True
        if self._edge is not None:
            self._edge.close()
            self._edge = None

    def _open(self) -> None:
        settings, stamp = self._context.settings, self._stamp()
        wanted = self._context.sip_password or settings.sip_domain or settings.sip_port is not None or stamp is not None
        if wanted and (stamp is None or stamp != self._unusable):
            from eyeline.serve.sip.edge import SipEdge  # noqa: PLC0415  most servers never load it

            self._edge = SipEdge(self._context)

    def _stamp(self) -> _Stamp | None:
        try:
            found = os.stat(self._file)  # noqa: PTH116  as in `AccountFile.stamp`
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self, name: str) -> float | Mapping[str, float]:
        if self._edge is not None:
            return self._edge.readings()[name]()
        return {} if ROWS[name].label else 0
