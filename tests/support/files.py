"""What people do with files in the web app, and what came of it."""

import hashlib
import os
from pathlib import Path
from typing import Final

from tests.support.browser import Page

BYTES: Final = int(os.environ.get("FILE_BYTES", "40_000_007"))
"""Size of a file that is interrupted, for what has come is kept in parts of megabytes.  `FILE_BYTES` says another."""

WHOLE: Final = int(os.environ.get("FILE_BYTES", "8_000_007"))
"""Size of a file that is not."""

SAVED: Final = """
globalThis.saved = [];
URL.createObjectURL = ((make) => (what) => {
  if (what instanceof File) saved.push(what);
  return make.call(URL, what);
})(URL.createObjectURL);
"""
"""Remembers what the page gives to the browser to be saved."""

HASH: Final = """async (which = 0) => Array.from(
  new Uint8Array(await crypto.subtle.digest('SHA-256', await saved[which].arrayBuffer())),
  (byte) => byte.toString(16).padStart(2, '0'),
).join('')"""

SENT: Final = """async () => {
  const reports = await Promise.all(__connections.map((each) => each.getStats()));
  return reports.flatMap((each) => [...each.values()])
    .filter(({ type, label }) => type === 'data-channel' && label === 'files')
    .reduce((sum, { bytesSent }) => sum + bytesSent, 0);
}"""


def sees(page: Page, words: str, deadline: float = 20.0) -> None:
    """Waits until somebody can read these words on the page."""
    page.until("(words) => document.body.innerText.includes(words)", words, deadline=deadline)


def a_file(folder: Path, size: int, name: str = "tea.bin") -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def choose(page: Page, *paths: Path) -> None:
    """Opens the panel for files, if it is not open, and chooses some there."""
    if not page.evaluate("document.querySelector('input[type=file]') !== null"):
        page.click("button", "Files")
    page.until("document.querySelector('input[type=file]:enabled') !== null")
    page.attach("input[type=file]", *paths)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def past(page: Page, size: int) -> None:
    """Waits until so many bytes have come, and the file is still on its way."""
    page.until("(size) => document.querySelector('progress')?.value > size", size, deadline=60)


def bytes_sent(page: Page) -> int:
    """Bytes that went out over the channels for files that are open now."""
    return int(page.evaluate(SENT))
