"""The registrar (RFC 3261, 10.3, with RFC 5626): REGISTER adds, refreshes, lists and removes bindings.

Habits of the libraries in browsers matter here.  JsSIP believes it's registered only if the answer has its own Contact,
with its `+sip.instance`; SIP.js reads the time granted from the parameter `expires` of the Contact; and neither tries
again after 500 or 503, so the registrar never answers with these.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from eyeline.sip.header_fields import NameAddress, parse_number
from eyeline.sip.location import KEPT_LONGER_S, Binding, BindingKey, Location
from eyeline.sip.message import SipRequest, SipResponse
from eyeline.sip.uri import SipUri

MIN_GRANT_S: Final = 60
"""A client that asks for less gets 423: timers of background tabs are too coarse for less."""

MAX_GRANT_S: Final = 3600
DEFAULT_GRANT_S: Final = 600

MAX_BINDINGS: Final = 10
"""Maximum number of bindings per user; those of closed connections make room for new ones."""

MAX_CONTACT: Final = 1024
"""Characters in one Contact."""

_MAX_SECONDS: Final = 2**32 - 1
_MAX_REG_ID: Final = 2**31 - 1
_KEPT_PARAMS: Final = ("+sip.instance", "reg-id", "q")


class _Refused(Exception):
    """The request is answered with this status, and changes nothing."""

    def __init__(self, status: int, reason: str = "", *extra: tuple[str, str]) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.extra = extra


class _Wish(Struct, frozen=True):
    """One Contact of a REGISTER: a binding to make, or to remove with `expires_s` 0."""

    key: BindingKey
    contact: str
    params: str
    expires_s: int


def register(
    location: Location,
    request: SipRequest,
    aor: str,
    flow_id: int,
    now: float,
    *,
    to_tag: str,
    longest_s: int = MAX_GRANT_S,
) -> SipResponse:
    """Handle an authenticated REGISTER for `aor`, over the connection `flow_id`.  Bindings last at most `longest_s`."""
    try:
        if request.headers.all("contact") == ["*"]:
            _remove_all(location, request, aor)
            wishes: Sequence[_Wish] = ()
        else:
            wishes = _wishes(request, aor)
            _check(location, request, aor, wishes, longest_s)
            _perform(location, request, flow_id, now, wishes, longest_s)
    except _Refused as refused:
        return request.answer(refused.status, refused.reason, to_tag=to_tag, extra=refused.extra)
    extra = [("Contact", _shown(each, now)) for each in location.all(aor)]
    if any(wish.key.reg_id for wish in wishes):
        extra.append(("Require", "outbound"))
    return request.answer(200, to_tag=to_tag, extra=[*extra, ("Supported", "outbound")])


def _remove_all(location: Location, request: SipRequest, aor: str) -> None:
    if _seconds(request.headers.get("expires"), DEFAULT_GRANT_S) > 0:
        raise _Refused(400, "Contact * Needs Expires 0")
    bindings = location.all(aor)
    _check_order(request, bindings)
    location.remove([each.key for each in bindings])


def _wishes(request: SipRequest, aor: str) -> Sequence[_Wish]:
    """What the Contacts ask for."""
    standard = _seconds(request.headers.get("expires"), DEFAULT_GRANT_S)
    elements = request.headers.all("contact")
    if len(elements) > MAX_BINDINGS:
        raise _Refused(403, "Too Many Contacts")
    wishes = [_wish(request, aor, element, standard) for element in elements]
    if len({wish.key for wish in wishes}) < len(wishes):
        raise _Refused(400, "Contact Twice")
    if sum(wish.key.reg_id > 0 and wish.expires_s > 0 for wish in wishes) > 1:
        raise _Refused(400, "More Than One reg-id")
    return wishes


def _wish(request: SipRequest, aor: str, element: str, standard: int) -> _Wish:
    try:
        address = NameAddress.parse(element)
        uri = SipUri.parse(address.uri)
        reg_id = parse_number(address.params.get("reg-id", "0"), _MAX_REG_ID)
    except ValueError:
        raise _Refused(400, "Bad Contact") from None
    instance = address.params.get("+sip.instance", "")
    if uri.headers or len(element) > MAX_CONTACT:
        raise _Refused(400, "Headers In A Contact" if uri.headers else "Contact Too Long")
    if reg_id and (not instance or "outbound" not in request.headers.all("supported")):
        reg_id = 0  # RFC 5626, 6: without these, reg-id means nothing
    elif reg_id and (request.headers.keys.count("via") > 1 or len(request.headers.all("via")) > 1):
        raise _Refused(439)
    kept = ((name, address.params[name]) for name in _KEPT_PARAMS if name in address.params)
    params = "".join(f";{name}={value}" for name, value in kept if reg_id or name != "reg-id")
    key = BindingKey(aor, instance or str(uri), reg_id)
    return _Wish(key, address.uri, params, _seconds(address.params.get("expires"), standard))


def _seconds(value: str | None, otherwise: int) -> int:
    """A time; an invalid one counts as none, and one that is too large as the largest (RFC 3261, 10.3 and 20.19)."""
    if value is None or not (value.isascii() and value.isdigit()):
        return otherwise
    return int(value) if len(value) < 10 else _MAX_SECONDS


def _check(location: Location, request: SipRequest, aor: str, wishes: Sequence[_Wish], longest_s: int) -> None:
    shortest = min(MIN_GRANT_S, longest_s)
    if any(0 < wish.expires_s < shortest for wish in wishes):
        raise _Refused(423, "", ("Min-Expires", str(shortest)))
    bindings = location.all(aor)
    changed = {wish.key for wish in wishes}
    _check_order(request, [each for each in bindings if each.key in changed])
    live = {each.key for each in bindings if each.is_live} - changed
    if len(live) + sum(wish.expires_s > 0 for wish in wishes) > MAX_BINDINGS:
        raise _Refused(403, "Too Many Registrations")


def _check_order(request: SipRequest, bindings: Sequence[Binding]) -> None:
    call_id, number = request.call_id, request.cseq.number
    if any(each.call_id == call_id and each.cseq >= number for each in bindings):
        raise _Refused(400, "CSeq Out Of Order")


def _perform(
    location: Location, request: SipRequest, flow_id: int, now: float, wishes: Sequence[_Wish], longest_s: int
) -> None:
    location.remove([wish.key for wish in wishes])
    for wish in wishes:
        granted = min(wish.expires_s, longest_s, MAX_GRANT_S)
        if granted > 0:
            location.put(
                Binding(
                    key=wish.key,
                    contact=wish.contact,
                    params=wish.params,
                    flow_id=flow_id,
                    is_live=True,
                    granted_until=now + granted,
                    ends_at=now + granted + KEPT_LONGER_S,
                    registered_at=now,
                    call_id=request.call_id,
                    cseq=request.cseq.number,
                )
            )
    bindings = location.all(wishes[0].key.aor) if wishes else []
    closed = [each.key for each in bindings if not each.is_live]
    location.remove(closed[: max(0, len(bindings) - MAX_BINDINGS)])


def _shown(binding: Binding, now: float) -> str:
    left = max(0, round(binding.granted_until - now))
    return f"<{binding.contact}>{binding.params};expires={left}"
