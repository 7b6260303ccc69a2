"""Bandwidth limit of the relay: what one member may have relayed in a second, both directions together."""

from typing import Final

from eyeline.rate_limit import TokenBucket

BURST_S: Final = 1.0
"""So many seconds' worth at once, after a pause."""


class BandwidthLimit(TokenBucket):
    """The bytes of one member.  `available` is asked once for each batch of packets, and `spend` told what passed."""

    users = 0
    """How many allocations share it."""


class BandwidthLimits:
    """One for each member.  It outlives an allocation, so that a new one doesn't start with a full bucket."""

    def __init__(self, bytes_per_second: float) -> None:
        self._rate = bytes_per_second
        self._limits: dict[str, BandwidthLimit] = {}

    def __len__(self) -> int:
        return len(self._limits)

    def of(self, member: str) -> BandwidthLimit:
        """For one more allocation, which subtracts itself from `users` when it ends."""
        limit = self._limits.get(member)
        if limit is None:
            limit = self._limits[member] = BandwidthLimit(per_second=self._rate, burst=self._rate * BURST_S)
        limit.users += 1
        return limit

    def tick(self, now: float) -> None:
        """Once a second: forget those that no allocation uses and that are full again, `BURST_S` after the last use."""
        for member in [member for member, each in self._limits.items() if not each.users and each.is_full(now)]:
            del self._limits[member]
