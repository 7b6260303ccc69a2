"""How soon a camera is sent at full size, 1280x720, in Chromium and Firefox, and how smooth it is on a slow line.

    PYTHONPATH=.:src .venv/bin/python bench/full_size.py [--rounds 3]
    sudo PYTHONPATH=.:src .venv/bin/python bench/full_size.py --kbits 500

Both people use the app.  Without `--kbits` they are on loopback, and the figure is the time from "connected" until the
picture is sent at 1280x720.  With it they are in the lab of `tests/support/lab.py` with `SlowLine` in both
routers; the figures are frames per second and width as received, from 20 s to 40 s after connecting.  Each round is
measured twice: as it is, and with the browsers' default degradation preference.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count, product
from statistics import median

from tests.support.browser import Browser, Page
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import Lab, LabServer
from tests.support.process import HERE, Machine
from tests.support.server import LiveServer
from tests.support.shaper import SlowLine

FULL = 1280
GIVE_UP_S = 40.0
STEADY_S = (20.0, 40.0)
BROWSERS = ("Chromium", "Firefox")
DEFAULT = """
const set = RTCRtpSender.prototype.setParameters;
RTCRtpSender.prototype.setParameters = function (parameters) {
  delete parameters.degradationPreference;
  return set.call(this, parameters);
};
"""
"""The browser's own degradation preference."""
VIDEO = """async () => {
  const rows = [];
  for (const connection of __connections.filter((each) => each.connectionState === 'connected'))
    rows.push(...(await connection.getStats()).values());
  const of = (type) => rows.find((row) => row.type === type && row.kind === 'video' && row.frameWidth > 0) ?? {};
  return { sent: of('outbound-rtp').frameWidth ?? 0, received: of('inbound-rtp').frameWidth ?? 0,
    frames: of('inbound-rtp').framesDecoded ?? 0, connected: rows.length > 0 };
}"""
KINDS = {"as it is": "", "default": DEFAULT}
PREFS: dict[str, bool | int | str] = {"layout.frame_rate": 30}


def join(browser: Browser, url: str, name: str, script: str) -> Page:
    """Join with the camera's own size."""
    page = browser.open(url, init_script=script, reduced_motion=True)
    page.fill("Your name", name)
    page.click("button", "Join")
    return page


def call(pair: tuple[Browser, Browser], url: str, script: str) -> tuple[Page, Page]:
    pages = join(pair[0], url, "Alice", script), join(pair[1], url, "Bob", script)
    for page in pages:
        page.until(f"async () => (await ({VIDEO})()).connected", deadline=30)
    return pages


def seconds_to_full(pages: tuple[Page, Page]) -> list[float]:
    start = time.monotonic()
    found = [GIVE_UP_S, GIVE_UP_S]
    while (now := time.monotonic() - start) < GIVE_UP_S and GIVE_UP_S in found:
        for index, page in enumerate(pages):
            if found[index] == GIVE_UP_S and page.evaluate(VIDEO)["sent"] >= FULL:
                found[index] = now
        time.sleep(0.2)
    return found


def smoothness(pages: tuple[Page, Page]) -> list[tuple[float, int]]:
    """Of each page: frames per second and width of what it receives."""
    begin, end = STEADY_S
    time.sleep(begin)
    start = time.monotonic()
    before, decoded = [page.evaluate(VIDEO) for page in pages], [0, 0]
    while time.monotonic() - start < end - begin:
        time.sleep(0.5)
        now = [page.evaluate(VIDEO) for page in pages]
        for index, (video, old) in enumerate(zip(now, before, strict=True)):
            # Firefox begins to count again when it creates a new receiver.
            grown = video["frames"] >= old["frames"]
            decoded[index] += video["frames"] - old["frames"] * grown
        before = now
    elapsed = time.monotonic() - start
    return [(frames / elapsed, video["received"]) for frames, video in zip(decoded, before, strict=True)]


@contextmanager
def places(kbits: int | None) -> Iterator[tuple[str, tuple[Machine, Machine]]]:
    """The server's URL, and the machines of both people."""
    if kbits is None:
        with LiveServer() as server:
            yield server.url, (HERE, HERE)
        return
    with Lab() as lab, LabServer(lab.server) as server:
        lab.connect("none", "none")
        with SlowLine(lab.a.router, kbits), SlowLine(lab.b.router, kbits):
            yield server.url, (lab.a.host.machine, lab.b.host.machine)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kbits", type=int, help="kbit/s that each of them can send")
    args = parser.parse_args()
    rooms = count(1)
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    with places(args.kbits) as (url, machines), ExitStack() as stack:

        def start(name: str, machine: Machine) -> Browser:
            if name == "Firefox":
                return stack.enter_context(Firefox(prefs=PREFS, machine=machine))
            return stack.enter_context(Chromium(machine=machine))

        sides = [{name: start(name, machine) for name in BROWSERS} for machine in machines]
        for _, (one, two), (kind, script) in product(range(args.rounds), product(BROWSERS, BROWSERS), KINDS.items()):
            pair = sides[0][one], sides[1][two]
            pages = call(pair, f"{url}/r/size-{next(rooms)}", script)
            if args.kbits is None:
                for sender, receiver, seconds in zip((one, two), (two, one), seconds_to_full(pages), strict=True):
                    times[f"{sender} to {receiver}", kind].append(seconds)
            else:
                for sender, receiver, (fps, width) in zip((two, one), (one, two), smoothness(pages), strict=True):
                    times[f"{sender} to {receiver}", kind].append(fps)
                    print(f"  {sender} to {receiver}, {kind}: {fps:.1f} a second, {width} wide", flush=True)
            for browser in pair:
                browser.close_pages()
    what = f"seconds to {FULL}x720" if args.kbits is None else f"frames a second at {args.kbits} kbit/s"
    print(f"\n{what}\n  {'':22} {'median':>8} {'min-max':>14}")
    for (way, kind), each in sorted(times.items()):
        print(f"  {way + ', ' + kind:32} {median(each):6.1f} {f'{min(each):.1f}-{max(each):.1f}':>14}")


if __name__ == "__main__":
    main()
