"""What a proxy that knows its calls does within them (RFC 3261, 12): count them, and end those that the caller can't.

A caller must never see two answers: JsSIP takes a second 2xx for the first, and leaves the second callee in a call with
nobody.  So the server itself acknowledges and ends each further 2xx, and a 2xx that crossed the caller's CANCEL and
isn't acknowledged in time.
"""

from typing import Final

from eyeline.sip.devices import Device
from eyeline.sip.header_fields import NameAddress, parse_number
from eyeline.sip.headers import Headers
from eyeline.sip.message import SipRequest, SipResponse
from eyeline.sip.route import Hops
from eyeline.sip.timers import Timer, Timers
from eyeline.sip.transaction import NOBODY, Transactions
from eyeline.sip.transaction_table import LIFETIME

ACK_AFTER_CANCEL: Final = 0.5
"""How long a caller that sent CANCEL may take to acknowledge a 2xx, in seconds."""

SILENT_S: Final = 12 * 3600.0
"""A call without any request for so long is no longer counted, in seconds.  With a session timer (RFC 4028), as JsSIP
has it, the time is that of the timer, and `LIFETIME` for the last refresh to be answered."""

MIN_SESSION_S: Final = 90
"""The shortest session timer (RFC 4028, 5)."""

ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
"""The Reason (RFC 3326) for devices that rang while another one answered."""

CANCELLED: Final = 'SIP;cause=487;text="Request Terminated"'


class Dialog:
    """A call that was answered."""

    __slots__ = ("_dialogs", "_key", "callee", "caller", "deadline", "end", "lasts", "seen", "unacknowledged")

    def __init__(self, key: str, caller: Device, callee: Device, answer: SipResponse, dialogs: "Dialogs") -> None:
        self.caller = caller
        self.callee = callee
        self.unacknowledged: SipResponse | None = answer
        """The 2xx, without its body, until the caller has acknowledged it."""
        self.deadline: Timer | None = None
        """When the server ends a call that isn't acknowledged."""
        self.seen = 0.0
        """When there was the last request within it."""
        self.lasts = SILENT_S
        """How long it's counted after that, in seconds."""
        self.end: Timer | None = None
        self._key = key
        self._dialogs = dialogs

    def device_gone(self, device: Device, now: float) -> None:
        """Nothing can end it properly any more; the other side notices by its session timer or its media."""
        self._dialogs.end(self._key)


