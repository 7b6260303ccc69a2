"""Touch: fingers on a phone and on a laptop with a touch screen."""

import itertools
from collections.abc import Iterator
from typing import Final

import pytest
from tests.live.test_screen import DRAWN
from tests.support.app_actions import is_whole, join_call
from tests.support.browser import EACH, Browser, Page
from tests.support.server import LiveServer

IMPATIENT: Final = """
const later = setTimeout;
globalThis.__patience = 250;
globalThis.setTimeout = (run, after, ...rest) => later(run, after === 3000 ? __patience : after, ...rest);
globalThis.__clicks = [];
addEventListener('click', ({target}) => __clicks.push(target.closest('button')?.ariaLabel ?? null), true);
"""
"""Hides the controls after 0.25 s in place of 3, and notes what is clicked."""

QUIET: Final = """document.querySelector('main.call').dataset.quiet === 'true'
  && getComputedStyle(document.querySelector('.bar')).opacity === '0'"""

SHOWN: Final = "[...document.querySelectorAll('.bar button')].filter((each) => each.checkVisibility())"

CONTROLS: Final = f"""{SHOWN}.map((each) => {{
  const {{x, y, width, height}} = each.getBoundingClientRect();
  return [each.ariaLabel, x + width / 2, y + height / 2];
}})"""

STATE: Final = """[...document.querySelectorAll('.bar button')].map((each) => each.ariaLabel + each.ariaPressed).join()
  + document.querySelectorAll('aside, [role=dialog]').length + document.body.innerText.includes('copied')"""


REACHED: Final = f"""{SHOWN}.map((each) => {{
  const {{x, y, width, height}} = each.getBoundingClientRect();
  const seen = each.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  const within = x >= 0 && y >= 0 && x + width <= innerWidth && y + height <= innerHeight;
  return [each.ariaLabel, seen && within, Math.min(width, height)];
}})"""
"""The name of each button, whether it is in reach, and its size."""

ABOVE_CHAT: Final = """(() => {
  const box = (css) => document.querySelector(css).getBoundingClientRect();
  const composer = box('.composer');
  return box('.tile').height > 40 && box('.tile').bottom <= box('.chat').top && box('.log').height > 40
    && composer.bottom <= innerHeight && composer.top >= box('.log').bottom;
})()"""

