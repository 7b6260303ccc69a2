"""Every state of the page for people who use a screen reader: what it reads, and the rules of WCAG.

The page runs with a fake SDK (`vite build --mode fake`), so that a state needs no call.  What is read is compared with
`outlines/`; `OUTLINES=write` writes these files, to be read before they are committed.
"""

import difflib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests.support.accessibility import AXE, outline, violations
from tests.support.browser import Browser, Page
from tests.support.folder import served
from tests.support.server import ROOT

pytestmark = pytest.mark.beside

OUTLINES: Final = Path(__file__).parent / "outlines"
IN_CALL: Final = """
sessionStorage.setItem('eyeline:in:tea', String(Date.now()));
localStorage.setItem('eyeline:verification-offered', 'yes');
"""
"""Straight into the call; comparing emoji was offered before."""
TESTED: Final = ".checkup:has(.primary[aria-disabled=false]):not(:has([data-state=silent]))"
LOADED: Final = """room.peers.current.every(({listeners}) => listeners > 0) &&
  performance.getEntriesByType('resource').some(({name, responseEnd}) =>
    /panels-.*js$/.test(name) && responseEnd > 0 && performance.now() > responseEnd + 500)"""
"""Panels, chat and files are there."""
OFFERS: Final = """(() => {
  for (const name of ['boat.jpg', 'pier.txt']) room.peers.current[0].offers(name, 60000);
})()"""


class State(NamedTuple):
    """A state of the page: its address, a script that leads there, and what is there then."""

    path: str
    seen: str
    script: str = ""
    size: tuple[int, int] = (1280, 800)


def button(name: str) -> str:
    return f"[...document.querySelectorAll('button')].find((each) => each.computedName.startsWith({name!r})).click()"


def call(scene: str, seen: str, script: str = "", size: tuple[int, int] = (1280, 800)) -> State:
    return State(f"r/tea?call&scene={scene}", seen, script, size)


STATES: Final = {
    "home": State("", ".between"),
    "home-phone": State("", ".between", "", (360, 740)),
    "not-found": State("nowhere", ".bad-title:focus"),
    "test": State("test?scene=well", TESTED),
    "lobby": State("r/tea?scene=three", ".lobby"),
    "lobby-denied": State("r/tea?scene=two,denied", ".preview-problem .guide"),
    "alone": call("one", ".alone .qr svg"),
    "two": call("two,muted", ".badge"),
    "two-phone": call("two,muted", ".badge", "", (360, 740)),
    "five": call("five,nocam", ".badge"),
    "lost": call("two,lost", ".tile-lost"),
    "blocked": call("two,blocked", ".blocked-way"),
    "connection": call("two,verified", ".facts", "document.querySelector('.badge').click()"),
    "chat": call("three,chat,rich", ".said-words", button("Chat")),
    "files": call("three", ".files .file", f"{OFFERS}; {button('Files')}"),
    "offers": call("three", ".asks .file", OFFERS),
    "people": call("three,host,knocks", ".people-list", button("People")),
    "knock": call("two,host,knocks", ".knock"),
    "screen": call("three,screen", "[data-role=screen]"),
    "sharing": call("two", ".sharing", button("Share")),
    "more": call("two", "[role=menu]", button("More")),
    "left": call("two,chat", ".plain-page h1:focus", "setTimeout(() => room.leave(), 2500)"),
}


