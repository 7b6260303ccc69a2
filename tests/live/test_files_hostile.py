"""A sender who lies: whose channel for files says what the SDK never would, to the app in a real browser."""

import hashlib
import json
from typing import Any, Final

import pytest
from tests.support.browser import Browser, Page
from tests.support.files import SAVED, sees
from tests.support.people import NO_DEVICES, join_call
from tests.support.server import LiveServer

CHANNEL: Final = """
{
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (label, ...more) {
    const channel = create.call(this, label, ...more);
    if (label !== 'files') return channel;
    channel.addEventListener('open', () => {
      globalThis.lane = channel;
      globalThis.heard = [];
      channel.addEventListener('message', ({ data }) => heard.push(JSON.parse(data)));
    });
    return channel;
  };
}
"""
"""Keeps the channel for files, and what comes over it."""

ID: Final = "00000000-0000-4000-8000-00000000000"
CHUNK: Final = 256 * 1024


@pytest.fixture
def pages(server: LiveServer, chromium: Browser, request: pytest.FixtureRequest) -> tuple[Page, Page]:
    """Mallory, who has the channel, and Bob."""
    room = f"{server.url}/r/{abs(hash(request.node.name))}"
    mallory, bob = (
        join_call(chromium, room, "Mallory", NO_DEVICES + CHANNEL),
        join_call(chromium, room, "Bob", NO_DEVICES + SAVED),
    )
    mallory.until("globalThis.lane?.readyState === 'open'")
    return mallory, bob


def say(page: Page, **frame: Any) -> None:
    page.evaluate("(text) => lane.send(text)", json.dumps(frame))


def offer(page: Page, name: object = "tea.bin", size: object = 10, last: str = "1") -> str:
    say(page, frame="offer", id=ID + last, name=name, size=size)
    return ID + last


def code(page: Page, transfer: str) -> str:
    """Of the `stop` that came for this transfer."""
    return str(page.until("(id) => heard.find((each) => each.frame === 'stop' && each.id === id)?.code", transfer))


def accept(page: Page) -> None:
    page.click("button", "Accept")


