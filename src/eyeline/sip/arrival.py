"""A request that has arrived, with what the server reads in it once: who sent it, and where it wants to go."""

from collections.abc import Set
from typing import NamedTuple

from eyeline.sip.devices import ClientFlow
from eyeline.sip.message import SipRequest
from eyeline.sip.route import Hops
from eyeline.sip.transaction import ServerTransaction
from eyeline.sip.uri import SipUri


class Arrived(NamedTuple):
    """One request."""

    flow: ClientFlow
    transaction: ServerTransaction
    request: SipRequest
    own_routes: int
    """How many Route elements at the top are ours."""
    token: str
    """The flow token of the device that it goes to within a call; "" outside of calls."""
    name: str | None
    """The user that it claims to come from, or to register; None if that's no address of this server."""
    callee: str | None
    """The user that it's for; "" for the server itself, and None for something elsewhere."""
    identity: str
    """The address of its sender."""

    @property
    def is_waiting(self) -> bool:
        """Whether its sender still waits for an answer."""
        return self.flow.is_open and self.transaction.state in {"trying", "proceeding"}

    @property
    def for_server(self) -> bool:
        """Whether it's for the server itself."""
        return self.callee == ""


class Arrival:
    """Reads requests that arrive."""

    def __init__(self, domain: str, hosts: Set[str], hops: Hops) -> None:
        self._domain = domain
        self._hosts = hosts
        self._hops = hops

    def of(self, flow: ClientFlow, transaction: ServerTransaction, request: SipRequest) -> Arrived:
        """Read one request."""
        headers = request.headers
        count, token = self._hops.own_routes(headers.all("route")) if "route" in headers.keys else (0, "")
        # Within a call, the callee's From has the host that the caller wrote, maybe to an earlier run of this server.
        sender = self._address(
            (request.to if request.method == "REGISTER" else request.from_).uri, any_host=token != ""
        )
        target = self._address(request.uri, any_host=False)
        return Arrived(
            flow=flow,
            transaction=transaction,
            request=request,
            own_routes=count,
            token=token,
            name=sender.name or None if sender else None,
            callee=target.name if target else None,
            identity=f"sip:{sender.user}@{self._domain}" if sender else "",
        )

    def _address(self, text: str, *, any_host: bool) -> SipUri | None:
        """The parsed URI, if it's of this server."""
        try:
            uri = SipUri.parse(text)
        except ValueError:
            return None
        return uri if any_host or uri.host in self._hosts else None
