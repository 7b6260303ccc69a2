"""Whether a phone is still there: one that loses its power or network says nothing, and would stay in the room."""

from typing import Final

PROBE_EVERY: Final = 30.0
"""Seconds between two OPTIONS within the call.  The server keeps each for 10 s if the phone has no connection."""

MISSES_MAX: Final = 2
"""Probes without an answer after which the phone is gone; pages may take 40 s to come back."""

_NO_CALL: Final = 481
_UNREACHABLE: Final = frozenset({404, 408, 410, 430, 480, 503})


class Liveness:
    """When to probe a phone, and what the answers mean: any answer of its own, even a refusal, shows it's there."""

    def __init__(self) -> None:
        self._probe_at: float | None = None
        self._misses = 0

    def start(self, now: float) -> None:
        """The call is up."""
        self._probe_at = now + PROBE_EVERY

    def next_wake(self) -> float | None:
        """When the next probe is due; None before the call is up."""
        return self._probe_at

    def is_due(self, now: float) -> bool:
        """Whether to send a probe now."""
        if self._probe_at is None or self._probe_at > now:
            return False
        self._probe_at = now + PROBE_EVERY
        return True

    def is_gone(self, status: int) -> bool:
        """A probe was answered: whether the phone has left without a word."""
        self._misses = self._misses + 1 if status in _UNREACHABLE else 0
        return status == _NO_CALL or self._misses >= MISSES_MAX
