"""Socket quotas of the relay: limits in total, per address and per member, because sockets use up file descriptors.

Pages, WebSockets and the disk need file descriptors too, so the relay gets half of them.  One address gets at most half
of the relay's, and one member at most `SOCKETS_PER_MEMBER`.  Optional sockets are refused once half of a quota is used.
Unauthenticated clients, which are connections without an allocation, get at most half of each quota.
"""

import errno
import resource
from collections import Counter
from typing import Final

from eyeline.serve.client_address import Source

SOCKETS_PER_MEMBER: Final = 512
"""In a call of six a browser makes some twenty allocations, of two or three sockets each, with a few channels."""

_UNLIMITED_FILES: Final = 1 << 20


class SocketQuotas:
    """Counts all sockets of the relay."""

    def __init__(self, sockets: int) -> None:
        self._sockets = sockets
        self._limits = sockets, sockets // 2, min(SOCKETS_PER_MEMBER, sockets // 2)
        self.used = 0
        """How many sockets are open."""
        self._by: Counter[Source | str | None] = Counter()

    def of(self, source: Source, member: str | None) -> "SocketQuota":
        """The quota for an allocation of this member; None if the client isn't authenticated."""
        return SocketQuota(self, source, member)

    def half(self) -> "SocketQuotas":
        """Separate quotas for half as many sockets."""
        return SocketQuotas(self._sockets // 2)

    def has(self, more: int, source: Source, member: str | None, *, part: float) -> bool:
        """Whether `more` sockets fit into this `part` of each quota that they count against."""
        used = self.used, self._by[source], self._by[member]
        return all(each + more <= limit * part for each, limit in zip(used, self._limits, strict=True))

    def count(self, more: int, source: Source, member: str | None) -> None:
        """Count `more` sockets, or fewer if negative."""
        self.used += more
        for each in (source, member):
            if each is not None:
                self._by[each] += more
                if not self._by[each]:
                    del self._by[each]


class SocketQuota:
    """The sockets of one allocation, or of one connection."""

    def __init__(self, quotas: SocketQuotas, source: Source, member: str | None) -> None:
        self._quotas = quotas
        self._whose = source, member
        self._held = 0

    def take(self, sockets: int = 1) -> None:
        """Reserve sockets that are about to be opened.  Raises `OSError`, as if the machine had none left."""
        self._take(sockets, part=1)

    def take_spare(self) -> None:
        """Like `take`, for an optional socket."""
        self._take(1, part=0.5)

    def give(self, sockets: int = 1) -> None:
        """Return sockets that were closed."""
        self._held -= sockets
        self._quotas.count(-sockets, *self._whose)

    def part(self) -> "SocketQuota":
        """Split off a quota for one of the sockets, which outlives the others."""
        other = SocketQuota(self._quotas, *self._whose)
        self._held -= 1
        other._held = 1
        return other

    def end(self) -> None:
        """Return all sockets.  Idempotent."""
        self.give(self._held)

    def _take(self, sockets: int, *, part: float) -> None:
        if not self._quotas.has(sockets, *self._whose, part=part):
            raise OSError(errno.EMFILE, "the relay's socket quota is used up")
        self._held += sockets
        self._quotas.count(sockets, *self._whose)


def half_of_the_files() -> int:
    """Half of the files that this process may open."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (_UNLIMITED_FILES if most == resource.RLIM_INFINITY else most) // 2
