"""WebRTC statistics of a page's calls.  (`browser.REMEMBER` records every connection that the page makes.)"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.support.browser import DEADLINE, Page

_LINKS: Final = """async () => {
  const links = [];
  for (const [number, connection] of globalThis.__connections.entries()) {
    if (connection.connectionState === 'closed') continue;
    // Firefox never answers for a connection that is closed meanwhile.
    const report = await Promise.race([connection.getStats(), new Promise((done) => setTimeout(done, 1000))]);
    if (report === undefined) continue;
    const stats = new Map(report);
    const all = [...stats.values()];
    const chosen = all.map((s) => s.type === 'transport' && stats.get(s.selectedCandidatePairId)).find(Boolean);
    const pair = chosen ?? all.find((s) => s.type === 'candidate-pair' && s.state === 'succeeded'
      && (s.selected ?? s.nominated));
    const [local, remote] = [stats.get(pair?.localCandidateId), stats.get(pair?.remoteCandidateId)];
    const streams = all.filter((s) => s.type === 'inbound-rtp');
    const sum = (name) => streams.reduce((total, s) => total + (s[name] ?? 0), 0);
    links.push({
      number,
      state: connection.connectionState,
      path: pair ? `${local?.candidateType}-${remote?.candidateType}` : '',
      relay_protocol: local?.relayProtocol ?? '',
      bytes_received: pair?.bytesReceived ?? 0,
      frames_decoded: sum('framesDecoded'),
      audio_energy: sum('totalAudioEnergy'),
    });
  }
  return links;
}"""

_FLOWS: Final = f"""async (before) => {{
  const links = await ({_LINKS})();
  const live = links.filter(({{ state }}) => state === 'connected');
  const grown = (link, name) => link[name] - (before[link.number]?.[name] ?? 0);
  const flows = (link) => grown(link, 'frames_decoded') >= 5 && grown(link, 'audio_energy') > 0;
  if (live.length === 0 || !live.every(flows)) return false;
  const sum = (name) => live.reduce((total, link) => total + link[name], 0);
  return [sum('frames_decoded'), sum('audio_energy')];
}}"""


GAPS: Final = """
{
  globalThis.__gap = {frames: 0, at: 0, worst: 0};
  const look = async () => {
    let frames = 0;
    for (const connection of __connections)
      for (const each of (await connection.getStats()).values())
        if (each.type === 'inbound-rtp' && each.kind === 'video') frames += each.framesDecoded;
    const now = performance.now();
    if (__gap.at) __gap.worst = Math.max(__gap.worst, now - __gap.at);
    if (frames !== __gap.frames) __gap.at = now;
    __gap.frames = frames;
    setTimeout(look, 50);
  };
  look();
}
"""
"""A script that watches how long the page decodes no video frame, for `longest_gap_ms`."""


@dataclass(frozen=True)
class Link:
    """One open peer connection."""

    number: int
    """The number of connections that the page made before it."""
    state: str
    """The W3C's `connectionState`."""
    path: str
    """Candidate types of the selected pair, local first: `host-host`, `srflx-relay`; empty without a pair."""
    relay_protocol: str
    """The transport to this side's relay (`udp`, `tcp`, `tls`), if its candidate is relayed."""
    bytes_received: int
    frames_decoded: int
    audio_energy: float


@dataclass(frozen=True)
class Decoded:
    """Media decoded so far on all open connections of a page."""

    frames: int
    audio_energy: float


def links(page: Page) -> list[Link]:
    """The page's open connections, in order of creation."""
    found: list[dict[str, Any]] = page.evaluate(_LINKS)
    return [Link(**link) for link in found]


def decoded(page: Page) -> Decoded:
    now = links(page)
    return Decoded(sum(link.frames_decoded for link in now), sum(link.audio_energy for link in now))


def media_flows(page: Page, deadline: float = DEADLINE) -> Decoded:
    """Wait until five more video frames and some audio have arrived from everyone; fail at the deadline."""
    [now] = all_flow(page, deadline=deadline)
    return now


def all_flow(*pages: Page, deadline: float = DEADLINE) -> list[Decoded]:
    """`media_flows` of all these pages at the same time."""
    before = [{link.number: asdict(link) for link in links(page)} for page in pages]
    return [Decoded(*page.until(_FLOWS, old, deadline=deadline)) for page, old in zip(pages, before, strict=True)]


def longest_gap_ms(page: Page) -> float:
    """The longest time without a new video frame, since the first one; the page was opened with `GAPS`."""
    worst: float = page.evaluate("__gap.worst")
    return worst
