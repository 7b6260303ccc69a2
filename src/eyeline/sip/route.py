"""The server's own lines in the messages that it passes on: Via, Record-Route and Route (RFC 3261, 16; RFC 5626, 5.3).

Record-Route has two lines of ours, one for each side, since their transports may differ (RFC 5658): each holds the flow
token of the device on that side.  So within a call, the last of our Route lines names the device that a request goes
to, whichever side sent it.
"""

import re
from collections.abc import Callable, Set
from typing import Final
from zlib import crc32

from eyeline.sip.devices import Device
from eyeline.sip.effects import SipFlow
from eyeline.sip.header_fields import MAGIC_COOKIE, NameAddress
from eyeline.sip.message import SipRequest
from eyeline.sip.uri import SipUri

_ROUTING: Final = frozenset({"from", "to", "call-id", "cseq", "route"})

_TOKEN: Final = re.compile(r"<sip:([\w-]{24})@", re.ASCII)


class Hops:
    """Makes and recognises the server's own lines."""

    def __init__(self, domain: str, hosts: Set[str], run: str, is_token: Callable[[str], bool]) -> None:
        self._is_token = is_token
        self._domain = domain
        self._hosts = hosts
        self._cookie = f"{MAGIC_COOKIE}{run}"
        self._sent = 0

    def via(self, device: Device, fingerprint: str = "0") -> str:
        """A Via with a new branch, for a request to `device`.  `fingerprint` is what `loop_fingerprint` returned."""
        self._sent += 1
        branch = f"{self._cookie}{self._sent:x}.{fingerprint}"
        if not device.flows:
            return f"SIP/2.0/WS {self._domain};branch={branch}"
        flow = device.flows[-1].flow
        rport = ";rport" if flow.transport == "udp" else ""
        return f"SIP/2.0/{flow.transport.upper()} {flow.host}{rport};branch={branch}"

    def is_loop(self, request: SipRequest) -> bool:
        """Whether this request has been here before, with the same fields that decide where it goes (RFC 5393, 4.2)."""
        vias = request.headers.values("via")
        if len(vias) == 1 and self._cookie not in vias[0]:
            return False
        fingerprint = loop_fingerprint(request)
        branches = "".join(vias).split(self._cookie)[1:]
        return any(branch.partition(".")[2].startswith(fingerprint) for branch in branches)

    def record_route(self, device: Device, flow: SipFlow | None = None) -> str:
        """The Record-Route line for the side of `device`, which uses `flow`."""
        if flow is None and device.flows:
            flow = device.flows[-1].flow
        host, transport = (self._domain, "ws") if flow is None else (flow.host, flow.transport)
        return f"<sip:{device.token}@{host};transport={'ws' if transport == 'wss' else transport};lr>"

    def own_routes(self, routes: list[str]) -> tuple[int, str]:
        """How many of the first Route elements are ours, and the flow token in the last of them ("" without one)."""
        count, token = 0, ""
        for value in routes:
            user = self._own(value)
            if user is None:
                break
            count += 1
            token = user or token
        return count, token

    def beyond(self, record_routes: list[str]) -> list[str]:
        """The Route lines for a request of our own, from the Record-Route of a response: the proxies behind us."""
        behind: list[str] = []
        for value in record_routes:
            if self._own(value) is not None:
                break
            behind.insert(0, value)
        return behind

    def _own(self, value: str) -> str | None:
        """The user of a Route element of ours, "" without one; None if it isn't ours."""
        found = _TOKEN.match(value)
        if found is not None and self._is_token(found[1]):
            return found[1]
        try:
            uri = SipUri.parse(NameAddress.parse(value).uri)
        except ValueError:
            return None
        return (uri.user or "") if uri.host in self._hosts else None


def loop_fingerprint(request: SipRequest) -> str:
    """A hash of the fields that decide where a request goes (RFC 5393, 4.2.2)."""
    headers = request.headers
    lines = [line for key, line in zip(headers.keys, headers.lines, strict=True) if key in _ROUTING]
    return f"{crc32(' '.join((request.uri, *lines)).encode()):08x}"
