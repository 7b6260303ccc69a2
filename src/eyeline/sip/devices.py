"""Flows and the devices behind them (RFC 5626): a device is a person's phone or page, which keeps its calls when it
comes back over another flow.

Each device has a flow token (RFC 5626, 5.3), which stands in Record-Route and names the device rather than the socket.
It's derived from the device by a keyed hash: a restarted server knows nothing of its calls, but devices that register
again get the same token, so that requests within their calls find them.
"""

import ipaddress
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections import Counter
from hashlib import blake2s, sha256
from hmac import compare_digest
from typing import Final, Protocol

from eyeline.rate_limit import TokenBucket
from eyeline.sip.effects import RELIABLE, SendSip, SipEffect, SipFlow
from eyeline.sip.timers import Timer, Timers
from eyeline.sip.transaction import ClientTransaction

GRACE: Final = 10.0
"""How long messages are kept for a device that is away, in seconds."""

MAX_KEPT: Final = 32
"""How many messages are kept for a device that is away; the oldest is dropped first."""

MAX_AWAY: Final = 10_000
"""How many devices may be away at once; messages to more of them are dropped."""

ROOMS: Final = ""
"""The user and name of the device that stands for all rooms; no account can have it."""

_PORT: Final = re.compile(r":\d+$")
_ID_BYTES: Final = 12
_MAC_BYTES: Final = 6
_TOKEN_LETTERS: Final = (_ID_BYTES + _MAC_BYTES) * 4 // 3


class ClientFlow:
    """The state of one flow.  As a hop, it stands for its device once it has ended."""

    __slots__ = (
        *("_effects", "_latest", "address", "bucket", "devices", "flow", "host", "is_open", "network", "parked"),
        *("reliable", "users"),
    )

    def __init__(self, flow: SipFlow, effects: list[SipEffect], bucket: TokenBucket) -> None:
        self.flow = flow
        self.address = str(ipaddress.ip_address(flow.address)) if flow.address else ""
        """As text; "" if it isn't known."""
        self.network = flow.address if len(flow.address) == 4 else flow.address[:8]
        """The IPv4 address, or the /64 of the IPv6 address, which one customer usually has."""
        self.reliable = flow.transport in RELIABLE
        self.host = _PORT.sub("", flow.host).lower()
        """The name by which this client reaches the server, without a port."""
        self.is_open = True
        self.users: dict[str, float] = {}
        """The users authenticated on this connection, and until when (monotonic)."""
        self.devices: dict[str, Device] = {}
        """The devices that use it, by token."""
        self._latest: dict[str, Device] = {}
        self.bucket = bucket
        self.parked: dict[str, int] = {}
        """Which requests wait for an account: the key of the transaction, and the query."""
        self._effects = effects

    def send(self, data: bytes) -> None:
        """Send a message; after the flow has ended, to the device that used it."""
        if self.is_open:
            self._effects.append(SendSip(self.flow.id, data))
        else:
            for device in self.devices.values():
                device.send(data)
                return

    def device_of(self, user: str) -> "Device | None":
        """The device of `user` that used it last."""
        return self._latest.get(user)

    def add(self, device: "Device") -> None:
        """A device uses it."""
        self.devices[device.token] = device
        self._latest[device.user] = device

    def remove(self, device: "Device") -> None:
        """A device doesn't use it any more."""
        del self.devices[device.token]
        others = [each for each in self.devices.values() if each.user == device.user]
        if others:
            self._latest[device.user] = others[-1]
        else:
            self._latest.pop(device.user, None)

    def replaces(self, hop: object) -> bool:
        """Whether this is the flow of a device that used another one, which has ended."""
        return isinstance(hop, ClientFlow) and not hop.is_open and not self.devices.keys().isdisjoint(hop.devices)

    def begins(self, transaction: ClientTransaction) -> None:
        """Requests are sent to devices, not to flows."""

    def ends(self, transaction: ClientTransaction) -> None:
        """Requests are sent to devices, not to flows."""


class DeviceUser(Protocol):
    """What must know when a device is gone: a call."""

    def device_gone(self, device: "Device", now: float) -> None:
        """The device was away for longer than `GRACE`."""


class Device:
    """One phone or page of a user."""

    __slots__ = ("_kept", "_reliable", "away", "flows", "name", "token", "transactions", "user", "users")

    def __init__(self, token: str, user: str, name: str) -> None:
        self.token = token
        self.user = user
        """"" while it's known by its token only."""
        self.name = name
        """What tells it from other devices of its user, also over another flow: its `+sip.instance`, or its Contact."""
        self.flows: list[ClientFlow] = []
        """Its open flows; the last is used."""
        self.away: Timer | None = None
        """Ends the grace period."""
        self.transactions: dict[ClientTransaction, None] = {}
        """Requests to it that wait for their final response."""
        self.users: dict[DeviceUser, None] = {}
        """Calls it's part of."""
        self._kept: list[bytes] = []
        self._reliable = True

    @property
    def reliable(self) -> bool:
        """Whether messages to it arrive without retransmission."""
        return self._reliable

    def send(self, data: bytes) -> None:
        """Send a message, or keep it while the device is away."""
        if self.flows:
            self.flows[-1].send(data)
            return
        self._kept.append(data)
        if len(self._kept) > MAX_KEPT:
            del self._kept[0]

    def begins(self, transaction: ClientTransaction) -> None:
        """A request was sent to it."""
        self.transactions[transaction] = None

    def ends(self, transaction: ClientTransaction) -> None:
        """The request needs no response any more."""
        self.transactions.pop(transaction, None)

    def found(self, flow: ClientFlow) -> None:
        """It uses this flow now: send what was kept."""
        if flow in self.flows:
            self.flows.remove(flow)
        self.flows.append(flow)
        self._reliable = flow.reliable
        kept, self._kept = self._kept, []
        for data in kept:
            flow.send(data)

    def lost(self, flow: ClientFlow) -> None:
        """A flow has ended.  Requests that may have been lost with the last one are kept, to be sent again."""
        self.flows.remove(flow)
        if not self.flows:
            self._kept = [each.unanswered for each in self.transactions if each.unanswered][-MAX_KEPT:]

    def gone(self, now: float) -> None:
        """It was away for too long: end everything that waits for it."""
        self._kept.clear()
        for transaction in list(self.transactions):
            transaction.give_up(now)
        for user in list(self.users):
            user.device_gone(self, now)


