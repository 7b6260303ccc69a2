"""One member's seat in a room: presence, sequence numbers, and the replay buffer for a resume."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from eyeline.signalling.messages import Count, Member, Payload, PeerId, Signalled
from eyeline.signalling.passes import Person
from eyeline.signalling.requests import SessionId

KEPT_SIGNALS: Final = 64
"""Signals kept per seat to replay after a resume.  Beyond that the oldest are dropped, and `joined` reports a `gap`."""

KEPT_BYTES: Final = 256 * 1024
"""The same limit in bytes of payload held in memory."""


class Present(Struct, frozen=True):
    """The member is connected."""

    session: SessionId


class Away(Struct, frozen=True):
    """The member is disconnected, and the seat is kept until then."""

    until: float


@dataclass(slots=True)
class Seat:
    """One member's seat: its connection, and what a resume needs."""

    member: Member
    place: Present | Away
    heard: int
    """The `n` of the last signal received from the member."""
    sent: int
    """The `n` of the last signal sent to the member."""
    person: Person
    network: str = ""
    """The network that the member connected from last; empty if unknown."""
    kept: deque[tuple[Signalled, int]] = field(default_factory=deque)
    """The replay buffer: each signal with its size in bytes."""
    kept_bytes: int = 0

    def keep(self, sender: PeerId, data: Payload) -> Signalled:
        """Number the next signal for this member, and keep it in case the socket loses it."""
        self.sent += 1
        signal = Signalled(sender, Count(self.sent), data)
        size = data.__sizeof__() * (1 if data.isascii() else 2)  # CPython caches the UTF-8 once it is encoded
        self.kept.append((signal, size))
        self.kept_bytes += size
        while len(self.kept) > KEPT_SIGNALS or self.kept_bytes > KEPT_BYTES:
            self._forget()
        return signal

    def missed(self, heard: int) -> tuple[bool, list[Signalled]]:
        """Whether signals after `heard` are lost for good, and those that are still kept."""
        while self.kept and self.kept[0][0].n <= heard:
            self._forget()
        first = self.kept[0][0].n if self.kept else self.sent + 1
        return first > heard + 1, [signal for signal, _ in self.kept]

    def _forget(self) -> None:
        self.kept_bytes -= self.kept.popleft()[1]
