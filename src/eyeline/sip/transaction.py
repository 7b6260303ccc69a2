"""SIP transactions: a request, its retransmissions, and its responses, over one hop (RFC 3261, 17; RFC 6026).

The rules are in `transaction_table`; here are the messages, the timers, and which transaction a message belongs to.
"""

from math import inf
from typing import Final, Protocol

from eyeline.sip.header_fields import Via
from eyeline.sip.headers import Headers
from eyeline.sip.message import SipRequest, SipResponse
from eyeline.sip.timers import Timer, Timers
from eyeline.sip.transaction_table import (
    INVITE_CLIENT,
    INVITE_SERVER,
    NON_INVITE_CLIENT,
    NON_INVITE_SERVER,
    T1,
    TransactionAction,
    TransactionEvent,
    TransactionKind,
    TransactionState,
)


class Hop(Protocol):
    """Where the messages of a transaction go: a flow, or a device that may come back on another flow."""

    @property
    def reliable(self) -> bool:
        """Whether messages arrive without retransmission."""

    def send(self, data: bytes) -> None:
        """Send a message, or keep it for when the device is back."""

    def begins(self, transaction: "ClientTransaction") -> None:
        """This request has been sent, and waits for its final response."""

    def ends(self, transaction: "ClientTransaction") -> None:
        """It has a final response, or won't get one."""


class ClientUser(Protocol):
    """What sent a request: a branch of a proxied request, or the server itself."""

    def received(self, transaction: "ClientTransaction", response: SipResponse, now: float) -> None:
        """There is a response."""

    def timed_out(self, transaction: "ClientTransaction", now: float) -> None:
        """There was no final response in time."""


class _Nobody:
    def received(self, transaction: "ClientTransaction", response: SipResponse, now: float) -> None:
        """It changes nothing."""

    def timed_out(self, transaction: "ClientTransaction", now: float) -> None:
        """It changes nothing."""


NOBODY: Final[ClientUser] = _Nobody()
"""The user of a request whose answer changes nothing, such as CANCEL."""


class ServerUser(Protocol):
    """What will answer a request: the proxy."""

    def cancel(self, reason: str, now: float) -> None:
        """The client doesn't want it any more."""

    def ended(self) -> None:
        """There's no transaction any more."""


class _Transaction:
    """What all four have in common: a state from a table, and at most two timers."""

    __slots__ = ("_cap", "_expiry", "_kind", "_message", "_repeat", "_wait", "hop", "key", "state", "transactions")

    def __init__(self, kind: TransactionKind, key: str, hop: Hop, transactions: "Transactions") -> None:
        self.key = key
        self.hop = hop
        self.state: TransactionState = kind.first
        self.transactions = transactions
        self._kind = kind
        self._message = b""
        """What is sent again."""
        self._expiry: Timer | None = None
        self._repeat: Timer | None = None
        self._wait = T1
        self._cap = 0.0

    def _fire(self, event: TransactionEvent, now: float) -> TransactionAction:
        step = self._kind.table.get((self.state, event))
        if step is None:
            return "nothing"
        if step.state != self.state:
            self._enter(step.state, now)
        return step.action

    def _enter(self, state: TransactionState, now: float) -> None:
        self.state = state
        timers = self.transactions.timers
        if self._repeat is not None:
            timers.cancel(self._repeat)
            self._repeat = None
        starts = self._kind.timers.get(state)
        reliable = self.hop.reliable
        lasts = None if starts is None else starts.lasts_reliable if reliable else starts.lasts
        if state == "terminated" or lasts == 0:
            self.state = "terminated"
            timers.cancel(self._expiry)
            self.transactions.remove(self)
            return
        if lasts is not None:
            timers.cancel(self._expiry)
            self._expiry = None if lasts == inf else timers.start(now + lasts, self._expired)
        if starts is not None and starts.retransmit_cap is not None and not reliable:
            self._wait, self._cap = starts.retransmit_first, starts.retransmit_cap
            self._repeat = timers.start(now + self._wait, self._repeats)

    def _repeats(self, now: float) -> None:
        if self._fire("retransmit", now) == "send":
            self.hop.send(self._message)
            self._wait = min(self._wait * 2, self._cap)
            self._repeat = self.transactions.timers.start(now + self._wait, self._repeats)

    def _expired(self, now: float) -> None:
        self._fire("expire", now)


class ClientTransaction(_Transaction):
    """A request that was sent."""

    __slots__ = ("_user", "answered", "request")

    def __init__(self, request: SipRequest, hop: Hop, user: ClientUser, transactions: "Transactions") -> None:
        invite = request.method == "INVITE"
        kind = INVITE_CLIENT if invite else NON_INVITE_CLIENT
        super().__init__(kind, client_key(request.via.branch, request.method), hop, transactions)
        self.request = SipRequest(request.method, request.uri, request.headers)
        """Without its body."""
        self.answered = False
        self._user = user

    def start(self, data: bytes, now: float) -> None:
        """Send the request, encoded as `data`."""
        self._message = data
        self._enter(self.state, now)
        self.hop.send(data)
        self.hop.begins(self)

    @property
    def unanswered(self) -> bytes:
        """The request, to be sent again when its device is back; b"" once there was a response."""
        return b"" if self.answered else self._message

    def receive(self, response: SipResponse, now: float) -> None:
        """A response has arrived."""
        status, user = response.status, self._user
        action = self._fire("provisional" if status < 200 else "success" if status < 300 else "failure", now)
        if action == "nothing":
            return
        self.answered = True
        if self._repeat is None:
            self._message = b""
        if status >= 200:
            self.hop.ends(self)
        if action in {"pass-and-ack", "ack"}:
            self.hop.send(acknowledge_failure(self.request, response))
        if action != "ack":
            user.received(self, response, now)

    def give_up(self, now: float) -> None:
        """End it without an answer: its device won't come back."""
        user = self._user
        if self.state in {"calling", "trying", "proceeding"}:
            self._enter("terminated", now)
            self.hop.ends(self)
            user.timed_out(self, now)

    def _expired(self, now: float) -> None:
        user = self._user
        if self._fire("expire", now) == "time-out":
            self.hop.ends(self)
            user.timed_out(self, now)

    def ended(self) -> None:
        """Forget its user, which knows it: so no garbage has to be collected."""
        self._user = NOBODY


