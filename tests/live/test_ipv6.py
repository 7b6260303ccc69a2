"""Calls over IPv6 only: the same paths as over IPv4."""

from collections.abc import Iterator

import pytest
from tests.support.browser import Browser
from tests.support.chromium import Chromium
from tests.support.lab import IPV6, Lab, LabServer
from tests.support.lab_call import call_without_cameras, selected_pairs
from tests.support.nat import FIREWALL, FIREWALL_443, rules


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(IPV6) as made:
        yield made


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[LabServer]:
    with LabServer(lab.server) as running:
        yield running


@pytest.fixture(scope="module")
def browsers(lab: Lab) -> Iterator[tuple[Browser, Browser]]:
    machines = lab.a.host.machine, lab.b.host.machine
    with Chromium(machine=machines[0]) as alice, Chromium(machine=machines[1]) as bob:
        yield alice, bob


@pytest.mark.more
@pytest.mark.beside
@pytest.mark.parametrize(
    ("text", "path"),
    [
        (rules("none"), "host-host / host-host"),
        (FIREWALL, "host-host / host-host"),
        (FIREWALL_443, "relay/tls-relay / relay/tls-relay"),
    ],
    ids=["open", "firewall", "only 443"],
)
def test_two_networks_connect_over_ipv6_only(
    text: str, path: str, lab: Lab, server: LabServer, browsers: tuple[Browser, Browser]
) -> None:
    for side in (lab.a, lab.b):
        side.router.do("nft -f -", text=text)
        side.forget()
    assert selected_pairs(*call_without_cameras(*browsers, server.url)) == path
