"""What one member may have relayed in a second, both ways together."""

from typing import Final

BURST_S: Final = 1.0
"""So many seconds' worth at once, after a pause."""


class Meter:
    """A token bucket of bytes, asked once for each batch of packets."""

    def __init__(self, bytes_per_second: float) -> None:
        self._rate = bytes_per_second
        self._left = bytes_per_second * BURST_S
        self._at = 0.0
        self.users = 0
        """How many allocations share it."""

    def left(self, now: float) -> float:
        """Bytes that may pass now.  Who asks by an earlier time than another one did, as the plane's readers do, is
        given nothing for it: time that was paid for once is not paid for again."""
        if now > self._at:
            self._left = min(self._left + (now - self._at) * self._rate, self._rate * BURST_S)
            self._at = now
        return self._left

    def spend(self, passed: int) -> None:
        """They have passed."""
        self._left -= passed

    def is_full(self, now: float) -> bool:
        """Whether it is as good as new."""
        return self.left(now) >= self._rate * BURST_S


class Meters:
    """One for each member, also between two allocations: giving back the last one does not fill it."""

    def __init__(self, bytes_per_second: float) -> None:
        self._rate = bytes_per_second
        self._meters: dict[str, Meter] = {}

    def __len__(self) -> int:
        return len(self._meters)

    def of(self, member: str) -> Meter:
        """For one more allocation, which takes itself off `users` when it ends."""
        meter = self._meters.setdefault(member, Meter(self._rate))
        meter.users += 1
        return meter

    def tick(self, now: float) -> None:
        """Once a second: forget those that nobody uses and that are full again, `BURST_S` after the last use."""
        for member in [member for member, each in self._meters.items() if not each.users and each.is_full(now)]:
            del self._meters[member]
