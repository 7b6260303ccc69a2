""" "Hide my address": other participants see only the relay's address."""

import pytest
from tests.support.app_actions import SEATS, SMALL, join_call
from tests.support.browser import EACH, Browser, Page
from tests.support.call import all_flow, links, media_flows
from tests.support.server import LiveServer, own_address

TOLD = """() => __connections.filter((each) => each.signalingState !== 'closed')
  .map((each) => each.remoteDescription?.sdp ?? '').join('')
  .match(/a=candidate:.*typ \\S+/g)?.map((each) => /typ (\\S+)/.exec(each)[1]) ?? []"""


@pytest.mark.beside
@pytest.mark.parametrize("name", EACH)
def test_hidden_address_means_relay_only(name: str, request: pytest.FixtureRequest) -> None:
    browser: Browser = request.getfixturevalue(name)
    with LiveServer("--host", "0.0.0.0", "--public-address", own_address()) as server:
        room = f"{server.url}/r/hidden"
        bob = join_call(browser, room, "Bob")
        alice = hidden(browser, room, "Alice")
        all_flow(alice, bob)
        assert set(bob.evaluate(TOLD)) == {"relay"}
        [path] = [link.path for link in links(alice) if link.path]
        assert path.startswith("relay-")
        alice.reload()
        alice.until("__joined.length > 0")
        assert media_flows(alice).frames > 0
        assert set(bob.evaluate(TOLD)) == {"relay"}


def hidden(browser: Browser, room: str, name: str) -> Page:
    page = browser.open(room, init_script=SEATS + SMALL, reduced_motion=True)
    page.fill("Your name", name)
    page.click("checkbox", "Hide my IP address from the others (slower: the call goes through the server)")
    page.click("button", "Join")
    page.until("document.querySelector('main.call:not(.returning)') !== null")
    return page
