"""The location service (RFC 3261, 10, and RFC 5626): which devices of a user are registered, and over which connection.

A device whose connection has closed isn't called any more, and is forgotten after `GRACE_S` unless it registers again.
"""

import heapq
from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

KEPT_LONGER_S: Final = 10
"""A binding lives longer than granted: browsers renew theirs in the last seconds, and their clocks may be late."""

GRACE_S: Final = 32
"""How long the binding of a closed connection is kept."""


class BindingKey(NamedTuple):
    """What a new registration replaces: one of the same user, device and flow (RFC 5626, 6)."""

    aor: str
    """The address of record: user and host, `alice@example.com`."""
    device: str
    """The `+sip.instance`, or the URI of the Contact if there is none."""
    reg_id: int
    """The number of the flow that the device gave it; 0 without one."""


class Binding(Struct, frozen=True):
    """One registered Contact."""

    key: BindingKey
    contact: str
    """The URI, as the device wrote it."""
    params: str
    """Parameters of the Contact to repeat in an answer, with their semicolons: `;+sip.instance="<...>";reg-id=1`."""
    flow_id: int
    """The connection that it was registered over, which requests are sent over."""
    is_live: bool
    """Whether that connection is open."""
    granted_until: float
    """What the device was told."""
    ends_at: float
    registered_at: float
    call_id: str
    cseq: int
    """Call-ID and CSeq number of the REGISTER request."""

    @property
    def aor(self) -> str:
        return self.key.aor

    @property
    def user(self) -> str:
        return self.key.aor.rpartition("@")[0]

    @property
    def device(self) -> str:
        return self.key.device


class Location:
    """The bindings of all users."""

    def __init__(self) -> None:
        self._bindings: dict[str, dict[BindingKey, Binding]] = {}
        self._by_flow: dict[int, set[BindingKey]] = {}
        self._by_contact: dict[str, BindingKey] = {}
        self._ends: dict[int, set[BindingKey]] = {}
        """The bindings by the second in which they end."""
        self._seconds: list[int] = []
        """A heap of the keys of `_ends`."""

    def __len__(self) -> int:
        """The number of bindings."""
        return sum(map(len, self._bindings.values()))

    def all(self, aor: str) -> list[Binding]:
        """Every binding of a user, also of closed connections, the oldest first."""
        return list(self._bindings.get(aor, {}).values())

    def bindings(self, aor: str) -> list[Binding]:
        """Where to send a request for a user: the newest binding of each device that has an open connection."""
        newest: dict[str, Binding] = {}
        for binding in self._bindings.get(aor, {}).values():
            other = newest.get(binding.key.device)
            if binding.is_live and (other is None or other.registered_at <= binding.registered_at):
                newest[binding.key.device] = binding
        return list(newest.values())

    def find(self, aor: str, device: str) -> Binding | None:
        """The newest binding of a device with an open connection."""
        return next((each for each in self.bindings(aor) if each.key.device == device), None)

    def at(self, uri: str) -> Binding | None:
        """The binding whose Contact is this URI, by user and host; of two users the first."""
        key = self._by_contact.get(_user_and_host(uri))
        return None if key is None else self._bindings[key.aor][key]

    def is_online(self, aor: str) -> bool:
        """Whether the user has a device with an open connection."""
        return any(each.is_live for each in self._bindings.get(aor, {}).values())

    def online(self) -> list[str]:
        """Every user who is online."""
        return [aor for aor in self._bindings if self.is_online(aor)]

    def put(self, binding: Binding) -> None:
        """Add a binding, or replace the one with the same key."""
        key = binding.key
        of_user = self._bindings.get(key.aor)
        if of_user is None:
            of_user = self._bindings[key.aor] = {}
        old = of_user.pop(key, None)
        of_user[key] = binding
        if old is not None and old.flow_id == binding.flow_id and old.contact == binding.contact:
            if _second(old) != _second(binding):
                self._ends[_second(old)].discard(key)
                self._end(binding)
            return
        if old is not None:
            self._forget(old)
        self._by_flow.setdefault(binding.flow_id, set()).add(key)
        contact = _user_and_host(binding.contact)
        if self._by_contact.get(contact, key).aor == key.aor:  # of two users the first keeps it
            self._by_contact[contact] = key
        self._end(binding)

    def remove(self, keys: Iterable[BindingKey]) -> None:
        """Remove these bindings, if they exist."""
        for key in keys:
            of_user = self._bindings.get(key.aor, {})
            binding = of_user.pop(key, None)
            if binding is not None:
                if not of_user:
                    del self._bindings[key.aor]
                self._forget(binding)

    def _end(self, binding: Binding) -> None:
        """Remove it when its time is over."""
        second = _second(binding)
        if second not in self._ends:
            self._ends[second] = set()
            heapq.heappush(self._seconds, second)
        self._ends[second].add(binding.key)

    def _forget(self, binding: Binding) -> None:
        """A binding was removed, or replaced by one over another connection."""
        key = binding.key
        contact = _user_and_host(binding.contact)
        if self._by_contact.get(contact) == key:
            del self._by_contact[contact]
        of_flow = self._by_flow[binding.flow_id]
        of_flow.discard(key)
        if not of_flow:
            del self._by_flow[binding.flow_id]
        self._ends.get(_second(binding), set()).discard(key)

    def close_flow(self, flow_id: int, now: float) -> list[str]:
        """A connection has closed.  Returns the users who are offline since."""
        keys = list(self._by_flow.get(flow_id, ()))
        for key in keys:
            binding = self._bindings[key.aor][key]
            self.put(_closed(binding, now))
        return sorted({key.aor for key in keys if not self.is_online(key.aor)})

    def next_wake(self) -> float | None:
        """When the next binding ends, to the second."""
        while self._seconds and not self._ends[self._seconds[0]]:
            del self._ends[heapq.heappop(self._seconds)]
        return float(self._seconds[0]) if self._seconds else None

    def wake(self, now: float) -> list[str]:
        """Remove the bindings that have ended.  Returns the users who are offline since."""
        offline: set[str] = set()
        while self._seconds and self._seconds[0] <= now:
            keys = self._ends.pop(heapq.heappop(self._seconds))
            before = {key.aor for key in keys if self.is_online(key.aor)}
            self.remove(keys)
            offline |= {aor for aor in before if not self.is_online(aor)}
        return sorted(offline)


def _second(binding: Binding) -> int:
    return int(binding.ends_at) + 1


def _user_and_host(uri: str) -> str:
    """What is compared of a Contact: browsers repeat its parameters or not."""
    return uri.partition(":")[2].partition("?")[0].partition(";")[0]


def _closed(binding: Binding, now: float) -> Binding:
    return replace(binding, is_live=False, ends_at=min(binding.ends_at, now + GRACE_S))
