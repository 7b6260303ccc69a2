"""One member's place in a room."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from eyeline.signalling.messages import Count, Member, Payload, PeerId, Signalled
from eyeline.signalling.passes import Person
from eyeline.signalling.requests import SessionId

KEPT_SIGNALS: Final = 64
"""Signals kept for a seat to be sent again after a resume; of more, the oldest go, and the resume says so."""

KEPT_BYTES: Final = 256 * 1024
"""The same in bytes of payload, as it lies in memory."""


class Present(Struct, frozen=True):
    """The seat has a socket."""

    session: SessionId


class Away(Struct, frozen=True):
    """The seat is kept until then."""

    until: float


@dataclass(slots=True)
class Seat:
    """One member's place: where the socket is, and what a resume needs."""

    member: Member
    place: Present | Away
    heard: int
    """The `n` of the last signal taken from the member."""
    told: int
    """The `n` of the last signal for the member."""
    person: Person
    kept: deque[tuple[Signalled, int]] = field(default_factory=deque)
    """Each with the bytes that it takes."""
    kept_bytes: int = 0

    def keep(self, sender: PeerId, data: Payload) -> Signalled:
        """The next signal for this member, remembered in case that the socket loses it."""
        self.told += 1
        signal = Signalled(sender, Count(self.told), data)
        size = data.__sizeof__() * (1 if data.isascii() else 2)  # once it was sent, it holds its UTF-8 too
        self.kept.append((signal, size))
        self.kept_bytes += size
        while len(self.kept) > KEPT_SIGNALS or self.kept_bytes > KEPT_BYTES:
            self._forget()
        return signal

    def missed(self, heard: int) -> tuple[bool, list[Signalled]]:
        """Whether some are lost for good, and those after `heard` that are still kept."""
        while self.kept and self.kept[0][0].n <= heard:
            self._forget()
        first = self.kept[0][0].n if self.kept else self.told + 1
        return first > heard + 1, [signal for signal, _ in self.kept]

    def _forget(self) -> None:
        self.kept_bytes -= self.kept.popleft()[1]
