"""Folder transfer in the web app: one offer for the whole tree, and the same tree at the other end."""

import base64
import io
import os
import zipfile
from pathlib import Path
from typing import Final

import pytest
from tests.live.test_files_page import meet
from tests.support.app_actions import NO_DEVICES, join_call
from tests.support.browser import Browser, Page
from tests.support.files import SAVED, past, sees
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

PICKED: Final = (
    SAVED
    + """
globalThis.showDirectoryPicker = async () =>
  (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true });
"""
)
"""The folder picker returns a folder that the test can read; the browser's dialog can't be automated."""

CHOSEN: Final = """
Object.defineProperty(File.prototype, 'webkitRelativePath', { get() { return `tea/${this.name}`; } });
"""
"""WebDriver BiDi can choose files but not a folder: these files are given as a folder's."""

FULL: Final = "navigator.storage.estimate = async () => ({ quota: 1000, usage: 1000 });"
"""A browser whose storage quota is exhausted."""

TREE: Final = """async () => {
  const tree = {};
  const read = async (folder, before) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === 'directory') { await read(handle, `${before}${name}/`); continue; }
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      tree[before + name] = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    }
  };
  await read(await (await navigator.storage.getDirectory()).getDirectoryHandle('picked'), '');
  return tree;
}"""
"""The contents of the picked folder: bytes in hex, by path."""

BYTES: Final = """async () => {
  const bytes = new Uint8Array(await saved[0].arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}"""
"""The saved file, in base64."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nested files: empty, larger than a chunk, hidden, and with non-ASCII names."""
    top = tmp_path / "tea"
    for path, size in {
        "a.txt": 7,
        "empty": 0,
        "deep/deeper/b.bin": 700_001,
        "deep/ä \U0001f375.txt": 300,
        ".hidden/.c": 3,
        "z/last": 0,
    }.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(os.urandom(size))
    return top


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder.parent)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def choose_folder(page: Page, folder: Path) -> None:
    page.until("document.querySelector('input[webkitdirectory]') !== null")
    page.attach("input[webkitdirectory]", folder)


def test_dropped_folder_arrives_as_an_archive_where_pages_cannot_write_folders(
    chromium: Browser, firefox: Browser, server: LiveServer, folder: Path
) -> None:
    alice, bob = meet(chromium, firefox, f"{server.url}/r/folder-zip")
    alice.drop(folder)
    sees(bob, "Folder with 6 files")
    assert bob.evaluate("document.querySelectorAll('.file').length") == 1
    bob.click("button", "Accept")
    bob.until("saved.length === 1", deadline=30)
    assert bob.evaluate("[saved[0].name, saved[0].type]") == ["tea.zip", "application/octet-stream"]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(bob.evaluate(BYTES)))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files_in(folder)
    sees(alice, "Bob got tea")


def test_chosen_folder_is_written_to_the_picked_place_without_overwriting(
    chromium: Browser, server: LiveServer, folder: Path
) -> None:
    room = f"{server.url}/r/folder-tree"
    alice, bob = join_call(chromium, room, "Alice", NO_DEVICES), join_call(chromium, room, "Bob", NO_DEVICES + PICKED)
    alice.until("document.querySelectorAll('video').length === 2")
    bob.click("button", "Files")
    alice.click("button", "Files")
    sent = files_in(folder)
    expected: dict[str, bytes] = {}
    for times, name in ((1, "tea"), (2, "tea (2)")):
        choose_folder(alice, folder)
        bob.click("button", "Accept")
        bob.until("(n) => document.body.innerText.split('· saved').length === n + 1", times)
        expected |= {path.replace("tea", name, 1): content for path, content in sent.items()}
        assert {path: bytes.fromhex(text) for path, text in bob.evaluate(TREE).items()} == expected
    assert bob.evaluate("saved.length") == 0


def test_folder_too_large_for_storage_is_written_directly_and_completely_or_not_at_all(
    chromium: Browser, server: LiveServer, folder: Path
) -> None:
    room = f"{server.url}/r/folder-straight"
    alice, bob = (
        join_call(chromium, room, "Alice", NO_DEVICES),
        join_call(chromium, room, "Bob", NO_DEVICES + PICKED + FULL),
    )
    alice.until("document.querySelectorAll('video').length === 2")
    bob.click("button", "Files")
    alice.drop(folder)
    bob.click("button", "Accept")
    sees(alice, "Bob got tea")
    assert {path: bytes.fromhex(text) for path, text in bob.evaluate(TREE).items()} == files_in(folder)
    (folder / "deep/large").write_bytes(os.urandom(40_000_000))
    alice.drop(folder)
    bob.click("button", "Accept")
    past(bob, 5_000_000)
    alice.click("button", "Cancel tea")
    bob.until(f"async () => Object.keys(await ({TREE})()).every((path) => path.startsWith('tea/'))")


@pytest.mark.more
def test_folder_arrives_intact_from_firefox_too(
    chromium: Browser, firefox: Browser, server: LiveServer, tmp_path: Path
) -> None:
    folder = tmp_path / "tea"
    folder.mkdir()
    for name, size in (("a", 700_001), ("b", 0), ("c", 3_000_000)):
        (folder / name).write_bytes(os.urandom(size))
    room = f"{server.url}/r/folder-firefox"
    alice, bob = (
        join_call(firefox, room, "Alice", NO_DEVICES + CHOSEN),
        join_call(chromium, room, "Bob", NO_DEVICES + PICKED),
    )
    alice.until("document.querySelectorAll('video').length === 2")
    alice.click("button", "Files")
    alice.until("document.querySelector('input[webkitdirectory]').multiple = true")
    alice.attach("input[webkitdirectory]", *sorted(folder.iterdir()))
    bob.click("button", "Accept")
    bob.click("button", "Files")
    sees(bob, "· saved")
    assert {path: bytes.fromhex(text) for path, text in bob.evaluate(TREE).items()} == files_in(folder)


@pytest.mark.more
def test_folder_transfer_continues_after_both_pages_reload(
    chromium: Browser, firefox: Browser, server: LiveServer, folder: Path
) -> None:
    (folder / "deep/large").write_bytes(os.urandom(20_000_000))
    alice, bob = meet(chromium, firefox, f"{server.url}/r/folder-again")
    alice.click("button", "Files")
    choose_folder(alice, folder)
    bob.click("button", "Accept")
    bob.click("button", "Files")
    past(bob, 10_000_000)
    for page in (alice, bob):
        page.reload()
        page.until("document.querySelector('main.call:not(.returning)') !== null")
    alice.click("button", "Files")
    sees(alice, "Choose the folder again")
    choose_folder(alice, folder)
    bob.until("saved.length === 1", deadline=60)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(bob.evaluate(BYTES, deadline=30)))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files_in(folder)
