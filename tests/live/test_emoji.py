"""Verification by four emoji: equal for two people connected directly, never with a man in the middle."""

import os
from typing import Final

import pytest
from tests.support.app_actions import NO_DEVICES, join_call
from tests.support.browser import EACH, Browser, Page
from tests.support.man_in_the_middle import man_in_the_middle
from tests.support.server import LiveServer

pytestmark = pytest.mark.beside

TRIES: Final = int(os.environ.get("TRIES", "2"))
WORDS: Final = (
    "[...document.querySelectorAll('.safety-emoji > li')].map((each) => each.lastChild.textContent).join(' ')"
)


def emoji(page: Page) -> str:
    """The emoji in the panel of the connection, opened if needed."""
    if not page.evaluate("document.querySelector('.safety') !== null"):
        page.until("document.querySelector('.badge') !== null")
        page.evaluate("document.querySelector('.badge').click()")
    page.until("document.querySelector('.safety-emoji') !== null || document.body.innerText.includes('The check with')")
    words: str = page.evaluate(WORDS)
    return words


@pytest.mark.parametrize("second", EACH)
def test_two_people_see_the_same_emoji_and_recognize_each_other_again(
    second: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    other: Browser = request.getfixturevalue(second)
    room = f"{server.url}/r/emoji-{second}"
    alice, bob = join_call(chromium, room, "Alice", NO_DEVICES), join_call(other, room, "Bob", NO_DEVICES)
    assert emoji(alice) == emoji(bob) != ""
    assert len(emoji(alice).split()) >= 4
    alice.click("button", "They match")
    alice.until("document.querySelector('.safety').dataset.standing === 'verified'")
    before = emoji(bob)
    bob.reload()
    bob.until("document.querySelector('.badge') !== null")
    assert emoji(bob) != before  # a new connection has new keys
    assert emoji(alice) == emoji(bob)
    alice.until("document.querySelector('.safety').dataset.standing === 'verified'")
    assert bob.evaluate("document.querySelector('.safety').dataset.standing") == "unverified"


def test_another_key_under_a_verified_name_causes_a_warning(chromium: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/warned"
    alice, bob = (join_call(chromium, room, name, NO_DEVICES) for name in ("Alice", "Bob"))
    emoji(alice)
    alice.click("button", "They match")
    bob.click("button", "Leave")
    alice.until("document.querySelector('.badge') === null")
    join_call(chromium, room, "Bob", NO_DEVICES)
    alice.until("() => document.body.innerText.includes('Bob has a different key than the Bob you verified.')")
    emoji(alice)
    alice.click("button", "They match")
    alice.until("() => document.body.innerText.includes('Forget the Bob you verified before?')")
    assert alice.evaluate("document.querySelector('.safety').dataset.standing") == "changed"
    alice.click("button", "Forget the other key")
    alice.until("document.querySelector('.safety').dataset.standing === 'verified'")


def test_emoji_differ_when_a_malicious_broker_is_in_the_middle(chromium: Browser, server: LiveServer) -> None:
    """Possible without a key in the link: it relays everything and runs the comparison with each side.

    `TRIES=200` sets the number of tries: Bob leaves and rejoins, for new connections with new keys and nonces.
    """
    with man_in_the_middle(server.port, chromium) as middle:
        alice, bob = (join_call(chromium, f"{middle.url}/r/between", name, NO_DEVICES) for name in ("Alice", "Bob"))
        seen: set[tuple[str, str]] = set()
        while len(seen) < TRIES:
            pair = emoji(alice), emoji(bob)
            assert middle.mallory.evaluate("fooled()") == 2
            assert all(len(each.split()) >= 4 for each in pair)
            assert pair[0] != pair[1]
            assert pair not in seen  # a new try
            seen.add(pair)
            bob.click("button", "Leave")
            alice.until("document.querySelector('.badge') === null")
            bob.click("button", "Rejoin")
