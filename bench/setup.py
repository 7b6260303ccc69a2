"""How soon the second person in a call sees the first, compared with a bare page and PeerJS, in Debian's Chromium.

    PYTHONPATH=src .venv/bin/python bench/setup.py [--runs 10] [--only WORD] [--steps] [--json FILE]

Two figures: from the start of the navigation to the first remote frame on the screen, with a cold cache; and from the
click on "Join" to that frame.  Then the bytes transferred until then.  The pages alternate, each run in fresh browser
contexts; the first person is already in the call.  The navigation leads from a page of another site to the measured
one, so that the browser always starts a new process.  `--steps` prints a timeline.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

HERE = Path(__file__).parent / "setup"
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
SETTLED_S = 2.0
"""How long the first person has been in the call, and the second one in the lobby."""
OPENED_S = 1.0
"""How long a window is open before its first page: a browser is busy while it opens one."""
FRAME_IN_TIME = "Promise.race([bench.result, new Promise((_, late) => setTimeout(late, 30000, Error('no frame')))])"
KEY = "AAECAwQFBgcICQoLDA0ODw"
PLAYING = "[...document.querySelectorAll('video')].some((video) => video.currentTime > 0)"


class Sites(NamedTuple):
    """The addresses of the three servers."""

    bare: str
    peerjs: int
    eyeline: str


class Scene(NamedTuple):
    """A scenario.  `enter` brings the first person into the call, `arrive` the second to where the clock starts."""

    figure: str
    page: str
    enter: Callable[[Browser, Sites, str], BrowserContext]
    arrive: Callable[[Browser, Sites, str], Page]
    clicks: bool


class Run(NamedTuple):
    """`steps` are the steps of each person, with milliseconds since the clock started."""

    ms: float
    steps: list[tuple[str, float]]


@contextmanager
def servers() -> Iterator[Sites]:
    with subprocess.Popen([sys.executable, HERE.with_name("sites.py"), "all"], stdout=subprocess.PIPE) as child:
        try:
            if child.stdout is None or not (line := child.stdout.readline()):
                raise SystemExit("the servers did not come up")
            yield Sites(*json.loads(line))
        finally:
            child.terminate()


# Pages.


def new_page(browser: Browser, sites: Sites, init: str = "") -> Page:
    """A window at a page of another site, as when following a link from a mail or a chat."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(path=HERE / "probe.js")
    if init:
        context.add_init_script(script=init)
    page = context.new_page()
    page.goto(sites.bare.replace("127.0.0.1", "localhost") + "/elsewhere.html")
    time.sleep(OPENED_S)
    return page


def wait(tab: Page, condition: str) -> None:
    """Wait for a condition.  Playwright's own method polls with `eval`, which the app's CSP forbids."""
    tab.evaluate(f"new Promise((done) => {{ const look = () => {condition} ? done() : setTimeout(look, 20); look() }})")


def address(sites: Sites, page: str, room: str, role: str) -> str:
    if page in ("sdk", "lobby"):
        return f"{sites.eyeline}/bench/{page}.html?room={room}&role={role}"
    if page in ("sdk, sealed", "lobby, sealed"):
        return f"{sites.eyeline}/bench/{page.removesuffix(', sealed')}.html?room={room}&role={role}#{KEY}"
    return f"{sites.bare}/{page}.html?room={room}&role={role}&port={sites.peerjs}"


def enter(page: str) -> Callable[[Browser, Sites, str], BrowserContext]:
    def first(browser: Browser, sites: Sites, room: str) -> BrowserContext:
        tab = new_page(browser, sites)
        tab.goto(address(sites, page, room, "first"))
        wait(tab, "globalThis.ready")
        return tab.context

    return first


def arrive(page: str, role: str) -> Callable[[Browser, Sites, str], Page]:
    def second(browser: Browser, sites: Sites, room: str) -> Page:
        tab = new_page(browser, sites)
        tab.goto(address(sites, page, room, role), wait_until="commit")
        if role == "click":
            wait(tab, "globalThis.ready")
        return tab

    return second


def app_lobby(tab: Page, sites: Sites, room: str, name: str) -> None:
    """Open the app's lobby: connected, with camera, and with a name."""
    tab.goto(f"{sites.eyeline}/r/{room}", wait_until="commit")
    tab.get_by_label("Your name").fill(name)
    if name == "second":
        tab.get_by_role("status").filter(has_text="first").wait_for()
    wait(tab, PLAYING)


