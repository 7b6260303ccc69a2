"""How long one member of a call can block another one's page, by sending more than any person would, in Chromium.

    PYTHONPATH=src .venv/bin/python bench/flood.py [--only WORD]

Mallory is the app with her data channels in hand; Bob is the app as it is, with his chat open.  While Mallory sends,
Bob's page measures its longest main-thread stall: how much later than due a timer runs.  Then Bob clicks "Leave" in
the middle of it, and the time from the click to "You left" on the screen is measured as well.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.app_actions import NO_DEVICES, join_call, open_chat
from tests.support.browser import Page
from tests.support.chromium import Chromium
from tests.support.server import LiveServer

CHANNELS: Final = """
globalThis.__channels = [];
const create = RTCPeerConnection.prototype.createDataChannel;
RTCPeerConnection.prototype.createDataChannel = function (...given) {
  const channel = create.apply(this, given);
  __channels.push(channel);
  return channel;
};
"""
"""Puts every data channel within Mallory's reach."""

STALLS: Final = """
globalThis.__stall = 0;
let due = performance.now() + 10;
setInterval(() => {
  const now = performance.now();
  __stall = Math.max(__stall, now - due);
  due = now + 10;
}, 10);
"""
"""The longest stall so far, in milliseconds."""

SENDS: Final = """async ([kind, count, seconds]) => {
  const start = performance.now();
  const chat = __channels.find(({label, readyState}) => label === 'eyeline' && readyState === 'open');
  const connection = __connections.find(({connectionState}) => connectionState === 'connected');
  const media = (on) => ({frame: 'media',
    media: {microphone: on ? 'on' : 'muted', camera: on ? 'on' : 'off', screen: 'none'}});
  const line = (n) => ({kind: 'chat', id: `${start}-${n}`, clock: Date.now() + n, at: Date.now(), revision: 0,
    text: 'x'.repeat(100), reply: null, to: null});
  const kinds = {
    lines: (n) => chat.send(JSON.stringify({frame: 'message', n: Date.now() * 1000 + n, data: line(n)})),
    media: (n) => chat.send(JSON.stringify(media(n % 2 === 0))),
    large: () => chat.send('['.repeat(200_000)),
    channels: (n) => connection.createDataChannel(`more-${n}`),
  };
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.ceil((performance.now() - start) / seconds / 1000 * count));
    for (; sent < due; sent += 1) {
      try { kinds[kind](sent); } catch { await new Promise((done) => setTimeout(done, 50)); }
    }
    await new Promise((done) => setTimeout(done, 5));
  }
  return performance.now() - start;
}"""


LEAVE: Final = """() => {
  const {x, y, width, height} = document.querySelector('button[aria-label="Leave"]').getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""


class Flood(NamedTuple):
    """What Mallory sends: a kind in `SENDS`, how many frames, and in how many seconds."""

    name: str
    kind: str
    frames: int
    seconds: float


FLOODS: Final = (
    Flood("12,000 chat lines in 1 s", "lines", 12_000, 1.0),
    Flood("12,000 mute and unmute in 8 s", "media", 12_000, 8.0),
    Flood("378 frames of 200 kB", "large", 378, 2.0),
    Flood("1,100 more data channels", "channels", 1_100, 1.0),
)
SETTLED_S: Final = 2.0
AFTER_S: Final = 4.0
"""Seconds for which stalls are still counted after the last frame was sent."""


def measure(browser: Chromium, url: str, flood: Flood) -> tuple[float, float]:
    """The longest stall, and the time that "Leave" takes in the middle of a second flood, in milliseconds."""
    room = f"{url}/r/flood-{flood.kind}"
    bob = join_call(browser, room, "Bob", STALLS + NO_DEVICES)
    mallory = join_call(browser, room, "Mallory", CHANNELS + NO_DEVICES)
    mallory.until("__channels.some(({label, readyState}) => label === 'eyeline' && readyState === 'open')")
    bob.until("document.querySelector('main.call').dataset.alone === 'false'")
    open_chat(bob)
    pause(bob, SETTLED_S)
    spot = bob.evaluate(LEAVE)
    bob.evaluate("__stall = 0")
    mallory.evaluate(SENDS, [flood.kind, flood.frames, flood.seconds], deadline=120.0)
    pause(bob, AFTER_S)
    stall: float = bob.evaluate("__stall", deadline=120.0)
    start = f"(given) => void ({SENDS})(given)"
    mallory.evaluate(start, [flood.kind, flood.frames, flood.seconds])
    pause(mallory, 0.5)
    clicked = time.monotonic()
    bob.press_at(*spot)
    bob.until("document.body.innerText.includes('You left')", deadline=60.0)
    left = (time.monotonic() - clicked) * 1000
    browser.close_pages()
    return stall, left


def pause(page: Page, seconds: float) -> None:
    """Waits on the page, so that what it has queued comes first."""
    page.evaluate("(ms) => new Promise((done) => setTimeout(done, ms))", seconds * 1000, deadline=120.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="run only the floods whose name has this in it")
    only = parser.parse_args().only
    with LiveServer() as server, Chromium() as browser:
        for flood in FLOODS:
            if only in flood.name:
                stall, left = measure(browser, server.url, flood)
                print(f"{flood.name}: longest stall {stall:.0f} ms; from a click on Leave to its page {left:.0f} ms")


if __name__ == "__main__":
    main()
