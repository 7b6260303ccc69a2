"""The registrar (RFC 3261, 10.3, with RFC 5626): REGISTER adds, refreshes, lists and removes bindings.

Habits of the libraries in browsers matter here.  JsSIP believes it's registered only if the answer has its own Contact,
with its `+sip.instance`; SIP.js reads the time granted from the parameter `expires` of the Contact; and neither tries
again after 500 or 503, so the registrar never answers with these.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from eyeline.sip.header_fields import NameAddress, parse_number
from eyeline.sip.location import KEPT_LONGER_S, Binding, BindingKey, Location
from eyeline.sip.message import SipRequest
from eyeline.sip.uri import SipUri
from eyeline.sip.validation import Refuse

MIN_GRANT_S: Final = 60
"""A client that asks for less gets 423: timers of background tabs are too coarse for less."""

MAX_GRANT_S: Final = 3600
DEFAULT_GRANT_S: Final = 600

MAX_BINDINGS: Final = 10
"""Maximum number of bindings per user; those of closed connections make room for new ones."""

MAX_CONTACT: Final = 1024
"""Characters in one Contact."""

REMEMBERED: Final = 2048
"""How many Contacts the parser remembers, about 2 MB."""

_MAX_SECONDS: Final = 2**32 - 1
_MAX_REG_ID: Final = 2**31 - 1


class _Refused(Exception):
    """The request is answered with this, and changes nothing."""

    def __init__(self, status: int, reason: str = "", *extra: tuple[str, str]) -> None:
        super().__init__(reason)
        self.answer = Refuse(status, reason, extra)


class _Contact(Struct, frozen=True):
    """One Contact of a REGISTER."""

    uri: str
    device: str
    reg_id: int
    instance: str
    """Parameters to repeat in an answer, with their semicolons; without `reg-id`."""
    q: str
    expires: str | None

    @staticmethod
    @lru_cache(REMEMBERED)
    def parse(element: str) -> "_Contact":
        """Parse one element.  Remembers the last ones, since a device renews with the same one."""
        if len(element) > MAX_CONTACT:
            raise _Refused(400, "Contact Too Long")
        try:
            address = NameAddress.parse(element)
            uri = SipUri.parse(address.uri)
            reg_id = parse_number(address.params.get("reg-id", "0"), _MAX_REG_ID)
        except ValueError:
            raise _Refused(400, "Bad Contact") from None
        if uri.headers:
            raise _Refused(400, "Headers In A Contact")
        instance, q = (
            f";{name}={address.params[name]}" if name in address.params else "" for name in ("+sip.instance", "q")
        )
        device = address.params.get("+sip.instance") or str(uri)
        return _Contact(address.uri, device, reg_id, instance, q, address.params.get("expires"))


class _Wish(NamedTuple):
    """A binding to make, or to remove with `expires_s` 0."""

    key: BindingKey
    contact: str
    params: str
    expires_s: int


def register(
    location: Location, request: SipRequest, aor: str, flow_id: int, now: float, longest_s: int = MAX_GRANT_S
) -> Refuse:
    """Handle an authenticated REGISTER for `aor`, over the connection `flow_id`, and return the answer.  Bindings last
    at most `longest_s`."""
    elements = request.headers.all("contact")
    try:
        if elements == ["*"]:
            _remove_all(location, request, aor)
            wishes: Sequence[_Wish] = ()
        else:
            wishes = _wishes(request, aor, elements)
            _check(location.all(aor), request, wishes, longest_s)
            _perform(location, request, aor, flow_id, now, wishes, longest_s)
    except _Refused as refused:
        return refused.answer
    extra = [("Contact", _shown(each, now)) for each in location.all(aor)]
    if any(wish.key.reg_id for wish in wishes):
        extra.append(("Require", "outbound"))
    extra.append(("Supported", "outbound"))
    return Refuse(200, "", tuple(extra))


def _remove_all(location: Location, request: SipRequest, aor: str) -> None:
    if _seconds(request.headers.get("expires"), DEFAULT_GRANT_S) > 0:
        raise _Refused(400, "Contact * Needs Expires 0")
    bindings = location.all(aor)
    _check_order(request, bindings)
    location.remove([each.key for each in bindings])


def _wishes(request: SipRequest, aor: str, elements: Sequence[str]) -> Sequence[_Wish]:
    """What the Contacts ask for."""
    standard = _seconds(request.headers.get("expires"), DEFAULT_GRANT_S)
    if len(elements) > MAX_BINDINGS:
        raise _Refused(403, "Too Many Contacts")
    wishes = [_wish(request, aor, _Contact.parse(element), standard) for element in elements]
    if len(wishes) > 1:
        if len({wish.key for wish in wishes}) < len(wishes):
            raise _Refused(400, "Contact Twice")
        if sum(wish.key.reg_id > 0 and wish.expires_s > 0 for wish in wishes) > 1:
            raise _Refused(400, "More Than One reg-id")
    return wishes


def _wish(request: SipRequest, aor: str, contact: _Contact, standard: int) -> _Wish:
    reg_id = contact.reg_id
    if reg_id and (not contact.instance or "outbound" not in request.headers.all("supported")):
        reg_id = 0  # RFC 5626, 6: without these, reg-id means nothing
    elif reg_id and len(request.headers.all("via")) > 1:
        raise _Refused(439)
    params = f"{contact.instance};reg-id={reg_id}{contact.q}" if reg_id else contact.instance + contact.q
    expires_s = standard if contact.expires is None else _seconds(contact.expires, standard)
    return _Wish(BindingKey(aor, contact.device, reg_id), contact.uri, params, expires_s)


def _seconds(value: str | None, otherwise: int) -> int:
    """A time; an invalid one counts as none, and one that is too large as the largest (RFC 3261, 10.3 and 20.19)."""
    if value is None or not (value.isascii() and value.isdigit()):
        return otherwise
    return int(value) if len(value) < 10 else _MAX_SECONDS


def _check(bindings: Sequence[Binding], request: SipRequest, wishes: Sequence[_Wish], longest_s: int) -> None:
    shortest = min(MIN_GRANT_S, longest_s)
    for wish in wishes:
        if 0 < wish.expires_s < shortest:
            raise _Refused(423, "", ("Min-Expires", str(shortest)))
    changed = {wish.key for wish in wishes}
    _check_order(request, [each for each in bindings if each.key in changed])
    live = [each for each in bindings if each.is_live and each.key not in changed]
    if len(live) + len(wishes) > MAX_BINDINGS and len(live) + sum(wish.expires_s > 0 for wish in wishes) > MAX_BINDINGS:
        raise _Refused(403, "Too Many Registrations")


def _check_order(request: SipRequest, bindings: Sequence[Binding]) -> None:
    if bindings:
        call_id, number = request.call_id, request.cseq.number
        for each in bindings:
            if each.call_id == call_id and each.cseq >= number:
                raise _Refused(400, "CSeq Out Of Order")


def _perform(
    location: Location,
    request: SipRequest,
    aor: str,
    flow_id: int,
    now: float,
    wishes: Sequence[_Wish],
    longest_s: int,
) -> None:
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
        else:
            location.remove([wish.key])
    bindings = location.all(aor)
    if len(bindings) > MAX_BINDINGS:
        closed = [each.key for each in bindings if not each.is_live]
        location.remove(closed[: len(bindings) - MAX_BINDINGS])


def _shown(binding: Binding, now: float) -> str:
    left = max(0, round(binding.granted_until - now))
    return f"<{binding.contact}>{binding.params};expires={left}"
