"""The softphone at `/phone`: two people call each other in real browsers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import pytest
from tests.support.accessibility import AXE, violations
from tests.support.app_actions import call_phone, join_call
from tests.support.browser import EACH, Browser, Page
from tests.support.call import all_flow
from tests.support.server import LiveServer

PASSWORD: Final = "correct horse"


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with LiveServer() as running:
        for user in ("alice", "bob"):
            place = ["--data-dir", str(running.data_dir), "--password-file", "-"]
            add = [sys.executable, "-m", "eyeline", "sip", "add", user, *place]
            subprocess.run(add, input=PASSWORD, text=True, check=True, capture_output=True)
        yield running


def sign_in(browser: Browser, server: LiveServer, user: str, password: str = PASSWORD) -> Page:
    page = browser.open(f"{server.url}/phone", init_script=AXE.read_text())
    page.until("document.activeElement.id === 'user'")
    page.fill("User", user)
    page.fill("Password", password)
    page.click("button", "Sign in")
    return page


def sees(page: Page, words: str) -> None:
    page.until("(words) => document.body.innerText.includes(words)", words)


@pytest.mark.parametrize("second", EACH)
def test_two_people_call_hold_and_write_each_other(
    second: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    alice = sign_in(chromium, server, "alice")
    bob = sign_in(request.getfixturevalue(second), server, "bob")
    for page in (alice, bob):
        sees(page, "Ready for calls")
    sees(bob, "online")
    assert violations(bob) == []
    alice.fill("Name, number or address", "bob")
    alice.click("button", "Dial with video")
    sees(bob, "Answer with video")
    assert violations(bob) == []
    assert bob.evaluate("document.title") == "alice is calling · Eyeline phone"
    bob.click("button", "Answer with video")
    all_flow(alice, bob)
    sees(alice, "direct")
    alice.click("button", "Keypad")
    assert violations(alice) == []
    alice.press("Escape")

    alice.click("button", "Hold")
    sees(bob, "alice put you on hold")
    alice.click("button", "Resume")
    all_flow(alice, bob)
    bob.click("button", "Turn camera off")
    alice.until("document.querySelector('.tile[data-role=big] video').dataset.hidden === 'true'")
    bob.click("button", "Turn camera on")
    all_flow(alice, bob)

    alice.click("button", "Messages")
    alice.fill("Message to bob", "Do you see the harbour?")
    alice.press("Enter")
    bob.click("button", "Messages")
    sees(bob, "Do you see the harbour?")

    bob.click("button", "Hang up")
    sees(alice, "Ready for calls")
    sees(alice, "The call is over.")
    alice.click("button", "Close")
    alice.evaluate("document.querySelector('.phone-row-open').click()")
    sees(alice, "You called")
    assert "new" not in bob.text()
    assert violations(alice) == []
    assert not [line for page in (alice, bob) for line in page.console if "uncaught" in line or "Refused" in line]


def test_a_room_calls_somebody_who_declines_and_then_answers(chromium: Browser, server: LiveServer) -> None:
    bob, carol = (
        sign_in(chromium, server, "bob"),
        join_call(chromium, f"{server.url}/r/tea-at-four", "Carol", AXE.read_text()),
    )
    sees(bob, "Ready for calls")
    call_phone(carol, "bob")
    sees(carol, "Ringing bob@localhost…")
    assert violations(carol) == []
    sees(bob, "Carol")
    bob.click("button", "Decline")
    sees(carol, "bob@localhost declined the call.")
    carol.press("Enter")
    bob.click("button", "Answer with video")
    all_flow(carol, bob)
    sees(carol, "direct")
    bob.click("button", "Hang up")
    sees(carol, "Nobody else here.")


def test_a_wrong_password_is_said(chromium: Browser, server: LiveServer) -> None:
    page = sign_in(chromium, server, "alice", "wrong")
    sees(page, "Wrong user name or password.")
    assert violations(page) == []
    assert json.loads(page.evaluate("JSON.stringify([...Object.keys(sessionStorage)])")) == []
