"""How fast a file goes from one app to another, compared with a raw data channel, and how much it slows the call.

    PYTHONPATH=.:src .venv/bin/python bench/files.py speed [--bytes 200_000_000] [--runs 3]
    PYTHONPATH=.:src .venv/bin/python bench/files.py call
    PYTHONPATH=.:src .venv/bin/python bench/files.py crowd [--bytes 20_000_000]

Two Debian Chromium with profiles on disk, one person each.  `speed`, without cameras, alternates a file from the click
on "Accept" to "Verified" with as many bytes on one reliable channel in the app's chunks of 64 KiB; then PeerJS's own
`send` of a file of at most 50 MB, until the other side has it in memory (one of 300 MB never arrived).  It also
measures the memory of both tabs: the proportional set size of all renderers, above that before the file.  `call`, with
both cameras at 640x480, measures the receiver's decoded frames per second and the delay of a chat message, without and
with a running transfer.  `crowd`, with everyone in one browser without cameras, counts the bytes that the sender's
connections sent, without UDP and IP headers, for one file to 1, 3 and 5 people.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.renderer_memory import renderers_bytes
from bench.setup import Sites, servers
from playwright.sync_api import Page, sync_playwright
from tests.support.server import LiveServer

FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
NO_CAMERA = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'));"
SMALL_CAMERA = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wish) => ask(
  typeof wish.video === 'object' ? {...wish, video: {...wish.video, width: 640, height: 480}} : wish);
"""
REMEMBER = """
globalThis.connections = [];
globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
  construct(target, given, as) {
    const made = Reflect.construct(target, given, as);
    connections.push(made);
    return made;
  },
});
"""
FRAMES = """async () => {
  const reports = await Promise.all(connections.map((each) => each.getStats()));
  return reports.flatMap((each) => [...each.values()]).reduce((sum, each) => sum + (each.framesDecoded ?? 0), 0);
}"""
SENT = """async () => {
  const reports = await Promise.all(connections.map((each) => each.getStats()));
  return reports.flatMap((each) => [...each.values()])
    .reduce((sum, { type, bytesSent }) => sum + (type === 'transport' ? bytesSent : 0), 0);
}"""
OFFER = """async () => {
  globalThis.link = new RTCPeerConnection();
  globalThis.channel = link.createDataChannel('raw', { negotiated: true, id: 0 });
  await link.setLocalDescription();
  while (link.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 10));
  return link.localDescription.sdp;
}"""
ANSWER = """async (sdp) => {
  globalThis.link = new RTCPeerConnection();
  globalThis.channel = link.createDataChannel('raw', { negotiated: true, id: 0 });
  channel.binaryType = 'arraybuffer';
  await link.setRemoteDescription({ type: 'offer', sdp });
  await link.setLocalDescription();
  while (link.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 10));
  return link.localDescription.sdp;
}"""
TAKE = """async (bytes) => {
  if (channel.readyState !== 'open') await new Promise((done) => { channel.onopen = done; });
  let left = bytes;
  globalThis.taken = new Promise((done) => {
    channel.onmessage = ({ data }) => {
      left -= data.byteLength;
      if (left <= 0) done();
    };
  });
}"""
PUSH = """async (bytes) => {
  const piece = new Uint8Array(64 * 1024);
  channel.bufferedAmountLowThreshold = piece.length / 2;
  for (let sent = 0; sent < bytes; sent += piece.length) {
    if (channel.bufferedAmount > piece.length) await new Promise((done) => { channel.onbufferedamountlow = done; });
    channel.send(piece);
  }
}"""
PEERJS_TAKE = """async ([id, port]) => {
  const peer = new Peer(id, { host: location.hostname, port, path: '/', config: { iceServers: [] } });
  await new Promise((done) => peer.on('open', done));
  globalThis.taken = new Promise((done) => {
    peer.on('connection', (link) => link.on('data', (data) => done(data.byteLength ?? data.size)));
  });
}"""
PEERJS_LINK = """async ([id, port]) => {
  const peer = new Peer(undefined, { host: location.hostname, port, path: '/', config: { iceServers: [] } });
  await new Promise((done) => peer.on('open', done));
  globalThis.link = peer.connect(id, { reliable: true });
  await new Promise((done) => link.on('open', done));
  document.body.append(Object.assign(document.createElement('input'), { type: 'file' }));
}"""
PEERJS_PUSH = "() => link.send(document.querySelector('input').files[0])"
PEERJS_BYTES_MAX = 50_000_000
NOTE_LINES = """() => {
  globalThis.lines = {};
  new MutationObserver(() => {
    for (const line of document.querySelectorAll('[role=log] p')) lines[line.textContent.trim()] ??= Date.now();
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


class Person(NamedTuple):
    """A person with their own browser."""

    page: Page
    profile: str


class Call(NamedTuple):
    """The delay of a chat message in ms, and frames per second."""

    chat_ms: list[float]
    frames: float


# Participants.


@contextmanager
def two_people(script: str) -> Iterator[tuple[Person, Person]]:
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        people = []
        for _ in range(2):
            profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            context = playwright.chromium.launch_persistent_context(
                profile, executable_path="/usr/bin/chromium", args=FLAGS, viewport={"width": 1280, "height": 800}
            )
            stack.callback(context.close)
            context.add_init_script(script=script)
            people.append(Person(context.pages[0], profile))
        yield people[0], people[1]


def join(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join").click()
    page.locator("main.call").wait_for()


def meet(people: Sequence[Person], url: str) -> None:
    for person, name in zip(people, ("Alice", "Bob"), strict=True):
        join(person.page, url, name)
    for person in people:
        person.page.locator(".badge[data-connection=direct]").wait_for()


# Memory.


def browser_pid(profile: str) -> int:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in words and not any(word.startswith(b"--type=") for word in words):
            return int(path.parent.name)
    raise SystemExit("the browser has gone")


@contextmanager
def peaks(people: Sequence[Person]) -> Iterator[list[int]]:
    """The peak memory of each person's tabs during the block, above that before."""
    before = [renderers_bytes(browser_pid(person.profile)) for person in people]
    most = [0 for _ in people]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(2):
            for index, person in enumerate(people):
                most[index] = max(most[index], renderers_bytes(browser_pid(person.profile)) - before[index])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


