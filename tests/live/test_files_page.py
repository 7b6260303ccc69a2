"""Files in the web app: chosen, asked for, received and saved, in real browsers with a real server."""

import hashlib
import os
from pathlib import Path
from typing import Final

import pytest
from tests.support.browser import Browser, Page
from tests.support.people import join_call
from tests.support.server import LiveServer

BYTES: Final = int(os.environ.get("EYELINE_FILE_BYTES", "20_000_007"))
"""Size of the large file; `EYELINE_FILE_BYTES=200_000_000` for the long run."""

SAVED: Final = """
globalThis.saved = [];
URL.createObjectURL = ((make) => (what) => {
  if (what instanceof File) saved.push(what);
  return make.call(URL, what);
})(URL.createObjectURL);
"""
"""Remembers what the page gives to the browser to be saved."""

HASH: Final = """async () => Array.from(
  new Uint8Array(await crypto.subtle.digest('SHA-256', await saved[0].arrayBuffer())),
  (byte) => byte.toString(16).padStart(2, '0'),
).join('')"""

UGLY: Final = (
    "<img src=x onerror=globalThis.hacked=1>.png",
    "photo\u202egpj.exe",
    "..",
    "%2e%2e%2fetc%2fpasswd",
    "javascript:globalThis.hacked=1",
    "'; DROP TABLE files; --.csv",
    "con.txt",
    "\u0627\u0644\u0645\u0644\u0641.pdf",
    "a\u0301\u0301\u0301\u0301\u0301 zalgo.txt",
    "{{constructor.constructor('hacked=1')()}}.html",
    "\U0001f3f4\u200d\u2620\ufe0f" * 20 + ".jpeg",
    "x" * 1000 + ".tar.gz",
)
"""Names that some reader somewhere took for something else."""


def sees(page: Page, words: str, deadline: float = 20.0) -> None:
    """Waits until somebody can read these words on the page."""
    page.until("(words) => document.body.innerText.includes(words)", words, deadline=deadline)


def meet(sender: Browser, receiver: Browser, room: str) -> tuple[Page, Page]:
    alice = join_call(sender, room, "Alice", SAVED)
    bob = join_call(receiver, room, "Bob", SAVED)
    for page in (alice, bob):
        page.until("document.querySelectorAll('video').length === 2")
    return alice, bob


def a_file(folder: Path, size: int, name: str = "tea.bin") -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def choose(page: Page, path: Path) -> None:
    """Opens the panel for files, if it is not open, and chooses one there."""
    if not page.evaluate("document.querySelector('input[type=file]') !== null"):
        page.click("button", "Files")
    page.until("document.querySelector('input[type=file]:enabled') !== null")
    page.attach("input[type=file]", path)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("sender", "receiver"), [("chromium", "chromium"), ("chromium", "firefox"), ("firefox", "chromium")]
)
def test_a_file_that_is_accepted_arrives_whole_and_is_saved(
    sender: str, receiver: str, server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    alice, bob = meet(
        request.getfixturevalue(sender), request.getfixturevalue(receiver), f"{server.url}/r/files-{sender}-{receiver}"
    )
    path = a_file(tmp_path, BYTES)
    choose(alice, path)
    sees(bob, "Alice wants to send you")
    assert "tea.bin" in bob.text()
    sees(alice, "waiting for Bob to accept")
    bob.click("button", "Accept")
    sees(alice, "Verified", 60)
    bob.until("saved.length === 1")
    assert bob.evaluate("[saved[0].name, saved[0].type]") == ["tea.bin", "application/octet-stream"]
    assert bob.evaluate(HASH, deadline=30) == sha256(path)
