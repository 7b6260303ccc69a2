"""File transfer in the web app: choosing, accepting, receiving and saving, in real browsers with a real server."""

from pathlib import Path
from typing import Final

import pytest
from tests.support.app_actions import NO_DEVICES, join_call
from tests.support.browser import EACH, Browser, Page
from tests.support.files import BYTES, HASH, SAVED, WHOLE, a_file, bytes_sent, choose, past, sees, sha256
from tests.support.server import ROOT, LiveServer

pytestmark = pytest.mark.beside

DROP: Final = """(names) => {
  const dropped = new DataTransfer();
  for (const name of names) dropped.items.add(new File([name], name));
  document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true }));
}"""

KEPT: Final = """async () => {
  const answer = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  const database = await answer(indexedDB.open('eyeline-sending'));
  const rows = await answer(database.transaction('handles').objectStore('handles').getAll());
  database.close();
  return rows.map(({ handle }) => handle.name);
}"""
"""Names of the files that the page keeps handles to."""

FORGOTTEN: Final = """async () => {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle('old.bin', { create: true });
  const opening = indexedDB.open('eyeline-sending', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('handles');
  await new Promise((resolve) => { opening.onsuccess = resolve; });
  const putting = opening.result.transaction('handles', 'readwrite').objectStore('handles')
    .put({ handle, at: Date.now() - 25 * 3_600_000 }, 'old');
  await new Promise((resolve) => { putting.onsuccess = resolve; });
  opening.result.close();
}"""
"""Stores a stale handle from yesterday."""

GUARDED: Final = """
let asked = false;
Object.assign(FileSystemFileHandle.prototype, {
  queryPermission: async () => asked ? 'granted' : 'prompt',
  requestPermission: async () => {
    asked = navigator.userActivation.isActive;
    return asked ? 'granted' : 'denied';
  },
});
"""
"""A browser that requires a click before a page may reread a file; under automation it is granted at once."""

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
"""Names that some system treats specially."""


def meet(sender: Browser, receiver: Browser, room: str) -> tuple[Page, Page]:
    alice = join_call(sender, room, "Alice", NO_DEVICES + SAVED)
    bob = join_call(receiver, room, "Bob", NO_DEVICES + SAVED)
    for page in (alice, bob):
        page.until("document.querySelectorAll('video').length === 2")
    return alice, bob


