"""Rooms for phones: runs the `Bridge` between the SIP server and the rooms of this process."""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, assert_never

from eyeline.bridge.bridge import Bridge
from eyeline.bridge.effects import AttachSession, BridgeEffect, DetachSession, SendToServer
from eyeline.serve.alarm import Alarm, AlarmClock
from eyeline.serve.sip.transport_layer import GRAIN_SECONDS, CloseReason, TransportLayer
from eyeline.signalling.messages import IceServer, PeerId, RoomName, SipUser
from eyeline.signalling.requests import News, Request, SessionId
from eyeline.signalling.session import AskBridge, Post
from eyeline.sip.effects import LookUp

INBOX_MAX: Final = 10_000
"""Messages and news that may wait for the bridge, which takes all of them in each turn of the loop; further ones are
dropped."""

_Input = bytes | AskBridge | tuple[SessionId, News]


class RoomBus(Protocol):
    """The part of the bus between sessions and rooms that phones need."""

    def attach(self, session: SessionId, mailbox: Callable[[News], None]) -> None:
        """Deliver the session's news to this mailbox from now on."""

    def detach(self, session: SessionId) -> None:
        """Stop delivering news to the session."""

    def post(self, room: RoomName, request: Request) -> None:
        """Send a request to the room."""


class RoomBridge:
    """The bridge as a client of the SIP server: a `SipConnection` without a network."""

    def __init__(
        self,
        layer: TransportLayer,
        bus: RoomBus,
        domain: str,
        run: str,
        *,
        guests: bool,
        is_online: Callable[[SipUser], bool],
    ) -> None:
        """See `Bridge`."""
        self._is_online = is_online
        self._layer = layer
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._bridge = Bridge(domain, run, lambda: PeerId(secrets.token_urlsafe(12)), guests=guests)
        self._alarm = Alarm(AlarmClock(GRAIN_SECONDS), self._bridge, self._on_due)
        self._inbox: deque[_Input] = deque()
        """The bridge takes it after the server and the rooms have done everything else: a page must hear that a phone
        is there before it hears from it."""
        self._flow_id = layer.open_rooms(self, domain)

    def __len__(self) -> int:
        """The number of phones in rooms."""
        return len(self._bridge)

    def ring(self, room: RoomName, user: SipUser) -> None:
        """Call a user's phones into a room."""
        self._perform(self._bridge.ring(room, user, self._loop.time(), time.time()))
        self._alarm.reschedule()

    def ask(self, asked: AskBridge) -> None:
        """See `Bridge.ask`.  Later: the member's session is still busy with its message."""
        self._put(asked)

    def send(self, message: bytes) -> None:
        """See `SipConnection`."""
        self._put(message)

    def close(self, why: CloseReason) -> None:
        """See `SipConnection`: phones are hung up."""
        self._perform(self._bridge.drain())
        self._alarm.stop()

    def ask_site(self, question: LookUp) -> bool:
        """See `SipConnection`."""
        return False

    def ice_servers(self, user: str) -> tuple[IceServer, ...]:
        """See `SipConnection`."""
        return ()

    def tick(self, now: float) -> None:
        """See `SipConnection`."""

    def _put(self, what: _Input) -> None:
        if not self._inbox:
            self._loop.call_soon(self._take)
        if len(self._inbox) < INBOX_MAX:
            self._inbox.append(what)

    def _take(self) -> None:
        taken, self._inbox = self._inbox, deque()
        for each in taken:
            now = self._loop.time()
            if isinstance(each, bytes):
                self._perform(self._bridge.receive(each, now, time.time()))
            elif isinstance(each, AskBridge):
                self._perform(self._bridge.ask(each, now, time.time(), online=self._is_online(each.command.user)))
            else:
                self._perform(self._bridge.on_news(*each, now))
        self._alarm.reschedule()

    def _on_news(self, session: SessionId, news: News) -> None:
        self._put((session, news))

    def _on_due(self, now: float) -> None:
        self._perform(self._bridge.wake(now))

    def _perform(self, effects: list[BridgeEffect]) -> None:
        for effect in effects:
            match effect:
                case AttachSession(session):
                    self._bus.attach(session, partial(self._on_news, session))
                case DetachSession(session):
                    self._bus.detach(session)
                case SendToServer(data):
                    self._layer.receive(self._flow_id, data)
                case Post(room, request):
                    self._bus.post(room, request)
                case _:
                    assert_never(effect)
