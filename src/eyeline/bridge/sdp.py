"""Session descriptions (SDP, RFC 8866) as text, as far as they must change between a phone and a page.

A page trickles its ICE candidates, and a phone wants them all in its description.  A page offers media that phones
don't know: a second pair for a shared screen, and data channels.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

from msgspec import Struct

SECTIONS_MAX: Final = 32
"""Sections in a description: a page has five."""

_MEDIA: Final = re.compile(r"m=(\S+) (\d+)(?:/\d+)? (\S+) (.+)")
_UFRAG: Final = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)
_PORT: Final = re.compile(r"^(m=\S+) \d+", re.MULTILINE)
_CANDIDATE: Final = re.compile(r"candidate:\S+ 1 udp (\d+) (\S+) (\d+) typ (host|srflx|prflx|relay)\b.*", re.IGNORECASE)
_PREFERRED: Final = ("relay", "srflx", "prflx", "host")

KINDS: Final = ("audio", "video")
"""What phones get: the first section of each, which are microphone and camera."""


class Section(NamedTuple):
    """One `m=` section."""

    kind: str
    """`audio`, `video` or `application`."""
    mid: str
    """"" if it has none."""
    text: str
    """All of its lines, each with its line end."""

    @property
    def ufrag(self) -> str:
        """Its ICE username fragment, which sections with the same transport share; "" if the session has it."""
        found = _UFRAG.search(self.text)
        return found[1] if found else ""

    @property
    def is_rejected(self) -> bool:
        """Whether its port is 0."""
        found = _MEDIA.match(self.text)
        return found is None or int(found[2]) == 0

    def rejected(self) -> "Section":
        """The same section as one that isn't used."""
        first = self.text.partition("\r\n")[0]
        mid = f"a=mid:{self.mid}\r\n" if self.mid else ""
        line = _PORT.sub(r"\1 0", first)
        text = f"{line}\r\nc=IN IP4 0.0.0.0\r\n{mid}a=inactive\r\n"
        return Section(self.kind, self.mid, text)