class Dialogs:
    """All calls that were answered."""

    def __init__(self, timers: Timers, transactions: Transactions, hops: Hops) -> None:
        self._timers = timers
        self._transactions = transactions
        self._hops = hops
        self._dialogs: dict[str, Dialog] = {}
        self._per_user: dict[str, int] = {}
        self._ended: dict[str, bytes] = {}
        """The ACK for each 2xx that the server has ended."""

    def __len__(self) -> int:
        """How many calls there are."""
        return len(self._dialogs)

    @property
    def rejected(self) -> int:
        """How many calls the server has ended in the last 32 s."""
        return len(self._ended)

    def of(self, user: str) -> int:
        """In how many calls this user is."""
        return self._per_user.get(user, 0)

    def begin(self, response: SipResponse, caller: Device, callee: Device, now: float) -> None:
        """An INVITE was answered by 2xx."""
        key = dialog_key(response)
        if key in self._dialogs:
            return
        answer = SipResponse(response.status, response.reason, response.headers)
        dialog = self._dialogs[key] = Dialog(key, caller, callee, answer, self)
        self._refresh(key, dialog, response, now)
        for device in (caller, callee):
            device.users[dialog] = None
            self._per_user[device.user] = self._per_user.get(device.user, 0) + 1

    def refreshed(self, response: SipResponse, now: float) -> None:
        """A request within a call was answered by 2xx.  If it's one that refreshes a session, the answer says how long
        that lasts from now on."""
        key = dialog_key(response)
        dialog = self._dialogs.get(key)
        if dialog is not None and response.cseq.method in {"INVITE", "UPDATE"}:
            self._timers.cancel(dialog.end)
            self._refresh(key, dialog, response, now)

    def end(self, key: str) -> None:
        """A call has ended, if there is one."""
        dialog = self._dialogs.pop(key, None)
        if dialog is None:
            return
        self._timers.cancel(dialog.deadline)
        self._timers.cancel(dialog.end)
        for device in (dialog.caller, dialog.callee):
            device.users.pop(dialog, None)
            left = self._per_user.get(device.user, 1) - 1
            if left > 0:
                self._per_user[device.user] = left
            else:
                self._per_user.pop(device.user, None)

    def expect_ack(self, key: str, now: float) -> None:
        """The caller has sent CANCEL, and there was a 2xx: end the call unless the caller acknowledges it soon."""
        dialog = self._dialogs.get(key)
        if dialog is None or dialog.unacknowledged is None or dialog.deadline is not None:
            return
        response, callee = dialog.unacknowledged, dialog.callee
        dialog.deadline = self._timers.start(
            now + ACK_AFTER_CANCEL, lambda at: self.reject(response, callee, CANCELLED, at)
        )

    def within(self, request: SipRequest, now: float) -> None:
        """There is a request within a call, maybe the ACK for its 2xx."""
        dialog = self._dialogs.get(dialog_key(request))
        if dialog is None:
            return
        dialog.seen = now
        if request.method == "ACK" and dialog.unacknowledged is not None:
            dialog.unacknowledged = None
            self._timers.cancel(dialog.deadline)

    def has(self, key: str) -> bool:
        """Whether there is this call."""
        return key in self._dialogs

    def has_rejected(self, key: str) -> bool:
        """Whether the server has ended this call."""
        return key in self._ended

    def reject(self, response: SipResponse, callee: Device, reason: str, now: float) -> None:
        """Acknowledge a 2xx and end its call, in the caller's place.  A repeated 2xx is acknowledged again."""
        key = dialog_key(response)
        known = self._ended.get(key)
        if known is not None:
            callee.send(known)
            return
        self.end(key)
        uri = _contact(response)
        ack = self._ended[key] = self._within(response, callee, uri, "ACK", response.cseq.number).encode()
        callee.send(ack)
        bye = self._within(response, callee, uri, "BYE", response.cseq.number + 1, reason)
        self._transactions.send(bye, callee, NOBODY, now)
        self._timers.start(now + LIFETIME, lambda _at: self._forget(key))

    def _silent(self, key: str, dialog: Dialog, now: float) -> None:
        """Forget a call that was never ended: a phone was switched off in it, for example."""
        if now < dialog.seen + dialog.lasts:
            dialog.end = self._timers.start(dialog.seen + dialog.lasts, lambda at: self._silent(key, dialog, at))
        else:
            self.end(key)

    def _refresh(self, key: str, dialog: Dialog, response: SipResponse, now: float) -> None:
        dialog.seen, dialog.lasts = now, _lasts(response)
        dialog.end = self._timers.start(now + dialog.lasts, lambda at: self._silent(key, dialog, at))

    def _forget(self, key: str) -> None:
        del self._ended[key]

    def _within(
        self, response: SipResponse, callee: Device, uri: str, method: str, number: int, reason: str | None = None
    ) -> SipRequest:
        headers = [("Via", self._hops.via(callee)), ("Max-Forwards", "70")]
        headers += [("Route", each) for each in self._hops.beyond(response.headers.all("record-route"))]
        headers += [(name, response.headers.get(name) or "") for name in ("From", "To", "Call-ID")]
        headers.append(("CSeq", f"{number} {method}"))
        if reason is not None:
            headers.append(("Reason", reason))
        return SipRequest(method, uri, Headers.of(*headers))


def dialog_key(message: SipRequest | SipResponse) -> str:
    """The key of the dialog that a message belongs to, the same from both sides."""
    mine, theirs = message.from_.tag, message.to.tag
    return f"{message.call_id} {mine} {theirs}" if mine < theirs else f"{message.call_id} {theirs} {mine}"


def _lasts(response: SipResponse) -> float:
    """How long a call is counted after this 2xx, if there's no request within it."""
    value = (response.headers.get("session-expires") or "").partition(";")[0].strip()
    try:
        return max(parse_number(value, int(SILENT_S)), MIN_SESSION_S) + LIFETIME
    except ValueError:
        return SILENT_S


def _contact(response: SipResponse) -> str:
    """The URI for requests to the callee; without a valid Contact its To, which any device takes."""
    for value in response.headers.all("contact")[:1]:
        try:
            return NameAddress.parse(value).uri
        except ValueError:
            pass
    return response.to.uri
