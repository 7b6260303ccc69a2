"""How every machine here is driven: inputs come in, and an `Alarm` rings when time itself is the next input."""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Wakeable(Protocol):
    """The part of a machine that an alarm needs."""

    def next_wake(self) -> float | None:
        """When time is the next input, in seconds of the loop's clock."""


class Alarm:
    """Calls `ring(now)` when its machine wants to be woken.

    Call `look` after each input.  The timer is set anew only when the machine wants to be woken earlier than it is set
    for; a timer that rings too early looks again.  So a machine whose deadline moves away with each message costs no
    timer per message.
    """

    def __init__(self, machine: Wakeable, ring: Callable[[float], None]) -> None:
        self._machine = machine
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle | None = None
        self._due = 0.0
        """When the timer rings.  A timer of uvloop can't say it where that is at once."""

    def look(self) -> None:
        """Sees to it that the alarm rings in time."""
        due = self._machine.next_wake()
        if due is None:
            self.stop()
        elif self._timer is None or due < self._due:
            self.stop()
            self._due = due
            self._timer = self._loop.call_at(due, self._rung, due)

    def stop(self) -> None:
        """Rings no more, until the next `look`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rung(self, due: float) -> None:
        self._timer = None
        now = max(due, self._loop.time())  # a loop's timers can ring a hair early
        wanted = self._machine.next_wake()
        if wanted is not None and wanted <= now:
            self._ring(now)
        self.look()
