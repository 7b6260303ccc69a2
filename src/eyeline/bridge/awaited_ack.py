"""A 2xx to an INVITE, which is repeated until its ACK comes (RFC 3261, 13.3.1.4)."""

from typing import Final, NamedTuple

from eyeline.sip.message import SipResponse

_T1: Final = 0.5
_T2: Final = 4.0
_GIVE_UP: Final = 32.0


class AwaitedAck(NamedTuple):
    """The response, and when it is sent again."""

    response: SipResponse
    at: float
    interval: float
    give_up_at: float

    @staticmethod
    def after(response: SipResponse, now: float) -> "AwaitedAck":
        """The response was sent for the first time."""
        return AwaitedAck(response, now + _T1, _T1, now + _GIVE_UP)

    def is_lost(self, now: float) -> bool:
        """Whether the ACK won't come any more."""
        return self.give_up_at <= now

    def repeated(self, now: float) -> "AwaitedAck":
        """The response was sent once more."""
        interval = min(2 * self.interval, _T2)
        return self._replace(at=now + interval, interval=interval)
