"""Trickled ICE candidates (RFC 8838): a page sends them one by one, and a phone wants all of them in a description."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from eyeline.bridge.sdp import SessionDescription
from eyeline.bridge.signal import TrickledCandidate

QUIET: Final = 0.4
"""The candidates are complete when none has come for so many seconds: a page doesn't say which is the last."""

GATHER_MAX: Final = 2.0
"""Seconds after which the phone gets its description, with the candidates that are there."""

CANDIDATES_MAX: Final = 64
"""Candidates kept per description."""

DESCRIPTIONS_MAX: Final = 64
"""Descriptions of a connection whose candidates are kept: each restart of ICE is a new one."""

UFRAG_MAX: Final = 256
"""Characters of a ufrag (RFC 8839, 5.4)."""

_CANDIDATE: Final = re.compile(r"candidate:[ -~]{1,512}")


class _Gathering(NamedTuple):
    description: SessionDescription
    quiet_at: float
    end_at: float


class Trickle:
    """The candidates of a page's connection."""

    def __init__(self) -> None:
        self._candidates: dict[str, list[tuple[str, str]]] = {}
        """By the ufrag of their description: `mid` and candidate."""
        self._complete = ""
        """The ufrag of the last description that was complete."""
        self._gathering: _Gathering | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether no description was complete yet."""
        return not self._complete

    def add(self, candidate: TrickledCandidate, now: float) -> None:
        """A candidate has come.  An invalid one, and one too many, is dropped."""
        known = self._candidates.get(candidate.ufrag, [])
        if len(known) >= CANDIDATES_MAX or (not known and len(self._candidates) >= DESCRIPTIONS_MAX):
            return
        if len(candidate.ufrag) > UFRAG_MAX or not _CANDIDATE.fullmatch(candidate.candidate):
            return
        self._candidates[candidate.ufrag] = known
        known.append((candidate.mid or "", candidate.candidate))
        gathering = self._gathering
        if gathering is not None and candidate.ufrag in gathering.description.transports:
            self._gathering = gathering._replace(quiet_at=self._quiet_at(gathering, now))

    def expect(self, description: SessionDescription, now: float) -> None:
        """A description has come, and its candidates follow, unless its transport is the one that is in use."""
        end = now if description.ufrag == self._complete else now + GATHER_MAX
        gathering = _Gathering(description, end, end)
        self._gathering = gathering._replace(quiet_at=self._quiet_at(gathering, now))

    def next_wake(self) -> float | None:
        """When the candidates of the description are complete."""
        return None if self._gathering is None else min(self._gathering.quiet_at, self._gathering.end_at)

    def take(self, now: float) -> tuple[SessionDescription, Sequence[tuple[str, str]]] | None:
        """The description and its candidates, once they are complete."""
        wake = self.next_wake()
        if self._gathering is None or wake is None or wake > now:
            return None
        description, self._gathering = self._gathering.description, None
        self._complete = description.ufrag
        return description, [each for ufrag in description.transports for each in self._candidates.get(ufrag, ())]

    def _quiet_at(self, gathering: _Gathering, now: float) -> float:
        """When it has been quiet for long enough: not before every transport has a candidate."""
        complete = all(self._candidates.get(ufrag) for ufrag in gathering.description.transports)
        return now + QUIET if complete else gathering.end_at
