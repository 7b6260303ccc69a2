"""File transfer in the web app: actions and their results."""

import hashlib
import os
from pathlib import Path
from typing import Final

from tests.support.browser import Page

BYTES: Final = int(os.environ.get("FILE_BYTES", "40_000_007"))
"""Size of a file whose transfer is interrupted: received data is stored in parts of megabytes.  Set by `FILE_BYTES`."""

WHOLE: Final = int(os.environ.get("FILE_BYTES", "8_000_007"))
"""Size of a file whose transfer isn't interrupted."""

SAVED: Final = """
globalThis.saved = [];
URL.createObjectURL = ((make) => (what) => {
  if (what instanceof File) saved.push(what);
  return make.call(URL, what);
})(URL.createObjectURL);
"""
"""Records what the page hands to the browser for saving."""

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
    """Wait until the page shows this text."""
    page.until("(words) => document.body.innerText.includes(words)", words, deadline=deadline)


def a_file(folder: Path, size: int, name: str = "tea.bin") -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


def choose(page: Page, *paths: Path) -> None:
    """Choose files in the files panel, which is opened if needed."""
    if not page.evaluate("document.querySelector('input[type=file]') !== null"):
        page.click("button", "Files")
    page.until("document.querySelector('input[type=file]:enabled') !== null")
    page.attach("input[type=file]", *paths)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def past(page: Page, size: int) -> None:
    """Wait until this many bytes were received, with the transfer still running."""
    page.until("(size) => document.querySelector('progress')?.value > size", size, deadline=60)


def bytes_sent(page: Page) -> int:
    """Bytes sent over the file channels that are open now."""
    return int(page.evaluate(SENT))
