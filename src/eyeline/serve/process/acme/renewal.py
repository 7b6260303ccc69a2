"""When to order a certificate: at two thirds of its lifetime, or when the authority suggests, and after failures.

A machine without clock and randomness.  All times are Unix times: a certificate's are, and a computer may sleep.  So
`due` is asked every few seconds, rather than one timer set for a month.
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from eyeline.serve.process.acme.challenge import ChallengeType

FIRST_PAUSE_S: Final = 120.0
"""After the first failure, then doubled: that is six orders in the first hour.  Let's Encrypt allows five failed ones
at once, and another every 12 minutes."""
LONGEST_PAUSE_S: Final = 6 * 3600.0
LONGEST_RATE_LIMIT_S: Final = 7 * 24 * 3600.0
"""Let's Encrypt counts orders per week."""
AFTER_SUCCESS_S: Final = 3600.0
"""The next order comes no sooner, even if the clock is wrong and each certificate seems to have ended."""
ASK_AT_LEAST_S: Final = 24 * 3600.0
ASK_AT_MOST_S: Final = 3600.0

Duty = Literal["order", "ask"]
"""`ask` means to ask the authority when to renew (ARI, RFC 9773)."""


class Validity(Struct, frozen=True):
    """From when until when a certificate is valid."""

    begins: float
    ends: float

    def after(self, part: float) -> float:
        """The time when this part of the lifetime is over."""
        return self.begins + part * (self.ends - self.begins)


class Issued(Struct, frozen=True):
    """The authority has issued a certificate, and it is in its file."""

    validity: Validity


class Suggestion(Struct, frozen=True):
    """When the authority suggests to renew, if it does, and after how many seconds it wants to be asked again."""

    renew_at: float | None
    ask_again_s: float


class NotIssued(Struct, frozen=True):
    """There is no new certificate.

    `retry_after_s` is set if the authority asks to wait, `challenge` if one of this type failed and the other may do.
    """

    code: str
    why: str
    """One sentence for the operator."""
    retry_after_s: float | None
    challenge: ChallengeType | None = None


DutyResult = Issued | Suggestion | NotIssued


class Renewal:
    """Decides what is due, and with which type of challenge.

    `types` are those that can be answered here, the preferred one first.  After one has failed, the next order uses
    the other, since an order's challenge can't be tried twice.
    """

    def __init__(self, types: Sequence[ChallengeType] = ("tls-alpn-01",)) -> None:
        self.types = tuple(types)
        self._untried = len(self.types) - 1
        self._validity: Validity | None = None
        self._renew_at = 0.0
        self._ask_at = 0.0
        self._failures = 0
        self._paused_at = 0.0
        self._pause_s = 0.0
        self._rate_limited = False

    def installed(self, validity: Validity) -> None:
        """A certificate with all names was kept from before."""
        self._validity = validity
        self._renew_at = validity.after(2 / 3)
        self._ask_at = 0.0
        self._begin_again()
        self._rate_limited = False

    def ordered(self, validity: Validity, now: float) -> None:
        """The authority has issued a certificate."""
        self.installed(validity)
        self._paused_at, self._pause_s = now, AFTER_SUCCESS_S

    def suggested(self, renew_at: float | None, ask_again_s: float, now: float) -> None:
        """The authority suggests to renew at `renew_at`, and to be asked again after so many seconds.

        None means that it has no suggestion.  One that leaves less than a tenth of the lifetime isn't followed.
        """
        if self._validity is not None and renew_at is not None:
            self._renew_at = min(renew_at, self._validity.after(0.9))
        self._ask_at = now + min(max(ask_again_s, ASK_AT_MOST_S), ASK_AT_LEAST_S)

    def failed(
        self,
        now: float,
        jitter: float,
        retry_after_s: float | None = None,
        challenge: ChallengeType | None = None,
    ) -> float:
        """The order has failed, because of a `challenge` if it has a type; returns the pause in seconds.

        `jitter` is between 0 and 1, and shortens the pause by up to a tenth.  The authority may ask for a longer one.
        There is none before the other type of challenge is tried for the first time.
        """
        if challenge == self.types[0]:
            self.types = (*self.types[1:], challenge)
            if self._untried and retry_after_s is None:
                self._untried -= 1
                return 0.0
        pause = min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S) * (1 - jitter / 10)
        self._failures = min(self._failures + 1, 20)
        self._rate_limited = retry_after_s is not None
        self._pause_s = max(pause, min(retry_after_s or 0.0, LONGEST_RATE_LIMIT_S))
        self._paused_at = now
        return self._pause_s

    def hurry(self) -> None:
        """Somebody has mended the fault, so try again at once, unless the authority has asked to wait."""
        if not self._rate_limited:
            self._begin_again()

    def due(self, now: float) -> Duty | None:
        """What is to be done now."""
        if self._paused_at <= now < self._paused_at + self._pause_s:  # not if the clock was set back
            return None
        if self._validity is None or now >= self._renew_at:
            return "order"
        return "ask" if now >= self._ask_at else None

    def _begin_again(self) -> None:
        """Forget the failures."""
        self._failures, self._pause_s = 0, 0.0
        self._untried = len(self.types) - 1
