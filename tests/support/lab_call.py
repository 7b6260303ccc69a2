"""A call between two people in the lab: its path, and how long it took to connect."""

import itertools
import time
from dataclasses import dataclass
from typing import Final, Literal

from tests.support.app_actions import join_call
from tests.support.browser import POLLS, Browser, Page
from tests.support.call import all_flow, links
from tests.support.nat import Kind

Path = Literal["host", "direct", "relay"]
"""Within one network; directly through NATs; through a relay."""

TIMES: Final = """
globalThis.__times = {};
const say = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (String(data).includes('"join"')) __times.join ??= performance.now();
  return say.call(this, data);
};
const look = async () => {
  for (const connection of __connections) {
    if (connection.connectionState !== 'connected') continue;
    __times.connected ??= performance.now();
    const stats = [...(await connection.getStats()).values()];
    if (stats.some((each) => each.type === 'inbound-rtp' && each.kind === 'video' && each.framesDecoded > 0))
      __times.frame ??= performance.now();
  }
  if (!__times.frame) setTimeout(look, 4);
};
look();
"""
"""Records when `join` was sent, when the first connection was up, and when its first video frame was decoded."""

NO_CAMERA: Final = """
if (navigator.mediaDevices) {
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    if (constraints.video) throw new DOMException('none', 'NotFoundError');
    return getUserMedia(constraints);
  };
}
"""
"""Only a microphone: a page that may use neither camera nor microphone gets no local addresses from its browser."""

AUDIO_IS_PLAYED: Final = """async () => {
  const connected = __connections.filter((each) => each.connectionState === 'connected');
  const reports = await Promise.all(connected.map((each) => each.getStats()));
  return reports.some((report) => [...report.values()].some(
    ({type, kind, totalAudioEnergy}) => type === 'inbound-rtp' && kind === 'audio' && totalAudioEnergy > 0));
}"""

_rooms = itertools.count(1)


@dataclass(frozen=True)
class LabCall:
    """A call that Alice joined first and Bob second."""

    alice: Page
    bob: Page
    connected_ms: float
    """From Bob's `join` until he was connected."""
    frame_ms: float
    """From Bob's `join` until he decoded Alice's first video frame."""

    def path(self) -> str:
        """See `selected_pairs`."""
        return selected_pairs(self.alice, self.bob)


def selected_pairs(*pages: Page) -> str:
    """The selected candidate pair of each page's one connection, local type first: `srflx-relay/tcp / relay-srflx`."""
    sides = []
    for page in pages:
        [link] = [link for link in links(page) if link.path]
        local, remote = link.path.split("-")
        sides.append(f"{local}{'/' * bool(link.relay_protocol)}{link.relay_protocol}-{remote}")
    return " / ".join(sides)


def call_without_cameras(alice: Browser, bob: Browser, url: str, script: str = "") -> tuple[Page, Page]:
    """Both join a new room with only a microphone, and receive each other's audio: less CPU time than `meet`."""
    room = f"{url}/r/audio-{next(_rooms)}"
    pages = join_call(alice, room, "Alice", NO_CAMERA + script), join_call(bob, room, "Bob", NO_CAMERA + script)
    for page in pages:
        page.until(AUDIO_IS_PLAYED)
    return pages


def meet(alice: Browser, bob: Browser, url: str, script: str = "") -> LabCall:
    """Both join a new room, and see and hear each other."""
    room = f"{url}/r/call-{next(_rooms)}"
    first = join_call(alice, room, "Alice", TIMES + script)
    second = join_call(bob, room, "Bob", TIMES + script)
    all_flow(first, second, deadline=30)
    times = second.until("__times.frame && __times")
    return LabCall(first, second, times["connected"] - times["join"], times["frame"] - times["join"])


def settled(pages: tuple[Page, Page], wanted: Path, within: float = 10.0) -> str:
    """The selected pairs, once they are of the wanted kind or `within` seconds have passed; ICE may switch late."""
    end = time.monotonic() + within
    while kind_of(path := selected_pairs(*pages)) != wanted and time.monotonic() < end:
        time.sleep(POLLS[-1])
    return path


def expected(one: Kind, other: Kind) -> Path:
    """The path that two networks allow (RFC 5128, 3.4, and RFC 8445)."""
    kinds = {one, other}
    if kinds == {"none"}:
        return "host"
    if "udpblock" in kinds or kinds in ({"port", "sym"}, {"sym"}):
        return "relay"
    return "direct"


def kind_of(path: str) -> Path:
    """The kind of path."""
    if "relay" in path:
        return "relay"
    return "host" if all(side.startswith("host-") for side in path.split(" / ")) else "direct"


def relay_only(*prefixes: str) -> str:
    """A script that limits the page to relays whose URL has one of these prefixes and transports."""
    return _RELAY_ONLY.replace("GIVEN", repr(list(prefixes)))


_RELAY_ONLY: Final = """
{
  const forced = (given) => ({
    ...given,
    iceTransportPolicy: 'relay',
    iceServers: (given?.iceServers ?? [])
      .map((server) => ({...server, urls: [server.urls].flat().filter(
        (url) => GIVEN.some((prefix) => url.startsWith(prefix.split(' ')[0]) && url.endsWith(prefix.split(' ')[1])))}))
      .filter((server) => server.urls.length > 0),
  });
  const set = RTCPeerConnection.prototype.setConfiguration;
  RTCPeerConnection.prototype.setConfiguration = function (given) { return set.call(this, forced(given)); };
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
    construct: (target, [given], as) => Reflect.construct(target, [forced(given)], as),
  });
}
"""
