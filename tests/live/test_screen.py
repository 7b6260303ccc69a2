"""Screen sharing: the screen takes the stage of the others, beside the cameras."""

from collections.abc import Iterator
from typing import Final

import pytest
from tests.support.app_actions import is_whole, join_call
from tests.support.browser import EACH, Browser, Page
from tests.support.call import all_flow, media_flows
from tests.support.chromium import Chromium
from tests.support.server import LiveServer

COMING: Final = """async (kind, at, field) => {
  let sum = 0;
  for (const connection of __connections) {
    if (connection.connectionState !== 'connected') continue;
    const lines = connection.getTransceivers().filter(({mid, direction, receiver}) =>
      mid !== null && direction !== 'stopped' && receiver.track.kind === kind);
    const rows = lines[at] ? [...(await lines[at].receiver.getStats()).values()] : [];
    for (const row of rows) if (row.type === 'inbound-rtp') sum += row[field] ?? 0;
  }
  return sum;
}"""
"""Received media of the first or the second transceiver of a kind, on all connections."""

GROWS: Final = f"async (kind, at, field, than) => await ({COMING})(kind, at, field) > than"

SEEN: Final = "[...document.querySelectorAll('[data-role=screen] video')].filter((each) => each.videoWidth > 0).length"

LARGE: Final = "document.querySelector('[data-role=screen][data-front=true]').innerText"

SENDING: Final = """__connections.filter((each) => each.connectionState === 'connected')
  .flatMap((each) => each.getSenders())
  .filter((sender) => sender.track?.kind === 'video')
  .map((sender) => sender.getParameters().encodings[0])
  .map((encoding) => [encoding.scaleResolutionDownBy ?? 1, encoding.maxBitrate])"""
"""For each sent video: the factor of its downscaling, and its maximum bitrate."""

SENDS: Final = f"(what) => JSON.stringify({SENDING}) === JSON.stringify(what)"

DRAWN: Final = """
if (navigator.mediaDevices) navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 360});
  const pen = canvas.getContext('2d');
  setInterval(() => {
    pen.fillStyle = `hsl(${Date.now() / 10 % 360} 50% 50%)`;
    pen.fillRect(0, 0, 640, 360);
  }, 50);
  return canvas.captureStream(20);
};
"""
"""A fake screen for a browser that has none to share."""


@pytest.fixture(scope="module")
def sharer_process() -> Iterator[Browser]:
    with Chromium(screen=True) as browser:
        yield browser


@pytest.fixture
def sharer(sharer_process: Browser) -> Iterator[Browser]:
    """A Chromium with a screen to share."""
    yield sharer_process
    sharer_process.close_pages()


def screen_flows(page: Page, deadline: float = 20.0) -> None:
    """Wait until a screen is on the stage and ten more of its frames were decoded."""
    page.until(SEEN, deadline=deadline)
    page.until(GROWS, "video", 1, "framesDecoded", page.evaluate(COMING, "video", 1, "framesDecoded") + 10)


def camera_flows(page: Page) -> None:
    """Wait until ten more frames of the others' cameras were decoded."""
    page.until(GROWS, "video", 0, "framesDecoded", page.evaluate(COMING, "video", 0, "framesDecoded") + 10)


def no_screen(page: Page) -> None:
    page.until("document.querySelector('[data-role=screen]') === null")


@pytest.mark.parametrize("name", EACH)
def test_shared_screen_is_shown_beside_the_camera_until_stopped(
    name: str, sharer: Browser, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    other: Browser = request.getfixturevalue(name)
    alice, bob = (
        join_call(each, f"{server.url}/r/screen-{name}", who) for each, who in ((sharer, "Alice"), (other, "Bob"))
    )
    all_flow(alice, bob)
    alice.click("button", "Share your screen")
    screen_flows(bob)
    for page in (alice, bob):
        camera_flows(page)
    assert "Alice" in bob.evaluate(LARGE)
    assert "sharing your screen" in alice.text()
    assert alice.evaluate("document.querySelector('[data-role=screen]')") is None, "infinite mirror"
    alice.until("document.querySelector('.sharing') !== null")
    alice.click("button", "Stop")
    no_screen(bob)
    alice.until("document.querySelector('.sharing') === null")
    for page in (alice, bob):
        camera_flows(page)


@pytest.mark.more
def test_firefox_shares_to_chromium(chromium: Browser, firefox: Browser, server: LiveServer) -> None:
    bob = join_call(chromium, f"{server.url}/r/firefox-shares", "Bob")
    alice = join_call(firefox, f"{server.url}/r/firefox-shares", "Alice", DRAWN)
    media_flows(bob)
    alice.press("s")
    screen_flows(bob)
    camera_flows(bob)
    alice.press("s")
    no_screen(bob)
    assert not [line for line in bob.console + alice.console if "replacing the connection" in line]


def test_screen_audio_is_heard_and_not_taken_for_speech(sharer: Browser, chromium: Browser, server: LiveServer) -> None:
    alice, bob = (join_call(each, f"{server.url}/r/sound", who) for each, who in ((sharer, "Alice"), (chromium, "Bob")))
    speaks = "document.querySelector('.tile:not([data-role=screen])').dataset.speaking === 'true'"
    bob.until(speaks)
    alice.press("m")
    alice.press("s")
    screen_flows(bob)
    bob.until(f"!({speaks})")
    bob.until(GROWS, "audio", 1, "totalAudioEnergy", bob.evaluate(COMING, "audio", 1, "totalAudioEnergy"))
    assert not bob.evaluate(speaks)


def test_screen_is_sharp_and_the_camera_small_each_time_it_is_shared(
    sharer: Browser, chromium: Browser, server: LiveServer
) -> None:
    alice, bob = (
        join_call(each, f"{server.url}/r/budget", who) for each, who in ((sharer, "Alice"), (chromium, "Bob"))
    )
    media_flows(bob)
    for _ in range(2):
        alice.press("s")
        screen_flows(bob)
        alice.until(SENDS, [[2, 1_000_000], [1, 3_000_000]])
        alice.press("s")
        no_screen(bob)
        alice.until(SENDS, [[1, 2_500_000]])


@pytest.mark.parametrize("name", EACH)
def test_late_joiner_and_reloaded_page_see_the_screen(
    name: str, sharer: Browser, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    alice = join_call(sharer, f"{server.url}/r/later-{name}", "Alice")
    alice.press("s")
    alice.until("document.querySelector('.sharing') !== null")
    bob = join_call(request.getfixturevalue(name), f"{server.url}/r/later-{name}", "Bob")
    screen_flows(bob)
    bob.reload()
    screen_flows(bob)


def test_screen_sharing_works_while_the_server_is_down(sharer: Browser, chromium: Browser) -> None:
    with LiveServer() as server:
        alice, bob = (
            join_call(each, f"{server.url}/r/tea", who) for each, who in ((sharer, "Alice"), (chromium, "Bob"))
        )
        media_flows(bob)
        for page in (alice, bob):
            is_whole(page)
        server.kill()
        alice.press("s")
        screen_flows(bob)
        alice.click("button", "Stop")
        no_screen(bob)
