"""REGISTER requests: they change the location service, and tie a device to the flow that they came over."""

from eyeline.sip.devices import ClientFlow, Devices
from eyeline.sip.limits import LimitCounters, SipLimits
from eyeline.sip.location import Binding, Location
from eyeline.sip.message import SipRequest
from eyeline.sip.registrar import MAX_GRANT_S, register
from eyeline.sip.validation import Refuse


class Registrations:
    """The registered users and their devices."""

    def __init__(self, domain: str, devices: Devices, limits: SipLimits, counters: LimitCounters) -> None:
        self._domain = domain
        self._devices = devices
        self._limits = limits
        self._counters = counters
        self._location = Location()

    def __len__(self) -> int:
        """The number of bindings."""
        return len(self._location)

    def online(self) -> list[str]:
        """Every user with a device that can be called now."""
        return [aor.rpartition("@")[0] for aor in self._location.online()]

    def of(self, user: str) -> list[Binding]:
        """Where to send a request for a user."""
        return self._location.bindings(self._aor(user))

    def at(self, uri: str) -> Binding | None:
        """The device whose Contact is this URI."""
        return self._location.at(uri)

    def register(self, flow: ClientFlow, request: SipRequest, user: str, now: float, longest_s: float | None) -> Refuse:
        """Handle a REGISTER of an authenticated user; bindings last at most `longest_s`."""
        aor = self._aor(user)
        if self._devices.at_address(flow) >= self._limits.devices_per_address and flow.device_of(user) is None:
            self._counters.refuse("registrations")
            return Refuse(403, "Too Many Devices At This Address")
        longest = MAX_GRANT_S if longest_s is None else max(1, int(min(MAX_GRANT_S, longest_s)))
        answer = register(self._location, request, aor, flow.flow.id, now, longest)
        if answer.status == 403:
            self._counters.refuse("registrations")
        elif answer.status == 200:
            self._tie(flow, user, aor)
        return answer

    def disconnect(self, flow_id: int, now: float) -> None:
        """A flow has ended: its devices aren't called any more."""
        self._location.close_flow(flow_id, now)

    def remove(self, user: str) -> None:
        """Remove all bindings of a user."""
        self._location.remove([each.key for each in self._location.all(self._aor(user))])

    def next_wake(self) -> float | None:
        """When the next binding ends."""
        return self._location.next_wake()

    def wake(self, now: float) -> None:
        """Remove the bindings that have ended."""
        self._location.wake(now)

    def _aor(self, user: str) -> str:
        return f"{user}@{self._domain}"

    def _tie(self, flow: ClientFlow, user: str, aor: str) -> None:
        """Devices registered over this flow use it now, and those that have unregistered don't."""
        here = {each.key.device for each in self._location.all(aor) if each.is_live and each.flow_id == flow.flow.id}
        for device in [each for each in flow.devices.values() if each.user == user]:
            if device.name not in here:
                self._devices.release(flow, device)
            elif device.flows[-1] is flow:
                here.discard(device.name)
        for name in sorted(here):
            self._devices.bind(flow, user, name)
