"""Actions in the web app, by the accessible names of its controls."""

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
"""Records the id of each `joined`, which the page doesn't show."""

SMALL: Final = """
const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = (wish) => ask(
  typeof wish.video === 'object' ? {...wish, video: {...wish.video, width: 320, height: 240}} : wish);
const show = navigator.mediaDevices?.getDisplayMedia?.bind(navigator.mediaDevices);
if (show) navigator.mediaDevices.getDisplayMedia = (wish) => show(
  {...wish, video: {...wish.video, width: {max: 960}, height: {max: 540}}});
"""
"""A camera of 320x240 and a screen of 960x540, since four people share two cores here.

The frame rate isn't reduced: at 15, one time in three, Chromium shows two frames and the next ones 2.3 s later.
"""

NO_DEVICES: Final = """
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException('none', 'NotFoundError');
};
"""
"""No camera and microphone: video takes most of the CPU, and not every test is about it."""


def join_call(browser: Browser, room: str, name: str, script: str = "", *, camera: str = SMALL, **visit: Any) -> Page:
    """Open the link, enter the name and join.  `camera` and `script` run before the page's own scripts."""
    page = browser.open(room, init_script=SEATS + camera + script, **{"reduced_motion": True, **visit})
    page.fill("Your name", name)
    page.click("button", "Join")
    page.until("__joined.length > 0 && document.querySelector('main.call:not(.returning)') !== null")
    return page


def new_call(browser: Browser, site: str, name: str, script: str = "") -> Page:
    """Create a room on the start page, as its host."""
    page = browser.open(site, init_script=SEATS + SMALL + script, reduced_motion=True)
    page.click("button", "New call")
    page.fill("Your name", name)
    page.click("button", "Join")
    page.until("document.querySelector('main.call:not(.returning)') !== null")
    return page


def call_phone(page: Page, who: str) -> None:
    """Call a phone from the room."""
    page.click("button", "Call a phone")
    page.fill("Name or SIP address", who)
    page.press("Enter")


def is_whole(page: Page) -> None:
    """Wait until all lazily loaded parts of the page are there, two seconds after joining."""
    there = "(part) => performance.getEntriesByType('resource').some(({name}) => RegExp(part).test(name))"
    for part in ("/panels-.*js$", "/panels-.*css$", "/storage-"):
        page.until(there, part)


def seats(page: Page) -> list[str]:
    """The ids that this page got from the broker, oldest first."""
    ids: list[str] = page.evaluate("__joined")
    return ids


def open_chat(page: Page) -> None:
    """Open the chat if it isn't open."""
    if not page.evaluate("document.querySelector('textarea') !== null"):
        page.click("button", "Chat")
    page.until("document.querySelector('textarea') !== null")


def send_chat(page: Page, line: str) -> None:
    """Send a chat message, once someone else is shown in the call."""
    page.until("document.querySelector('main.call').dataset.alone === 'false'")
    open_chat(page)
    page.fill("Message everyone", line)
    page.press("Enter")


def sees_message(page: Page, line: str) -> bool:
    """Wait until the message is in the chat."""
    open_chat(page)
    shown = "(line) => [...document.querySelectorAll('[role=log] *')].some((each) => each.textContent === line)"
    return bool(page.until(shown, line))
