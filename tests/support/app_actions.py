"""What people do in the web app, by the names of its controls."""

from typing import Any, Final

from tests.support.browser import Browser, Page

SEATS: Final = """
globalThis.__joined = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', (event) => {
      const message = JSON.parse(event.data);
      if (message.type === 'joined') __joined.push(message.you);
    });
  }
};
"""
"""Remembers each seat that the broker gives; the page shows none of that."""

SMALL: Final = """
const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = (wish) => ask(
  typeof wish.video === 'object' ? {...wish, video: {...wish.video, width: 320, height: 240}} : wish);
const show = navigator.mediaDevices?.getDisplayMedia?.bind(navigator.mediaDevices);
if (show) navigator.mediaDevices.getDisplayMedia = (wish) => show(
  {...wish, video: {...wish.video, width: {max: 960}, height: {max: 540}}});
"""
"""A camera of 320x240 and a screen of 960x540: four people share two cores here.

Not fewer pictures a second than it makes: of 15 Chromium shows two, and the next ones 2.3 s later, one time in three.
"""

NO_DEVICES: Final = """
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException('none', 'NotFoundError');
};
"""
"""Somebody without camera and microphone: pictures take most of the processor, and not every promise is about them."""


def join_call(browser: Browser, room: str, name: str, script: str = "", **visit: Any) -> Page:
    """Somebody opens the link, says their name and joins.  `script` runs before the page's own."""
    page = browser.open(room, init_script=SEATS + SMALL + script, **{"reduced_motion": True, **visit})
    page.fill("Your name", name)
    page.click("button", "Join")
    page.until("__joined.length > 0 && document.querySelector('main.call:not(.returning)') !== null")
    return page


def is_whole(page: Page) -> None:
    """Waits until all of a call's page is there: two seconds after joining it needs nothing more of the server."""
    there = "(part) => performance.getEntriesByType('resource').some(({name}) => RegExp(part).test(name))"
    for part in ("/panels-.*js$", "/panels-.*css$", "/storage-"):
        page.until(there, part)


def seats(page: Page) -> list[str]:
    """The ids that the broker has given to this page, oldest first."""
    ids: list[str] = page.evaluate("__joined")
    return ids


def open_chat(page: Page) -> None:
    """Opens the chat, if it is not open."""
    if not page.evaluate("document.querySelector('textarea') !== null"):
        page.click("button", "Chat")
    page.until("document.querySelector('textarea') !== null")


def say(page: Page, line: str) -> None:
    """Writes a chat line, once somebody is there to read it: who has just come is shown after a moment."""
    page.until("document.querySelector('main.call').dataset.alone === 'false'")
    open_chat(page)
    page.fill("Message everyone", line)
    page.press("Enter")


def sees_line(page: Page, line: str) -> bool:
    """Waits until the line is in the conversation."""
    open_chat(page)
    shown = "(line) => [...document.querySelectorAll('[role=log] *')].some((each) => each.textContent === line)"
    return bool(page.until(shown, line))
