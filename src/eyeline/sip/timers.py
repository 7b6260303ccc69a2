"""The timers of all SIP transactions and calls in one queue, in virtual time."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from msgspec import Struct

Fire = Callable[[float], None]


class Timer(Struct, eq=False, gc=False):
    """One timer; see `Timers.start`.

    Unknown to the garbage collector, which would stop a busy server for 0.1 s to look at all of them; so `fire` is
    cleared as soon as it's over."""

    fire: Fire | None
    """Called with the time; None once it has fired or was cancelled."""


class Timers:
    """Timers in the order in which they fire.  Most are cancelled: those are skipped, and swept out when they are more
    than half of the queue."""

    def __init__(self) -> None:
        self._queue: list[tuple[float, int, Timer]] = []
        self._started = 0
        self._cancelled = 0

    def __len__(self) -> int:
        """How many timers are running."""
        return len(self._queue) - self._cancelled

    def queued(self) -> int:
        """How many timers take up memory: also cancelled ones, for a while."""
        return len(self._queue)

    def start(self, at: float, fire: Fire) -> Timer:
        """Call `fire` at the time `at`; timers for the same time fire in the order in which they were started."""
        timer = Timer(fire)
        self._started += 1
        heappush(self._queue, (at, self._started, timer))
        return timer

    def cancel(self, timer: Timer | None) -> None:
        """Stop a timer; does nothing if it has fired or was cancelled."""
        if timer is None or timer.fire is None:
            return
        timer.fire = None
        self._cancelled += 1
        if self._cancelled > 1000 and self._cancelled * 2 > len(self._queue):
            self._queue = [each for each in self._queue if each[2].fire is not None]
            heapify(self._queue)
            self._cancelled = 0

    def next_wake(self) -> float | None:
        """When the next timer fires."""
        while self._queue and self._queue[0][2].fire is None:
            heappop(self._queue)
            self._cancelled -= 1
        return self._queue[0][0] if self._queue else None

    def wake(self, now: float) -> None:
        """Fire all timers that are due."""
        while (at := self.next_wake()) is not None and at <= now:
            timer = heappop(self._queue)[2]
            fire, timer.fire = timer.fire, None
            if fire is not None:
                fire(now)
