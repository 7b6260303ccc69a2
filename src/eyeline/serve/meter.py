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
        """Bytes that may pass now."""
        self._left = min(self._left + max(now - self._at, 0) * self._rate, self._rate * BURST_S)
        self._at = now
        return self._left

    def spend(self, passed: int) -> None:
        """They have passed."""
        self._left -= passed