class SessionDescription(Struct, frozen=True):
    """A description, split into the lines for the session and its sections."""

    session: str
    sections: tuple[Section, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split a description.  Raises `ValueError` if it has no media, too many, or a section that isn't one."""
        lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
        starts = [at for at, line in enumerate(lines) if line.startswith("m=")]
        if not 0 < len(starts) <= SECTIONS_MAX or not lines[0].startswith("v=0"):
            raise ValueError("not a session description")
        sections = tuple(_section(lines[at:end]) for at, end in zip(starts, [*starts[1:], len(lines)], strict=True))
        return cls("".join(f"{line}\r\n" for line in lines[: starts[0]]), sections)

    def __str__(self) -> str:
        """The description, with a BUNDLE group of those of its sections that are used."""
        used = {each.mid for each in self.sections if not each.is_rejected}
        return _bundle(self.session, used) + "".join(each.text for each in self.sections)

    @property
    def ufrag(self) -> str:
        """The first ICE username fragment; "" without ICE."""
        found = _UFRAG.search(self.session)
        return found[1] if found else next(iter(self.transports), "")

    @property
    def transports(self) -> list[str]:
        """The ufrag of each transport: one with BUNDLE, otherwise one for each section."""
        found = _UFRAG.search(self.session)
        session = found[1] if found else ""
        return list(dict.fromkeys(each.ufrag or session for each in self.sections if not each.is_rejected))

    def with_origin(self, number: int, version: int) -> "SessionDescription":
        """With this session and version in `o=`: what a phone gets is one session, whatever a page's browser says."""
        origin = f"o=- {number} {version} IN IP4 0.0.0.0"
        return SessionDescription(re.sub(r"^o=.*?(?=\r?$)", origin, self.session, flags=re.MULTILINE), self.sections)

    def with_candidates(self, candidates: Sequence[tuple[str, str]]) -> "SessionDescription":
        """With these candidates, each with the `mid` of its section, and the best of its transport as its address."""
        defaults: dict[str, tuple[str, str] | None] = {}
        sections = []
        for at, section in enumerate(self.sections):
            if not section.is_rejected:
                own = [candidate for mid, candidate in candidates if mid == section.mid or (not mid and at == 0)]
                default = defaults.setdefault(section.ufrag, _default(own))
                section = section._replace(text=_with_default(section.text, _default(own) or default, own))  # noqa: PLW2901
            sections.append(section)
        return SessionDescription(self.session, tuple(sections))


class Layout:
    """Which section of a page's connection is which section of a phone's call.

    Descriptions in a session keep all sections that were there once, in their order (RFC 3264, 8).
    """

    def __init__(self) -> None:
        self._page: list[Section] = []
        self._phone: list[Section] = []
        self._pairs: dict[int, int] = {}
        """From the place of a page's section to that of the phone's."""

    def new_page(self) -> None:
        """The page has a new connection, without any sections yet."""
        self._page = []
        self._pairs = {}

    def for_phone(self, description: SessionDescription) -> SessionDescription:
        """A page's description as the phone gets it."""
        self._page = list(description.sections)
        for at, section in enumerate(self._page):
            if at not in self._pairs:
                place = self._place_for(section)
                if place is not None:
                    self._pairs[at] = place
        at_place = {place: at for at, place in self._pairs.items() if at < len(self._page)}
        count = max([len(self._phone), *(place + 1 for place in at_place)])
        sections = tuple(
            self._page[at_place[place]] if place in at_place else self._phone[place].rejected()
            for place in range(count)
        )
        self._phone = list(sections)
        return SessionDescription(description.session, sections)

    def for_page(self, description: SessionDescription) -> SessionDescription:
        """A phone's description as the page gets it."""
        self._phone = list(description.sections)
        for place in range(len(self._phone)):
            if place not in self._pairs.values():
                self._pairs[self._at_for(place)] = place
        count = max([len(self._page), *(at + 1 for at in self._pairs)])
        sections = tuple(
            self._with_mid(self._phone[self._pairs[at]], at)
            if at in self._pairs and self._pairs[at] < len(self._phone)
            else self._page[at].rejected()
            for at in range(count)
        )
        return SessionDescription(description.session, sections)

    def _place_for(self, section: Section) -> int | None:
        """Where a page's new section goes on the phone's side; None if phones don't get it."""
        taken = set(self._pairs.values())
        same = [place for place, each in enumerate(self._phone) if each.kind == section.kind and place not in taken]
        if same:
            return same[0]
        has = any(self._page[at].kind == section.kind for at in self._pairs if at < len(self._page))
        if has or section.kind not in KINDS:
            return None
        return max([len(self._phone) - 1, *taken], default=-1) + 1

    def _at_for(self, place: int) -> int:
        """Where a phone's new section goes on the page's side."""
        kind = self._phone[place].kind
        same = [at for at, each in enumerate(self._page) if each.kind == kind and at not in self._pairs]
        return same[0] if same else max([len(self._page) - 1, *self._pairs], default=-1) + 1

    def _with_mid(self, section: Section, at: int) -> Section:
        """A phone's section with the `mid` that the page knows."""
        mid = self._page[at].mid if at < len(self._page) else section.mid
        if mid == section.mid:
            return section
        text = re.sub(r"^a=mid:.*\r\n", "", section.text, flags=re.MULTILINE)
        return Section(section.kind, mid, f"{text}a=mid:{mid}\r\n" if mid else text)


def _section(lines: Sequence[str]) -> Section:
    found = _MEDIA.match(lines[0])
    if found is None:
        raise ValueError("not a media section")
    mid = next((line.removeprefix("a=mid:").strip() for line in lines if line.startswith("a=mid:")), "")
    return Section(found[1], mid, "".join(f"{line}\r\n" for line in lines))


def _bundle(session: str, used: set[str]) -> str:
    def only_used(found: re.Match[str]) -> str:
        mids = [mid for mid in found[1].split() if mid in used]
        return f"a=group:BUNDLE {' '.join(mids)}\r\n" if mids else ""

    return re.sub(r"^a=group:BUNDLE(.*)\r\n", only_used, session, flags=re.MULTILINE)


def _default(candidates: Sequence[str]) -> tuple[str, str] | None:
    """Address and port of the candidate that most phones can reach."""
    found = [match for match in map(_CANDIDATE.match, candidates) if match and "." in match[2]]
    found = [match for match in found if not match[2].endswith(".local")]
    best = min(found, key=lambda match: (_PREFERRED.index(match[4].lower()), -int(match[1])), default=None)
    return None if best is None else (best[2], best[3])


def _with_default(text: str, default: tuple[str, str] | None, candidates: Sequence[str]) -> str:
    if default is not None:
        text = _PORT.sub(rf"\1 {default[1]}", text, count=1)
        text = re.sub(r"^c=.*\r\n", f"c=IN IP4 {default[0]}\r\n", text, count=1, flags=re.MULTILINE)
    there = set(text.split("\r\n"))
    new = [each for each in candidates if f"a={each}" not in there]
    return text + "".join(f"a={each}\r\n" for each in new) + ("a=end-of-candidates\r\n" if candidates else "")
