"""One file to several people at once through the JavaScript API, in real browsers with a real server."""

import os
from typing import Final

from tests.live.test_files import HASH, JOIN
from tests.support.browser import Browser
from tests.support.files import bytes_sent
from tests.support.server import LiveServer

BYTES: Final = int(os.environ.get("CROWD_BYTES", "8_000_007"))
"""Size of the file; `CROWD_BYTES=200_000_000` for the long run."""

CHUNK: Final = 256 * 1024
WINDOW: Final = 16
"""Chunks that are under way to one person and not stored."""

OFFER_ALL: Final = """(size) => {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 2654435761) >>> 13;
  globalThis.file = new File([bytes], 'tea.bin');
  globalThis.sent = room.peers.current.map((peer) => peer.offer(file));
}"""

ACCEPT: Final = """async (held) => {
  const root = await navigator.storage.getDirectory();
  globalThis.handle = await root.getFileHandle('received', { create: true });
  const disk = await handle.createWritable();
  const opened = held ? new Promise((resolve) => { globalThis.letGo = resolve; }) : Promise.resolve();
  files[0].accept(new WritableStream({
    write: (bytes) => opened.then(() => disk.write(bytes)),
    close: () => disk.close(),
  }));
}"""
"""Stores the file; where it is `held`, the disk takes nothing before `letGo()`."""


def test_one_file_ends_right_for_four_people_and_a_slow_one_delays_nobody(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    alice = chromium.open(f"{server.url}/")
    readers = [browser.open(f"{server.url}/") for browser in (chromium, chromium, firefox, chromium)]
    *quick, slow = readers
    for page, name in zip((alice, *readers), ("Alice", "Bob", "Carol", "Dave", "Erin"), strict=True):
        page.evaluate(JOIN, "crowd", name)
    alice.until("room.peers.current.filter(({ line }) => line.current.state === 'direct').length === 4", deadline=30)
    alice.evaluate(OFFER_ALL, BYTES)
    for page in readers:
        page.until("files.length === 1")
        page.evaluate(ACCEPT, page is slow)
    for page in quick:
        page.until("files[0].progress.current.state === 'verified'", deadline=60)
    assert slow.evaluate("files[0].progress.current") == {"state": "running", "bytes": 0, "code": "", "paused": "no"}
    assert bytes_sent(alice) < 3.05 * BYTES + (WINDOW + 1) * CHUNK  # no more waits in the slow one's memory
    slow.evaluate("letGo()")
    alice.until("sent.every(({ progress }) => progress.current.state === 'verified')", deadline=60)
    whole = alice.evaluate(f"() => ({HASH})(file)")
    for page in readers:
        assert page.evaluate(f"async () => ({HASH})(await handle.getFile())") == whole
    assert 4 * BYTES <= bytes_sent(alice) < 4.05 * BYTES  # nothing twice
