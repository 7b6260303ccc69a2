"""Touch: fingers on a phone and on a laptop with a touch screen."""

import itertools
from typing import Final

from tests.support.app_actions import is_whole, join_call
from tests.support.browser import Browser, Page
from tests.support.server import LiveServer

IMPATIENT: Final = """
const later = setTimeout;
globalThis.__patience = 400;
globalThis.setTimeout = (run, after, ...rest) => later(run, after === 3000 ? __patience : after, ...rest);
globalThis.__clicks = [];
addEventListener('click', ({target}) => __clicks.push(target.closest('button')?.ariaLabel ?? null), true);
"""
"""Hides the controls after 0.4 s in place of 3, and notes what is clicked."""

QUIET: Final = """document.querySelector('main.call').dataset.quiet === 'true'
  && getComputedStyle(document.querySelector('.bar')).opacity === '0'"""

CONTROLS: Final = """[...document.querySelectorAll('.bar button')].map((each) => {
  const {x, y, width, height} = each.getBoundingClientRect();
  return [each.ariaLabel, x + width / 2, y + height / 2];
})"""

STATE: Final = """[...document.querySelectorAll('.bar button')].map((each) => each.ariaLabel + each.ariaPressed).join()
  + document.querySelectorAll('aside, [role=dialog]').length + document.body.innerText.includes('copied')"""


def tap_blindly(page: Page, held_ms: float, name: str, x: float, y: float) -> None:
    """Tap a control while it is hidden: nothing happens but that it is shown."""
    page.until(QUIET)
    state, clicks = page.evaluate(STATE), page.evaluate("__clicks.length")
    page.tap_at(x, y, held_ms)
    assert page.until("(n) => __clicks.length > n && __clicks.at(-1)", clicks) == name  # the browser clicked it
    assert page.evaluate(STATE) == state


def test_the_tap_that_brings_the_controls_back_presses_none_of_them(server: LiveServer, chromium: Browser) -> None:
    room = f"{server.url}/r/blind-taps"
    phone = join_call(chromium, room, "Alice", IMPATIENT, viewport=(390, 844), touch=True)
    laptop = join_call(chromium, room, "Bob", IMPATIENT)
    for page in (phone, laptop):
        page.until("document.querySelector('main.call').dataset.alone === 'false'")
        is_whole(page)
        for held_ms, control in itertools.product((50, 80, 120), page.evaluate(CONTROLS)):
            tap_blindly(page, held_ms, *control)
        page.evaluate("void (__patience = 20_000)")
        name, x, y = page.evaluate(CONTROLS)[0]
        tap_blindly(page, 80, name, x, y)
        page.until("(end) => performance.now() > end", page.evaluate("performance.now() + 350"))
        page.tap_at(x, y, 80)
        page.until("document.querySelector('[aria-label=\"Unmute microphone\"]') !== null")


def test_back_closes_what_is_open_and_asks_before_it_hangs_up(server: LiveServer, chromium: Browser) -> None:
    page = chromium.open(server.url, viewport=(390, 844), touch=True)
    page.evaluate("(url) => void history.pushState(null, '', url)", f"{server.url}/r/back")
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
    page.click("button", "Stay")
    page.until("document.querySelector('dialog') === null && history.state.layer === 1")
    page.click("button", "Leave")
    page.until("document.querySelector('main.call') === null && history.state === null")
    back(page)
    page.until("location.pathname === '/' && document.title === 'Eyeline'")


def back(page: Page) -> None:
    page.evaluate("history.back()")