def test_an_offer_that_lies_is_refused_with_a_code_and_nobody_is_asked(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    for last, (name, size, why) in enumerate(
        [
            ("a", -1, "bad-size"),
            ("a", 2**60, "bad-size"),
            ("a", 0.5, "bad-size"),
            ("a", "10", "bad-size"),
            ("x" * 10_000, 10, "bad-name"),
            (["a"], 10, "bad-name"),
        ]
    ):
        assert code(mallory, offer(mallory, name, size, str(last))) == why
    say(mallory, frame="offer", id="../../x", name="a", size=1)
    assert code(mallory, "../../x") == "bad-id"
    assert not bob.evaluate("document.querySelector('.asks') !== null")


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([], "bad-list"),
        ("a", "bad-list"),
        ([["a", 10]], "bad-path"),
        ([{"path": "a", "size": 0}] * 1001, "bad-list"),
        ([{"path": "../a", "size": 10}], "bad-path"),
        ([{"path": "a/../../b", "size": 10}], "bad-path"),
        ([{"path": "/etc/passwd", "size": 10}], "bad-path"),
        ([{"path": "a//b", "size": 10}], "bad-path"),
        ([{"path": "x" * 10_000, "size": 10}], "bad-path"),
        ([{"path": "a/" * 100 + "b", "size": 10}], "bad-path"),
        ([{"path": "a", "size": 9}], "bad-size"),
        ([{"path": "a", "size": 20}, {"path": "b", "size": -10}], "bad-size"),
    ],
)
def test_a_folder_that_lies_is_refused_with_a_code(entries: object, why: str, pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    say(mallory, frame="offer", id=ID + "1", name="tea", size=10, entries=entries)
    assert code(mallory, ID + "1") == why
    assert not bob.evaluate("document.querySelector('.asks') !== null")


HOSTILE: Final = (
    "C:/Windows/x.dll",
    "..\\..\\y",
    "con/aux.txt",
    "photo\u202egpj.exe",
    "nul\u0000/z\n",
    "Tea.txt",
    "tea.TXT",
    "tea.txt/below",
    "\ud800.md",
    "trailing. /x ",
    ".\u200b./up",
    "x.lnk",
    "<img src=x onerror=globalThis.hacked=1>.png",
)
"""Paths that some system takes for something else, or for each other."""

PLACE: Final = """
globalThis.showDirectoryPicker = async () =>
  (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true });
"""

PATHS: Final = """async () => {
  const paths = [];
  const read = async (folder, before) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === 'directory') await read(handle, `${before}${name}/`);
      else paths.push([before + name, (await handle.getFile()).size]);
    }
  };
  await read(await (await navigator.storage.getDirectory()).getDirectoryHandle('picked'), '');
  return paths;
}"""


def test_paths_made_to_deceive_are_written_under_safe_ones_and_none_over_another(
    chromium: Browser, server: LiveServer
) -> None:
    room = f"{server.url}/r/hostile-paths"
    mallory, bob = (
        join_call(chromium, room, "Mallory", NO_DEVICES + CHANNEL),
        join_call(chromium, room, "Bob", NO_DEVICES + SAVED + PLACE),
    )
    mallory.until("globalThis.lane?.readyState === 'open'")
    entries = [{"path": path, "size": size} for size, path in enumerate(HOSTILE)]
    size = sum(range(len(HOSTILE)))
    say(mallory, frame="offer", id=ID + "1", name="../tea", size=size, entries=entries)
    accept(bob)
    mallory.until("heard.some(({ frame }) => frame === 'from')")
    send_whole(mallory, size)
    mallory.until("heard.some(({ frame }) => frame === 'verified')")
    bob.click("button", "Files")
    sees(bob, "· saved")
    written = dict(bob.evaluate(PATHS))
    assert sorted(written.values()) == list(range(len(HOSTILE)))
    assert len({path.casefold() for path in written}) == len(HOSTILE)
    for path in written:
        top, *parts = path.split("/")
        assert top == "_tea", path
        assert not any(sign in path for sign in '\\:*?"<>|\u202e\u0000\n'), path
        assert all(part.strip(" ") == part.rstrip(".") != "" for part in parts), path
    assert {"_tea/C_/Windows/x.dll", "_tea/_con/_aux.txt", "_tea/photogpj.exe", "_tea/tea.txt/below"} <= written.keys()
    assert bob.evaluate("typeof hacked") == "undefined"


def send_whole(page: Page, size: int) -> None:
    """The zeros that were offered, in one chunk, with the hashes that they have."""
    zeros = hashlib.sha256(bytes(size))
    say(page, frame="chunk", id=ID + "1", index=0, hash=zeros.hexdigest())
    page.evaluate("(size) => lane.send(new Uint8Array(size))", size)
    say(page, frame="root", id=ID + "1", hash=hashlib.sha256(zeros.digest()).hexdigest())


def test_a_thousand_offers_are_not_a_thousand_questions(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    mallory.evaluate("""() => {
      for (let n = 0; n < 1000; n += 1)
        lane.send(JSON.stringify({ frame: 'offer', id: crypto.randomUUID(), name: `${n}`, size: 1 }));
    }""")
    mallory.until("heard.filter(({ code }) => code === 'too-many').length === 936")
    bob.click("button", "Files")
    bob.until("document.querySelectorAll('.file').length === 64")


def test_one_id_offered_twice_is_one_question_and_keeps_its_first_size(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    offer(mallory, "tea.bin", 10)
    offer(mallory, "other.bin", 2**40)
    sees(bob, "tea.bin")
    bob.until("document.querySelectorAll('.file').length === 1")
    assert "10 B" in bob.text().replace("\u00a0", " ")


@pytest.mark.parametrize("sent", [9, 11, CHUNK + 1], ids=["fewer", "more", "far more"])
def test_more_or_fewer_bytes_than_announced_are_not_a_file(sent: int, pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    transfer = offer(mallory)
    accept(bob)
    mallory.until("heard.some(({ frame }) => frame === 'from')")
    say(mallory, frame="chunk", id=transfer, index=0, hash="00")
    mallory.evaluate("(sent) => lane.send(new Uint8Array(Math.min(sent, 262144)))", sent)
    if sent < 10:
        say(mallory, frame="root", id=transfer, hash="00")
        say(mallory, frame="chunk", id=transfer, index=0, hash="00")
        mallory.evaluate("lane.send(new Uint8Array(11))")
    assert code(mallory, transfer) == "wrong-size"
    sees(bob, "was thrown away")
    assert bob.evaluate("saved.length") == 0
    folders = """async () => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('received');
      const names = [];
      for await (const name of root.keys()) names.push(name);
      return names.length === 0;
    }"""
    bob.until(folders)


def test_a_chunk_that_never_has_its_hash_is_asked_for_three_times(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    transfer = offer(mallory)
    accept(bob)
    for times in (1, 2, 3):
        mallory.until("(n) => heard.filter(({ frame }) => frame === 'from').length === n", times)
        say(mallory, frame="chunk", id=transfer, index=0, hash="00")
        mallory.evaluate("lane.send(new Uint8Array(10))")
    assert code(mallory, transfer) == "wrong-hash"
    assert bob.evaluate("saved.length") == 0


def test_noise_on_the_channel_harms_nothing(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    for noise in ("", "null", "[]", "{", '{"frame":"chunk"}', '{"frame":"from","id":"x","next":-1}', "\u0000" * 1000):
        mallory.evaluate("(noise) => lane.send(noise)", noise)
    mallory.evaluate("lane.send(new Uint8Array(100_000))")
    offer(mallory)
    sees(bob, "Mallory wants to send you")
    assert [line for line in bob.console if "rror" in line] == []
