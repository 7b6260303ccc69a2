"""Behind Debian's nginx, configured as in `docs/proxies.md`, everything works over its port 443."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support.browser import EACH, Browser
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import NAME, Lab, LabServer
from tests.support.lab_call import call_without_cameras, selected_pairs
from tests.support.nat import Kind
from tests.support.proxies import Nginx

pytestmark = pytest.mark.beside


@pytest.fixture(scope="module")
def url(lab: Lab) -> Iterator[str]:
    trusted = ("--trusted-proxy", "127.0.0.1")
    other = ("--port", "8001", "--stun-port", "3479", "--relay-ports", "40000-49000", "--root-path", "/calls")
    with (
        LabServer(lab.server, *trusted) as eyeline,
        LabServer(lab.server, *trusted, *other),
        Nginx(lab.server, NAME, Nginx.location_below("/calls", 8001)),
    ):
        yield eyeline.url


@pytest.fixture(scope="module")
def alice(lab: Lab) -> Iterator[Browser]:
    with Chromium(machine=lab.a.host.machine) as browser:
        yield browser


@pytest.fixture(scope="module")
def chromium_process(lab: Lab) -> Iterator[Browser]:
    """Chromium in Bob's network, like Firefox."""
    with Chromium(machine=lab.b.host.machine) as browser:
        yield browser


@pytest.fixture(scope="module")
def firefox_process(lab: Lab) -> Iterator[Browser]:
    with Firefox(machine=lab.b.host.machine) as browser:
        yield browser


@pytest.mark.parametrize("kind", [pytest.param("port", marks=pytest.mark.more), "udpblock"])
@pytest.mark.parametrize("second", EACH)
def test_pages_websockets_and_turn_work_behind_nginx(
    kind: Kind, second: str, lab: Lab, url: str, alice: Browser, request: pytest.FixtureRequest
) -> None:
    lab.connect(kind, kind)
    path = selected_pairs(*call_without_cameras(alice, request.getfixturevalue(second), url))
    assert ("relay/tls" in path) is (kind == "udpblock"), path
    alice.close_pages()


def test_call_below_a_path_works_behind_nginx(lab: Lab, url: str, alice: Browser, chromium_process: Browser) -> None:
    lab.connect("port", "port")
    pages = call_without_cameras(alice, chromium_process, f"{url}/calls")
    assert [page.evaluate("document.baseURI") for page in pages] == [f"{url}/calls/"] * 2
    alice.close_pages()


def test_doctor_finds_nothing_wrong_behind_nginx_and_tries_the_relay_over_tls(lab: Lab, url: str) -> None:
    lab.connect("port", "port")
    argv = [*lab.a.host.prefix, sys.executable, "-m", "eyeline", "doctor", url, "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each for each in findings if each["mark"] == "failure"] == []
    assert f"Relay turns:{NAME}:443?transport=tcp" in [each["what"] for each in findings]