def app_arrive(browser: Browser, sites: Sites, room: str) -> Page:
    tab = new_page(browser, sites)
    app_lobby(tab, sites, room, "second")
    return tab


def app_enter(browser: Browser, sites: Sites, room: str, name: str = "first") -> BrowserContext:
    tab = new_page(browser, sites)
    app_lobby(tab, sites, room, name)
    tab.get_by_role("button", name="Join").click()
    tab.get_by_role("button", name="Leave").wait_for()
    return tab.context


def app_return(browser: Browser, sites: Sites, room: str) -> Page:
    """The page reloaded by somebody who was in the call until a while ago: it asks nothing and joins by itself.

    As on the other pages, the first person waits alone and the cache is empty; but there are two requests to the
    broker, since it no longer knows the seat.
    """
    seat = json.dumps({"token": "given up", "name": "second", "heard": 0})
    kept = json.dumps({f"eyeline:in:{room}": "in", f"eyeline:seat:{room}": seat})
    tab = new_page(browser, sites, f"if (location.protocol === 'http:') Object.assign(sessionStorage, {kept})")
    tab.goto(f"{sites.eyeline}/r/{room}", wait_until="commit")
    return tab


def app_reload(browser: Browser, sites: Sites, room: str) -> Page:
    """The page reloaded in mid-call: with what the tab kept, but with nothing in its cache."""
    before = app_enter(browser, sites, room, "second")
    time.sleep(SETTLED_S)
    old = before.pages[0]
    old.goto(f"{sites.eyeline}/healthz")
    kept: str = old.evaluate("JSON.stringify(sessionStorage)")
    before.close()
    time.sleep(1)  # so that unloading the old page doesn't slow down this one; the other side still waits
    tab = new_page(browser, sites, f"if (location.protocol === 'http:') Object.assign(sessionStorage, {kept})")
    tab.goto(f"{sites.eyeline}/r/{room}", wait_until="commit")
    return tab


NAVIGATION = "navigation to first remote frame"
BARE = "bare page"
SIGNALS = "WebSocket"
CLICK = "click on Join to first remote frame"
SCENES = (
    Scene(NAVIGATION, BARE, enter("bare"), arrive("bare", "second"), clicks=False),
    Scene(NAVIGATION, "PeerJS 1.5.5", enter("peerjs"), arrive("peerjs", "second"), clicks=False),
    Scene(NAVIGATION, "Eyeline SDK", enter("sdk"), arrive("sdk", "second"), clicks=False),
    Scene(NAVIGATION, "SDK, sealed", enter("sdk, sealed"), arrive("sdk, sealed", "second"), clicks=False),
    Scene(NAVIGATION, "Eyeline app", app_enter, app_return, clicks=False),
    Scene(NAVIGATION, "app, mid-call", app_enter, app_reload, clicks=False),
    Scene(CLICK, BARE, enter("bare"), arrive("bare", "click"), clicks=True),
    Scene(CLICK, "Eyeline SDK", enter("sdk"), arrive("lobby", "click"), clicks=True),
    Scene(CLICK, "SDK, sealed", enter("sdk, sealed"), arrive("lobby, sealed", "click"), clicks=True),
    Scene(CLICK, "Eyeline app", app_enter, app_arrive, clicks=True),
)


def measure(browser: Browser, sites: Sites, scene: Scene, room: str) -> Run:
    first = scene.enter(browser, sites, room)
    time.sleep(SETTLED_S)
    second = scene.arrive(browser, sites, room)
    if scene.clicks:
        time.sleep(SETTLED_S)
        second.get_by_role("button", name="Join").click()
    try:
        result: dict[str, float] = second.evaluate(FRAME_IN_TIME)
        start = result["clicked"] if scene.clicks else result["origin"]
        pages = (("2", second), ("1", first.pages[0]))
        steps = [(f"{name} {what}", at - start) for name, page in pages for what, at in page.evaluate("bench.marks")]
        return Run(result["frame"] - start, [step for step in steps if step[1] >= 0])
    finally:
        second.context.close()
        first.close()