@pytest.fixture(scope="module")
def fake_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the app with a fake SDK."""
    folder = tmp_path_factory.mktemp("fake-app")
    argv = ["npx", "vite", "build", "-c", "app/vite.config.ts", "--mode", "fake", "--outDir", str(folder)]
    done = subprocess.run(
        [*argv, "--logLevel", "warn"], cwd=ROOT / "web", capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with served(folder, "index.html") as url:
        yield url


def until_reads(page: Page, wanted: str) -> str:
    """The outline, as soon as it is as wanted; or as it is after the deadline, since parts of the page load later."""
    deadline = time.monotonic() + 10
    while (read := outline(page)) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return read


def test_on_a_phone_what_is_said_for_long_covers_no_picture_and_nothing_of_an_open_panel(
    chromium: Browser, fake_app: str
) -> None:
    url = f"{fake_app}r/tea?call&scene=three,host,knocks,away,strangers,ending"
    page = chromium.open(url, init_script=IN_CALL, viewport=(360, 740), reduced_motion=True)
    page.until(LOADED)
    page.evaluate(f"void ({button('People')})")
    page.until("document.querySelectorAll('.notice').length === 3 && document.querySelector('.people-list') !== null")
    page.until("""(() => {
      const boxes = (css) => [...document.querySelectorAll(css)].map((each) => each.getBoundingClientRect());
      const rest = boxes('.tile, .chat');
      return boxes('.notice').every(({top, bottom}) =>
        rest.every((other) => other.bottom <= top || other.top >= bottom));
    })()""")


def test_of_two_people_your_window_and_notices_are_over_nothing_from_tablet_to_desktop(
    chromium: Browser, fake_app: str
) -> None:
    url = f"{fake_app}r/tea?call&scene=two,long,host,knocks,asked"
    page = chromium.open(url, init_script=IN_CALL, viewport=(768, 800), reduced_motion=True)
    page.until(LOADED)
    for width in (768, 902, 1024, 1100, 1180, 1440):
        page.resize(width, 800)
        page.until(
            """(width) => {
              const box = (css) => document.querySelector(css).getBoundingClientRect();
              const over = ([one, other]) => one.left < other.right && other.left < one.right &&
                one.top < other.bottom && other.top < one.bottom;
              const [notice, badge, ask] = ['.posted', '.badge', '.asks'].map(box);
              const [mine, bar, name] = ['[data-role=small]', '.bar', '[data-role=big] > .name'].map(box);
              const pairs = [[notice, badge], [notice, ask], [mine, bar], [mine, name], [bar, name]];
              return innerWidth === width && notice.width >= 260 && notice.height <= 120 && !pairs.some(over);
            }""",
            width,
            deadline=10,
        )
    page.evaluate(f"void ({button('People')})")
    for width in (768, 1024, 1320, 1398, 1400):
        page.resize(width, 800)
        page.until(
            """(width) => {
              const [bar, panel, name] = ['.bar', '.chat', '[data-role=big] > .name'].map((css) =>
                document.querySelector(css).getBoundingClientRect());
              const beside = name.bottom <= bar.top || name.right <= bar.left;
              return innerWidth === width && bar.left >= 0 && bar.right <= panel.left && beside;
            }""",
            width,
            deadline=10,
        )


@pytest.mark.parametrize("name", STATES)
def test_state_breaks_no_rule_and_is_read_as_it_should_be(name: str, chromium: Browser, fake_app: str) -> None:
    state = STATES[name]
    script = AXE.read_text() + (IN_CALL if "?call" in state.path else "")
    page = chromium.open(fake_app + state.path, init_script=script, viewport=state.size, reduced_motion=True)
    page.until("document.querySelector('main') !== null")
    if state.path.startswith("r/tea?call"):
        page.until(LOADED)
    if state.script:
        page.evaluate(f"void ({state.script.replace('; ', ', ')})")
    page.until("(css) => document.querySelector(css) !== null", state.seen)
    page.until("document.fonts.status === 'loaded' && document.getAnimations().length === 0")
    file = OUTLINES / f"{name}.txt"
    if os.environ.get("OUTLINES") == "write":
        file.write_text(outline(page))
    wanted = file.read_text()
    read = until_reads(page, wanted)
    changes = "".join(difflib.unified_diff(wanted.splitlines(True), read.splitlines(True), str(file), "now"))
    assert not changes, changes
    assert violations(page) == []
