"""Any two networks connect: pairs of NATs in a lab of network namespaces, with the app in real browsers."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Final

import pytest
from tests.support.browser import Browser
from tests.support.call import decoded, links
from tests.support.chromium import Chromium
from tests.support.files import BYTES, HASH, SAVED, a_file, choose, past, sees, sha256
from tests.support.firefox import Firefox
from tests.support.lab import Lab, LabServer
from tests.support.meeting import Meeting, expected, kind_of, meet, relay_only
from tests.support.nat import KINDS, Kind

BACK_WITHIN: Final = 3.0
"""Seconds after the network is back."""

FRAMES_SINCE: Final = """async (frames) => {
  let sum = 0;
  for (const connection of __connections)
    for (const each of (await connection.getStats()).values())
      if (each.type === 'inbound-rtp') sum += each.framesDecoded ?? 0;
  return sum > frames;
}"""

PAIRS: Final = list(combinations_with_replacement(KINDS, 2))
WITH_FIREFOX: Final[list[tuple[Kind, Kind]]] = [
    ("none", "none"),
    ("full", "port"),
    ("port", "port"),
    ("port", "sym"),
    ("sym", "udpblock"),
    ("udpblock", "udpblock"),
]


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[LabServer]:
    with LabServer(lab.server) as running:
        yield running


@pytest.fixture(scope="module")
def processes(lab: Lab) -> Iterator[tuple[Browser, Browser, Browser]]:
    """A Chromium in each network, and a Firefox in Bob's."""
    with ExitStack() as stack:
        sides = [stack.enter_context(Chromium(machine=side.host.machine)) for side in (lab.a, lab.b)]
        yield sides[0], sides[1], stack.enter_context(Firefox(machine=lab.b.host.machine))


@pytest.fixture
def browsers(processes: tuple[Browser, Browser, Browser]) -> Iterator[tuple[Browser, Browser, Browser]]:
    yield processes
    for each in processes:
        each.close_pages()


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_networks_connect(
    one: Kind, other: Kind, lab: Lab, server: LabServer, browsers: tuple[Browser, Browser, Browser]
) -> None:
    lab.connect(one, other)
    meeting = meet(browsers[0], browsers[1], server.url)
    assert kind_of(meeting.path()) == expected(one, other), meeting.path()


@pytest.mark.parametrize(("one", "other"), WITH_FIREFOX)
def test_two_networks_connect_chromium_with_firefox(
    one: Kind, other: Kind, lab: Lab, server: LabServer, browsers: tuple[Browser, Browser, Browser]
) -> None:
    """Firefox, when it offers, may stay on a relay that was there first; where nothing is direct it has to."""
    lab.connect(one, other)
    path = meet(browsers[0], browsers[2], server.url).path()
    assert kind_of(path) in {expected(one, other), "relay"}, path


@pytest.mark.parametrize(
    ("url", "transport", "kind"),
    [("turn: =udp", "udp", "sym"), ("turns: =tcp", "tls", "udpblock")],
    ids=["udp", "tls"],
)
@pytest.mark.parametrize("second", [1, 2], ids=["chromium", "firefox"])
def test_a_call_goes_by_the_relay_over_each_transport(
    url: str,
    transport: str,
    kind: Kind,
    second: int,
    lab: Lab,
    server: LabServer,
    browsers: tuple[Browser, Browser, Browser],
) -> None:
    lab.connect(kind, kind)
    meeting = meet(browsers[0], browsers[second], server.url, relay_only(url))
    [link] = [link for link in links(meeting.alice) if link.path]
    assert (link.path, link.relay_protocol) == ("relay-relay", transport)


def test_a_call_outlives_a_router_that_gets_another_address(
    lab: Lab, server: LabServer, browsers: tuple[Browser, Browser, Browser]
) -> None:
    """NAT rebinding: same tile, no reload, pictures again within 3 s of the network being back."""
    lab.connect("port", "port")
    meeting = meet(browsers[0], browsers[1], server.url)
    mark(meeting)
    lab.a.move(31)
    is_back(meeting)


def test_a_call_outlives_eight_seconds_without_a_network(
    lab: Lab, server: LabServer, browsers: tuple[Browser, Browser, Browser]
) -> None:
    lab.connect("port", "port")
    meeting = meet(browsers[0], browsers[1], server.url)
    mark(meeting)
    lab.a.cut()
    time.sleep(8)
    lab.a.mend()
    is_back(meeting)


def test_a_file_outlives_two_cuts_of_the_network(
    lab: Lab, server: LabServer, browsers: tuple[Browser, Browser, Browser], tmp_path: Path
) -> None:
    lab.connect("port", "port")
    meeting = meet(browsers[0], browsers[1], server.url, SAVED)
    path = a_file(tmp_path, BYTES)
    choose(meeting.alice, path)
    meeting.bob.click("button", "Files")
    meeting.bob.click("button", "Accept")
    for part in (0.2, 0.6):
        past(meeting.bob, int(BYTES * part))
        lab.a.cut()
        sees(meeting.bob, "no line to Alice")
        lab.a.mend()
    meeting.bob.until("saved.length === 1", deadline=60)
    assert meeting.bob.evaluate(HASH, deadline=30) == sha256(path)


def mark(meeting: Meeting) -> None:
    """Leave a mark on the tile of the other, and in the page."""
    for page in (meeting.alice, meeting.bob):
        page.evaluate("() => { for (const tile of document.querySelectorAll('video')) tile.marked = true; }")


def is_back(meeting: Meeting) -> None:
    """Within `BACK_WITHIN` both see moving pictures again, in the tiles that they had."""
    began = time.monotonic()
    frames = [decoded(page).frames for page in (meeting.alice, meeting.bob)]
    for page, before in zip((meeting.alice, meeting.bob), frames, strict=True):
        left = began + BACK_WITHIN - time.monotonic()
        page.until(FRAMES_SINCE, before + 5, deadline=max(left, 0.1))
        assert page.evaluate("[...document.querySelectorAll('video')].every((tile) => tile.marked)")
