"""File transfer to several people at once through the JavaScript API, in real browsers with a real server."""

import os
from typing import Final

import pytest
from tests.live.test_files import HASH, JOIN
from tests.support.browser import Browser, Page
from tests.support.files import bytes_sent
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

BYTES: Final = int(os.environ.get("CROWD_BYTES", "8_000_007"))
"""Size of the file; `CROWD_BYTES=200_000_000` for the long run."""

CHUNK: Final = 256 * 1024
SHARE: Final = "5a5a5a5a-0000-4000-8000-000000000000"
WINDOW: Final = 16
"""Chunks in flight to one person and not yet stored."""

OFFER_ALL: Final = """(size, share) => {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 2654435761) >>> 13;
  globalThis.file = new File([bytes], 'tea.bin');
  globalThis.sent = room.peers.current.map((peer) => peer.sendFile(file, share === null ? {} : { share }));
}"""

ACCEPT: Final = """async (held) => {
  const root = await navigator.storage.getDirectory();
  globalThis.handle = await root.getFileHandle('received', { create: true });
  const disk = await handle.createWritable();
  const opened = held ? new Promise((resolve) => { globalThis.letGo = resolve; }) : Promise.resolve();
  globalThis.written = [];
  files[0].accept(new WritableStream({
    write: (bytes) => opened.then(() => {
      written.push(new Blob([bytes]));
      return disk.write(bytes);
    }),
    close: () => disk.close(),
  }), undefined, (start) => written[start / 262144].bytes());
}"""
"""Stores the file; a `held` one isn't written before `letGo()`."""


def gather(chromium: Browser, firefox: Browser, server: LiveServer, room: str) -> tuple[Page, list[Page]]:
    """Alice and four others, all connected with each other; the third of them uses Firefox."""
    alice = chromium.open(f"{server.url}/")
    readers = [browser.open(f"{server.url}/") for browser in (chromium, chromium, firefox, chromium)]
    for page, name in zip((alice, *readers), ("Alice", "Bob", "Carol", "Dave", "Erin"), strict=True):
        page.evaluate(JOIN, room, name)
    for page in (alice, *readers):
        direct = "room.peers.current.filter(({ connection }) => connection.current.state === 'direct')"
        page.until(f"{direct}.length === 4", deadline=30)
    return alice, readers


def verified(page: Page) -> None:
    page.until("files[0].progress.current.state === 'verified'", deadline=90)


def same(alice: Page, readers: list[Page]) -> None:
    whole = alice.evaluate(f"() => ({HASH})(file)")
    for page in readers:
        assert page.evaluate(f"async () => ({HASH})(await handle.getFile())") == whole


@pytest.mark.more
def test_file_reaches_four_people_intact_and_a_slow_receiver_delays_no_one(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    alice, readers = gather(chromium, firefox, server, "crowd")
    *quick, slow = readers
    alice.evaluate(OFFER_ALL, BYTES, None)
    for page in readers:
        page.until("files.length === 1")
        page.evaluate(ACCEPT, page is slow)
    for page in quick:
        verified(page)
    assert slow.evaluate("files[0].progress.current") == {"state": "running", "bytes": 0, "code": "", "paused": "no"}
    assert bytes_sent(alice) < 3.05 * BYTES + (WINDOW + 1) * CHUNK  # the slow receiver buffers no more than that
    slow.evaluate("letGo()")
    alice.until("sent.every(({ progress }) => progress.current.state === 'verified')", deadline=60)
    same(alice, readers)
    assert 4 * BYTES <= bytes_sent(alice) < 4.05 * BYTES  # nothing is sent twice


def test_forwarded_file_is_uploaded_about_once_and_a_slow_receiver_delays_no_one(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    alice, readers = gather(chromium, firefox, server, "passed-on")
    *quick, slow = readers
    alice.evaluate(OFFER_ALL, BYTES, SHARE)
    for page in readers:
        page.until("files.length === 1")
    for page in readers:
        page.evaluate(ACCEPT, page is slow)
    for page in quick:
        verified(page)
    assert slow.evaluate("files[0].progress.current.bytes") == 0
    slow.evaluate("letGo()")
    alice.until("sent.every(({ progress }) => progress.current.state === 'verified')", deadline=90)
    same(alice, readers)
    assert BYTES <= bytes_sent(alice) < 1.6 * BYTES  # except for retransmissions


@pytest.mark.more
def test_forwarded_file_arrives_intact_when_a_holder_leaves_halfway(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    alice, readers = gather(chromium, firefox, server, "passed-on-by-less")
    leaving, *staying = readers
    alice.evaluate(OFFER_ALL, BYTES, SHARE)
    for page in readers:
        page.until("files.length === 1")
    for page in readers:
        page.evaluate(ACCEPT, False)
    leaving.until("(least) => files[0].progress.current.bytes > least", BYTES // 4, deadline=60)
    leaving.evaluate("room.leave()")
    for page in staying:
        verified(page)
    same(alice, staying)
    assert bytes_sent(alice) < 2 * BYTES
