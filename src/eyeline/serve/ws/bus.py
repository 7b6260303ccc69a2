"""The bus between sessions and rooms: neither ever touches the other, wherever they live."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from eyeline.serve.alarm import Alarm
from eyeline.signalling.messages import PeerId, Refused, RoomName
from eyeline.signalling.refusals import REFUSALS
from eyeline.signalling.requests import Enter, Look, News, RelaySignal, Request, SessionId, Tell
from eyeline.signalling.room import BrokerRun, Room
from eyeline.signalling.seat import Seat

Mailbox = Callable[[News], None]
"""How a session is told: returns at once, keeps nothing that has no bound, raises nothing."""


Vacated = Callable[[RoomName, PeerId], None]
"""Is told that somebody's seat is nobody's any more."""


class Bus(Protocol):
    """Carries requests to the one process that holds a room, and news back."""

    def attach(self, session: SessionId, mailbox: Mailbox) -> None:
        """From now on news for the session goes into the mailbox."""

    def detach(self, session: SessionId) -> None:
        """No more news for the session; news on its way is dropped."""

    def post(self, room: RoomName, request: Request) -> None:
        """Ask the room.  Requests of one session to one room arrive in order."""


class LocalBus:
    """All rooms are in this process: a function call, no queue.

    Of `rooms` that there can be, a further one is refused with `busy`, except to who comes back to a seat.
    """

    def __init__(self, *, capacity: int, rooms: int, broker_run: BrokerRun, vacated: Vacated) -> None:
        self._most = rooms
        self._capacity = capacity
        self._broker_run = broker_run
        self._vacated = vacated
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
        if room not in self._rooms and len(self._rooms) >= self._most and isinstance(request, Look | Enter):
            self._deliver([Tell(request.session, Refused("busy", REFUSALS["busy"].message))])
            return
        machine, alarm = self._rooms.get(room) or self._open(room)
        tells = machine.receive(request, self._loop.time())
        if not isinstance(request, RelaySignal):  # which empties no room and changes no time
            self._settle(room, machine, alarm)
        self._deliver(tells)

    def names(self) -> Iterable[RoomName]:
        """All rooms that there are."""
        return self._rooms

    def inside(self, room: RoomName) -> list[Seat]:
        """The seats of the room, in order of arrival; none if there is no such room."""
        there = self._rooms.get(room)
        return [] if there is None else there[0].inside

    def __len__(self) -> int:
        """How many rooms there are."""
        return len(self._rooms)

    def seats(self) -> dict[str, int]:
        """How many seats have a socket (`here`), and how many are kept for who is `away`."""
        here = sum(room.present for room, _ in self._rooms.values())
        return {"here": here, "away": sum(room.seats for room, _ in self._rooms.values()) - here}

    def close(self) -> None:
        """Forget all rooms and their alarms."""
        for _, alarm in self._rooms.values():
            alarm.stop()
        self._rooms.clear()

    def _open(self, name: RoomName) -> tuple[Room, Alarm]:
        room = Room(name, capacity=self._capacity, broker_run=self._broker_run, now=self._loop.time())

        def ring(now: float) -> None:
            tells = room.wake(now)
            self._settle(name, room, alarm)
            self._deliver(tells)

        alarm = Alarm(room, ring)
        self._rooms[name] = room, alarm
        return room, alarm

    def _settle(self, name: RoomName, room: Room, alarm: Alarm) -> None:
        for peer in room.vacated:
            self._vacated(name, peer)
        room.vacated.clear()
        if room.empty:
            alarm.stop()
            self._rooms.pop(name, None)
        else:
            alarm.look()

    def _deliver(self, tells: list[Tell]) -> None:
        for tell in tells:
            mailbox = self._mailboxes.get(tell.session)
            if mailbox is not None:
                mailbox(tell.news)
