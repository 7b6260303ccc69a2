"""Rate limiting by token buckets: one bucket, or one for each source address.

Time is passed in, in seconds on a monotonic clock.  A `now` that is earlier than in the last call adds no tokens.
"""

from typing import Final, Protocol

MAX_ADDRESSES: Final = 65_536
"""Addresses remembered at once, about 7 MB.  When there are more, those seen longest ago start again with full buckets:
an attacker who can spoof that many addresses gains one more burst for one of them, for 32,768 datagrams sent."""


class TokenBucket:
    """Fills at `per_second` up to `burst`.  A token stands for whatever is limited: a message, a byte."""

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, *, per_second: float, burst: float, now: float = 0.0) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._at = now

    def available(self, now: float) -> float:
        """Tokens that may be spent now; negative if too many were spent."""
        if now > self._at:
            self._left = min(self._left + (now - self._at) * self._per_second, self._burst)
            self._at = now
        return self._left

    def spend(self, tokens: float) -> None:
        """Take tokens for something that has already happened, even if there aren't enough."""
        self._left -= tokens

    def try_spend(self, now: float) -> bool:
        """Take one token; returns False and takes nothing if there is none."""
        if now > self._at:
            self._left = min(self._left + (now - self._at) * self._per_second, self._burst)
            self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_full(self, now: float) -> bool:
        """Whether it is as full as a new one, so that it can be discarded."""
        return self.available(now) >= self._burst


class SourceLimit(Protocol):
    """A token bucket for each source address: an IPv4 address, or the /64 of an IPv6 address."""

    def try_spend(self, ip: bytes, now: float) -> bool:
        """Take one token from the bucket of `ip`, packed; False if there is none left."""


class RateLimit:
    """A token bucket for each source address: an IPv4 address, or the /64 of an IPv6 address.

    A bucket is one number: the time at which it is full again.  Buckets are kept in two generations, and the older one
    is discarded as a whole, either when all in it are full again, or when the table is full.
    """

    def __init__(self, *, per_second: float, burst: float, max_addresses: int = MAX_ADDRESSES) -> None:
        self._token_seconds = 1 / per_second
        self._fill_seconds = burst / per_second
        self._generation = max_addresses // 2
        self._young: dict[bytes, float] = {}
        self._old: dict[bytes, float] = {}
        self._turns_at = 0.0

    def __len__(self) -> int:
        """The number of buckets."""
        return len(self._young) + len(self._old)

    def try_spend(self, ip: bytes, now: float) -> bool:
        """Take one token from the bucket of `ip`, packed; False if there is none left."""
        if now >= self._turns_at or len(self._young) >= self._generation:
            self._old, self._young = self._young, {}
            self._turns_at = now + self._fill_seconds
        source = ip if len(ip) == 4 else ip[:8]
        full_at = self._young.get(source)
        if full_at is None:
            full_at = self._old.get(source, now)
        full_at = max(full_at, now) + self._token_seconds
        if full_at > now + self._fill_seconds + 1e-6:
            return False
        self._young[source] = full_at
        return True
