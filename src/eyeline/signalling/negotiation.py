"""Perfect negotiation (W3C WebRTC, section 10.7) as a transition table, one operation at a time, so that glare always
has the same outcome.

Each side of a connection runs one of these machines.  When two offers collide, the polite side (which joined later)
gives way.  Each offer has a number that its answer repeats, so that a stale answer is recognised.  Each candidate
carries the ufrag of its description: it is queued if it arrives before the description, and dropped if that is old.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct

from eyeline.errors import LocalError

NegotiationState = Literal["stable", "offering", "offered", "taking-offer", "answering", "taking-answer"]
Event = Literal["needed", "polite-offer", "impolite-offer", "answer", "done"]
Act = Literal["nothing", "make-offer", "take-offer", "take-answer", "make-answer", "send", "remember", "hold", "bug"]
"""`remember`: make a new offer once stable.  `hold`: apply this offer once the running operation is done."""

TRANSITIONS: Final[dict[tuple[NegotiationState, Event], tuple[Act, NegotiationState]]] = {
    ("stable", "needed"): ("make-offer", "offering"),
    ("stable", "polite-offer"): ("take-offer", "taking-offer"),
    ("stable", "impolite-offer"): ("take-offer", "taking-offer"),
    ("stable", "answer"): ("nothing", "stable"),
    ("stable", "done"): ("bug", "stable"),
    ("offering", "needed"): ("remember", "offering"),
    ("offering", "polite-offer"): ("hold", "offering"),
    ("offering", "impolite-offer"): ("nothing", "offering"),
    ("offering", "answer"): ("nothing", "offering"),
    ("offering", "done"): ("send", "offered"),
    ("offered", "needed"): ("remember", "offered"),
    ("offered", "polite-offer"): ("take-offer", "taking-offer"),
    ("offered", "impolite-offer"): ("nothing", "offered"),
    ("offered", "answer"): ("take-answer", "taking-answer"),
    ("offered", "done"): ("bug", "offered"),
    ("taking-offer", "needed"): ("remember", "taking-offer"),
    ("taking-offer", "polite-offer"): ("hold", "taking-offer"),
    ("taking-offer", "impolite-offer"): ("hold", "taking-offer"),
    ("taking-offer", "answer"): ("nothing", "taking-offer"),
    ("taking-offer", "done"): ("make-answer", "answering"),
    ("answering", "needed"): ("remember", "answering"),
    ("answering", "polite-offer"): ("hold", "answering"),
    ("answering", "impolite-offer"): ("hold", "answering"),
    ("answering", "answer"): ("nothing", "answering"),
    ("answering", "done"): ("send", "stable"),
    ("taking-answer", "needed"): ("remember", "taking-answer"),
    ("taking-answer", "polite-offer"): ("hold", "taking-answer"),
    ("taking-answer", "impolite-offer"): ("hold", "taking-answer"),
    ("taking-answer", "answer"): ("nothing", "taking-answer"),
    ("taking-answer", "done"): ("nothing", "stable"),
}

CANDIDATES_HELD: Final = 64
"""Maximum number of candidates queued for their description; further ones are dropped."""

OLD_UFRAGS_KEPT: Final = 16
"""Replaced descriptions whose late candidates are dropped.  A candidate of an earlier one is queued for nothing."""


class Description(Struct, frozen=True):
    """An offer or answer as sent to the other side; an answer repeats the number of its offer."""

    kind: Literal["offer", "answer"]
    number: int
    ufrag: str
    sdp: str


class Candidate(Struct, frozen=True):
    """An ICE candidate as sent to the other side; `ufrag` identifies its description."""

    ufrag: str
    candidate: str


class MakeOffer(Struct, frozen=True):
    """Create an offer and set it as the local description; then call `done`."""


class MakeAnswer(Struct, frozen=True):
    """Create an answer and set it as the local description; then call `done`."""


class SetRemote(Struct, frozen=True):
    """Set the remote description, rolling back a local offer if necessary; then call `done`."""

    description: Description


class SendDescription(Struct, frozen=True):
    """Send the local description with this number."""

    kind: Literal["offer", "answer"]
    number: int


class AddCandidate(Struct, frozen=True):
    """Add this remote candidate."""

    candidate: Candidate


NegotiationEffect = MakeOffer | MakeAnswer | SetRemote | SendDescription | AddCandidate


@dataclass
class Negotiation:
    """One side of one connection.

    The caller calls `done` after each `MakeOffer`, `MakeAnswer` and `SetRemote`.  If one fails, discard the connection
    and this machine.  A rolled-back offer isn't repeated automatically: as browsers fire `negotiationneeded` again, the
    caller calls `need` again.
    """

    polite: bool

    def __post_init__(self) -> None:
        self.state: NegotiationState = "stable"
        self._number = 0  # of the newest local offer
        self._answered = 0  # of the newest remote offer applied
        self._applying: Description | None = None
        self._pending_offer: Description | None = None
        self._renegotiate = False
        self._ufrag: str | None = None  # of the current remote description
        self._old_ufrags: deque[str | None] = deque(maxlen=OLD_UFRAGS_KEPT)
        self._queued: list[Candidate] = []

    def need(self) -> list[NegotiationEffect]:
        """A local change needs negotiation (the `negotiationneeded` event)."""
        return self._step("needed", None)

    def receive(self, description: Description) -> list[NegotiationEffect]:
        """An offer or answer was received."""
        if description.kind == "answer":
            return self._step("answer", description) if description.number == self._number else []
        return self._step("polite-offer" if self.polite else "impolite-offer", description)

    def receive_candidate(self, candidate: Candidate) -> list[NegotiationEffect]:
        """A candidate was received."""
        if candidate.ufrag == self._ufrag:
            return [AddCandidate(candidate)]
        if candidate.ufrag not in self._old_ufrags and len(self._queued) < CANDIDATES_HELD:
            self._queued.append(candidate)
        return []

    def done(self) -> list[NegotiationEffect]:
        """The running operation has succeeded."""
        effects = self._candidates_ready()
        if self.state == "offering" and self._pending_offer is not None:
            self.state = "offered"  # the other side would ignore our offer: give way without sending it
        else:
            effects += self._step("done", None)
        if self._pending_offer is not None and self.state in {"stable", "offered"}:
            pending, self._pending_offer = self._pending_offer, None
            return effects + self.receive(pending)
        if self._renegotiate and self.state == "stable":
            self._renegotiate = False
            return effects + self.need()
        return effects

    def _step(self, event: Event, description: Description | None) -> list[NegotiationEffect]:
        act, after = TRANSITIONS[self.state, event]
        answering = self.state == "answering"
        self.state = after
        match act:
            case "make-offer":
                self._number += 1
                return [MakeOffer()]
            case "take-offer" | "take-answer":
                assert description is not None
                self._applying = description
                return [SetRemote(description)]
            case "make-answer":
                return [MakeAnswer()]
            case "send":
                return [
                    SendDescription("answer", self._answered) if answering else SendDescription("offer", self._number)
                ]
            case "hold":
                self._pending_offer = description
            case "remember":
                self._renegotiate = True
            case "bug":
                raise LocalError(f"`done` was called, but no operation was running: {after}")
            case "nothing":
                pass
        return []

    def _candidates_ready(self) -> list[NegotiationEffect]:
        """If a remote description was just applied, add the candidates queued for it."""
        taken, self._applying = self._applying, None
        if taken is None:
            return []
        if taken.kind == "offer":
            self._answered = taken.number
        if taken.ufrag != self._ufrag:
            self._old_ufrags.append(self._ufrag)
            self._ufrag = taken.ufrag
        ready = [candidate for candidate in self._queued if candidate.ufrag == self._ufrag]
        self._queued = [candidate for candidate in self._queued if candidate.ufrag != self._ufrag]
        return [AddCandidate(candidate) for candidate in ready]