class ServerTransaction(_Transaction):
    """A request that was received."""

    __slots__ = ("user", "vias")

    def __init__(self, method: str, vias: Headers, key: str, hop: Hop, transactions: "Transactions") -> None:
        super().__init__(INVITE_SERVER if method == "INVITE" else NON_INVITE_SERVER, key, hop, transactions)
        self.vias = vias
        """The Via lines for all responses."""
        self.user: ServerUser | None = None

    def respond(self, response: SipResponse, now: float) -> None:
        """Send a response; its Via lines are replaced by those of the request."""
        status = response.status
        action = self._fire("provisional" if status < 200 else "success" if status < 300 else "failure", now)
        if action != "send":
            return
        data = response.with_(with_vias(response.headers, self.vias)).encode()
        self._message = b"" if self.state == "accepted" else data
        self.hop.send(data)

    def repeat(self, now: float) -> None:
        """The request has arrived again."""
        if self._fire("request", now) == "send" and self._message:
            self.hop.send(self._message)

    def ended(self) -> None:
        """Forget its user, which knows it: so no garbage has to be collected."""
        if self.user is not None:
            self.user.ended()
            self.user = None

    def acknowledge(self, now: float) -> None:
        """The ACK for a final response other than 2xx has arrived."""
        self._fire("ack", now)


class Transactions:
    """All transactions of a server, by key."""

    def __init__(self, timers: Timers) -> None:
        self.timers = timers
        self._clients: dict[str, ClientTransaction] = {}
        self._servers: dict[str, ServerTransaction] = {}

    def __len__(self) -> int:
        """How many transactions there are."""
        return len(self._clients) + len(self._servers)

    def serve(self, method: str, vias: Headers, key: str, hop: Hop) -> ServerTransaction:
        """A new request has arrived; see `server_key`."""
        transaction = ServerTransaction(method, vias, key, hop, self)
        self._servers[key] = transaction
        return transaction

    def send(self, request: SipRequest, hop: Hop, user: ClientUser, now: float) -> ClientTransaction:
        """Send a request."""
        transaction = ClientTransaction(request, hop, user, self)
        self._clients[transaction.key] = transaction
        transaction.start(request.encode(), now)
        return transaction

    def server(self, key: str) -> ServerTransaction | None:
        """The transaction of a request that has arrived before, or None."""
        return self._servers.get(key)

    def client(self, response: SipResponse) -> ClientTransaction | None:
        """The transaction that a response belongs to, or None."""
        return self._clients.get(client_key(response.via.branch, response.cseq.method))

    def remove(self, transaction: "_Transaction") -> None:
        """It has ended."""
        if isinstance(transaction, ClientTransaction):
            self._clients.pop(transaction.key, None)
            transaction.ended()
        elif isinstance(transaction, ServerTransaction):
            self._servers.pop(transaction.key, None)
            transaction.ended()


def client_key(branch: str, method: str) -> str:
    """The key of a client transaction (RFC 3261, 17.1.3)."""
    return f"{branch} {method}"


def server_key(request: SipRequest, via: Via, method: str) -> str:
    """The key of the server transaction of `request` (RFC 3261, 17.2.3), or of the one with another `method` that an
    ACK or CANCEL belongs to."""
    if via.is_unique:
        return f"{via.branch} {via.sent_by} {method}"
    return f"{via} {request.call_id} {request.cseq.number} {request.from_.tag} {method}"


def with_vias(headers: Headers, vias: Headers) -> Headers:
    """The headers of a response with these Via lines in place of its own."""
    count = len(vias.keys)
    if headers.lines[:count] == vias.lines and headers.keys.count("via") == count:
        return headers  # an answer of the server's own
    count = headers.keys.count("via")
    if headers.keys[:count].count("via") == count:
        headers = Headers(headers.keys[count:], headers.lines[count:])
    else:
        headers = headers.without("via")
    return Headers(vias.keys + headers.keys, vias.lines + headers.lines)


def acknowledge_failure(request: SipRequest, response: SipResponse) -> bytes:
    """The ACK for a final response other than 2xx, hop by hop (RFC 3261, 17.1.1.3)."""
    headers = _of_same_hop(request, "ACK").replaced("To", response.headers.get("to") or "")
    return SipRequest("ACK", request.uri, headers).encode()


def cancel(request: SipRequest, reason: str | None) -> SipRequest:
    """The CANCEL for a request that was sent (RFC 3261, 9.1), with a Reason (RFC 3326)."""
    headers = _of_same_hop(request, "CANCEL")
    return SipRequest("CANCEL", request.uri, headers if reason is None else headers.appended("Reason", reason))


def _of_same_hop(request: SipRequest, method: str) -> Headers:
    via = request.headers.values("via")[0]
    kept = [("Via", via), ("Max-Forwards", "70")]
    kept += [(name, request.headers.get(name) or "") for name in ("From", "To", "Call-ID")]
    kept += [("Route", value) for value in request.headers.values("route")]
    return Headers.of(*kept, ("CSeq", f"{request.cseq.number} {method}"))