def transferred(browser: Browser, sites: Sites) -> dict[str, int]:
    """Bytes, including headers, of every response to the app until the first remote frame."""
    first = app_enter(browser, sites, "bytes")
    tab = new_page(browser, sites)
    names: dict[str, str] = {}
    sizes: dict[str, int] = defaultdict(int)
    devtools = tab.context.new_cdp_session(tab)
    devtools.send("Network.enable")
    devtools.on("Network.requestWillBeSent", lambda event: names.update({event["requestId"]: event["request"]["url"]}))

    def finished(event: Mapping[str, str | int]) -> None:
        sizes[names[str(event["requestId"])].removeprefix(sites.eyeline)] += int(event["encodedDataLength"])

    def heard(event: Mapping[str, Mapping[str, str]]) -> None:
        sizes[SIGNALS] += len(event["response"]["payloadData"])

    devtools.on("Network.loadingFinished", finished)
    devtools.on("Network.webSocketFrameReceived", heard)
    app_lobby(tab, sites, "bytes", "second")
    tab.get_by_role("button", name="Join").click()
    tab.evaluate(FRAME_IN_TIME)
    tab.wait_for_timeout(1000)
    tab.context.close()
    first.close()
    return dict(sizes)


# Tables.


def row(page: str, each: Sequence[float], bare: Sequence[float]) -> str:
    spread = f"{min(each):.0f}-{max(each):.0f}"
    return f"  {page:14} {median(each):7.0f} {spread:>12} {len(each):4} {median(each) / median(bare):8.2f}x"


def print_table(runs: Mapping[Scene, Sequence[Run]]) -> None:
    for figure in (NAVIGATION, CLICK):
        scenes = [scene for scene in SCENES if scene.figure == figure and runs.get(scene)]
        if not scenes:
            continue
        print(f"\n{figure}, ms\n  {'page':14} {'median':>7} {'min-max':>12} {'n':>4} {'to ' + scenes[0].page:>13}")
        for scene in scenes:
            print(row(scene.page, [run.ms for run in runs[scene]], [run.ms for run in runs[scenes[0]]]))


def print_steps(runs: Mapping[Scene, Sequence[Run]]) -> None:
    """The median time of the first occurrence of each step that most runs have."""
    for scene, each in runs.items():
        times = defaultdict[str, list[float]](list)
        for run in each:
            for step, at in reversed(dict(reversed(run.steps)).items()):
                times[step].append(at)
        print(f"\n{scene.figure}: {scene.page} (1 is the first person, 2 the second)")
        usual = {step: median(ats) for step, ats in times.items() if 2 * len(ats) > len(each)}
        for step, at in sorted(usual.items(), key=lambda item: item[1]):
            print(f"  {at:7.0f}  {step}")


def print_bytes(sizes: Mapping[str, int]) -> None:
    pages = sum(size for name, size in sizes.items() if name != SIGNALS)
    print(f"\ntransferred to join, bytes\n  {pages:7,}  over HTTP, headers and all")
    print(f"  {sum(sizes.values()):7,}  with what the broker says")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"  {size:7,}  {name}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--only", default="", help="pages whose figure or name holds this word; and their bare pages")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    chosen = {scene: args.only in f"{scene.figure} {scene.page}" for scene in SCENES}
    figures = {scene.figure for scene in SCENES if chosen[scene]}
    scenes = [scene for scene in SCENES if chosen[scene] or (scene.page == BARE and scene.figure in figures)]
    runs: dict[Scene, list[Run]] = {scene: [] for scene in scenes}
    rooms = (f"room-{number}" for number in count())
    before = os.getloadavg()[0]
    with servers() as places, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, headless=True, args=list(FLAGS))
        for scene in scenes:
            measure(browser, places, scene, next(rooms))  # warm-up of the servers and the browser
        for _ in range(args.runs):
            for scene in scenes:
                runs[scene].append(measure(browser, places, scene, next(rooms)))
        sizes = transferred(browser, places)
        browser.close()
    print(f"load of the machine {before:.1f} at the start, {os.getloadavg()[0]:.1f} at the end, {os.cpu_count()} cores")
    print_table(runs)
    print_bytes(sizes)
    if args.steps:
        print_steps(runs)
    if args.json:
        times = {f"{scene.figure}: {scene.page}": [round(run.ms, 1) for run in each] for scene, each in runs.items()}
        args.json.write_text(json.dumps({"ms": times, "bytes": sizes}, indent=2))


if __name__ == "__main__":
    main()
