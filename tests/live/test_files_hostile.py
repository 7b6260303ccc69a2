"""Malicious file senders: their file channel sends what the SDK never would, to the app in a real browser."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.app_actions import NO_DEVICES, join_call, seats
from tests.support.browser import Browser, Page
from tests.support.files import HASH, SAVED, WHOLE, a_file, choose, sees, sha256
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

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
"""Exposes the file channel, and records what arrives on it."""

ID: Final = "00000000-0000-4000-8000-00000000000"
CHUNK: Final = 256 * 1024


@pytest.fixture
def pages(server: LiveServer, chromium: Browser, request: pytest.FixtureRequest) -> tuple[Page, Page]:
    """Mallory, who controls the file channel, and Bob."""
    room = f"{server.url}/r/{abs(hash(request.node.name))}"
    mallory, bob = (
        join_call(chromium, room, "Mallory", NO_DEVICES + CHANNEL),
        join_call(chromium, room, "Bob", NO_DEVICES + SAVED),
    )
    mallory.until("globalThis.lane?.readyState === 'open'")
    return mallory, bob


def send_frame(page: Page, **frame: Any) -> None:
    page.evaluate("(text) => lane.send(text)", json.dumps(frame))


def offer(page: Page, name: object = "tea.bin", size: object = 10, last: str = "1") -> str:
    send_frame(page, frame="offer", id=ID + last, name=name, size=size)
    return ID + last


def code(page: Page, transfer: str) -> str:
    """The code of the `stop` received for this transfer."""
    return str(page.until("(id) => heard.find((each) => each.frame === 'stop' && each.id === id)?.code", transfer))


def accept(page: Page) -> None:
    page.click("button", "Accept")


def test_invalid_file_offer_is_refused_with_a_code_without_a_prompt(pages: tuple[Page, Page]) -> None:
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
    send_frame(mallory, frame="offer", id="../../x", name="a", size=1)
    assert code(mallory, "../../x") == "bad-id"
    assert not bob.evaluate("document.querySelector('.asks') !== null")


LIES: Final[tuple[tuple[object, str], ...]] = (
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
)
"""Announced folder contents, and the code with which each is refused."""


def test_invalid_folder_offer_is_refused_with_a_code(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    for number, (entries, why) in enumerate(LIES):
        transfer = f"{ID[:-2]}{number:03}"
        send_frame(mallory, frame="offer", id=transfer, name="tea", size=10, entries=entries)
        assert code(mallory, transfer) == why, entries
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
"""Paths that some system treats specially, or as equal to each other."""

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


def test_deceptive_paths_are_saved_under_safe_names_without_overwriting(chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/hostile-paths"
    mallory, bob = (
        join_call(chromium, room, "Mallory", NO_DEVICES + CHANNEL),
        join_call(chromium, room, "Bob", NO_DEVICES + SAVED + PLACE),
    )
    mallory.until("globalThis.lane?.readyState === 'open'")
    entries = [{"path": path, "size": size} for size, path in enumerate(HOSTILE)]
    size = sum(range(len(HOSTILE)))
    send_frame(mallory, frame="offer", id=ID + "1", name="../tea", size=size, entries=entries)
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
    """Send the offered zeros in one chunk, with their correct hashes."""
    zeros = hashlib.sha256(bytes(size))
    send_frame(page, frame="chunk", id=ID + "1", index=0, hash=zeros.hexdigest())
    page.evaluate("(size) => lane.send(new Uint8Array(size))", size)
    send_frame(page, frame="root", id=ID + "1", hash=hashlib.sha256(zeros.digest()).hexdigest())


def test_thousand_offers_do_not_cause_a_thousand_prompts(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    mallory.evaluate("""() => {
      for (let n = 0; n < 1000; n += 1)
        lane.send(JSON.stringify({ frame: 'offer', id: crypto.randomUUID(), name: `${n}`, size: 1 }));
    }""")
    mallory.until("heard.filter(({ code }) => code === 'too-many').length === 936")
    bob.click("button", "Files")
    bob.until("document.querySelectorAll('.file').length === 64")


def test_repeated_offer_id_is_prompted_once_and_keeps_its_first_size(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    offer(mallory, "tea.bin", 10)
    offer(mallory, "other.bin", 2**40)
    sees(bob, "tea.bin")
    bob.until("document.querySelectorAll('.file').length === 1")
    assert "10 B" in bob.text().replace("\u00a0", " ")


@pytest.mark.parametrize("sent", [9, 11, CHUNK + 1], ids=["fewer", "more", "far more"])
def test_file_of_another_size_than_announced_is_rejected(sent: int, pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    transfer = offer(mallory)
    accept(bob)
    mallory.until("heard.some(({ frame }) => frame === 'from')")
    send_frame(mallory, frame="chunk", id=transfer, index=0, hash="00")
    mallory.evaluate("(sent) => lane.send(new Uint8Array(Math.min(sent, 262144)))", sent)
    if sent < 10:
        send_frame(mallory, frame="root", id=transfer, hash="00")
        send_frame(mallory, frame="chunk", id=transfer, index=0, hash="00")
        mallory.evaluate("lane.send(new Uint8Array(11))")
    assert code(mallory, transfer) == "wrong-size"
    sees(bob, "has been deleted")
    assert bob.evaluate("saved.length") == 0
    folders = """async () => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('received');
      const names = [];
      for await (const name of root.keys()) names.push(name);
      return names.length === 0;
    }"""
    bob.until(folders)


def test_chunk_with_a_wrong_hash_is_requested_three_times(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    transfer = offer(mallory)
    accept(bob)
    wait_for_frames(mallory, "from", 1)
    for times in (1, 2, 3):
        send_frame(mallory, frame="chunk", id=transfer, index=0, hash="00")
        mallory.evaluate("lane.send(new Uint8Array(10))")
        if times < 3:
            wait_for_frames(mallory, "miss", times)
    assert code(mallory, transfer) == "wrong-hash"
    assert bob.evaluate("saved.length") == 0


def test_noise_on_the_channel_does_no_harm(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    for noise in ("", "null", "[]", "{", '{"frame":"chunk"}', '{"frame":"from","id":"x","next":-1}', "\u0000" * 1000):
        mallory.evaluate("(noise) => lane.send(noise)", noise)
    mallory.evaluate("lane.send(new Uint8Array(100_000))")
    offer(mallory)
    sees(bob, "Mallory wants to send you")
    assert [line for line in bob.console if "rror" in line] == []


SHARE: Final = "5a5a5a5a-0000-4000-8000-000000000000"

ALTERED: Final = """
{
  const send = RTCDataChannel.prototype.send;
  let passing = false;
  globalThis.altered = 0;
  RTCDataChannel.prototype.send = function (data) {
    if (this.label !== 'files') return send.call(this, data);
    if (typeof data === 'string') passing = { pass: true, chunk: false }[JSON.parse(data).frame] ?? passing;
    else if (passing) {
      data = data.slice();
      data[0] ^= 1;
      altered += 1;
    }
    return send.call(this, data);
  };
}
"""
"""Modifies only what is forwarded to others."""


DEAF: Final = """() => {
  lane.onmessage = null;
  Object.defineProperty(lane, 'onmessage', { get: () => null, set: () => undefined });
}
"""
"""Her page doesn't answer, not even when its code for files is loaded later."""


