"""How many sockets the relay may have, and how many of them one address and one member: all are files of one process.

Pages, WebSockets and the disk need files too, so the relay has half of them, and nobody can take it all: an address has
half of the relay's at most, and a member `SOCKETS_PER_MEMBER`.  What would be of use but is not needed gets no more
when half of a share is gone; and who is not known yet, a connection without an allocation, has half of each at most.
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
    """Counts them all."""

    def __init__(self, sockets: int) -> None:
        self._sockets = sockets
        self._limits = sockets, sockets // 2, min(SOCKETS_PER_MEMBER, sockets // 2)
        self.used = 0
        """How many there are now."""
        self._by: Counter[Source | str | None] = Counter()

    def of(self, source: Source, member: str | None) -> "SocketQuota":
        """For an allocation of this member; None is somebody who has not said who they are."""
        return SocketQuota(self, source, member)

    def half(self) -> "SocketQuotas":
        """Half as many, counted for themselves."""
        return SocketQuotas(self._sockets // 2)

    def has(self, more: int, source: Source, member: str | None, *, part: float) -> bool:
        """Whether with so many more no more than this part is used of each share that they belong to."""
        used = self.used, self._by[source], self._by[member]
        return all(each + more <= limit * part for each, limit in zip(used, self._limits, strict=True))

    def count(self, more: int, source: Source, member: str | None) -> None:
        """So many more, or fewer."""
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
        """They are about to be opened.  Raises `OSError`, as if the machine had no more."""
        self._take(sockets, part=1)

    def take_spare(self) -> None:
        """As `take`, for one that can be done without."""
        self._take(1, part=0.5)

    def give(self, sockets: int = 1) -> None:
        """They are closed."""
        self._held -= sockets
        self._quotas.count(-sockets, *self._whose)

    def part(self) -> "SocketQuota":
        """For one of the sockets, which lives on without the others."""
        other = SocketQuota(self._quotas, *self._whose)
        self._held -= 1
        other._held = 1
        return other

    def end(self) -> None:
        """All are closed.  A second time does nothing."""
        self.give(self._held)

    def _take(self, sockets: int, *, part: float) -> None:
        if not self._quotas.has(sockets, *self._whose, part=part):
            raise OSError(errno.EMFILE, "no more sockets for the relay")
        self._held += sockets
        self._quotas.count(sockets, *self._whose)


def half_of_the_files() -> int:
    """Of those that this process may have open."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (_UNLIMITED_FILES if most == resource.RLIM_INFINITY else most) // 2
