"""Timers for the sans-IO machines: an `Alarm` calls back when a machine's next deadline is due.

All alarms of an `AlarmClock` share one timer of the loop, and ring in groups.  Otherwise ten thousand members, who are
pinged every ten seconds, would wake the process a thousand times a second, and a timer of the loop takes 400 bytes.
"""

import asyncio
from collections.abc import Callable
from math import ceil
from typing import Protocol


class Wakeable(Protocol):
    """The part of a machine that an alarm needs."""

    def next_wake(self) -> float | None:
        """The next deadline, in seconds of the loop's clock; None if there is none."""


class AlarmClock:
    """Rings the alarms that are due within `grain` seconds together, at their end.  Needs a running loop."""

    def __init__(self, grain: float) -> None:
        self.grain = grain
        self._loop = asyncio.get_running_loop()
        self._alarms: dict[int, set[Alarm]] = {}
        """By the number of grains at which they ring."""
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0
        """When the timer fires, in grains."""

    def add(self, alarm: "Alarm", tick: int) -> None:
        """Ring the alarm after that many grains of the loop's clock."""
        self._alarms.setdefault(tick, set()).add(alarm)
        if self._timer is None or tick < self._next:
            self._set_timer(tick)

    def discard(self, alarm: "Alarm", tick: int) -> None:
        """Don't ring an alarm that was added with `tick`."""
        alarms = self._alarms.get(tick)
        if alarms is not None:
            alarms.discard(alarm)
            if not alarms:
                del self._alarms[tick]
        if not self._alarms and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, tick: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = tick
        self._timer = self._loop.call_at(tick * self.grain, self._ring, tick)

    def _ring(self, tick: int) -> None:
        self._timer = None
        due = self._alarms.pop(tick, set())
        if self._alarms:
            self._set_timer(min(self._alarms))
        now = max(tick * self.grain, self._loop.time())  # a loop's timers can fire slightly early
        for alarm in due:
            try:
                alarm.ring(tick, now)
            except Exception as error:  # a bug in one machine must not stop the others
                self._loop.call_exception_handler({"message": "An alarm has failed.", "exception": error})


class Alarm:
    """Calls `on_due(now)` when its machine's deadline is due, or up to a grain of its clock later.

    Call `reschedule` after each input that may bring the deadline closer.  Only then is it set again; one that
    rings too early just checks again.  So a machine whose deadline is postponed by each message needs nothing for it.
    """

    __slots__ = ("_clock", "_machine", "_on_due", "_tick")

    def __init__(self, clock: AlarmClock, machine: Wakeable, on_due: Callable[[float], None]) -> None:
        self._clock = clock
        self._machine = machine
        self._on_due = on_due
        self._tick: int | None = None

    def reschedule(self) -> None:
        """Make sure that the alarm rings at the machine's deadline."""
        due = self._machine.next_wake()
        if due is None:
            self.stop()
            return
        tick = ceil(due / self._clock.grain)
        if self._tick is None or tick < self._tick:
            self.stop()
            self._tick = tick
            self._clock.add(self, tick)

    def stop(self) -> None:
        """Don't ring until the next `reschedule`."""
        if self._tick is not None:
            self._clock.discard(self, self._tick)
            self._tick = None

    def cancel(self) -> None:
        """Stop for good, and forget the callback, which usually belongs to the owner of the alarm."""
        self.stop()
        self._on_due = _nothing

    def ring(self, tick: int, now: float) -> None:
        """Called by the clock, which has forgotten the alarm."""
        if tick != self._tick:
            return  # another alarm of the same group has stopped or set it
        self._tick = None
        due = self._machine.next_wake()
        if due is not None and due <= now:
            self._on_due(now)
        self.reschedule()


def _nothing(_now: float) -> None:
    """What a cancelled alarm calls."""
