"""Roaming: calls survive a change of address and a network outage."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.app_actions import NO_DEVICES, join_call
from tests.support.browser import Browser
from tests.support.call import decoded
from tests.support.chromium import Chromium
from tests.support.files import BYTES, HASH, SAVED, a_file, choose, past, sees, sha256
from tests.support.lab import Lab, LabServer
from tests.support.lab_call import LabCall, meet

BACK_WITHIN: Final = 3.0
"""Seconds after the network is back, for video to move again."""

FRAMES_SINCE: Final = """async (frames) => {
  let sum = 0;
  for (const connection of __connections)
    for (const each of (await connection.getStats()).values())
      if (each.type === 'inbound-rtp') sum += each.framesDecoded ?? 0;
  return sum > frames;
}"""


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[LabServer]:
    with LabServer(lab.server) as running:
        yield running


@pytest.fixture
def browsers(lab: Lab) -> Iterator[tuple[Browser, Browser]]:
    machines = lab.a.host.machine, lab.b.host.machine
    with Chromium(machine=machines[0]) as alice, Chromium(machine=machines[1]) as bob:
        yield alice, bob


def test_call_survives_a_new_public_address(lab: Lab, server: LabServer, browsers: tuple[Browser, Browser]) -> None:
    """NAT rebinding: same tile, no reload, video again within 3 s after the network is back."""
    lab.connect("port", "port")
    call = meet(*browsers, server.url)
    mark(call)
    lab.a.move(31)
    is_back(call)


@pytest.mark.more
def test_call_survives_eight_seconds_without_a_network(
    lab: Lab, server: LabServer, browsers: tuple[Browser, Browser]
) -> None:
    lab.connect("port", "port")
    call = meet(*browsers, server.url)
    mark(call)
    lab.a.cut()
    time.sleep(8)
    lab.a.mend()
    is_back(call)


@pytest.mark.more
@pytest.mark.beside
def test_file_transfer_survives_a_network_outage(
    lab: Lab, server: LabServer, browsers: tuple[Browser, Browser], tmp_path: Path
) -> None:
    lab.connect("port", "port")
    people = zip(browsers, ("Alice", "Bob"), strict=True)
    alice, bob = (join_call(browser, f"{server.url}/r/file", name, NO_DEVICES + SAVED) for browser, name in people)
    path = a_file(tmp_path, BYTES)
    choose(alice, path)
    bob.click("button", "Files")
    bob.click("button", "Accept")
    past(bob, int(BYTES * 0.4))
    lab.a.cut()
    sees(bob, "Alice is disconnected")
    lab.a.mend()
    bob.until("saved.length === 1", deadline=60)
    assert bob.evaluate(HASH, deadline=30) == sha256(path)


def mark(call: LabCall) -> None:
    """Mark the tile of the other, and the page, to detect replacements and reloads."""
    for page in (call.alice, call.bob):
        page.evaluate("() => { for (const tile of document.querySelectorAll('video')) tile.marked = true; }")


def is_back(call: LabCall) -> None:
    """Assert that both see video again within `BACK_WITHIN`, in the same tiles."""
    began = time.monotonic()
    frames = [decoded(page).frames for page in (call.alice, call.bob)]
    for page, before in zip((call.alice, call.bob), frames, strict=True):
        left = began + BACK_WITHIN - time.monotonic()
        page.until(FRAMES_SINCE, before + 5, deadline=max(left, 0.1))
        assert page.evaluate("[...document.querySelectorAll('video')].every((tile) => tile.marked)")
