"""Calls continue through failures of the broker and its sockets.

`FAULTS=10` runs ten of each fault instead of one, in about ten minutes.
"""

import itertools
import os
import random
from collections.abc import Callable
from typing import Final

import pytest
from tests.support.app_actions import NO_DEVICES, is_whole, join_call, seats, sees_message, send_chat
from tests.support.browser import EACH, Browser, Page
from tests.support.call import GAPS, all_flow, longest_gap_ms, media_flows
from tests.support.forwarder import Forwarder
from tests.support.server import LiveServer

TIMES: Final = int(os.environ.get("FAULTS", "1"))
LONGEST_GAP_MS: Final = 1000
"""The longest gap between two decoded video frames."""

NOWHERE: Final = """
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(given) {
    const first = __connections.length === 0;
    super(first ? {...given, iceServers: [], iceTransportPolicy: 'relay'} : given);
    if (first) this.setConfiguration = () => undefined;
  }
};
"""
"""The page's first connection gathers no candidates: it is relay-only without a relay."""
LINES: Final = "[...document.querySelectorAll('[role=log] p')].map((each) => each.textContent)"


def back(page: Page, taken: int) -> None:
    """Wait until the page has its seat back."""
    page.until("(taken) => __joined.length > taken", taken, deadline=60)
    assert len(set(seats(page))) == 1, "got another seat"


@pytest.mark.more
@pytest.mark.alone
def test_call_continues_through_broker_and_socket_failures(chromium: Browser) -> None:
    chance = random.Random(5)
    with LiveServer("--log-level", "debug") as server, Forwarder(server.port) as forwarder:

        def kill() -> None:
            server.kill()

        def drain() -> None:
            assert server.stop() == 0

        faults: list[Callable[[], None]] = [kill, drain, forwarder.cut, forwarder.stall] * TIMES
        chance.shuffle(faults)
        alice, bob = (join_call(chromium, f"{forwarder.url}/r/tea", name, GAPS) for name in ("Alice", "Bob"))
        all_flow(alice, bob)
        for page in (alice, bob):
            is_whole(page)
        said = []
        for number, fault in enumerate(faults):
            taken = [len(seats(page)) for page in (alice, bob)]
            alice.until("(end) => performance.now() > end", alice.evaluate("performance.now()") + chance.random() * 500)
            fault()
            for page, name in ((alice, "Alice"), (bob, "Bob")):
                said.append(f"{fault.__name__} {number}, says {name}")
                send_chat(page, said[-1])
            if fault in (kill, drain):
                server.start()
            for page, count in zip((alice, bob), taken, strict=True):
                back(page, count)
        for page, line in itertools.product((alice, bob), said):
            assert sees_message(page, line)
        for page in (alice, bob):
            assert sorted(line for line in page.evaluate(LINES) if ", says " in line) == sorted(said)
            assert longest_gap_ms(page) < LONGEST_GAP_MS
            assert page.evaluate("document.querySelectorAll('video').length") == 2
        carol = join_call(chromium, f"{forwarder.url}/r/tea", "Carol")
        carol.until("document.querySelectorAll('video').length === 3")
        media_flows(carol)
        server.stop()
        log = server.transcript()
        assert log.count("Signalled") > 10
        assert not [secret for secret in ("Alice", "Bob", "tea", *said) if secret in log]


@pytest.mark.beside
@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("who", ["both", *(pytest.param(side, marks=pytest.mark.more) for side in ("Alice", "Bob"))])
def test_ice_gathering_that_finds_nothing_is_soon_repeated(
    who: str, name: str, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    browser: Browser = request.getfixturevalue(name)
    room = f"{server.url}/r/{who.lower()}-{name}"
    alice, bob = (
        join_call(browser, room, each, NO_DEVICES + (NOWHERE if who in (each, "both") else ""))
        for each in ("Alice", "Bob")
    )
    for page in (alice, bob):
        page.until("__connections.some((each) => each.connectionState === 'connected')", deadline=12)
    send_chat(alice, "here we are")
    assert sees_message(bob, "here we are")


@pytest.mark.more
@pytest.mark.beside
@pytest.mark.parametrize("name", EACH)
def test_lazily_loaded_script_loads_once_the_server_is_back(name: str, request: pytest.FixtureRequest) -> None:
    """The QR code, which is loaded when a participant is alone for the first time."""
    browser: Browser = request.getfixturevalue(name)
    with LiveServer() as server:
        alice, bob = (join_call(browser, f"{server.url}/r/parts", name, NO_DEVICES) for name in ("Alice", "Bob"))
        bob.until("document.querySelector('.badge[data-connection=direct]') !== null")
        server.kill()
        alice.click("button", "Leave")
        bob.until("document.querySelector('.alone') !== null && document.querySelector('.qr') === null")
        assert "scan" not in bob.text()  # no error message for the missing part
        server.start()
        bob.until("document.querySelector('.qr svg') !== null")
        assert "scan" in bob.text()
