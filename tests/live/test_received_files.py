"""Received files in the web app: saved, stored and deleted, where storage is short or blocked, and in copied tabs."""

import os
import time
from pathlib import Path
from typing import Final

import pytest
from tests.live.test_files_page import meet
from tests.support.app_actions import NO_DEVICES, join_call
from tests.support.browser import DEADLINE, EACH, POLLS, Browser
from tests.support.files import BYTES, HASH, SAVED, WHOLE, a_file, choose, past, sees, sha256
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

FILES_AT_ONCE: Final = int(os.environ.get("FILES_AT_ONCE", "25"))
"""How many files are accepted together: browsers drop downloads above ten at once.  Set by `FILES_AT_ONCE`."""

FULL_DISK: Final = """
const { prototype } = FileSystemWritableFileStream;
const write = prototype.write;
let bytes = 0;
prototype.write = async function (data) {
  bytes += data.byteLength;
  if (bytes > 10e6) throw new DOMException('the disk is full', 'QuotaExceededError');
  return write.call(this, data);
};
"""
"""A disk that is full after 10 MB."""

BLOCKED: Final = """
navigator.storage.getDirectory = async () => { throw new DOMException('blocked', 'SecurityError'); };
"""
"""A browser that stores nothing, as in a private window."""

STORED: Final = """async () => {
  const stored = await (await navigator.storage.getDirectory()).getDirectoryHandle('received');
  return Array.fromAsync(stored.keys());
}"""
"""What the page has stored of received files."""

COPY: Final = """(copied) => {
  for (const [key, value] of Object.entries(copied)) sessionStorage.setItem(key, value);
}"""


@pytest.mark.parametrize("receiver", ["chromium", pytest.param("firefox", marks=pytest.mark.more)])
def test_small_files_accepted_together_are_all_saved(
    receiver: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    alice, bob = meet(chromium, request.getfixturevalue(receiver), f"{server.url}/r/many-{receiver}")
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    bob.download_to(downloads)
    paths = [a_file(tmp_path, 30_000, f"{number}.bin") for number in range(FILES_AT_ONCE)]
    choose(alice, *paths)
    bob.click("button", "Files")
    bob.until("document.querySelector('.file-all') !== null")
    bob.evaluate("void document.querySelector('.file-all').click()")
    handed = "(n) => document.body.innerText.split('handed to your browser').length === n + 1"
    bob.until(handed, FILES_AT_ONCE, deadline=DEADLINE + FILES_AT_ONCE)
    sent = {path.name: sha256(path) for path in paths}
    until = time.monotonic() + DEADLINE
    while hashes_in(downloads) != sent and time.monotonic() < until:
        time.sleep(POLLS[-1])
    assert hashes_in(downloads) == sent


def hashes_in(folder: Path) -> dict[str, str]:
    """The hashes of the downloads, by name."""
    return {path.name: sha256(path) for path in folder.glob("*.bin")}


@pytest.mark.parametrize("receiver", EACH)
def test_full_disk_of_the_receiver_is_reported_to_both_and_nothing_is_left_behind(
    receiver: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    room = f"{server.url}/r/full-{receiver}"
    alice = join_call(chromium, room, "Alice", NO_DEVICES)
    bob = join_call(request.getfixturevalue(receiver), room, "Bob", NO_DEVICES + SAVED + FULL_DISK)
    choose(alice, a_file(tmp_path, 30_000_000))
    bob.click("button", "Files")
    bob.click("button", "Accept")
    sees(bob, "be stored: your disk may be full.")
    sees(alice, "store it: the disk may be full.")
    bob.until(f"async () => (await ({STORED})()).length === 0")
    assert bob.evaluate("saved.length") == 0


@pytest.mark.parametrize("receiver", EACH)
def test_file_is_received_through_memory_where_storage_is_blocked(
    receiver: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    room = f"{server.url}/r/blocked-{receiver}"
    alice = join_call(chromium, room, "Alice", NO_DEVICES)
    bob = join_call(request.getfixturevalue(receiver), room, "Bob", NO_DEVICES + SAVED + BLOCKED)
    path = a_file(tmp_path, WHOLE)
    choose(alice, path)
    bob.click("button", "Files")
    bob.click("button", "Accept")
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH, deadline=30) == sha256(path)


@pytest.mark.parametrize("sender", EACH)
def test_duplicated_tab_sends_nothing_that_the_first_tab_sends(
    sender: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    room = f"{server.url}/r/duplicate-{sender}"
    alice, bob = meet(request.getfixturevalue(sender), chromium, room)
    path = a_file(tmp_path, BYTES)
    choose(alice, path)
    bob.click("button", "Files")
    bob.click("button", "Accept")
    past(bob, 1_000_000)
    alice.click("button", "Pause tea.bin")
    copied = {key: text for key, text in alice.evaluate("({...sessionStorage})").items() if "sending" in key}
    assert "tea.bin" in str(copied)
    other = alice.another(f"{server.url}/test")
    other.evaluate(COPY, copied)
    other.goto(room)
    other.fill("Your name", "Copy")
    other.click("button", "Join")
    other.until("document.querySelectorAll('video').length === 3")
    choose(other, path)
    sees(other, "waiting for Bob to accept")  # a new offer, which doesn't continue the one of the first tab
    sees(bob, "Copy wants to send you")
    assert "Not fully sent" not in other.text()
    alice.click("button", "Resume tea.bin")
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH, deadline=30) == sha256(path)