def offer_shared(mallory: Page, bob: Page, size: int) -> None:
    """Mallory offers a file as shared with several people, and Bob accepts it."""
    mallory.evaluate(DEAF)
    send_frame(mallory, frame="offer", id=ID + "1", name="tea.bin", size=size, share=SHARE)
    accept(bob)
    mallory.until("heard.some(({ frame }) => frame === 'from')")


def wait_for_frames(page: Page, frame: str, count: int) -> None:
    page.until("(frame, count) => heard.filter((each) => each.frame === frame).length === count", frame, count)


@pytest.mark.more
def test_wrong_bytes_from_a_forwarder_never_end_up_in_the_file(
    chromium: Browser, server: LiveServer, tmp_path: Path
) -> None:
    room = f"{server.url}/r/passed-on-wrong"
    alice, mallory, bob = (
        join_call(chromium, room, name, NO_DEVICES + script)
        for name, script in (("Alice", ""), ("Mallory", ALTERED), ("Bob", SAVED))
    )
    for page in (alice, mallory, bob):
        page.until("document.querySelectorAll('.badge[data-connection=direct]').length === 2", deadline=30)
    path = a_file(tmp_path, WHOLE)
    choose(alice, path)
    accept(mallory)
    mallory.click("button", "Files")
    sees(mallory, "Verified")
    accept(bob)
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH) == sha256(path)
    assert mallory.evaluate("altered") > 0


