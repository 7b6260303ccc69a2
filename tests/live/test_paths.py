"""Connection paths: the panel, reasons for failure, and the /test page, in real browsers."""

from collections.abc import Iterator

import pytest
from tests.support.app_actions import NO_DEVICES, SMALL
from tests.support.browser import EACH, Browser, Page
from tests.support.call import links
from tests.support.lab_call import meet, relay_only
from tests.support.server import LiveServer, own_address

from eyeline.checks import CHECKS

pytestmark = pytest.mark.beside

FACTS = """() => Object.fromEntries(
  [...document.querySelectorAll('.facts > div')].map((row) => [...row.children].map((each) => each.textContent)))"""
ADDRESSES = "[...document.querySelectorAll('.panel .figure-address')].map((each) => each.textContent)"
CANDIDATES = """async (type) => {
  const open = globalThis.__connections.filter(({connectionState}) => connectionState !== 'closed');
  const reports = await Promise.all(open.map((connection) => connection.getStats()));
  return reports.flatMap((report) => [...report.values()]).filter((row) => row.type === type).map(
    ({address, port}) => `${address.includes(':') ? `[${address}]` : address}:${port}`);
}"""
"""Candidate addresses from the page's statistics: its own (`local-candidate`) or the peer's (`remote-candidate`)."""
FOUND = """() => Object.fromEntries([...document.querySelectorAll('.check')].map((row) => [
  row.querySelector('h2').textContent,
  `${row.dataset.state} ${row.querySelector('.check-code')?.textContent ?? ''}`.trim()]))"""
TESTED = "document.querySelector('.checkup .primary')?.getAttribute('aria-disabled') === 'false'"

RELAYED = """
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(wish) { super({...wish, iceTransportPolicy: 'relay'}); }
  setConfiguration(wish) { super.setConfiguration({...wish, iceTransportPolicy: 'relay'}); }
};
"""
"""A network through which only the relay can be reached."""

DEAF = """
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  addIceCandidate(candidate) { return globalThis.hearing ? super.addIceCandidate(candidate) : Promise.resolve(); }
  setRemoteDescription({type, sdp}) {
    const kept = globalThis.hearing ? sdp : sdp.replace(/^a=candidate:.*\\r\\n/gm, '');
    return super.setRemoteDescription({type, sdp: kept});
  }
};
"""
"""Ignores the other side's candidates until `hearing`."""


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A server on this machine's address: Firefox uses no STUN or TURN server on loopback."""
    with LiveServer("--host", "0.0.0.0", "--public-address", own_address()) as running:
        yield running


@pytest.fixture(params=EACH)
def browser(request: pytest.FixtureRequest) -> Browser:
    """Each of the two browsers."""
    found: Browser = request.getfixturevalue(request.param)
    return found


def join(browser: Browser, room: str, name: str, script: str = "") -> Page:
    """Join with a browser or network modified by the script."""
    page = browser.open(room, init_script=SMALL + script, reduced_motion=True)
    page.fill("Your name", name)
    page.click("button", "Join")
    page.until("document.querySelector('main.call:not(.returning)') !== null")
    return page


def transport(page: Page) -> str:
    """The transport by which the page reaches its relay, from the browser's statistics."""
    [link] = [link for link in links(page) if link.path]
    return link.relay_protocol.upper()


def open_connection(page: Page) -> dict[str, str]:
    """Open the panel of the only connection, and return its figures once they are measured."""
    page.until("['direct', 'relayed'].includes(document.querySelector('.badge')?.dataset.connection)")
    page.evaluate("void document.querySelector('.badge').click()")
    page.until("document.querySelector('.facts') !== null && !document.body.innerText.includes('Measuring')")
    facts: dict[str, str] = page.evaluate(FACTS)
    return facts


def test_connection_panel_shows_a_direct_connection(browser: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/direct-{browser.name}"
    alice, bob = (join(browser, room, name) for name in ("Alice", "Bob"))
    for page, other in ((alice, bob), (bob, alice)):
        open_connection(page)  # a packet may arrive before the candidate of its source
        page.until(f"(path) => ({FACTS})()['Path'] === path", "Direct, on the same network (UDP)")
        facts = page.evaluate(FACTS)
        assert facts["Also tried"] in ("Relay: ready, not used.", "Relay: not needed.")
        mine, theirs = page.evaluate(ADDRESSES)  # for a while the two may use different pairs
        assert mine in other.evaluate(CANDIDATES, "remote-candidate")
        assert theirs in other.evaluate(CANDIDATES, "local-candidate")


def test_connection_panel_shows_the_transport_of_a_relayed_connection(browser: Browser, server: LiveServer) -> None:
    room = f"{server.url}/r/relayed-{browser.name}"
    alice, bob = join(browser, room, "Alice"), join(browser, room, "Bob", RELAYED)
    open_connection(bob)  # a busy browser uses TCP at first if that connected sooner
    bob.until(f"(path) => ({FACTS})()['Path'] === path", f"Relayed over {transport(bob)}, still encrypted")
    assert open_connection(alice)["Path"].startswith("Relayed ")


def test_call_is_relayed_over_tcp(browser: Browser, server: LiveServer) -> None:
    """TURN over TCP to the HTTP port, without TLS; the lab covers the other transports."""
    call = meet(browser, browser, server.url, relay_only("turn: =tcp"))
    [link] = [link for link in links(call.alice) if link.path]
    assert (link.path, link.relay_protocol) == ("relay-relay", "tcp")


HEAR_AND_RETRY = """() => {
  globalThis.hearing = true;
  [...document.querySelectorAll('.blocked button')].find(({ textContent }) => textContent === 'Try again').click();
}"""


@pytest.mark.more
def test_failed_connection_shows_the_reason_and_retries(
    chromium: Browser, firefox: Browser, server: LiveServer
) -> None:
    couples = [
        [join(browser, f"{server.url}/r/deaf-{browser.name}", name, DEAF + NO_DEVICES) for name in ("Alice", "Bob")]
        for browser in (chromium, firefox)
    ]
    for alice, bob in couples:
        for page, other in ((alice, "Bob"), (bob, "Alice")):
            page.until("document.querySelector('.blocked') !== null", deadline=30)
            assert f"No connection to {other}" in page.text()
            assert CHECKS["peer-silent"].message in page.text()
        bob.evaluate("void (globalThis.hearing = true)")
        alice.evaluate(HEAR_AND_RETRY)  # at once, because the page also tries again by itself
        for page in (alice, bob):
            page.until("document.querySelector('.badge')?.dataset.connection === 'direct'")
            # With a space, for voice control.
            page.until("/direct <?\\d+ ms/.test(document.querySelector('.badge').innerText)")
            assert page.evaluate("document.querySelector('.blocked')") is None


def test_test_page_finds_everything_that_the_server_offers(browser: Browser, server: LiveServer) -> None:
    page = browser.open(server.url, reduced_motion=True)
    page.click("link", "Test your camera, microphone and network")
    page.until(TESTED, deadline=40)
    found = page.evaluate(FOUND)
    assert found.pop("Microphone") in ("fine", "silent")  # until it hears something
    assert found == {
        "Camera": "fine",
        "Server": "fine",
        "Direct path (STUN)": "fine",
        "Relay over UDP": "fine",
        "Relay over TCP": "fine",
        "Relay over TLS": "missing",
    }
    assert "Calls work from here" in page.text()
    for name in ("Play a sound", "Test again"):
        page.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == name
    page.press("Enter")
    page.until(f"!({TESTED})")
    page.until(TESTED, deadline=40)
    assert page.evaluate(FOUND)["Relay over TCP"] == "fine"