@pytest.mark.parametrize(
    ("sender", "receiver"),
    [
        ("chromium", "chromium"),
        ("chromium", "firefox"),
        pytest.param("firefox", "chromium", marks=pytest.mark.more),
    ],
)
def test_accepted_file_arrives_intact_and_is_saved(
    sender: str, receiver: str, server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    alice, bob = meet(
        request.getfixturevalue(sender), request.getfixturevalue(receiver), f"{server.url}/r/files-{sender}-{receiver}"
    )
    path = a_file(tmp_path, WHOLE)
    choose(alice, path)
    sees(bob, "Alice wants to send you")
    assert "tea.bin" in bob.text()
    sees(alice, "waiting for Bob to accept")
    bob.click("button", "Accept")
    sees(alice, "Verified", 60)
    bob.until("saved.length === 1")
    assert bob.evaluate("[saved[0].name, saved[0].type]") == ["tea.bin", "application/octet-stream"]
    assert bob.evaluate(HASH, deadline=30) == sha256(path)


def test_deceptive_file_names_are_shown_as_text_and_saved_under_safe_names(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    alice, bob = meet(chromium, firefox, f"{server.url}/r/ugly")
    alice.click("button", "Files")
    alice.until("document.querySelector('input[type=file]:enabled') !== null")
    alice.evaluate(DROP, list(UGLY))
    bob.click("button", "Files")
    bob.until("(n) => document.querySelectorAll('.file').length === n", len(UGLY))
    bob.evaluate("void document.querySelector('.file-all').click()")
    bob.until("(n) => saved.length === n", len(UGLY), deadline=60)
    names = bob.evaluate("saved.map((each) => each.name)")
    for name in names:
        assert not any(sign in name for sign in '/\\:*?"<>|\u202e\u0000'), name
        assert name.strip(" .") == name != "", name
        assert len(name.encode()) <= 200, name
    assert {"photogpj.exe", "file", "_con.txt"} <= set(names)
    for page in (alice, bob):
        assert page.evaluate("[typeof hacked, document.querySelectorAll('.file img').length]") == ["undefined", 0]
        assert "\u202e" not in page.evaluate("document.querySelector('.files').textContent")


@pytest.mark.parametrize("receiver", EACH)
def test_file_transfer_continues_after_the_receiver_reloads(
    receiver: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    alice, bob = meet(chromium, request.getfixturevalue(receiver), f"{server.url}/r/again-{receiver}")
    path = a_file(tmp_path, BYTES)
    choose(alice, path)
    bob.click("button", "Accept")
    bob.click("button", "Files")
    past(bob, BYTES // 2)
    bob.reload()
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH, deadline=30) == sha256(path)
    sees(alice, "Verified")
    assert 0 < bytes_sent(alice) < BYTES * 0.7  # nothing of what it already had is sent again, except for a part


@pytest.mark.more
def test_file_transfer_continues_after_the_sender_reloads_and_chooses_it_again(
    chromium: Browser, server: LiveServer, tmp_path: Path
) -> None:
    alice, bob = meet(chromium, chromium, f"{server.url}/r/reload")
    path = a_file(tmp_path, BYTES)
    choose(alice, path)
    bob.click("button", "Accept")
    bob.click("button", "Files")
    past(bob, BYTES // 2)
    alice.reload()
    alice.until("document.querySelector('main.call:not(.returning)') !== null")
    alice.click("button", "Files")
    sees(alice, "Choose the file again")
    choose(alice, path)
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH, deadline=30) == sha256(path)
    sees(alice, "Verified")
    assert 0 < bytes_sent(alice) < BYTES * 0.6


def test_dropped_file_continues_by_itself_after_the_sender_reloads(
    chromium: Browser, server: LiveServer, tmp_path: Path
) -> None:
    alice, bob = meet(chromium, chromium, f"{server.url}/r/kept")
    path = a_file(tmp_path, BYTES)
    alice.evaluate(FORGOTTEN)
    alice.drop(path)
    bob.click("button", "Accept")
    bob.click("button", "Files")
    past(bob, BYTES // 2)
    assert alice.evaluate(KEPT) == ["tea.bin"]
    alice.reload()
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH, deadline=30) == sha256(path)
    sees(alice, "Bob got tea.bin")
    assert 0 < bytes_sent(alice) < BYTES * 0.6
    alice.until(f"async () => (await ({KEPT})()).length === 0")


@pytest.mark.more
def test_one_click_continues_where_the_browser_asks_before_rereading_a_file(
    chromium: Browser, server: LiveServer, tmp_path: Path
) -> None:
    room = f"{server.url}/r/guarded"
    alice, bob = (
        join_call(chromium, room, "Alice", NO_DEVICES + GUARDED),
        join_call(chromium, room, "Bob", NO_DEVICES + SAVED),
    )
    alice.until("document.querySelectorAll('video').length === 2")
    path = a_file(tmp_path, BYTES)
    alice.drop(path)
    bob.click("button", "Accept")
    bob.click("button", "Files")
    past(bob, BYTES // 2)
    alice.reload()
    alice.until("document.querySelector('main.call:not(.returning)') !== null")
    alice.click("button", "Files")
    assert bob.evaluate("saved.length") == 0
    alice.click("button", "Continue sending")
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH, deadline=30) == sha256(path)


@pytest.mark.more
def test_other_file_of_the_same_name_and_size_does_not_continue_the_transfer(
    chromium: Browser, server: LiveServer, tmp_path: Path
) -> None:
    alice, bob = meet(chromium, chromium, f"{server.url}/r/other")
    path = a_file(tmp_path, BYTES)
    choose(alice, path)
    bob.click("button", "Accept")
    bob.click("button", "Files")
    past(bob, BYTES // 2)
    alice.reload()
    alice.until("document.querySelector('main.call:not(.returning)') !== null")
    alice.click("button", "Files")
    sees(alice, "Choose the file again")
    choose(alice, a_file(tmp_path, BYTES))
    sees(alice, "has changed since")
    sees(bob, "has changed since")
    assert bob.evaluate("saved.length") == 0


def test_three_files_transfer_in_both_directions_at_once(chromium: Browser, server: LiveServer, tmp_path: Path) -> None:
    alice, bob = meet(chromium, chromium, f"{server.url}/r/both-ways")
    paths = {
        page: [a_file(tmp_path, 3_000_003, f"{name}-{n}.bin") for n in range(3)]
        for page, name in ((alice, "alice"), (bob, "bob"))
    }
    for page in (alice, bob):
        choose(page, *paths[page])
    for page in (alice, bob):
        page.until("document.querySelectorAll('.file').length === 6")
        page.evaluate("void document.querySelector('.file-all').click()")
    for reader, writer in ((alice, bob), (bob, alice)):
        reader.until("document.querySelectorAll('.file[data-state=verified]').length === 6", deadline=60)
        reader.until("saved.length === 3")
        came = {reader.evaluate(f"saved[{n}].name"): reader.evaluate(HASH, n) for n in range(3)}
        assert came == {path.name: sha256(path) for path in paths[writer]}


def test_image_preview_is_shown_before_accepting(chromium: Browser, firefox: Browser, server: LiveServer) -> None:
    alice, bob = meet(firefox, chromium, f"{server.url}/r/preview")
    choose(alice, ROOT / "docs/home-light-1440.png")
    sees(bob, "PNG file")
    bob.until("document.querySelector('.asks img')?.naturalWidth > 0")
    seen = [bob.evaluate(f"document.querySelector('.asks img').natural{side}") for side in ("Width", "Height")]
    assert seen == [160, 100]
