"""Behind Debian's nginx, with the configuration that `docs/operate.md` gives, everything goes by its one port 443."""

from collections.abc import Iterator

import pytest
from tests.support.browser import Browser
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import NAME, Lab, LabServer
from tests.support.meeting import meet
from tests.support.nat import Kind
from tests.support.nginx import Nginx


@pytest.fixture(scope="module")
def url(lab: Lab) -> Iterator[str]:
    with LabServer(lab.server, "--trusted-proxy", "127.0.0.1") as eyeline, Nginx(lab.server, NAME):
        yield eyeline.url


@pytest.fixture(scope="module")
def browsers(lab: Lab) -> Iterator[dict[str, Browser]]:
    here, there = lab.a.host.machine, lab.b.host.machine
    with Chromium(machine=here) as alice, Chromium(machine=there) as chromium, Firefox(machine=there) as firefox:
        yield {"alice": alice, "chromium": chromium, "firefox": firefox}


@pytest.mark.parametrize("kind", ["port", "udpblock"])
@pytest.mark.parametrize("second", ["chromium", "firefox"])
def test_pages_sockets_and_turn_all_pass(
    kind: Kind, second: str, lab: Lab, url: str, browsers: dict[str, Browser]
) -> None:
    lab.connect(kind, kind)
    path = meet(browsers["alice"], browsers[second], url).path()
    assert ("relay/tls" in path) is (kind == "udpblock"), path
    for each in browsers.values():
        each.close_pages()
