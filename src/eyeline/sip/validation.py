"""Whether a proxy may pass a request on at all (RFC 3261, 16.3), and the copy that it passes on (16.6)."""

from typing import Final, NamedTuple

from eyeline.sip.headers import Headers, line_of
from eyeline.sip.message import SipRequest
from eyeline.sip.uri import scheme_of

METHODS: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE, INFO, UPDATE, REFER, NOTIFY, SUBSCRIBE, PRACK"
"""What the server passes on or handles itself; it passes on unknown methods too."""

_FIRST_MAX_FORWARDS: Final = 70

_STAYS_HERE: Final = frozenset(
    {"authorization", "proxy-authorization", "p-asserted-identity", "p-preferred-identity", "remote-party-id"}
)
"""Headers that aren't passed on: credentials are for this server only, and only it says who the caller is."""


class Refuse(NamedTuple):
    """A final response of the server's own."""

    status: int
    reason: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    closes: bool = False
    """Close the connection after it."""


def problem_of(request: SipRequest) -> Refuse | None:
    """Why a request isn't passed on; None if it may be."""
    if request.uri[:4] != "sip:" and (scheme_of(request.uri) not in {"sip", "sips"} or not request.to.tag):
        return Refuse(416)  # sips promises TLS on every hop; within a call the Contact decides
    if request.max_forwards == 0:
        return Refuse(483)
    if "proxy-require" in request.headers.keys:
        return Refuse(420, "", (("Unsupported", request.headers.get("proxy-require") or ""),))
    return None


def passed_on(request: SipRequest, own_routes: int, identity: str | None) -> SipRequest:
    """The request without its first `own_routes` Route elements and what stays here, with one hop less to go.

    `identity` is the URI of the authenticated caller, for P-Asserted-Identity (RFC 3325).
    """
    left = request.max_forwards
    keys: list[str] = []
    lines: list[str] = []
    for key, line in zip(request.headers.keys, request.headers.lines, strict=True):
        if key == "max-forwards" or (key == "route" and own_routes):
            continue
        if key not in _STAYS_HERE:
            keys.append(key)
            lines.append(line)
    if own_routes:
        others = request.headers.all("route")[own_routes:]
        keys += ["route"] * len(others)
        lines += [line_of("Route", each) for each in others]
    keys.append("max-forwards")
    lines.append(f"Max-Forwards: {_FIRST_MAX_FORWARDS if left is None else left - 1}")
    if identity is not None:
        keys.append("p-asserted-identity")
        lines.append(line_of("P-Asserted-Identity", f"<{identity}>"))
    return SipRequest(request.method, request.uri, Headers(tuple(keys), tuple(lines)), request.body)


def is_plain_rtp(request: SipRequest) -> bool:
    """Whether an offer has only media that browsers refuse: RTP without DTLS (RFC 8827, 6.5)."""
    body = request.body
    if not body or b"a=fingerprint:" in body or "sdp" not in (request.headers.get("content-type") or "").lower():
        return False
    media = [line for line in body.splitlines() if line.startswith(b"m=")]
    return any(b" RTP/" in line for line in media)
