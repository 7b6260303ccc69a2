"""How many answers one source address may cause, since a source address of UDP can be a lie.

Whoever forges the address of a victim makes us send to the victim.  An answer to Binding is at most 2.25 times as long
as its question and a challenge (401) at most 4.8 times, 96 bytes for 20; and the budget bounds what one victim can get
from us whatever comes in.
"""

from typing import Final

ANSWERS_PER_SECOND: Final = 50.0
"""One page asks about once per network interface and gathering; this leaves room for an office behind one NAT."""

BURST: Final = 200
"""Answers at once to an address that was quiet."""

MAX_ADDRESSES: Final = 65_536
"""Remembered at once, about 7 MB.  When more come, the ones heard of longest ago start anew: a liar with so many
addresses wins a victim a further `BURST`, for 32,768 datagrams of his own."""


class Budget:
    """A token bucket for each source: an IPv4 address, or the /64 of an IPv6 address.

    A bucket is one number: the time at which it is full again.  Buckets are kept in two generations, and the older one
    is forgotten as a whole, either when it is full again in any case, or when the table is.
    """

    def __init__(
        self,
        *,
        per_second: float = ANSWERS_PER_SECOND,
        burst: float = BURST,
        max_addresses: int = MAX_ADDRESSES,
    ) -> None:
        self._token_seconds = 1 / per_second
        self._fill_seconds = burst / per_second
        self._generation = max_addresses // 2
        self._young: dict[bytes, float] = {}
        self._old: dict[bytes, float] = {}
        self._turns_at = 0.0

    def __len__(self) -> int:
        """How many buckets are held."""
        return len(self._young) + len(self._old)

    def spend(self, ip: bytes, now: float) -> bool:
        """Take one answer from the bucket of `ip`, packed; False when there is none left."""
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