# Measurements.


def a_file(folder: str, size: int, name: str = "bench.bin") -> Path:
    path = Path(folder, name)
    with path.open("wb") as file:
        for left in range(size, 0, -(1 << 24)):
            file.write(os.urandom(min(left, 1 << 24)))
    return path


def send(sender: Page, receiver: Page, path: Path) -> float:
    """Seconds from the click on "Accept" to "Verified"."""
    offer(sender, path)
    receiver.get_by_role("button", name="Accept", exact=True).click()
    began = time.monotonic()
    sender.locator(".file[data-state=verified]").wait_for(timeout=600_000)
    return time.monotonic() - began


def offer(sender: Page, path: Path) -> None:
    if sender.locator("input[type=file]").count() == 0:
        sender.keyboard.press("f")
    sender.locator("input[type=file]:not([webkitdirectory])").set_input_files(path)


def raw(sender: Page, receiver: Page, size: int) -> float:
    """Seconds to send the same number of bytes from memory and discard them."""
    answer = receiver.evaluate(ANSWER, sender.evaluate(OFFER))
    sender.evaluate("(sdp) => link.setRemoteDescription({ type: 'answer', sdp })", answer)
    receiver.evaluate(TAKE, size)
    began = time.monotonic()
    sender.evaluate(PUSH, size)
    receiver.evaluate("taken")
    return time.monotonic() - began


def peerjs(sender: Page, receiver: Page, path: Path, sites: Sites) -> float:
    """Seconds for the file with PeerJS's `send`, until the other side has it in memory."""
    place = [f"bench-{time.monotonic_ns()}", sites.peerjs]
    for page in (sender, receiver):
        page.goto(f"{sites.bare}/probe.js")  # any page of that origin
        page.add_script_tag(url="/peerjs.min.js")
    receiver.evaluate(PEERJS_TAKE, place)
    sender.evaluate(PEERJS_LINK, place)
    sender.locator("input").set_input_files(path)
    began = time.monotonic()
    sender.evaluate(PEERJS_PUSH)
    if receiver.evaluate("taken") != path.stat().st_size:
        raise SystemExit("PeerJS lost some of it")
    return time.monotonic() - began


