"""Message bus between sessions and rooms, which never access each other directly and may be in different processes."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from eyeline.serve.alarm import Alarm, AlarmClock
from eyeline.signalling.messages import PeerId, Refused, RoomName
from eyeline.signalling.refusals import REFUSALS
from eyeline.signalling.requests import EnterLobby, News, Notify, RelaySignal, Request, RequestSeat, SessionId
from eyeline.signalling.room import BrokerRun, Room
from eyeline.signalling.seat import Seat

Mailbox = Callable[[News], None]
"""Delivers news to a session.  Must return at once, buffer only within limits, and never raise."""


Vacated = Callable[[RoomName, PeerId], None]
"""Called when a seat is released."""


class Bus(Protocol):
    """Carries requests to the one process that holds a room, and news back."""

    def attach(self, session: SessionId, mailbox: Mailbox) -> None:
        """Deliver the session's news to this mailbox from now on."""

    def detach(self, session: SessionId) -> None:
        """Stop delivering news to the session; news in flight is dropped."""

    def post(self, room: RoomName, request: Request) -> None:
        """Send a request to the room.  Requests of one session to one room arrive in order."""


class LocalBus:
    """A bus whose rooms are all in this process: function calls, no queue.

    Once there are `rooms` rooms, further ones are refused with `busy`, except for members who resume a seat.
    """

    def __init__(
        self, *, capacity: int, rooms: int, broker_run: BrokerRun, vacated: Vacated, clock: AlarmClock
    ) -> None:
        self._rooms_max = rooms
        self._capacity = capacity
        self._broker_run = broker_run
        self._vacated = vacated
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._mailboxes: dict[SessionId, Mailbox] = {}
        self._rooms: dict[RoomName, tuple[Room, Alarm]] = {}

    def attach(self, session: SessionId, mailbox: Mailbox) -> None:
        """See `Bus`."""
        self._mailboxes[session] = mailbox

    def detach(self, session: SessionId) -> None:
        """See `Bus`."""
        self._mailboxes.pop(session, None)

    def post(self, room: RoomName, request: Request) -> None:
        """See `Bus`."""
        if isinstance(request, RelaySignal):
            self._relay(room, request)
            return
        if (
            room not in self._rooms
            and len(self._rooms) >= self._rooms_max
            and isinstance(request, EnterLobby | RequestSeat)
        ):
            self._deliver([Notify(request.session, Refused("busy", REFUSALS["busy"].message))])
            return
        now = self._loop.time()
        self._broker_run.wall_clock.unix_offset = time.time() - now
        machine, alarm = self._rooms.get(room) or self._open(room, now)
        news = machine.receive(request, now)
        self._settle(room, machine, alarm)
        self._deliver(news)

    def _relay(self, room: RoomName, signal: RelaySignal) -> None:
        """The most frequent request, which neither empties a room nor changes its deadline, and needs no time."""
        found = self._rooms.get(room)
        if found is not None:
            self._deliver(found[0].relay(signal))

    def names(self) -> Iterable[RoomName]:
        """The names of all rooms."""
        return self._rooms

    def inside(self, room: RoomName) -> list[Seat]:
        """The seats of the room, in order of arrival; empty if the room doesn't exist."""
        found = self._rooms.get(room)
        return [] if found is None else found[0].inside

    def __len__(self) -> int:
        """The number of rooms."""
        return len(self._rooms)

    def seats(self) -> dict[str, int]:
        """How many members are connected (`here`), and how many seats are kept for members who are `away`."""
        here = sum(room.present for room, _ in self._rooms.values())
        return {"here": here, "away": sum(room.seats for room, _ in self._rooms.values()) - here}

    def close(self) -> None:
        """Discard all rooms and stop their alarms."""
        for _, alarm in self._rooms.values():
            alarm.cancel()
        self._rooms.clear()

    def _open(self, name: RoomName, now: float) -> tuple[Room, Alarm]:
        room = Room(name, capacity=self._capacity, broker_run=self._broker_run, now=now)

        def on_due(now: float) -> None:
            self._broker_run.wall_clock.unix_offset = time.time() - now
            news = room.wake(now)
            self._settle(name, room, alarm)
            self._deliver(news)

        alarm = Alarm(self._clock, room, on_due)
        self._rooms[name] = room, alarm
        return room, alarm

    def _settle(self, name: RoomName, room: Room, alarm: Alarm) -> None:
        for peer in room.vacated:
            self._vacated(name, peer)
        room.vacated.clear()
        if room.empty:
            alarm.cancel()
            self._rooms.pop(name, None)
        else:
            alarm.reschedule()

    def _deliver(self, news: list[Notify]) -> None:
        for each in news:
            mailbox = self._mailboxes.get(each.session)
            if mailbox is not None:
                mailbox(each.news)
