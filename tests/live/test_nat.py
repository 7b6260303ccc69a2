"""Any two networks connect: pairs of NATs in a lab of network namespaces, with the app in real browsers."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import combinations_with_replacement
from typing import Final

import pytest
from tests.support.browser import Browser
from tests.support.call import links
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import Lab, LabServer
from tests.support.meeting import expected, kind_of, meet, relay_only
from tests.support.nat import KINDS, Kind

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