MIDDLE: Final = """(css) => {
  const {x, y, width, height} = document.querySelector(css).getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""

SCALE: Final = "Number(/scale\\(([0-9.]+)/.exec(document.querySelector('.viewer-picture').style.transform)[1])"

PHONE: Final = (390, 844)


def tap_blindly(page: Page, held_ms: float, name: str, x: float, y: float) -> None:
    """Tap a control while it is hidden: nothing happens but that it is shown."""
    page.until(QUIET)
    state, clicks = page.evaluate(STATE), page.evaluate("__clicks.length")
    page.tap_at(x, y, held_ms)
    assert page.until("(n) => __clicks.length > n && __clicks.at(-1)", clicks) == name  # the browser clicked it
    assert page.evaluate(STATE) == state


@pytest.fixture(scope="module")
def call(server: LiveServer, chromium_process: Browser) -> Iterator[tuple[Page, Page]]:
    """A phone, and a laptop with a screen to share, in a call."""
    room = f"{server.url}/r/touch"
    phone = join_call(chromium_process, room, "Alice", IMPATIENT, viewport=PHONE, touch=True)
    laptop = join_call(chromium_process, room, "Bob", IMPATIENT + DRAWN)
    for page in (phone, laptop):
        page.until("document.querySelector('main.call').dataset.alone === 'false'")
        is_whole(page)
    yield phone, laptop
    phone.close()
    laptop.close()


def test_the_tap_that_brings_the_controls_back_presses_none_of_them(call: tuple[Page, Page]) -> None:
    taps = [itertools.product([page], (50, 80, 120), page.evaluate(CONTROLS)) for page in call]
    for page, held_ms, control in filter(None, itertools.chain(*itertools.zip_longest(*taps))):
        tap_blindly(page, held_ms, *control)  # the controls of one page fade while the other page is tapped
    for page in call:
        page.evaluate("void (__patience = 20_000)")
        name, x, y = page.evaluate(CONTROLS)[0]
        tap_blindly(page, 80, name, x, y)
        wait(page, 350)
        page.tap_at(x, y, 80)
        page.until("document.querySelector('[aria-label=\"Unmute microphone\"]') !== null")


@pytest.mark.parametrize("size", [(320, 256), (360, 640), PHONE, (667, 375), (740, 360)])
def test_all_controls_are_in_reach_on_small_screens(call: tuple[Page, Page], size: tuple[int, int]) -> None:
    phone, _ = call
    phone.resize(*size)
    phone.until(f"{REACHED}.length >= 6 && {REACHED}.every(([, sees, size]) => sees && size >= 32)")


def test_above_the_chat_on_a_phone_are_the_others_and_the_microphone(call: tuple[Page, Page]) -> None:
    phone, _ = call
    phone.resize(*PHONE)
    phone.click("button", "Chat")
    for height in (844, 500, 340):  # the last ones with a keyboard
        phone.resize(390, height)
        phone.until(f"{REACHED}.length === 1 && {REACHED}[0][1] && document.querySelectorAll('.tile').length === 1")
        phone.until(ABOVE_CHAT)
    phone.resize(*PHONE)
    back(phone)
    phone.until("document.querySelectorAll('.tile').length === 2")


def test_a_shared_screen_fills_the_width_of_a_phone_and_opens_by_a_tap_to_be_zoomed(call: tuple[Page, Page]) -> None:
    phone, laptop = call
    phone.resize(*PHONE)
    laptop.press("s")
    phone.until("document.querySelector('[data-front=true] video')?.videoWidth > 0")
    phone.until("document.querySelector('[data-front=true]').clientWidth === innerWidth")
    x, y = phone.evaluate(MIDDLE, "[data-front=true]")
    phone.tap_at(x, y, 60)
    phone.until("document.querySelector('.viewer video')?.videoWidth > 0")
    phone.fingers([(x - 40, y), (x + 40, y)], [(x - 60, y), (x + 60, y)], [(x - 80, y), (x + 80, y)])
    phone.until(f"{SCALE} > 1.8 && {SCALE} < 2.1")
    for scale in (1, 2.5):
        phone.tap_at(x, y, 40)
        phone.tap_at(x, y, 40)
        phone.until(f"{SCALE} === {scale}")
        wait(phone, 350)
    back(phone)
    phone.until("document.querySelector('.viewer') === null && document.fullscreenElement === null")
    laptop.press("s")


@pytest.mark.parametrize("name", EACH)
def test_back_closes_what_is_open_and_asks_before_it_hangs_up(
    name: str, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    browser: Browser = request.getfixturevalue(f"{name}_process")
    page = browser.open(server.url, viewport=PHONE)
    page.evaluate("(url) => void history.pushState(null, '', url)", f"{server.url}/r/back-{name}")
    page.reload()
    page.fill("Your name", "Alice")
    page.click("button", "Join")
    page.until("document.querySelector('main.call:not(.returning)') !== null")
    before = page.evaluate("history.length")
    for panel in ("Chat", "Files", "Chat"):
        page.click("button", panel)
        page.until("document.querySelector('aside') !== null")
        back(page)
        page.until("document.querySelector('aside') === null")
    assert page.evaluate("history.length") == before + 1  # those that Forward leads to
    page.click("button", "Chat")
    page.until("history.state.layer === 2")
    page.reload()
    page.until("document.querySelector('.bar') !== null && history.state.layer === 1")
    page.evaluate("history.forward()")
    page.until("history.state.layer === 1")
    back(page)
    page.until("document.querySelector('dialog') !== null && history.state.layer === 1")
    back(page)
    page.until("document.querySelector('dialog') === null && history.state.layer === 1")
    back(page)
    page.click("button", "Stay")
    page.until("document.querySelector('dialog') === null && history.state.layer === 1")
    page.click("button", "Leave")
    page.until("document.querySelector('main.call') === null && history.state === null")
    back(page)
    page.until("location.pathname === '/' && document.title === 'Eyeline'")
    page.close()


def back(page: Page) -> None:
    page.evaluate("history.back()")


def wait(page: Page, milliseconds: float) -> None:
    """Longer than what the page takes for one gesture."""
    page.until("(end) => performance.now() > end", page.evaluate("(ms) => performance.now() + ms", milliseconds))
