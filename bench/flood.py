"""How long one member of a call can block another one's page, by sending more than any person would, in Chromium.

    PYTHONPATH=src .venv/bin/python bench/flood.py [--only WORD]

Mallory is the app with her data channels in hand; Bob is the app as it is, the host, with his chat open.  While Mallory
sends, Bob's page measures its longest main-thread stall: how much later than due a timer runs.  Two more times are
measured in the middle of such a flood: from a click on "Leave" to "You left" on the screen, and, in another call, from
a click on "Remove" to the moment when Mallory's tile is gone.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.app_actions import NO_DEVICES, is_whole, join_call, new_call, open_chat
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


MIDDLE: Final = """(selector) => {
  const {x, y, width, height} = document.querySelector(selector).getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""


CONFIRM: Final = ".people-sure .danger"
"""The button that removes Mallory, once "Remove Mallory" was pressed."""


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


class Pair(NamedTuple):
    """A call of two."""

    bob: Page
    mallory: Page

    def flood(self, flood: Flood) -> None:
        """Mallory sends all of it."""
        self.mallory.evaluate(SENDS, [flood.kind, flood.frames, flood.seconds], deadline=120.0)

    def click_amid(self, flood: Flood, spot: tuple[float, float], shown: str) -> float:
        """Milliseconds from Bob's click on this spot, in the middle of the flood, until `shown` is true of his page."""
        self.mallory.evaluate(f"(given) => void ({SENDS})(given)", [flood.kind, flood.frames, flood.seconds])
        pause(self.mallory, 0.5)
        clicked = time.monotonic()
        self.bob.press_at(*spot)
        self.bob.until(shown, deadline=60.0)
        return (time.monotonic() - clicked) * 1000


@contextmanager
def pair(browser: Chromium, site: str) -> Iterator[Pair]:
    """Bob's call, which Mallory has joined."""
    bob = new_call(browser, site, "Bob", STALLS + NO_DEVICES)
    mallory = join_call(browser, bob.evaluate("location.href"), "Mallory", CHANNELS + NO_DEVICES)
    mallory.until("__channels.some(({label, readyState}) => label === 'eyeline' && readyState === 'open')")
    bob.until("document.querySelector('main.call').dataset.alone === 'false'")
    is_whole(bob)
    pause(bob, SETTLED_S)
    yield Pair(bob, mallory)
    browser.close_pages()


def stall_and_leave(browser: Chromium, site: str, flood: Flood) -> tuple[float, float]:
    """The longest stall, and the time that "Leave" takes in a second flood."""
    with pair(browser, site) as people:
        open_chat(people.bob)
        spot = people.bob.evaluate(MIDDLE, 'button[aria-label="Leave"]')
        people.bob.evaluate("__stall = 0")
        people.flood(flood)
        pause(people.bob, AFTER_S)
        stall: float = people.bob.evaluate("__stall", deadline=120.0)
        return stall, people.click_amid(flood, spot, "document.body.innerText.includes('You left')")


def remove(browser: Chromium, site: str, flood: Flood) -> float:
    """The time that "Remove" takes."""
    with pair(browser, site) as people:
        people.bob.click("button", "People")
        people.bob.click("button", "Remove Mallory")
        people.bob.until(f"document.querySelector('{CONFIRM}') !== null")
        spot = people.bob.evaluate(MIDDLE, CONFIRM)
        return people.click_amid(flood, spot, "document.querySelectorAll('.tile').length === 1")


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
                stall, left = stall_and_leave(browser, server.url, flood)
                removed = remove(browser, server.url, flood)
                print(f"{flood.name}: longest stall {stall:.0f} ms, Leave {left:.0f} ms, Remove {removed:.0f} ms")


if __name__ == "__main__":
    main()
