"""Timers for the sans-IO machines: an `Alarm` calls back when a machine's next deadline is due."""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Wakeable(Protocol):
    """The part of a machine that an alarm needs."""

    def next_wake(self) -> float | None:
        """The next deadline, in seconds of the loop's clock; None if there is none."""


class Alarm:
    """Calls `on_due(now)` when its machine's deadline is due.

    Call `reschedule` after each input.  The timer is replaced only if the deadline has moved closer; a timer that fires
    too early just checks again.  So a machine whose deadline is postponed by each message needs no new timer for it.
    """

    def __init__(self, machine: Wakeable, on_due: Callable[[float], None]) -> None:
        self._machine = machine
        self._on_due = on_due
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        """When the timer fires.  uvloop's handle doesn't know it if that is immediately."""

    def reschedule(self) -> None:
        """Make sure that a timer is set for the machine's deadline."""
        due = self._machine.next_wake()
        if due is None:
            self.stop()
        elif self._timer is None or due < self._due:
            self.stop()
            self._due = due
            self._timer = self._loop.call_at(due, self._on_timer, due)

    def stop(self) -> None:
        """Cancel the timer, until the next `reschedule`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self, due: float) -> None:
        self._timer = None
        now = max(due, self._loop.time())  # a loop's timers can fire slightly early
        wanted = self._machine.next_wake()
        if wanted is not None and wanted <= now:
            self._on_due(now)
        self.reschedule()
