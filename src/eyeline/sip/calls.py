"""Where requests go (RFC 3261, 16.4 to 16.6): to the devices of a user, or within a call to the device that its flow
token names."""

from typing import Final

from eyeline.sip.arrival import Arrived
from eyeline.sip.devices import ROOMS, Device, Devices
from eyeline.sip.dialogs import dialog_key
from eyeline.sip.header_fields import NameAddress, parse_number
from eyeline.sip.limits import LimitCounters, SipLimits
from eyeline.sip.location import Binding
from eyeline.sip.message import SipRequest
from eyeline.sip.proxy import ForkTarget, Proxy
from eyeline.sip.registration import Registrations
from eyeline.sip.route import Hops, loop_fingerprint
from eyeline.sip.transaction import ServerTransaction
from eyeline.sip.validation import METHODS, Refuse, is_plain_rtp, passed_on

_MANY_TARGETS: Final = 60
"""The largest Max-Breadth (RFC 5393, 5)."""

_NEEDS_A_PHONE: Final = ("Warning", '399 eyeline "a browser needs ICE and DTLS-SRTP"')


class Calls:
    """Passes on the requests of authenticated users."""

    def __init__(
        self,
        proxy: Proxy,
        devices: Devices,
        hops: Hops,
        registrations: Registrations,
        limits: SipLimits,
        counters: LimitCounters,
    ) -> None:
        self.proxy = proxy
        self._devices = devices
        self._hops = hops
        self._registrations = registrations
        self._limits = limits
        self._counters = counters
        self.rooms: Device | None = None
        """Where requests for users go who aren't registered."""

    def acknowledge(self, arrived: Arrived, now: float) -> None:
        """Pass on the ACK for a 2xx, which has no transaction."""
        ack = arrived.request
        device = self._devices.named(arrived.token, now)
        if device is None or ack.max_forwards == 0:
            return
        self.proxy.dialogs.within(ack, now)
        request = passed_on(ack, arrived.own_routes, None)
        device.send(request.with_(headers=request.headers.prepended("Via", self._hops.via(device))).encode())

    def within(self, arrived: Arrived, transaction: ServerTransaction, now: float) -> Refuse | None:
        """Pass on a request within a call.  Its device may be away: it's kept for a while then."""
        request = arrived.request
        device = self._devices.named(arrived.token, now)
        if device is None:
            return Refuse(480)
        if request.method == "BYE":
            self.proxy.dialogs.end(dialog_key(request))
        else:
            self.proxy.dialogs.within(request, now)
        copy = passed_on(request, arrived.own_routes, None)
        self._forward(arrived, transaction, copy, [ForkTarget(device, request.uri)], now)
        return None

    def to_user(self, arrived: Arrived, transaction: ServerTransaction, now: float) -> Refuse | None:
        """Pass on a request to all devices of a user."""
        return self._fork(arrived, transaction, self._registrations.of(arrived.callee or ""), now)

    def to_contact(self, arrived: Arrived, transaction: ServerTransaction, now: float) -> Refuse | None:
        """Pass on a request to the one device whose Contact it names: SIP.js transfers calls to these."""
        binding = self._registrations.at(arrived.request.uri)
        return Refuse(404) if binding is None else self._fork(arrived, transaction, [binding], now)

    def _fork(
        self, arrived: Arrived, transaction: ServerTransaction, bindings: list[Binding], now: float
    ) -> Refuse | None:
        request, name = arrived.request, arrived.name or ""
        if request.method == "PUBLISH":
            return Refuse(405, "", (("Allow", METHODS),))
        caller = self._caller(arrived)
        if (
            caller is not self.rooms
            and self.proxy.calling(name) + self.proxy.dialogs.of(name) >= self._limits.calls_per_account
        ):
            self._counters.refuse("calls")
            return Refuse(486, "Too Many Calls")
        targets: list[ForkTarget] = []
        plain = request.method == "INVITE" and is_plain_rtp(request)
        refused = False
        for binding in bindings:
            device = self._devices.known(binding.user, binding.device)
            if device is None or not device.flows or device is caller:
                continue
            if plain and device.flows[-1].flow.transport in {"ws", "wss"}:
                refused = True
            else:
                targets.append(ForkTarget(device, binding.contact))
        if not bindings and self.rooms is not None and caller is not self.rooms:
            targets.append(ForkTarget(self.rooms, request.uri))
        if not targets:
            return Refuse(488, "", (_NEEDS_A_PHONE,)) if refused else Refuse(480)
        copy = passed_on(request, len(request.headers.all("route")), arrived.identity)
        breadth = self._breadth(request)
        if breadth is not None:
            if breadth < len(targets):
                return Refuse(440)
            copy = copy.with_(headers=copy.headers.replaced("Max-Breadth", str(breadth // len(targets))))
        self._forward(arrived, transaction, copy, targets, now)
        return None

    def _forward(
        self,
        arrived: Arrived,
        transaction: ServerTransaction,
        copy: SipRequest,
        targets: list[ForkTarget],
        now: float,
    ) -> None:
        if copy.method == "INVITE":
            transaction.respond(arrived.request.answer(100), now)
        fingerprint = loop_fingerprint(arrived.request)
        self.proxy.forward(transaction, copy, targets, self._caller(arrived), fingerprint, now)

    def _caller(self, arrived: Arrived) -> Device:
        """The sender's device.  One that isn't registered is known by its Contact."""
        flow, request, name = arrived.flow, arrived.request, arrived.name or ""
        device = flow.device_of(ROOMS) or flow.device_of(name)
        if device is not None:
            return device
        contacts = request.headers.all("contact")
        try:
            contact = NameAddress.parse(contacts[0]) if contacts else None
        except ValueError:
            contact = None
        known_as = f"flow {flow.flow.id}" if contact is None else contact.params.get("+sip.instance", contact.uri)
        return self._devices.bind(flow, name, known_as)

    def _breadth(self, request: SipRequest) -> int | None:
        value = request.headers.get("max-breadth")
        if value is None:
            return None
        try:
            return parse_number(value, _MANY_TARGETS)
        except ValueError:
            return _MANY_TARGETS
