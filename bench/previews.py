"""How much memory a page takes to show offered files whose previews claim to be large pictures, in Chromium.

    PYTHONPATH=src .venv/bin/python bench/previews.py [--runs N]

Mallory, who has the file channel of the app in hand, offers Bob as many files as he takes.  Bob has the app with its
files panel open.  Printed for each kind of preview: the peak of all renderers' memory above that before the offers, and
how many pictures Bob's page shows.  The previews that claim 16,000 by 16,000 pixels are headers without a picture, and
the page must leave them out before anything decodes them; the others are real, as large as the app allows.
"""

import argparse
import base64
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.renderer_memory import renderers_bytes
from tests.support.app_actions import NO_DEVICES, is_whole, join_call
from tests.support.chromium import Chromium
from tests.support.server import LiveServer

OFFERS: Final = 64
WATCHED_S: Final = 6.0

CHANNEL: Final = """
{
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (label, ...more) {
    const channel = create.call(this, label, ...more);
    if (label === 'files') channel.addEventListener('open', () => { globalThis.lane = channel; });
    return channel;
  };
}
"""

CLAIMS_16000: Final = bytes.fromhex(
    "ffd8 ffe0 0010 4a464946 00 0101 00 0001 0001 0000 ffc0 000b 08 3e80 3e80 01 01 11 00"
)
"""A JPEG's start, its JFIF segment, and a frame header with height and width."""

PICTURE: Final = """(side) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
  const context = canvas.getContext('2d');
  context.fillStyle = 'teal';
  context.fillRect(0, 0, side, side / 2);
  return canvas.toDataURL('image/jpeg', 0.5).split(',')[1];
}"""

OFFER: Final = """([preview, count]) => {
  for (let n = 0; n < count; n += 1)
    lane.send(JSON.stringify({ frame: 'offer', id: crypto.randomUUID(), name: `${n}.jpg`, size: 10, preview }));
}"""


def measure(browser: Chromium, url: str, preview: str | int) -> tuple[float, int]:
    """Peak memory above that before, in MB, and the pictures shown; a number is the side of a real picture."""
    room = f"{url}/r/previews-{time.monotonic_ns()}"
    bob, mallory = (join_call(browser, room, name, NO_DEVICES + CHANNEL) for name in ("Bob", "Mallory"))
    mallory.until("globalThis.lane?.readyState === 'open'")
    is_whole(bob)
    bob.click("button", "Files")
    made = preview if isinstance(preview, str) else mallory.evaluate(PICTURE, preview)
    before = renderers_bytes(os.getpid())
    mallory.evaluate(OFFER, [made, OFFERS])
    bob.until("(count) => document.querySelectorAll('.file').length >= count", OFFERS)
    peak, end = 0, time.monotonic() + WATCHED_S
    while time.monotonic() < end:
        peak = max(peak, renderers_bytes(os.getpid()) - before)
        time.sleep(0.2)
    shown: int = bob.evaluate("document.querySelectorAll('.file-preview').length")
    browser.close_pages()
    return peak / 1e6, shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    claims = base64.b64encode(CLAIMS_16000).decode()
    kinds: dict[str, str | int] = {"without a preview": "", "that claim 16,000 x 16,000": claims, "of 512 x 512": 512}
    with LiveServer() as server, Chromium() as browser:
        for kind, preview in kinds.items():
            measured = [measure(browser, server.url, preview) for _ in range(runs)]
            peaks = [peak for peak, _ in measured]
            span = f"{median(peaks):.0f} MB ({min(peaks):.0f}-{max(peaks):.0f})"
            print(f"{OFFERS} offers {kind}: {span}, {measured[0][1]} pictures shown")


if __name__ == "__main__":
    main()
