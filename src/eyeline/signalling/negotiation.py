"""Perfect negotiation (W3C WebRTC, section 10.7) as a table, one operation at a time, so that glare has one outcome.

Each side of a connection has one of these machines.  Of two offers that cross, the one of the polite side (who came
later) gives way.  Offers carry a number that their answer repeats, so that a late answer is told from the awaited one.
Candidates carry the ufrag of their description: those that come before it wait, those of an old one are dropped.
"""

from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct

from eyeline.errors import LocalError

NegotiationState = Literal["stable", "offering", "offered", "taking-offer", "answering", "taking-answer"]
Event = Literal["needed", "polite-offer", "impolite-offer", "answer", "done"]
Act = Literal["nothing", "make-offer", "take-offer", "take-answer", "make-answer", "send", "remember", "hold", "bug"]
"""`remember`: offer again once stable.  `hold`: take this offer once the running operation is done."""

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
"""Candidates that wait for their description; further ones are dropped."""


class Description(Struct, frozen=True):
    """An offer or answer on its way; an answer repeats the number of its offer."""

    kind: Literal["offer", "answer"]
    number: int
    ufrag: str
    sdp: str


class Candidate(Struct, frozen=True):
    """A candidate on its way; `ufrag` names the description that it belongs to."""

    ufrag: str
    candidate: str


class MakeOffer(Struct, frozen=True):
    """Make an offer and set it as the local description; then `done`."""


class MakeAnswer(Struct, frozen=True):
    """Make an answer and set it as the local description; then `done`."""


class Take(Struct, frozen=True):
    """Set this as the remote description, rolling back a local offer; then `done`."""

    description: Description


class Say(Struct, frozen=True):
    """Send the local description, under this number."""

    kind: Literal["offer", "answer"]
    number: int


class Add(Struct, frozen=True):
    """Add this remote candidate."""

    candidate: Candidate


NegotiationEffect = MakeOffer | MakeAnswer | Take | Say | Add


@dataclass
class Negotiation:
    """One side of one connection.

    After each of `MakeOffer`, `MakeAnswer` and `Take` the caller says `done`; if one fails, the connection and this
    machine are of no more use.  An offer that was rolled back is not made again by itself: browsers, and
    other callers, say `needed` again while it is.
    """

    polite: bool

    def __post_init__(self) -> None:
        self.state: NegotiationState = "stable"
        self._number = 0  # of the newest offer made here
        self._answered = 0  # of the newest offer taken
        self._taking: Description | None = None
        self._held: Description | None = None
        self._again = False
        self._ufrag: str | None = None  # of the remote description in force
        self._old_ufrags: set[str | None] = set()
        self._waiting: list[Candidate] = []

    def need(self) -> list[NegotiationEffect]:
        """Something changed here that the other side must agree to."""
        return self._step("needed", None)

    def hear(self, description: Description) -> list[NegotiationEffect]:
        """A description has come."""
        if description.kind == "answer":
            return self._step("answer", description) if description.number == self._number else []
        return self._step("polite-offer" if self.polite else "impolite-offer", description)

    def hear_candidate(self, candidate: Candidate) -> list[NegotiationEffect]:
        """A candidate has come."""
        if candidate.ufrag == self._ufrag:
            return [Add(candidate)]
        if candidate.ufrag not in self._old_ufrags and len(self._waiting) < CANDIDATES_HELD:
            self._waiting.append(candidate)
        return []

    def done(self) -> list[NegotiationEffect]:
        """The running operation has ended well."""
        effects = self._in_force()
        if self.state == "offering" and self._held is not None:
            self.state = "offered"  # it would be ignored: give way without sending it
        else:
            effects += self._step("done", None)
        if self._held is not None and self.state in {"stable", "offered"}:
            held, self._held = self._held, None
            return effects + self.hear(held)
        if self._again and self.state == "stable":
            self._again = False
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
                self._taking = description
                return [Take(description)]
            case "make-answer":
                return [MakeAnswer()]
            case "send":
                return [Say("answer", self._answered) if answering else Say("offer", self._number)]
            case "hold":
                self._held = description
            case "remember":
                self._again = True
            case "bug":
                raise LocalError(f"an operation was said to be done, and none was running: {after}")
            case "nothing":
                pass
        return []

    def _in_force(self) -> list[NegotiationEffect]:
        """If a remote description was just set, the candidates that waited for it."""
        taken, self._taking = self._taking, None
        if taken is None:
            return []
        if taken.kind == "offer":
            self._answered = taken.number
        if taken.ufrag != self._ufrag:
            self._old_ufrags.add(self._ufrag)
            self._ufrag = taken.ufrag
        ready = [candidate for candidate in self._waiting if candidate.ufrag == self._ufrag]
        self._waiting = [candidate for candidate in self._waiting if candidate.ufrag != self._ufrag]
        return [Add(candidate) for candidate in ready]
