"""Perfect negotiation: the transition table is total, and two sides always agree in the end, whatever collides."""

from collections import deque
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eyeline.errors import LocalError
from eyeline.signalling.negotiation import (
    CANDIDATES_HELD,
    TRANSITIONS,
    Act,
    AddCandidate,
    Candidate,
    Description,
    Event,
    MakeAnswer,
    MakeOffer,
    Negotiation,
    NegotiationEffect,
    NegotiationState,
    SendDescription,
    SetRemote,
)

TRANSCRIPTS = sorted((Path(__file__).parent.parent / "transcripts" / "negotiation").glob("*.txt"))


def in_words(effect: NegotiationEffect) -> str:
    """An effect in the notation of the transcripts."""
    match effect:
        case MakeOffer():
            return "make-offer"
        case MakeAnswer():
            return "make-answer"
        case SetRemote(description):
            return f"take {description.kind} {description.number}"
        case SendDescription(kind, number):
            return f"say {kind} {number}"
        case AddCandidate(candidate):
            return f"add {candidate.candidate}"


def step(machine: Negotiation, event: list[str]) -> str:
    """Apply one event of a transcript; the machine's effects."""
    try:
        match event:
            case ["need"]:
                effects = machine.need()
            case ["done"]:
                effects = machine.done()
            case ["hear", "offer" | "answer" as kind, number, "ufrag", ufrag]:
                effects = machine.receive(Description(kind, int(number), ufrag, "sdp"))
            case ["candidate", ufrag, candidate]:
                effects = machine.receive_candidate(Candidate(ufrag.strip('"'), candidate))
            case _:
                raise AssertionError(event)
    except LocalError:
        return "bug"
    return ", ".join(map(in_words, effects)) or "nothing"


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_machine_follows_the_transcript(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    machine = Negotiation(polite={"polite": True, "impolite": False}[lines[0]])
    for line in lines[1:]:
        if line.startswith("= "):
            assert f"= {machine.state}" == line
        else:
            event, _, expected = line.partition(" -> ")
            assert (event, step(machine, event.split())) == (event, expected)


def test_table_has_a_row_for_every_state_and_event_and_no_other() -> None:
    assert set(TRANSITIONS) == set(product(get_args(NegotiationState), get_args(Event)))


def test_every_action_and_every_state_is_reachable() -> None:
    acts, states = (set(column) for column in zip(*TRANSITIONS.values(), strict=True))

    assert acts == set(get_args(Act))
    assert states == set(get_args(NegotiationState))


def test_negotiation_needed_while_busy_is_remembered() -> None:
    busy = set(get_args(NegotiationState)) - {"stable"}

    assert {state: TRANSITIONS[state, "needed"] for state in busy} == {state: ("remember", state) for state in busy}


def test_polite_side_yields_when_offers_collide_and_impolite_does_not() -> None:
    assert TRANSITIONS["offered", "impolite-offer"] == ("nothing", "offered")
    assert TRANSITIONS["offered", "polite-offer"] == ("take-offer", "taking-offer")


def test_queued_candidates_are_bounded() -> None:
    machine = Negotiation(polite=True)
    for n in range(CANDIDATES_HELD + 10):
        assert machine.receive_candidate(Candidate("a", str(n))) == []
    machine.receive(Description("offer", 1, "a", "sdp"))

    assert sum(isinstance(effect, AddCandidate) for effect in machine.done()) == CANDIDATES_HELD


def test_outdated_candidates_do_not_displace_early_ones() -> None:
    machine = Negotiation(polite=True)
    for ufrag in "ab":
        machine.receive(Description("offer", 1, ufrag, "sdp"))
        machine.done()
        machine.done()
    for n in range(CANDIDATES_HELD):
        machine.receive_candidate(Candidate("a", str(n)))
    machine.receive_candidate(Candidate("c", "early"))
    machine.receive(Description("offer", 2, "c", "sdp"))

    assert list(map(in_words, machine.done())) == ["add early", "make-answer"]


@dataclass
class Side:
    """A negotiation machine with a fake RTCPeerConnection that follows the browser's rules."""

    name: str
    machine: Negotiation
    inbox: deque[Description | Candidate] = field(default_factory=deque)
    outbox: deque[Description | Candidate] = field(default_factory=deque)  # the other's inbox
    signalling: str = "stable"
    running: MakeOffer | MakeAnswer | SetRemote | None = None
    offers: int = 0
    wanted: int = 0  # the newest local change
    restart: int = 0  # the newest change that needs a new ufrag
    offered: int = 0  # the newest change in the local offer
    agreed: int = 0  # the newest change that the other side has answered
    ufrag: str = ""  # of the local description
    stable_ufrag: str = ""  # restored by a rollback
    rolled_back: bool = False
    remote_ufrag: str = ""
    found: list[Candidate] = field(default_factory=list)
    added: list[Candidate] = field(default_factory=list)

    def perform(self, effects: list[NegotiationEffect]) -> None:
        """Perform effects: operations stay pending, the rest is done at once."""
        for effect in effects:
            match effect:
                case SendDescription(kind, number):
                    self.outbox.append(Description(kind, number, self.ufrag, ""))
                case AddCandidate(candidate):
                    assert candidate.ufrag == self.remote_ufrag
                    self.added.append(candidate)
                case MakeOffer() | MakeAnswer() | SetRemote():
                    assert self.running is None
                    self.running = effect
        if self.machine.state == "stable" and self.rolled_back:
            self.rolled_back = False
            self.perform(self.machine.need())  # as browsers do

    def need(self, *, restart: bool = False) -> None:
        """A local change that needs negotiation."""
        self.wanted += 1
        self.restart = self.wanted if restart else self.restart
        self.perform(self.machine.need())

    def receive(self) -> None:
        """Receive the next message from the other side."""
        match self.inbox.popleft():
            case Description() as description:
                self.perform(self.machine.receive(description))
            case Candidate() as candidate:
                self.perform(self.machine.receive_candidate(candidate))

    def finish(self) -> None:
        """Finish the pending operation; raises if a browser would throw in this state."""
        operation, self.running = self.running, None
        match operation:
            case MakeOffer():
                assert self.signalling == "stable"
                self.signalling, self.stable_ufrag, self.offered = "have-local-offer", self.ufrag, self.wanted
                self.gather(fresh=not self.ufrag or self.restart > self.agreed)
                self.offers += 1
            case MakeAnswer():
                assert self.signalling == "have-remote-offer"
                self.signalling = "stable"
                self.gather(fresh=not self.ufrag)
            case SetRemote(description) if description.kind == "offer":
                if self.signalling == "have-local-offer":
                    self.ufrag, self.rolled_back = self.stable_ufrag, True
                if description.ufrag != self.remote_ufrag:
                    self.ufrag = ""  # an ICE restart is answered with a new ufrag
                self.signalling, self.remote_ufrag = "have-remote-offer", description.ufrag
            case SetRemote(description):
                assert self.signalling == "have-local-offer"
                self.signalling, self.remote_ufrag, self.agreed = "stable", description.ufrag, self.offered
            case None:
                raise AssertionError("nothing runs")
        self.perform(self.machine.done())

    def gather(self, *, fresh: bool) -> None:
        """Gather candidates as soon as the local description is set, before it is sent."""
        if fresh:
            self.ufrag = f"{self.name}{len(self.found)}"
        candidate = Candidate(self.ufrag, f"candidate {len(self.found)}")
        self.found.append(candidate)
        self.outbox.append(candidate)

    def gathered(self) -> list[Candidate]:
        """The candidates of the local description."""
        return [candidate for candidate in self.found if candidate.ufrag == self.ufrag]


def facing_each_other() -> tuple[Side, Side]:
    """Alice (impolite) and Bob (polite), with a lossless network between them."""
    alice, bob = Side("a", Negotiation(polite=False)), Side("b", Negotiation(polite=True))
    alice.outbox, bob.outbox = bob.inbox, alice.inbox
    return alice, bob


def play(alice: Side, bob: Side, choices: list[tuple[bool, str]]) -> None:
    """Perform the chosen steps, where possible."""
    for is_alice, happening in choices:
        side = alice if is_alice else bob
        match happening:
            case "change" | "restart":
                side.need(restart=happening == "restart")
            case "finish" if side.running is not None:
                side.finish()
            case "hear" if side.inbox:
                side.receive()


def settle(alice: Side, bob: Side) -> int:
    """Finish everything that is pending; the number of offers that this took."""
    made = alice.offers + bob.offers
    while alice.running or bob.running or alice.inbox or bob.inbox:
        play(alice, bob, [(True, "hear"), (False, "hear"), (True, "finish"), (False, "finish")])
        assert alice.offers + bob.offers - made < 10, "negotiation does not end"
    return alice.offers + bob.offers - made


happenings = st.sampled_from(["change", "restart", "hear", "finish", "hear", "finish", "hear", "finish"])
choices_of_both = st.lists(st.tuples(st.booleans(), happenings), max_size=60)


@given(choices_of_both)
@settings(deadline=None, max_examples=150)
def test_both_sides_end_stable_and_in_agreement(choices: list[tuple[bool, str]]) -> None:
    alice, bob = facing_each_other()
    play(alice, bob, choices)
    settle(alice, bob)

    for side in (alice, bob):
        assert (side.machine.state, side.signalling, side.agreed) == ("stable", "stable", side.wanted)
    assert (alice.remote_ufrag, bob.remote_ufrag) == (bob.ufrag, alice.ufrag)


@given(choices_of_both)
@settings(deadline=None, max_examples=150)
def test_candidates_of_current_descriptions_are_added_once_and_in_order(choices: list[tuple[bool, str]]) -> None:
    alice, bob = facing_each_other()
    play(alice, bob, choices)
    settle(alice, bob)

    for side, other in ((alice, bob), (bob, alice)):
        assert [candidate for candidate in side.added if candidate.ufrag == other.ufrag] == other.gathered()


@given(choices_of_both)
@settings(deadline=None, max_examples=150)
def test_agreement_takes_at_most_five_more_offers(choices: list[tuple[bool, str]]) -> None:
    alice, bob = facing_each_other()
    play(alice, bob, choices)

    assert settle(alice, bob) <= 5  # two of hers, each colliding with one of his, and his last


def test_colliding_offers_cost_exactly_one_more_offer() -> None:
    alice, bob = facing_each_other()
    alice.need()
    bob.need()
    settle(alice, bob)

    assert (alice.offers, bob.offers) == (1, 2)
