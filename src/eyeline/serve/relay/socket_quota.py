"""Socket quotas of the relay: limits in total, per address and per member, on sockets and on ports of the range.

Sockets use up file descriptors, and those of relayed addresses use up the range of ports as well.  Pages, WebSockets
and the disk need file descriptors too, so the relay gets half of them.  One address gets at most half of the relay's
sockets and half of the range, and one member at most `SOCKETS_PER_MEMBER` and `PORTS_PER_MEMBER`.  Optional sockets are
refused once half of a quota is used.  Unauthenticated clients, which are connections without an allocation, get at most
half of each quota.
"""

import errno
import resource
from collections import Counter
from math import inf
from typing import Final

from eyeline.serve.client_address import Source

SOCKETS_PER_MEMBER: Final = 512
"""In a call of six a browser makes some twenty allocations, of two or three sockets each, with a few channels."""

PORTS_PER_MEMBER: Final = 128
"""As many as `allocations.MAX_PER_MEMBER` allocations of both address families need."""

_UNLIMITED_FILES: Final = 1 << 20


class _Resource:
    """One resource: how much of it is used, in total, by each address and by each member."""

    def __init__(self, total: float, *, per_address: float, per_member: float) -> None:
        self._limits = total, per_address, min(per_member, per_address)
        self.used = 0
        self._by: Counter[Source | str | None] = Counter()

    def has(self, more: int, source: Source, member: str | None, *, part: float) -> bool:
        """Whether `more` fits into this `part` of each limit that it counts against."""
        total, of_address, of_member = self._limits
        return (
            self.used + more <= total * part
            and self._by[source] + more <= of_address * part
            and self._by[member] + more <= of_member * part
        )

    def count(self, more: int, source: Source, member: str | None) -> None:
        """Count `more`, or less if negative."""
        self.used += more
        for each in (source, member):
            if each is not None:
                self._by[each] += more
                if not self._by[each]:
                    del self._by[each]


class SocketQuotas:
    """Counts all sockets and ports of the relay."""

    def __init__(self, sockets: int, ports: int) -> None:
        """`ports` is the size of the range, which each address family has for itself.

        The quota of an address is half of it for both families together, so that it can't take either.
        """
        self._sockets, self._ports = sockets, ports
        self.sockets = _Resource(sockets, per_address=sockets // 2, per_member=SOCKETS_PER_MEMBER)
        self.ports = _Resource(inf, per_address=(ports + 1) // 2, per_member=PORTS_PER_MEMBER)

    @property
    def used(self) -> int:
        """How many sockets are open."""
        return self.sockets.used

    def of(self, source: Source, member: str | None) -> "SocketQuota":
        """The quota for an allocation of this member; None if the client isn't authenticated."""
        return SocketQuota(self, source, member)

    def half(self) -> "SocketQuotas":
        """Separate quotas for half as many sockets and ports."""
        return SocketQuotas(self._sockets // 2, self._ports // 2)


class SocketQuota:
    """The sockets and ports of one allocation, or the socket of one connection."""

    def __init__(self, quotas: SocketQuotas, source: Source, member: str | None) -> None:
        self._quotas = quotas
        self._whose = source, member
        self._sockets = self._ports = 0

    def take(self, sockets: int = 1, *, ports: int = 0) -> None:
        """Reserve sockets that are about to be opened, and the ports of some of them.

        Raises `OSError`, as if the machine had none left.
        """
        self._take(sockets, ports, part=1)

    def take_spare(self) -> None:
        """Like `take`, for an optional socket."""
        self._take(1, 0, part=0.5)

    def give(self, sockets: int = 1, *, ports: int = 0) -> None:
        """Return sockets that were closed, and their ports."""
        self._count(-sockets, -ports)

    def part(self) -> "SocketQuota":
        """Split off a quota for one of the sockets with a port, which outlives the others."""
        other = SocketQuota(self._quotas, *self._whose)
        self._sockets -= 1
        self._ports -= 1
        other._sockets = other._ports = 1
        return other

    def end(self) -> None:
        """Return everything.  Idempotent."""
        self._count(-self._sockets, -self._ports)

    def _take(self, sockets: int, ports: int, *, part: float) -> None:
        if not self._quotas.sockets.has(sockets, *self._whose, part=part):
            raise OSError(errno.EMFILE, "the relay's socket quota is used up")
        if ports and not self._quotas.ports.has(ports, *self._whose, part=part):
            raise OSError(errno.EMFILE, "the relay's port quota is used up")
        self._count(sockets, ports)

    def _count(self, sockets: int, ports: int) -> None:
        self._sockets += sockets
        self._ports += ports
        if sockets:
            self._quotas.sockets.count(sockets, *self._whose)
        if ports:
            self._quotas.ports.count(ports, *self._whose)


def half_of_the_files() -> int:
    """Half of the files that this process may open."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (_UNLIMITED_FILES if most == resource.RLIM_INFINITY else most) // 2
