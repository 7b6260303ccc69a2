"""A request that has arrived, with what the server reads in it once: who sent it, and where it wants to go."""

from collections.abc import Sequence, Set

from msgspec import Struct

from eyeline.sip.devices import ClientFlow
from eyeline.sip.header_fields import Via
from eyeline.sip.headers import Headers
from eyeline.sip.message import SipRequest, SipResponse
from eyeline.sip.route import Hops
from eyeline.sip.uri import SipUri


class Arrived(Struct, frozen=True):
    """One request."""

    flow: ClientFlow
    key: str
    """The key of its transaction; see `server_key`."""
    request: SipRequest
    vias: Headers
    """The Via lines for all responses, with where it came from."""
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
    def for_server(self) -> bool:
        """Whether it's for the server itself."""
        return self.callee == ""

    def answer(
        self, status: int, reason: str, to_tag: str, extra: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> SipResponse:
        """A response to it, with these Via lines."""
        return self.request.answer(status, reason, to_tag=to_tag, extra=extra, body=body, vias=self.vias)


class Arrival:
    """Reads requests that arrive."""

    def __init__(self, domain: str, hosts: Set[str], hops: Hops) -> None:
        self._domain = domain
        self._hosts = hosts
        self._hops = hops

    def of(self, flow: ClientFlow, key: str, request: SipRequest, via: Via) -> Arrived:
        """Read one request."""
        headers = request.headers
        count, token = self._hops.own_routes(headers.all("route")) if "route" in headers.keys else (0, "")
        to = request.to
        token = token if to.tag else ""
        # Within a call, the callee's From has the host that the caller wrote, maybe to an earlier run of this server.
        address = (to if request.method == "REGISTER" else request.from_).uri
        sender = self._address(address, flow, any_host=token != "")
        target = self._address(request.uri, flow, any_host=False)
        return Arrived(
            flow,
            key,
            request,
            _vias(flow, request, via),
            count,
            token,
            sender.name or None if sender else None,
            target.name if target else None,
            f"sip:{sender.user}@{self._domain}" if sender else "",
        )

    def _address(self, text: str, flow: ClientFlow, *, any_host: bool) -> SipUri | None:
        """The parsed URI, if it's of this server."""
        try:
            uri = SipUri.parse(text)
        except ValueError:
            return None
        return uri if any_host or uri.host in self._hosts or uri.host == flow.host else None


def _vias(flow: ClientFlow, request: SipRequest, via: Via) -> Headers:
    """The Via lines of a request, with where it came from in the first (RFC 3261, 18.2.1)."""
    headers = request.headers
    if not flow.address:
        return headers.only(("via",))
    if len(via.params) == 1 and headers.keys.count("via") == 1:
        line = headers.lines[headers.keys.index("via")]
        if "," not in line:
            return Headers(("via",), (f"{line};received={flow.address}",))  # as browsers send it: much faster
    return headers.only(("via",)).with_first("Via", str(via.received_from(flow.address, flow.flow.port)))
