"""A SIP server as one sans-IO machine (RFC 3261, RFC 5626, RFC 7118): messages in, messages and other effects out.

It's a registrar and a stateful proxy for the accounts of one domain.  This module decides what a message is, and who
may send it; `calls` says where it goes then.
"""

from collections import Counter
from math import inf
from typing import Final

from eyeline.rate_limit import TokenBucket
from eyeline.sip.arrival import Arrival, Arrived
from eyeline.sip.authentication import Authentication
from eyeline.sip.calls import Calls
from eyeline.sip.devices import ROOMS, ClientFlow, Devices
from eyeline.sip.dialogs import CANCELLED, Dialogs, dialog_key
from eyeline.sip.effects import CloseFlow, Describe, SipAccount, SipEffect, SipFlow
from eyeline.sip.limits import LimitCounters, SipLimit, SipLimits
from eyeline.sip.message import BadMessageError, SipRequest, SipResponse, parse
from eyeline.sip.proxy import Proxy
from eyeline.sip.registration import Registrations
from eyeline.sip.route import Hops
from eyeline.sip.timers import Timers
from eyeline.sip.transaction import ServerTransaction, Transactions, server_key
from eyeline.sip.validation import METHODS, Refuse, problem_of

RETRY_AFTER_S: Final = 5

MAX_HOSTS: Final = 256
"""How many names may mean the server; it learns them from connections."""

_CAPABILITIES: Final = (("Allow", METHODS), ("Accept", "application/sdp, application/json"), ("Supported", "outbound"))

_PING: Final = b"\r\n\r\n"
_PONG: Final = b"\r\n"


