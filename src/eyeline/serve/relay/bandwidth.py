"""Bandwidth limit of the relay: bytes per second for each member, both directions together."""

from collections.abc import Callable
from typing import Final, Protocol

from eyeline.rate_limit import TokenBucket

BURST_S: Final = 1.0
"""Size of the bucket, in seconds at the full rate."""


class Bandwidth(Protocol):
    """The bandwidth of one member in bytes: a token bucket, see `rate_limit.TokenBucket`.

    Call `available` once for each batch of packets, and `spend` with the bytes relayed.
    """

    users: int
    """How many allocations share it."""

    def available(self, now: float) -> float:
        """Bytes that may be relayed now."""

    def spend(self, tokens: float) -> None:
        """Bytes were relayed."""

    def is_full(self, now: float) -> bool:
        """Whether it can be discarded."""


class BandwidthLimit(TokenBucket):
    """See `Bandwidth`."""

    users = 0


MakeBandwidth = Callable[..., Bandwidth]
"""Makes a full bucket, given `per_second` and `burst`."""


class BandwidthLimits:
    """One limit per member.  It outlives an allocation, so that the next one doesn't start with a full bucket."""

    def __init__(self, bytes_per_second: float, make: MakeBandwidth = BandwidthLimit) -> None:
        self._rate = bytes_per_second
        self._make = make
        self._limits: dict[str, Bandwidth] = {}

    def __len__(self) -> int:
        return len(self._limits)

    def of(self, member: str) -> Bandwidth:
        """The limit for one more allocation; the caller decrements `users` when it ends."""
        limit = self._limits.get(member)
        if limit is None:
            limit = self._limits[member] = self._make(per_second=self._rate, burst=self._rate * BURST_S)
        limit.users += 1
        return limit

    def tick(self, now: float) -> None:
        """Call once a second: deletes unused limits once they are full again, `BURST_S` after their last use."""
        for member in [member for member, each in self._limits.items() if not each.users and each.is_full(now)]:
            del self._limits[member]
