"""The transport layer of SIP (RFC 3261, 18): drives one `SipServer` from all its connections, whatever they use."""

import asyncio
import time
from collections import Counter
from typing import Final, Literal, Protocol, assert_never

import msgspec
from msgspec import Struct

from eyeline.serve.alarm import Alarm, AlarmClock
from eyeline.signalling.messages import IceServer
from eyeline.sip.effects import CloseFlow, Describe, LookUp, SendSip, SipAccount, SipEffect, SipFlow, SipTransport
from eyeline.sip.server import SipServer

CloseReason = Literal["closed", "too many", "too fast", "too slow", "silent", "malformed", "going away"]
"""Why a connection was closed by this side.  `closed` means that its credentials aren't valid any more."""

TICK_SECONDS: Final = 2.0
"""How often connections are checked for silent and slow clients, and accounts for changes."""

GRAIN_SECONDS: Final = 0.01
"""How late the timers of SIP may be."""


class SipConnection(Protocol):
    """The sending side of a flow.  No call blocks or raises."""

    def send(self, message: bytes) -> None:
        """Queue one SIP message, or drop the connection if the client doesn't read."""

    def close(self, why: CloseReason) -> None:
        """Close the connection; call `TransportLayer.closed` once that is done."""

    def ask_site(self, question: LookUp) -> bool:
        """Ask the site for an account, for `TransportLayer.found`; False if it can't be asked, or too much is asked."""

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """The STUN and TURN servers with which this user's page finds a path."""

    def tick(self, now: float) -> None:
        """Time has passed: close the connection if its client is silent or slow."""


class ClientEnd(Struct, frozen=True):
    """A new connection: the client's address, and our host as the client reaches it; see `SipFlow`."""

    transport: SipTransport
    ip: bytes
    """Packed, 4 or 16 bytes."""
    port: int
    host: str


class AccountSource(Protocol):
    """Where accounts come from."""

    def find(self, username: str, unix: float) -> SipAccount | None:
        """The account of a digest username, if it is known here."""

    def changed(self) -> list[str]:
        """Users whose account was removed or got another password since the last call."""


class _Service(Struct, frozen=True, rename="camel"):
    """What a page learns by OPTIONS."""

    online: tuple[str, ...]
    ice_servers: tuple[IceServer, ...]


class TransportLayer:
    """All flows of this process."""

    def __init__(self, server: SipServer, accounts: AccountSource) -> None:
        self._server = server
        self._accounts = accounts
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(AlarmClock(GRAIN_SECONDS), server, self._on_due)
        self._flows: dict[int, tuple[SipTransport | None, SipConnection]] = {}
        """Each with its transport; None for the rooms."""
        self._last_id = 0
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)
        self.drops: Counter[str] = Counter()
        """Connections that this side closed, by `CloseReason`."""

    def open(self, connection: SipConnection, client: ClientEnd) -> int:
        """A client has connected; returns the id of its flow.  Call `closed` when it has disconnected."""
        self._last_id += 1
        self._flows[self._last_id] = client.transport, connection
        flow = SipFlow(self._last_id, client.transport, client.ip, client.port, client.host)
        self._server.connect(flow, self._loop.time())
        return self._last_id

    def open_rooms(self, connection: SipConnection, host: str) -> int:
        """Requests for people who aren't registered go to this connection; returns the id of its flow."""
        self._last_id += 1
        self._flows[self._last_id] = None, connection
        self._server.attach_rooms(SipFlow(self._last_id, "tcp", b"", 0, host), self._loop.time())
        return self._last_id

    def has_device(self, flow_id: int) -> bool:
        """Whether a device that has proved who it is uses this flow."""
        return self._server.has_device(flow_id)

    def receive(self, flow_id: int, message: bytes) -> None:
        """One whole message was received."""
        now = self._loop.time()
        self._perform(self._server.receive(flow_id, message, now, time.time()))
        self._alarm.reschedule()

    def found(self, query: int, account: SipAccount | None) -> None:
        """The site has answered a question."""
        self._perform(self._server.found(query, account, self._loop.time(), time.time()))
        self._alarm.reschedule()

    def closed(self, flow_id: int) -> None:
        """A connection has closed.  Does nothing the second time."""
        if self._flows.pop(flow_id, None) is not None:
            self._perform(self._server.disconnect(flow_id, self._loop.time()))
            self._alarm.reschedule()

    def drop(self, flow_id: int, why: CloseReason) -> None:
        """Close a connection."""
        found = self._flows.get(flow_id)
        if found is not None:
            self.drops[why] += 1
            found[1].close(why)

    def flows(self) -> dict[str, int]:
        """How many flows there are, by transport."""
        return Counter(transport for transport, _ in self._flows.values() if transport is not None)

    def stop(self) -> None:
        """Close all connections: the process is shutting down."""
        self._ticking.cancel()
        for flow_id in list(self._flows):
            self.drop(flow_id, "going away")
            self.closed(flow_id)
        self._alarm.stop()

    def _on_due(self, now: float) -> None:
        self._perform(self._server.wake(now, time.time()))

    def _tick(self) -> None:
        now = self._loop.time()
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)
        for user in self._accounts.changed():
            self._perform(self._server.revoke(user, now))
        for _, connection in list(self._flows.values()):
            connection.tick(now)
        self._alarm.reschedule()

    def _perform(self, effects: list[SipEffect]) -> None:
        answers: list[SipEffect] = []
        for effect in effects:
            match effect:
                case SendSip():
                    found = self._flows.get(effect.flow_id)
                    if found is not None:
                        found[1].send(effect.data)
                case LookUp():
                    answers += self._look_up(effect)
                case CloseFlow():
                    self.drop(effect.flow_id, "closed")
                case Describe():
                    answers += self._described(effect)
                case _:
                    assert_never(effect)
        if answers:
            self._perform(answers)

    def _look_up(self, question: LookUp) -> list[SipEffect]:
        unix = time.time()
        account = self._accounts.find(question.username, unix)
        if account is None and question.flow_id in self._flows and self._flows[question.flow_id][1].ask_site(question):
            return []
        return self._server.found(question.query, account, self._loop.time(), unix)

    def _described(self, question: Describe) -> list[SipEffect]:
        found = self._flows.get(question.flow_id)
        servers = () if found is None else found[1].ice_servers(question.user)
        body = msgspec.json.encode(_Service(tuple(sorted(self._server.online())), servers))
        return self._server.described(question.query, body, self._loop.time())