class SipServer:
    """One server for any number of flows.

    Times are seconds of a monotonic clock, except `unix`.  Nothing raises for anything that a client sends.
    """

    def __init__(
        self, domain: str, realm: str, hosts: frozenset[str], key: bytes, run: str, limits: SipLimits | None = None
    ) -> None:
        """`domain` is the host of everybody's address, `realm` is what passwords are hashed with, and `hosts` are all
        names and addresses, in lower case, that mean this server.  `key` signs flow tokens and nonces, and should stay
        the same over restarts; `run` are eight random letters or digits or more, new for each process."""
        self._limits = limits or SipLimits()
        self._hosts = {*hosts, domain}
        self._effects: list[SipEffect] = []
        self._timers = Timers()
        self._counters = LimitCounters(self._limits)
        self._transactions = Transactions(self._timers)
        self._devices = Devices(key, self._timers, self._effects)
        hops = Hops(domain, self._hosts, run, self._devices.is_token)
        self._hops = hops
        self._arrival = Arrival(domain, self._hosts, hops)
        self.registrations = Registrations(domain, self._devices, self._limits, self._counters)
        self.dialogs = Dialogs(self._timers, self._transactions, hops)
        proxy = Proxy(self._timers, self._transactions, self.dialogs, hops, run)
        self.calls = Calls(proxy, self._devices, hops, self.registrations, self._limits, self._counters)
        self._authentication = Authentication(key, realm, self._limits, self._counters)
        self._describing: dict[int, tuple[Arrived, ServerTransaction]] = {}
        self._described = 0
        self.answered: Counter[int] = Counter()
        """How many requests the server has answered itself, by status."""

    @property
    def refused(self) -> Counter[SipLimit]:
        """How often each limit refused something."""
        return self._counters.refused

    @property
    def calls_in_progress(self) -> int:
        """How many calls were answered and haven't ended."""
        return len(self.dialogs)

    @property
    def transactions(self) -> int:
        """How many transactions are going on."""
        return len(self._transactions)

    def state_sizes(self) -> dict[str, int]:
        """How much of each kind of state there is, without what is empty."""
        sizes = {
            "transactions": len(self._transactions),
            "timers": len(self._timers),
            "devices": len(self._devices),
            "calls": len(self.dialogs),
            "rejected calls": self.dialogs.rejected,
            "callers": len(self.calls.proxy),
            "registrations": len(self.registrations),
            "descriptions": len(self._describing),
            "lookups": len(self._authentication),
        }
        return {name: size for name, size in sizes.items() if size}

    def online(self) -> list[str]:
        """Every user with a device that can be called now."""
        return self.registrations.online()

    def has_device(self, flow_id: int) -> bool:
        """Whether a device that has proved who it is uses this flow."""
        flow = self._devices.flow(flow_id)
        return flow is not None and bool(flow.devices)

    def connect(self, flow: SipFlow, now: float) -> None:
        """A connection was opened, or a message has come from a new UDP source address."""
        self._devices.connect(flow, self._counters.connection_bucket(now))

    def attach_rooms(self, flow: SipFlow, now: float) -> None:
        """Requests for users who aren't registered go to this flow from now on, for `bridge`, which looks for a room of
        that name.  It's part of this process: what comes from it isn't limited, and may have any address of the domain
        in From."""
        self._devices.connect(flow, TokenBucket(per_second=inf, burst=inf, now=now))
        client = self._devices.flow(flow.id)
        if client is not None:
            self.calls.rooms = self._devices.bind(client, ROOMS, ROOMS)

    def disconnect(self, flow_id: int, now: float) -> list[SipEffect]:
        """A connection has ended.  Its devices may come back over another one."""
        self.registrations.disconnect(flow_id, now)
        self._devices.disconnect(flow_id, now)
        return self._take()

    def receive(self, flow_id: int, data: bytes, now: float, unix: float) -> list[SipEffect]:
        """A whole message, or a keep-alive, has arrived."""
        flow = self._devices.flow(flow_id)
        if flow is None:
            return []
        if not flow.bucket.try_spend(now):
            self._counters.refuse("connection-rate")
            self._drop(flow)
        elif len(data) < 5 and not data.strip(b"\r\n"):
            if data == _PING:
                flow.send(_PONG)
        else:
            try:
                message = parse(data)
            except BadMessageError as error:
                self._malformed(flow, error, now)
            else:
                if isinstance(message, SipResponse):
                    self._response(flow, message, now)
                else:
                    self._request(flow, message, now, unix)
        return self._take()

    def found(self, query: int, account: SipAccount | None, now: float, unix: float) -> list[SipEffect]:
        """The answer to a `LookUp`: the account, or None if there is none."""
        parked = self._authentication.unpark(query)
        if parked is not None and parked.arrived.flow.is_open:
            arrived = parked.arrived
            refuse = self._authentication.verify(parked, account, now, unix)
            if refuse is None:
                self._learn_host(arrived.flow)
                ends = None if account is None or account.ends is None else account.ends - unix
                self._authorized(arrived, ends, now)
            else:
                self._refuse(arrived, refuse, now)
                if refuse.closes:
                    self._drop(arrived.flow)
        return self._take()

    def described(self, query: int, document: bytes, now: float) -> list[SipEffect]:
        """The answer to a `Describe`: a JSON document."""
        waiting = self._describing.pop(query, None)
        if waiting is not None:
            arrived, transaction = waiting
            self.answered[200] += 1
            tag = self.calls.proxy.new_tag()
            extra = (*_CAPABILITIES, ("Content-Type", "application/json"))
            transaction.respond(arrived.answer(200, "", tag, extra, document), now)
        return self._take()

    def revoke(self, user: str, now: float) -> list[SipEffect]:
        """The account was removed, or has another password: end its registrations, and close its connections."""
        for flow in self._devices.flows_of(user):
            self._effects.append(CloseFlow(flow.flow.id))
            self.registrations.disconnect(flow.flow.id, now)
            self._devices.disconnect(flow.flow.id, now)
        self.registrations.remove(user)
        return self._take()

    def next_wake(self) -> float | None:
        """When to call `wake`."""
        timers, bindings = self._timers.next_wake(), self.registrations.next_wake()
        if timers is None or bindings is None:
            return bindings if timers is None else timers
        return min(timers, bindings)

    def wake(self, now: float, unix: float) -> list[SipEffect]:
        """That time has come."""
        self._timers.wake(now)
        self.registrations.wake(now)
        return self._take()

    def _take(self) -> list[SipEffect]:
        effects = self._effects[:]
        self._effects.clear()
        return effects

    def _drop(self, flow: ClientFlow) -> None:
        """Close a connection that asks for too much.  Over UDP, where sources can be forged, messages are dropped."""
        if flow.reliable:
            self._effects.append(CloseFlow(flow.flow.id))

    def _learn_host(self, flow: ClientFlow) -> None:
        """A name by which an authenticated client reaches the server means the server, for everybody."""
        if len(self._hosts) < MAX_HOSTS:
            self._hosts.add(flow.host)

    def _malformed(self, flow: ClientFlow, error: BadMessageError, now: float) -> None:
        if error.status == 513:
            self._counters.refuse("size")
        if error.request is not None and self._may_answer(flow, now):
            self.answered[error.status] += 1
            flow.send(error.request.answer(error.status, error.reason, to_tag=self.calls.proxy.new_tag()).encode())

    def _response(self, flow: ClientFlow, response: SipResponse, now: float) -> None:
        """Pass on a response, if it comes from the device that the request was sent to."""
        transaction = self._transactions.client(response)
        if transaction is not None and transaction.hop in flow.devices.values():
            transaction.receive(response, now)

    def _request(self, flow: ClientFlow, request: SipRequest, now: float, unix: float) -> None:
        via, method = request.via, request.method
        key = server_key(request, via, "INVITE" if method == "ACK" else method)
        known = self._transactions.server(key)
        if method == "ACK":
            if known is not None and known.state != "accepted":
                known.acknowledge(now)
            else:
                self._acknowledge(flow, key, request, now)
            return
        if known is not None:
            if known.hop is flow:
                known.repeat(now)
            return
        arrived = self._arrival.of(flow, key, request, via)
        problem = problem_of(request) or (Refuse(482) if self._hops.is_loop(request) else None)
        if method == "CANCEL":
            self._cancel(arrived, now)
        elif problem is not None:
            self._refuse(arrived, problem, now)
        else:
            self._identify(arrived, now, unix)

    def _acknowledge(self, flow: ClientFlow, key: str, ack: SipRequest, now: float) -> None:
        """Pass on the ACK for a 2xx of a call that the server knows, or of a known person.  Others are dropped."""
        arrived = self._arrival.of(flow, key, ack, ack.via)
        known = arrived.name is not None and self._authentication.speaks_for(flow, arrived.name, now, in_call=True)
        if arrived.token and (known or self.dialogs.has(dialog_key(ack))):
            self.calls.acknowledge(arrived, now)

    def _cancel(self, arrived: Arrived, now: float) -> None:
        """CANCEL belongs to an INVITE of the same device (RFC 3261, 16.10)."""
        flow, request = arrived.flow, arrived.request
        key = server_key(request, request.via, "INVITE")
        invite = self._transactions.server(key)
        waiting = self._authentication.forget(flow, key)
        if waiting is not None:
            self._refuse(arrived, Refuse(200), now)
            self._refuse(waiting.arrived, Refuse(487), now)
        elif invite is None or invite.user is None or not (invite.hop is flow or flow.replaces(invite.hop)):
            self._refuse(arrived, Refuse(481), now)
        else:
            self._answer(arrived, self._serve(arrived), Refuse(200), now)
            invite.user.cancel(request.headers.get("reason") or CANCELLED, now)

    def _identify(self, arrived: Arrived, now: float, unix: float) -> None:
        """Find out who sent a request, by its connection or its credentials."""
        flow, request = arrived.flow, arrived.request
        if arrived.name is None:
            self._refuse(arrived, Refuse(403, "Not An Address Of This Server"), now)
        elif request.method != "REGISTER" and self._authentication.speaks_for(
            flow, arrived.name, now, in_call=arrived.token != ""
        ):
            self._authorized(arrived, None, now)
        elif request.method == "OPTIONS" and arrived.for_server and not _wants_json(request):
            self._refuse(arrived, Refuse(200, "", _CAPABILITIES), now)
        else:
            self._authenticate(arrived, now, unix)

    def _authenticate(self, arrived: Arrived, now: float, unix: float) -> None:
        flow = arrived.flow
        credentials = self._authentication.credentials(arrived.request)
        if credentials is not None:
            look_up = self._authentication.park(arrived, credentials) if self._may_answer(flow, now) else None
            if look_up is not None:
                self._effects.append(look_up)
        elif arrived.request.method != "REGISTER" and self._authentication.is_known(flow, now):
            self._refuse(arrived, Refuse(403, "Not Your Address"), now)
        else:
            self._refuse(arrived, self._authentication.challenge(flow, arrived.request.method, unix), now)

    def _authorized(self, arrived: Arrived, longest_s: float | None, now: float) -> None:
        """The sender is known: do what the request asks for."""
        name = arrived.name or ""
        if arrived.flow.device_of(ROOMS) is None and not self._counters.account(name, now):
            self._overloaded(arrived, now)
        elif len(self._transactions) >= self._limits.transactions * (1 + bool(arrived.token)):
            self._counters.refuse("transactions")
            self._overloaded(arrived, now)
        else:
            if arrived.request.method == "REGISTER":
                self._register(arrived, longest_s, now)
                return
            transaction = self._serve(arrived)
            if arrived.token:
                self._answer(arrived, transaction, self.calls.within(arrived, transaction, now), now)
            elif arrived.for_server:
                self._to_server(arrived, transaction, name, now)
            elif arrived.callee is None:
                self._answer(arrived, transaction, self.calls.to_contact(arrived, transaction, now), now)
            else:
                self._answer(arrived, transaction, self.calls.to_user(arrived, transaction, now), now)

    def _serve(self, arrived: Arrived) -> ServerTransaction:
        return self._transactions.serve(arrived.request.method, arrived.vias, arrived.key, arrived.flow)

    def _register(self, arrived: Arrived, longest_s: float | None, now: float) -> None:
        """Answer a REGISTER at once.  Where nothing is retransmitted it needs no transaction: Timer J is 0."""
        flow, request = arrived.flow, arrived.request
        required = request.headers.all("require") if "require" in request.headers.keys else ()
        unknown = [each for each in required if each.lower() != "outbound"]
        if not arrived.for_server and arrived.callee is None:
            answer = Refuse(404)
        elif unknown:
            answer = Refuse(420, "", (("Unsupported", ", ".join(unknown)),))
        else:
            answer = self.registrations.register(flow, request, arrived.name or "", now, longest_s)
        response = self._response_to(arrived, answer)
        if flow.reliable:
            flow.send(response.encode())
        else:
            self._serve(arrived).respond(response, now)

    def _to_server(self, arrived: Arrived, transaction: ServerTransaction, name: str, now: float) -> None:
        """A request for the server itself."""
        request = arrived.request
        answer: Refuse | None = Refuse(200, "", _CAPABILITIES)
        if request.method != "OPTIONS":
            answer = Refuse(405, "", (("Allow", "OPTIONS, REGISTER"),))
        elif "require" in request.headers.keys:
            answer = Refuse(420, "", (("Unsupported", ", ".join(request.headers.all("require"))),))
        elif _wants_json(request):
            self._described += 1
            self._describing[self._described] = (arrived, transaction)
            self._effects.append(Describe(self._described, name, arrived.flow.flow.id))
            answer = None
        self._answer(arrived, transaction, answer, now)

    def _overloaded(self, arrived: Arrived, now: float) -> None:
        """Say later; but never to REGISTER: JsSIP and SIP.js don't try again then, only after a lost connection."""
        if arrived.request.method == "REGISTER":
            self._drop(arrived.flow)
        else:
            self._refuse(arrived, Refuse(503, "", (("Retry-After", str(RETRY_AFTER_S)),)), now)

    def _may_answer(self, flow: ClientFlow, now: float) -> bool:
        """Whether a message without authentication gets an answer: not if there were too many from its address."""
        if self._authentication.is_known(flow, now) or self._counters.address(flow.flow.address, now):
            return True
        self._drop(flow)
        return False

    def _refuse(self, arrived: Arrived, refuse: Refuse, now: float) -> None:
        """Answer a request without a transaction: that takes no memory, and over UDP, where sources can be forged, one
        datagram brings one (RFC 3261, 26.3.2.4)."""
        if self._may_answer(arrived.flow, now):
            arrived.flow.send(self._response_to(arrived, refuse).encode())

    def _answer(self, arrived: Arrived, transaction: ServerTransaction, refuse: Refuse | None, now: float) -> None:
        """Answer an authenticated request; None if it was passed on."""
        if refuse is not None:
            transaction.respond(self._response_to(arrived, refuse), now)

    def _response_to(self, arrived: Arrived, refuse: Refuse) -> SipResponse:
        self.answered[refuse.status] += 1
        return arrived.answer(refuse.status, refuse.reason, self.calls.proxy.new_tag(), refuse.extra)


def _wants_json(request: SipRequest) -> bool:
    return "application/json" in (request.headers.get("accept") or "")
