"""A stateful proxy (RFC 3261, 16): one request to one or several devices, and one final response back.

A `ResponseContext` (16.2) has a `Branch` for each device.  The first 2xx is passed on at once, and the other devices
stop ringing; otherwise the best of all final responses is, once every branch has one.
"""

from typing import Final, NamedTuple

from eyeline.errors import LocalError
from eyeline.sip.devices import Device
from eyeline.sip.dialogs import CANCELLED, ELSEWHERE, Dialogs, dialog_key
from eyeline.sip.headers import Headers
from eyeline.sip.message import SipRequest, SipResponse
from eyeline.sip.response_choice import best_response
from eyeline.sip.route import Hops
from eyeline.sip.timers import Timer, Timers
from eyeline.sip.transaction import NOBODY, ClientTransaction, ServerTransaction, Transactions, cancel
from eyeline.sip.transaction_table import LIFETIME

TIMER_C: Final = 185.0
"""How long a device may ring without a sign of life, in seconds; more than three minutes (RFC 3261, 16.6)."""


class ForkTarget(NamedTuple):
    """Where a branch goes."""

    device: Device
    uri: str
    """The request URI for this device."""


class Branch:
    """One device that a request was passed on to."""

    __slots__ = ("_cancel_sent", "_context", "_reason", "_timer", "device", "final", "no_answer", "transaction")

    def __init__(self, context: "ResponseContext", device: Device) -> None:
        self._context = context
        self._timer: Timer | None = None
        self._reason: str | None = None
        self._cancel_sent = False
        self.device = device
        self.final: SipResponse | None = None
        """Of a 2xx just the status, since it's kept for as long as another could come."""
        self.no_answer = False
        """Timer C has fired."""
        self.transaction: ClientTransaction | None = None

    def start(self, request: SipRequest, now: float) -> None:
        """Send the request."""
        proxy = self._context.proxy
        if request.method == "INVITE":
            self._timer = proxy.timers.start(now + TIMER_C, self._ring_out)
        self.transaction = proxy.transactions.send(request, self.device, self, now)

    def received(self, transaction: ClientTransaction, response: SipResponse, now: float) -> None:
        """The device has answered."""
        proxy = self._context.proxy
        if response.status < 200:
            if self._timer is not None and response.status > 100 and not self._cancel_sent:
                proxy.timers.cancel(self._timer)
                self._timer = proxy.timers.start(now + TIMER_C, self._ring_out)
            if self._reason is not None:
                self._send_cancel(now)
            elif self._timer is not None and response.status > 100:  # of an INVITE only (RFC 4320, 4.1)
                self._context.provisional(response, now)
            return
        proxy.timers.cancel(self._timer)
        self.final = response if response.status >= 300 else SipResponse(response.status, "", Headers())
        self._context.final(self, response, now)

    def timed_out(self, transaction: ClientTransaction, now: float) -> None:
        """The device didn't answer, or is gone."""
        self._context.proxy.timers.cancel(self._timer)
        response = self._context.no_response(self)
        if self.final is None and response is not None:
            self.final = response
            self._context.final(self, response, now)

    def cancel(self, reason: str, now: float) -> None:
        """Stop ringing, as soon as the device has sent a provisional response (RFC 3261, 9.1)."""
        transaction = self.transaction
        if self.final is None and self._reason is None and transaction is not None:
            self._reason = reason
            if transaction.answered:
                self._send_cancel(now)

    def _send_cancel(self, now: float) -> None:
        if self._cancel_sent or self.transaction is None:
            return
        self._cancel_sent = True
        proxy = self._context.proxy
        proxy.transactions.send(cancel(self.transaction.request, self._reason), self.device, NOBODY, now)
        proxy.timers.cancel(self._timer)
        self._timer = proxy.timers.start(now + LIFETIME, self._ignores_cancel)

    def _ring_out(self, now: float) -> None:
        self.no_answer = True
        if self.transaction is not None and self.transaction.answered:
            self.cancel('SIP;cause=408;text="Request Timeout"', now)
        elif self.transaction is not None:
            self.transaction.give_up(now)

    def _ignores_cancel(self, now: float) -> None:
        if self.transaction is not None:
            self.transaction.give_up(now)