def speed(url: str, size: int, runs: int) -> None:
    rates: dict[str, list[float]] = {"file": [], "raw": [], "PeerJS": []}
    with tempfile.TemporaryDirectory() as folder, two_people(NO_CAMERA) as people, servers() as sites:
        path = a_file(folder, size)
        smaller = a_file(folder, min(size, PEERJS_BYTES_MAX), "peerjs.bin")
        sender, receiver = (person.page for person in people)
        for run in range(runs):
            meet(people, f"{url}/r/bench-{run}")
            with peaks(people) as most:
                rates["file"].append(size / 1e6 / send(sender, receiver, path))
            for person in people:
                person.page.goto(f"{url}/healthz")
            rates["raw"].append(size / 1e6 / raw(sender, receiver, size))
            shown = ", ".join(f"{name} {rates[name][-1]:.1f} MB/s" for name in ("file", "raw"))
            print(f"run {run}: {shown}; {above(most)}", flush=True)
        for run in range(runs):  # at the end: the memory it leaves behind would slow down the others
            with peaks(people) as most:
                seconds = peerjs(sender, receiver, smaller, sites)
            rates["PeerJS"].append(smaller.stat().st_size / 1e6 / seconds)
            print(f"run {run}: PeerJS {rates['PeerJS'][-1]:.1f} MB/s; {above(most)}", flush=True)
    for name, values in rates.items():
        ratio = median(rates["file"]) / median(values)
        print(f"{name}: {median(values):.1f} MB/s ({min(values):.1f}-{max(values):.1f}), the file is {ratio:.2f} of it")


def above(most: Sequence[int]) -> str:
    return f"{' and '.join(f'{each / 1e6:.0f}' for each in most)} MB above idle"


def listen(writer: Page, reader: Page, lines: Sequence[str]) -> Call:
    """Send each chat message, one per second, and count video frames meanwhile."""
    sent = []
    frames, began = reader.evaluate(FRAMES), time.monotonic()
    for line in lines:
        writer.get_by_label("Message everyone").fill(line)
        sent.append(writer.evaluate("Date.now()"))
        writer.keyboard.press("Enter")
        writer.wait_for_timeout(1000)
    rate = (reader.evaluate(FRAMES) - frames) / (time.monotonic() - began)
    seen = reader.evaluate("lines")
    return Call([seen[line] - at for line, at in zip(lines, sent, strict=True)], rate)


def call(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder, two_people(REMEMBER + SMALL_CAMERA) as people:
        path = a_file(folder, 2_000_000_000)
        alice, bob = (person.page for person in people)
        meet(people, f"{url}/r/bench-call")
        bob.evaluate(NOTE_LINES)
        for page in (alice, bob):
            page.keyboard.press("c")
        alice.wait_for_timeout(5000)
        show("without a file", listen(alice, bob, [f"quiet {n}" for n in range(15)]))
        alice.get_by_role("button", name="Files", exact=True).click()
        offer(alice, path)
        bob.get_by_role("button", name="Accept", exact=True).click()
        alice.locator("progress").wait_for()
        alice.get_by_role("button", name="Chat", exact=True).click()
        alice.wait_for_timeout(5000)
        show("with a file", listen(alice, bob, [f"busy {n}" for n in range(15)]))


def crowd(url: str, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = a_file(folder, size)
        for others in (1, 3, 5):
            with playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS) as browser:
                pages = []
                for number in range(others + 1):
                    context = browser.new_context(viewport={"width": 1280, "height": 800})
                    context.add_init_script(script=REMEMBER + NO_CAMERA)
                    pages.append(context.new_page())
                    join(pages[-1], f"{url}/r/bench-crowd-{others}", f"Person {number}")
                sender, *receivers = pages
                sender.locator(".badge[data-connection=direct]").nth(others - 1).wait_for()
                before = sender.evaluate(SENT)
                offer(sender, path)
                began = time.monotonic()
                for page in receivers:
                    page.get_by_role("button", name="Accept", exact=True).click()
                sender.locator(".file[data-state=verified]").nth(others - 1).wait_for(timeout=250_000)
                seconds, sent = time.monotonic() - began, sender.evaluate(SENT) - before
                print(f"{others} people: {sent / 1e6:.1f} MB sent, {sent / size:.2f} times the file, {seconds:.1f} s")


def show(when: str, seen: Call) -> None:
    chat = f"{median(seen.chat_ms):.0f} ms ({min(seen.chat_ms):.0f}-{max(seen.chat_ms):.0f})"
    print(f"{when}: a chat line {chat}, {seen.frames:.1f} frames a second", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=["speed", "call", "crowd"])
    parser.add_argument("--bytes", type=int, default=200_000_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with LiveServer() as server:
        if given.figure == "speed":
            speed(server.url, given.bytes, given.runs)
        elif given.figure == "crowd":
            crowd(server.url, given.bytes)
        else:
            call(server.url)


if __name__ == "__main__":
    main()
