"""The waiting room: the host of a room decides who enters."""

import re

import pytest
from tests.support.app_actions import NO_DEVICES, SEATS, join_call, new_call
from tests.support.browser import Browser, Page
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

IN_CALL = "document.querySelector('main.call:not(.returning)') !== null"
# Ignores everything from the server once `__deaf` is set.
DEAF = """
globalThis.WebSocket = class extends WebSocket {
  set onmessage(hear) { super.onmessage = (event) => globalThis.__deaf || hear(event); }
  set onclose(hear) { super.onclose = (event) => globalThis.__deaf || hear(event); }
};
"""
DIRECT = "document.querySelector('.badge[data-connection=direct]') !== null"


def knock(browser: Browser, room: str, name: str) -> Page:
    """Ask to be admitted."""
    page = browser.open(room, init_script=SEATS + NO_DEVICES, reduced_motion=True)
    page.fill("Your name", name)
    page.click("button", "Ask to join")
    page.until("() => document.body.innerText.includes('The host has been asked to let you in')")
    return page


@pytest.fixture
def host(chromium: Browser, server: LiveServer) -> Page:
    return new_call(chromium, server.url, "Alice", NO_DEVICES)


def test_host_admits_one_newcomer_and_denies_another(chromium: Browser, firefox: Browser, host: Page) -> None:
    room = host.evaluate("location.href")
    host.click("button", "People")
    host.click("radio", "People you let in (they knock first)")
    bob = knock(firefox, room, "Bob")
    host.click("button", "Admit Bob")
    bob.until(IN_CALL)
    host.until("document.querySelector('.knock') === null")
    assert host.evaluate("document.activeElement.closest('.people-panel') !== null")  # the clicked button is gone
    bob.until(DIRECT)
    host.click("button", "Close")
    carol = knock(chromium, room, "Carol")
    host.until("() => document.body.innerText.includes('Carol wants to join')")
    host.click("button", "Decline Carol")
    carol.until("() => document.body.innerText.includes(`The host didn't let you in.`)")
    assert "Admit" not in bob.text()  # no waiting room without a host
    dave = knock(chromium, room, "Dave")
    dave.click("button", "Stop waiting")
    host.until("() => !document.body.innerText.includes('Dave')")
    dave.until("() => [...document.querySelectorAll('button')].some((each) => each.textContent === 'Ask to join')")


def test_removed_participant_returns_only_when_admitted(chromium: Browser, host: Page) -> None:
    room = host.evaluate("location.href")
    eve = join_call(chromium, room, "Eve", NO_DEVICES)
    eve.until(DIRECT)
    host.click("button", "People")
    host.click("button", "Actions for Eve")
    host.click("menuitem", "Remove from the call")
    host.click("button", "Remove")
    eve.until("() => document.body.innerText.includes('You were removed')")
    host.until("() => ![...document.querySelectorAll('.people-name')].some((each) => each.textContent === 'Eve')")
    knock(chromium, room, "Eve again")
    host.click("button", "Admit Eve again")


def test_removed_page_that_stays_is_disconnected_by_the_others(chromium: Browser, host: Page) -> None:
    room = host.evaluate("location.href")
    eve = join_call(chromium, room, "Eve", NO_DEVICES + DEAF)
    eve.until(DIRECT)
    eve.evaluate("globalThis.__deaf = true")
    host.click("button", "People")
    host.click("button", "Actions for Eve")
    host.click("menuitem", "Remove from the call")
    host.click("button", "Remove")
    host.until("document.querySelectorAll('video').length === 1")
    eve.until("__connections.every(({ connectionState }) => connectionState !== 'connected')")
    assert "You were removed" not in eve.text()


def test_only_the_host_link_makes_a_host(chromium: Browser, host: Page) -> None:
    room = host.evaluate("location.href")
    owner = host.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('eyeline:owner:'))[1]")
    bob = join_call(chromium, f"{room}&host={owner}", "Bob", NO_DEVICES)
    assert bob.evaluate("location.href") == room
    bob.click("button", "People")
    bob.click("button", "End the call for everyone")
    bob.click("button", "End for everyone")
    for page in (bob, host):
        page.until("() => document.body.innerText.includes('The call is over')")


def test_waiting_room_can_be_managed_by_keyboard_alone(chromium: Browser, host: Page) -> None:
    room = host.evaluate("location.href")
    host.press("p")
    host.until("document.querySelector('.people-panel') !== null")
    reach(host, "document.activeElement.type === 'radio'")
    host.press("ArrowDown")
    host.until("document.querySelectorAll('.choice input')[1].checked")
    host.press("Escape")
    knock(chromium, room, "Bob")
    host.until("() => document.body.innerText.includes('Bob wants to join')")
    reach(host, "document.activeElement.getAttribute('aria-label') === 'Admit Bob'")
    host.press("Enter")
    host.until("() => document.querySelectorAll('video').length === 2")
    assert host.evaluate("document.activeElement !== document.body")  # the focus was on the answered card
    host.press("p")
    reach(host, "document.activeElement.getAttribute('aria-label') === 'Actions for Bob'")
    host.press("Enter")
    host.until("document.activeElement.getAttribute('role') === 'menuitemcheckbox'")
    host.press("End")
    host.press("Enter")
    host.until("document.querySelector('.people-sure') !== null")
    host.press("Enter")  # Cancel
    host.until("document.querySelector('.people-sure') === null")
    host.until("document.activeElement.closest('.people-one') !== null")


def reach(page: Page, what: str) -> None:
    """Press Tab until the condition holds."""
    for _ in range(40):
        if page.evaluate(what):
            return
        page.press("Tab")
    raise AssertionError(f"not within reach of the keyboard: {what}")


def test_host_key_is_in_no_link_and_no_log(chromium: Browser) -> None:
    with LiveServer("--log-level", "debug") as server:
        host = new_call(chromium, server.url, "Alice", NO_DEVICES)
        owner = host.evaluate("Object.entries(localStorage).find(([key]) => key.startsWith('eyeline:owner:'))[1]")
        assert re.fullmatch(r"[\w-]{22}", owner)
        assert owner not in server.log()
        assert owner not in host.evaluate("location.href + document.title + document.body.innerHTML")