class Devices:
    """All flows and devices of a server."""

    def __init__(self, key: bytes, timers: Timers, effects: list[SipEffect]) -> None:
        self._key = sha256(key).digest()
        self._timers = timers
        self._effects = effects
        self._flows: dict[int, ClientFlow] = {}
        self._devices: dict[str, Device] = {}
        self._away = 0
        self._per_network: Counter[bytes] = Counter()

    def __len__(self) -> int:
        """How many devices are known."""
        return len(self._devices)

    def connect(self, flow: SipFlow, bucket: TokenBucket) -> None:
        """A flow has begun."""
        self._flows[flow.id] = ClientFlow(flow, self._effects, bucket)

    def flow(self, flow_id: int) -> ClientFlow | None:
        """The state of a flow; None if it has ended."""
        return self._flows.get(flow_id)

    def disconnect(self, flow_id: int, now: float) -> None:
        """A flow has ended."""
        flow = self._flows.pop(flow_id, None)
        if flow is None:
            return
        flow.is_open = False
        for device in flow.devices.values():
            self._count_less(flow)
            device.lost(flow)
            if not device.flows:
                self._wait_for(device, now)

    def bind(self, flow: ClientFlow, user: str, name: str) -> Device:
        """The device `name` of `user` uses this flow now."""
        token = self._token(user, name)
        device = self._devices.get(token)
        if device is None:
            device = self._devices[token] = Device(token, user, name)
        elif device.away is not None:
            self._timers.cancel(device.away)
            device.away = None
            self._away -= 1
        device.user, device.name = user, name
        if token not in flow.devices:
            self._per_network[flow.network] += 1
            flow.add(device)
        device.found(flow)
        return device

    def release(self, flow: ClientFlow, device: Device) -> None:
        """The device has unregistered.  It's forgotten unless it's in a call."""
        if not device.users and not device.transactions:
            flow.remove(device)
            self._count_less(flow)
            device.lost(flow)
            if not device.flows:
                self._devices.pop(device.token, None)

    def at_address(self, flow: ClientFlow) -> int:
        """How many devices use the IPv4 address or IPv6 /64 of this flow."""
        return self._per_network[flow.network] if flow.address else 0

    def flows_of(self, user: str) -> list[ClientFlow]:
        """All flows on which a user has authenticated or has a device."""
        return [flow for flow in self._flows.values() if user in flow.users or flow.device_of(user) is not None]

    def named(self, token: str, now: float) -> Device | None:
        """The device that a flow token names.  It's None unless the token is one of ours.

        A device that isn't known, after a restart, is awaited for `GRACE`."""
        device = self._devices.get(token)
        if device is None and self._away < MAX_AWAY and self.is_token(token):
            device = self._devices[token] = Device(token, "", "")
            self._wait_for(device, now)
        return device

    def known(self, user: str, name: str) -> Device | None:
        """The device `name` of `user`, if it's here or was a moment ago."""
        return self._devices.get(self._token(user, name))

    def _count_less(self, flow: ClientFlow) -> None:
        self._per_network[flow.network] -= 1
        if not self._per_network[flow.network]:
            del self._per_network[flow.network]

    def _wait_for(self, device: Device, now: float) -> None:
        self._away += 1
        device.away = self._timers.start(now + GRACE, lambda at: self._gone(device, at))

    def _gone(self, device: Device, now: float) -> None:
        device.away = None
        self._away -= 1
        self._devices.pop(device.token, None)
        device.gone(now)

    def _token(self, user: str, device: str) -> str:
        name = blake2s(f"{user}\0{device}".encode(), key=self._key, digest_size=_ID_BYTES, person=b"sipflow").digest()
        return urlsafe_b64encode(name + self._mac(name)).decode()

    def is_token(self, token: str) -> bool:
        """Whether the server has made this flow token, in this run or an earlier one."""
        if token in self._devices:
            return True
        if len(token) != _TOKEN_LETTERS:
            return False
        try:
            raw = urlsafe_b64decode(token.encode())
        except (Error, ValueError):
            return False
        name = raw[:_ID_BYTES]
        return compare_digest(raw[_ID_BYTES:], self._mac(name))

    def _mac(self, name: bytes) -> bytes:
        return blake2s(name, key=self._key, digest_size=_MAC_BYTES, person=b"siptoken").digest()
