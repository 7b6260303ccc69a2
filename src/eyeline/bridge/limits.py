"""How often phones may be called from rooms, where nobody needs an account, and how often a room hears of callers."""

from hashlib import blake2s
from typing import Final

from eyeline.rate_limit import RateLimit
from eyeline.signalling.messages import RoomName, SipUser

OF_NETWORK: Final = (1 / 20, 6)
"""Calls from one network, such as an office behind one address: per second, and at once."""

TO_USER: Final = (1 / 30, 4)
"""Calls to one user, from all rooms."""

TO_ROOM: Final = (1 / 10, 3)
"""Callers who couldn't join, of whom a room is told."""


class BridgeLimits:
    """The state of the limits."""

    def __init__(self) -> None:
        self._networks, self._users, self._rooms = (
            RateLimit(per_second=per_second, burst=burst) for per_second, burst in (OF_NETWORK, TO_USER, TO_ROOM)
        )

    def may_call(self, user: SipUser, network: str, now: float) -> bool:
        """Count a call; a `network` that is empty is unknown, and isn't counted."""
        known = network == "" or self._networks.try_spend(_key(network), now)
        return known and self._users.try_spend(_key(user), now)

    def may_announce(self, room: RoomName, now: float) -> bool:
        """Count a caller."""
        return self._rooms.try_spend(_key(room), now)


def _key(text: str) -> bytes:
    return blake2s(text.encode(), digest_size=8).digest()