def test_holder_of_a_file_is_not_flooded_by_requests_for_it(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    offer_shared(mallory, bob, 10)
    zeros = hashlib.sha256(bytes(10))
    send_frame(mallory, frame="chunk", id=ID + "1", index=0, hash=zeros.hexdigest())
    mallory.evaluate("lane.send(new Uint8Array(10))")
    wait_for_frames(mallory, "have", 1)
    send_frame(mallory, frame="get", id=SHARE, index=0)
    wait_for_frames(mallory, "pass", 1)
    for index, share in ((1, SHARE), (2**53 - 1, SHARE), (0, ID + "9"), (0, ID + "1"), (0, "")):
        send_frame(mallory, frame="get", id=share, index=index)
    wait_for_frames(mallory, "lack", 5)
    mallory.evaluate(
        """(share) => {
      for (let n = 0; n < 10_000; n += 1) lane.send(JSON.stringify({ frame: 'get', id: share, index: 0 }));
    }""",
        SHARE,
    )
    sees(bob, "Mallory sends too much")
    answered = "heard.filter(({ frame }) => frame === 'lack' || frame === 'pass').length"
    mallory.until(f"{answered} > 900")
    root = {"frame": "root", "id": ID + "1", "hash": hashlib.sha256(zeros.digest()).hexdigest()}
    mallory.until(
        "(root) => { lane.send(JSON.stringify(root)); return heard.some(({ frame }) => frame === 'verified'); }", root
    )
    assert mallory.evaluate(answered) < 3000, "what is above the limit is dropped"


def test_falsely_named_holder_is_asked_only_once(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    offer_shared(mallory, bob, 100 * CHUNK)
    mallory.evaluate(
        """(id) => {
      const holders = ['nobody', '', '__proto__'];
      for (let index = 0; index < 10_000; index += 1)
        lane.send(JSON.stringify({ frame: 'at', id, index, hash: '00', holder: holders[index % 3] }));
    }""",
        ID + "1",
    )
    send_frame(mallory, frame="pause", id=ID + "1", on=True)
    wait_for_frames(mallory, "miss", 16)
    sees(bob, "Mallory")


def test_wrong_chunk_from_a_holder_is_reported_as_missing(pages: tuple[Page, Page]) -> None:
    mallory, bob = pages
    [mine] = seats(mallory)
    offer_shared(mallory, bob, 10)
    zeros = hashlib.sha256(bytes(10))
    for times, wrong in enumerate(("new Uint8Array(11)", "new Uint8Array(10).fill(7)", "new Uint8Array(262144)"), 1):
        send_frame(mallory, frame="at", id=ID + "1", index=0, hash=zeros.hexdigest(), holder=mine)
        wait_for_frames(mallory, "get", times)
        send_frame(mallory, frame="pass", id=SHARE, index=0)
        mallory.evaluate(f"lane.send({wrong})")
        wait_for_frames(mallory, "miss", times)
    send_frame(mallory, frame="pass", id=SHARE, index=0)  # unsolicited
    mallory.evaluate("lane.send(new Uint8Array(10))")
    send_frame(mallory, frame="at", id=ID + "1", index=0, hash=zeros.hexdigest(), holder=mine)
    wait_for_frames(mallory, "get", 4)
    send_frame(mallory, frame="pass", id=SHARE, index=0)
    mallory.evaluate("lane.send(new Uint8Array(10))")
    wait_for_frames(mallory, "have", 1)
    send_frame(mallory, frame="root", id=ID + "1", hash=hashlib.sha256(zeros.digest()).hexdigest())
    wait_for_frames(mallory, "verified", 1)
    bob.until("saved.length === 1")
