"""NAT traversal: pairs of NATs in a lab of network namespaces, with the app in real browsers."""

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import Final

import pytest
from tests.support.browser import EACH, Browser
from tests.support.call import links
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import Lab, LabServer
from tests.support.lab_call import (
    call_without_cameras,
    expected,
    kind_of,
    meet,
    relay_only,
    selected_pairs,
    settled,
)
from tests.support.nat import KINDS, Kind

FIRST: Final[list[tuple[Kind, Kind]]] = [
    ("none", "none"),
    ("port", "port"),
    ("port", "sym"),
    ("sym", "sym"),
    ("udpblock", "udpblock"),
]
"""Each kind of path at least once, with cameras; `make test-more` connects the other pairs, without."""

OTHERS: Final = [pair for pair in combinations_with_replacement(KINDS, 2) if pair not in FIRST]
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
def processes(lab: Lab) -> Iterator[tuple[Browser, Browser]]:
    """One Chromium in each network."""
    with Chromium(machine=lab.a.host.machine) as alice, Chromium(machine=lab.b.host.machine) as bob:
        yield alice, bob


@pytest.fixture(scope="module")
def firefox_process(lab: Lab) -> Iterator[Browser]:
    """Firefox in Bob's network."""
    with Firefox(machine=lab.b.host.machine) as browser:
        yield browser


@pytest.fixture
def browsers(processes: tuple[Browser, Browser]) -> Iterator[tuple[Browser, Browser]]:
    yield processes
    for each in processes:
        each.close_pages()


@pytest.mark.parametrize(("one", "other"), FIRST)
def test_two_networks_connect(
    one: Kind, other: Kind, lab: Lab, server: LabServer, browsers: tuple[Browser, Browser]
) -> None:
    lab.connect(one, other)
    call = meet(browsers[0], browsers[1], server.url)
    assert kind_of(call.path()) == expected(one, other), call.path()


@pytest.mark.more
@pytest.mark.beside
@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_all_other_pairs_of_networks_connect(
    one: Kind, other: Kind, lab: Lab, server: LabServer, browsers: tuple[Browser, Browser]
) -> None:
    lab.connect(one, other)
    path = settled(call_without_cameras(browsers[0], browsers[1], server.url), expected(one, other))
    assert kind_of(path) == expected(one, other), path


@pytest.mark.more
@pytest.mark.beside
@pytest.mark.parametrize(("one", "other"), WITH_FIREFOX)
def test_two_networks_connect_chromium_with_firefox(
    one: Kind, other: Kind, lab: Lab, server: LabServer, browsers: tuple[Browser, Browser], firefox: Browser
) -> None:
    """Firefox, when it offers, may stay on a relay that connected first; where no direct path exists it must."""
    lab.connect(one, other)
    path = selected_pairs(*call_without_cameras(browsers[0], firefox, server.url))
    assert kind_of(path) in {expected(one, other), "relay"}, path


@pytest.mark.more
@pytest.mark.beside
@pytest.mark.parametrize(
    ("url", "transport", "kind"),
    [("turn: =udp", "udp", "sym"), ("turns: =tcp", "tls", "udpblock")],
    ids=["udp", "tls"],
)
@pytest.mark.parametrize("second", EACH)
def test_call_is_relayed_over_each_transport(
    url: str,
    transport: str,
    kind: Kind,
    second: str,
    lab: Lab,
    server: LabServer,
    browsers: tuple[Browser, Browser],
    request: pytest.FixtureRequest,
) -> None:
    lab.connect(kind, kind)
    bob: Browser = browsers[1] if second == "chromium" else request.getfixturevalue(second)
    alice, _ = call_without_cameras(browsers[0], bob, server.url, relay_only(url))
    [link] = [link for link in links(alice) if link.path]
    assert (link.path, link.relay_protocol) == ("relay-relay", transport)
