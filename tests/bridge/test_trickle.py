"""Waiting for the candidates of a page: bounded, whatever the page sends."""

import pytest
from tests.bridge.world import sdp

from eyeline.bridge.sdp import SECTIONS_MAX, SessionDescription
from eyeline.bridge.signal import TrickledCandidate
from eyeline.bridge.trickle import CANDIDATES_MAX, DESCRIPTIONS_MAX, GATHER_MAX, QUIET, Trickle

DESCRIPTION = SessionDescription.parse(sdp("audio 0", ufrag="u"))


def candidate(number: int = 1, ufrag: str = "u") -> TrickledCandidate:
    return TrickledCandidate(ufrag, f"candidate:{number} 1 udp 1 192.0.2.1 {number} typ host", "0")


def test_candidates_are_complete_when_none_has_come_for_a_while() -> None:
    trickle = Trickle()
    trickle.expect(DESCRIPTION, 0.0)
    trickle.add(candidate(1), 0.1)
    trickle.add(candidate(2), 0.3)
    assert trickle.take(0.3 + QUIET - 0.01) is None
    assert trickle.take(0.3 + QUIET) == (DESCRIPTION, [("0", candidate(n).candidate) for n in (1, 2)])
    assert trickle.next_wake() is None


def test_a_description_does_not_wait_for_ever() -> None:
    trickle = Trickle()
    trickle.expect(DESCRIPTION, 0.0)
    assert trickle.take(GATHER_MAX) == (DESCRIPTION, [])


def test_without_bundle_each_section_has_its_own_candidates_and_address() -> None:
    trickle = Trickle()
    two = SessionDescription.parse(sdp("audio 0", ufrag="u") + sdp("video 1", ufrag="w").partition("BUNDLE 1\r\n")[2])
    trickle.expect(two, 0.0)
    trickle.add(candidate(1), 0.0)
    assert trickle.take(QUIET) is None
    trickle.add(TrickledCandidate("w", candidate(2).candidate, "1"), QUIET)
    taken = trickle.take(2 * QUIET)
    assert taken is not None
    audio, video = taken[0].with_candidates(taken[1]).sections
    assert audio.text.startswith("m=audio 1 ")
    assert video.text.startswith("m=video 2 ")
    assert [each.text.count("a=candidate:") for each in (audio, video)] == [1, 1]


def test_candidates_are_bounded() -> None:
    trickle = Trickle()
    for number in range(1, 2 * CANDIDATES_MAX):
        trickle.add(candidate(number), 0.0)
    for number in range(2 * DESCRIPTIONS_MAX):
        trickle.add(candidate(1, f"u{number}"), 0.0)
    trickle.add(candidate(1, "u" * 300), 0.0)
    assert sum(map(len, trickle._candidates.values())) == CANDIDATES_MAX + DESCRIPTIONS_MAX - 1


def test_a_description_has_a_limited_number_of_sections() -> None:
    assert len(SessionDescription.parse(sdp(*[f"audio {n}" for n in range(SECTIONS_MAX)])).sections) == SECTIONS_MAX
    with pytest.raises(ValueError, match="not a session description"):
        SessionDescription.parse(sdp(*[f"audio {n}" for n in range(SECTIONS_MAX + 1)]))
