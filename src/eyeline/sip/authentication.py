"""Who sent a request: digest authentication (RFC 3261, 22), and the connections on which somebody has authenticated.

A verified REGISTER, or any other verified request, authenticates its connection, as long as that stays open and for at
most `AUTHENTICATED_S`: a page isn't asked for its password before each call.  Over UDP, where source addresses can be
forged, every request outside a call is challenged.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from eyeline.sip.arrival import Arrived
from eyeline.sip.devices import ROOMS, ClientFlow
from eyeline.sip.digest import Algorithm, Digest, DigestCredentials, credentials_in
from eyeline.sip.effects import LookUp, SipAccount
from eyeline.sip.limits import LimitCounters, SipLimits
from eyeline.sip.message import SipRequest
from eyeline.sip.validation import Refuse

AUTHENTICATED_S: Final = 3600.0
"""How long a connection speaks for a user after a verified request, in seconds."""

_FOR_PAGES: Final[Sequence[Algorithm]] = ("SHA-256", "MD5")
"""JsSIP and SIP.js can only do MD5, and take the last challenge; the best one comes first (RFC 8760, 2.3)."""
_FOR_PHONES: Final[Sequence[Algorithm]] = ("MD5",)
"""Phones such as baresip give up if there is any other challenge."""


class Parked(NamedTuple):
    """A request that waits for its account."""

    arrived: Arrived
    credentials: DigestCredentials


class Authentication:
    """Challenges, and verifies the answers."""

    def __init__(self, key: bytes, realm: str, limits: SipLimits, counters: LimitCounters) -> None:
        self._digest = Digest(key, realm)
        self._realm = realm
        self._limits = limits
        self._counters = counters
        self._queries = 0
        self._parked: dict[int, Parked] = {}

    def __len__(self) -> int:
        """How many requests wait for their account."""
        return len(self._parked)

    def speaks_for(self, flow: ClientFlow, name: str, now: float, *, in_call: bool) -> bool:
        """Whether a request from this flow needs no credentials.

        Within a call over UDP, the source address and the flow token that only the two sides know are enough."""
        if flow.device_of(ROOMS) is not None:
            return True
        if flow.reliable:
            return flow.users.get(name, now) > now
        return in_call and flow.device_of(name) is not None

    def credentials(self, request: SipRequest) -> DigestCredentials | None:
        """The credentials in a request; None without any for our realm."""
        headers = request.headers
        for key in ("proxy-authorization", "authorization"):
            if key in headers.keys:
                found = credentials_in(headers, key, self._realm)
                if found is not None:
                    return found
        return None

    def challenge(self, flow: ClientFlow, method: str, unix: float, *, stale: bool = False) -> Refuse:
        """The response to a request without valid credentials."""
        algorithms = _FOR_PAGES if flow.flow.transport in {"ws", "wss"} else _FOR_PHONES
        registers = method == "REGISTER"
        name = "WWW-Authenticate" if registers else "Proxy-Authenticate"
        values = self._digest.challenge(algorithms, unix, stale=stale)
        return Refuse(401 if registers else 407, "", tuple((name, value) for value in values))

    def park(self, arrived: Arrived, credentials: DigestCredentials) -> LookUp | None:
        """Ask for the account of a request; None if it waits already, or too many of its connection do."""
        flow = arrived.flow
        if len(flow.parked) >= self._limits.lookups_per_connection or arrived.key in flow.parked:
            return None
        self._queries += 1
        flow.parked[arrived.key] = self._queries
        self._parked[self._queries] = Parked(arrived, credentials)
        return LookUp(self._queries, credentials.username, flow.flow.id)

    def unpark(self, query: int) -> Parked | None:
        """The request that waits for this account; None if it was answered before."""
        parked = self._parked.pop(query, None)
        if parked is not None:
            parked.arrived.flow.parked.pop(parked.arrived.key, None)
        return parked

    def forget(self, flow: ClientFlow, key: str) -> Parked | None:
        """The request with this key is no longer wanted; None if none waits."""
        return self.unpark(flow.parked.get(key, 0))

    def is_known(self, flow: ClientFlow, now: float) -> bool:
        """Whether anybody has authenticated on this connection."""
        return any(ends > now for ends in flow.users.values())

    def verify(self, parked: Parked, account: SipAccount | None, now: float, unix: float) -> Refuse | None:
        """Check the password.  If it's right, the connection speaks for the user from now on; otherwise this is the
        response."""
        flow, request = parked.arrived.flow, parked.arrived.request
        current = account if account is not None and (account.ends is None or account.ends > unix) else None
        hashes: dict[Algorithm, str] = {}
        if current is not None:
            hashes = {"MD5": current.ha1_md5, "SHA-256": current.ha1_sha256}
        verdict = self._digest.verify(parked.credentials, request.method, hashes, unix)
        if verdict == "stale":
            return self.challenge(flow, request.method, unix, stale=True)
        if verdict == "wrong" or current is None:
            if not self._counters.wrong_password(flow.flow.address, now):
                return Refuse(403, "Too Many Wrong Passwords", closes=True)
            return self.challenge(flow, request.method, unix)
        if current.user != parked.arrived.name:
            return Refuse(403, "Not Your Address")
        if flow.reliable:
            ends = AUTHENTICATED_S if current.ends is None else min(AUTHENTICATED_S, current.ends - unix)
            flow.users[current.user] = now + ends
        return None