class ResponseContext:
    """A request that is passed on, until its final response and, for an INVITE, until no further 2xx can come."""

    __slots__ = (
        *("_caller_gone", "_cancelled", "_done", "_in_dialog", "_invite", "_request", "_transaction", "_winner"),
        *("branches", "caller", "proxy"),
    )

    def __init__(self, proxy: "Proxy", transaction: ServerTransaction, caller: Device, request: SipRequest) -> None:
        self.proxy = proxy
        self.caller = caller
        self.branches: list[Branch] = []
        self._transaction = transaction
        self._request: SipRequest | None = request
        """None after the final response."""
        self._invite = request.method == "INVITE"
        self._in_dialog = request.to.tag != ""
        self._done = False
        """A final response was passed on."""
        self._cancelled = False
        self._caller_gone = False
        self._winner = ""
        """The dialog of the 2xx that was passed on."""

    def provisional(self, response: SipResponse, now: float) -> None:
        """A device rings."""
        if not self._done:
            self._transaction.respond(response, now)

    def final(self, branch: Branch, response: SipResponse, now: float) -> None:
        """A device has given its final response."""
        if response.status < 300:
            if self._invite and not self._in_dialog:
                self._answered(branch, response, now)
            else:
                self.proxy.dialogs.refreshed(response, now)
                self._finish(response, now)
            return
        self._failed(response, now)

    def _failed(self, response: SipResponse, now: float) -> None:
        if self._done:
            return
        if response.status >= 600:
            self._cancel_all(CANCELLED, now)
        if all(each.final is not None for each in self.branches):
            responses = [each.final for each in self.branches if each.final is not None]
            if any(each.no_answer for each in self.branches):
                responses = [self._no_answer(each) for each in self.branches]
            self._finish(best_response(responses, cancelled=self._cancelled), now)

    def cancel(self, reason: str, now: float) -> None:
        """The caller has sent CANCEL.  If that crossed a 2xx, it may never acknowledge that."""
        self._cancelled = True
        if self._winner:
            self.proxy.dialogs.expect_ack(self._winner, now)
        self._cancel_all(reason, now)

    def ended(self) -> None:
        """The caller's transaction has ended: forget the branches, which know this, for the same reason."""
        self.branches = []

    def device_gone(self, device: Device, now: float) -> None:
        """The caller is gone: stop ringing."""
        self._caller_gone = True
        self._cancel_all(CANCELLED, now)

    def no_response(self, branch: Branch) -> SipResponse | None:
        """The response for a device that gave none, if it's still wanted.

        408 is for INVITE only (RFC 4320, 4.2).  In a call it's never 408 or 481: JsSIP ends the call then, though the
        other device may come back."""
        if self._done:
            return None
        rang = self._invite and not self._in_dialog and branch.device.flows
        return self._answer(408 if rang else 480)

    def _answered(self, branch: Branch, response: SipResponse, now: float) -> None:
        dialogs = self.proxy.dialogs
        key = dialog_key(response)
        if dialogs.has_rejected(key) or self._caller_gone or (self._done and self._winner != key):
            dialogs.reject(response, branch.device, ELSEWHERE if self._winner else CANCELLED, now)
            if not self._done:
                branch.final = self._answer(487)
                self._failed(branch.final, now)
            return
        if not self._done:
            self._winner = key
            dialogs.begin(response, self.caller, branch.device, now)
            if self._cancelled:
                dialogs.expect_ack(key, now)
        self._finish(response, now)
        self._cancel_all(ELSEWHERE, now)

    def _finish(self, response: SipResponse, now: float) -> None:
        if not self._done:
            self._done = True
            self._request = None
            self.caller.users.pop(self, None)
            self.proxy.finished(self.caller)
        self._transaction.respond(response, now)

    def _cancel_all(self, reason: str, now: float) -> None:
        if self._invite:
            for branch in self.branches:
                branch.cancel(reason, now)

    def _no_answer(self, branch: Branch) -> SipResponse:
        final = branch.final
        return self._answer(408) if final is None or (branch.no_answer and final.status == 487) else final

    def _answer(self, status: int) -> SipResponse:
        if self._request is None:
            raise LocalError("there was a final response")
        return self._request.answer(status, to_tag=self.proxy.new_tag())


class Proxy:
    """Passes requests on to devices."""

    def __init__(self, timers: Timers, transactions: Transactions, dialogs: Dialogs, hops: Hops, run: str) -> None:
        self.timers = timers
        self.transactions = transactions
        self.dialogs = dialogs
        self._hops = hops
        self._run = run
        self._tags = 0
        self._calling: dict[str, int] = {}

    def __len__(self) -> int:
        """How many users have requests that wait for a final response."""
        return len(self._calling)

    def new_tag(self) -> str:
        """A To tag for a response of the server's own."""
        self._tags += 1
        return f"{self._run}{self._tags:x}"

    def calling(self, user: str) -> int:
        """How many requests of this user are being passed on, of those that wait for a final response."""
        return self._calling.get(user, 0)

    def forward(
        self,
        transaction: ServerTransaction,
        request: SipRequest,
        targets: list[ForkTarget],
        caller: Device,
        fingerprint: str,
        now: float,
    ) -> None:
        """Pass a request on to devices.  `request` has neither our Route lines nor anything that stays here."""
        context = ResponseContext(self, transaction, caller, request)
        transaction.user = context
        self._calling[caller.user] = self._calling.get(caller.user, 0) + 1
        caller.users[context] = None
        records = request.method in {"INVITE", "SUBSCRIBE", "REFER"} and request.to.tag == ""
        copies: list[SipRequest] = []
        for device, uri in targets:
            headers = request.headers
            keys: tuple[str, ...] = ("via",)
            lines: tuple[str, ...] = (f"Via: {self._hops.via(device, fingerprint)}",)
            if records:
                keys = ("via", "record-route", "record-route")
                lines = (
                    *lines,
                    f"Record-Route: {self._hops.record_route(device)}",
                    f"Record-Route: {self._hops.record_route(caller)}",
                )
            headers = Headers(keys + headers.keys, lines + headers.lines)
            copies.append(SipRequest(request.method, uri, headers, request.body))
            context.branches.append(Branch(context, device))
        for branch, copy in zip(context.branches, copies, strict=True):
            branch.start(copy, now)

    def finished(self, caller: Device) -> None:
        """A request of `caller` has its final response."""
        left = self._calling.get(caller.user, 1) - 1
        if left > 0:
            self._calling[caller.user] = left
        else:
            self._calling.pop(caller.user, None)
