"""The page's diagnosis of restrictive networks: behind the lab's NATs and firewalls, in real browsers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from tests.live.test_paths import FACTS, FOUND, TESTED, open_connection
from tests.support.app_actions import NO_DEVICES, join_call
from tests.support.browser import Browser, Page
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import NAME, Lab, LabServer
from tests.support.nat import Kind

from eyeline.checks import CHECKS, CheckCode

pytestmark = [pytest.mark.beside, pytest.mark.more]

TLS: Final = ("--port", "443", "--tls", "self-signed")
SILENT_UDP: Final = f"turn:{NAME}:3999?transport=udp"
SILENT_TLS: Final = f"turns:{NAME}:3999?transport=tcp"


@pytest.fixture(scope="module")
def processes(lab: Lab) -> Iterator[tuple[Browser, Browser]]:
    """Chromium in Alice's network, Firefox in Bob's."""
    with ExitStack() as stack:
        yield (
            stack.enter_context(Chromium(machine=lab.a.host.machine)),
            stack.enter_context(Firefox(machine=lab.b.host.machine)),
        )


@pytest.fixture
def browsers(processes: tuple[Browser, Browser]) -> Iterator[tuple[Browser, Browser]]:
    yield processes
    for each in processes:
        each.close_pages()


def both(browsers: tuple[Browser, Browser], room: str) -> list[Page]:
    return [join_call(each, room, name, NO_DEVICES) for each, name in zip(browsers, ("Alice", "Bob"), strict=True)]


@pytest.mark.parametrize(
    ("kind", "path"),
    [("port", "Direct, through both NATs (UDP)"), ("udpblock", "Relayed over TLS, still encrypted")],
)
def test_connection_panel_names_the_path(kind: Kind, path: str, lab: Lab, browsers: tuple[Browser, Browser]) -> None:
    lab.connect(kind, kind)
    with LabServer(lab.server) as server:
        pages = both(browsers, f"{server.url}/r/{kind}")
        for page in pages:
            open_connection(page)
            page.until(f"(path) => ({FACTS})()['Path'] === path", path)  # ICE may switch late


def test_tile_reports_a_missing_or_silent_relay(lab: Lab, browsers: tuple[Browser, Browser], tmp_path: Path) -> None:
    lab.connect("sym", "sym")
    elsewhere = ("--port", "8443", "--stun-port", "3479", *TLS[2:])
    with (
        LabServer(lab.server, *TLS, *relays(tmp_path)) as bare,
        LabServer(lab.server, *elsewhere, *relays(tmp_path, SILENT_UDP)) as silent,
    ):
        without, unheard = both(browsers, f"{bare.url}/r/tea"), both(browsers, f"{silent.url}:8443/r/tea")
        wait_for_message(without, "no-relay")
        wait_for_message(unheard, "relay-silent")


def test_tile_reports_a_blocked_network(lab: Lab, browsers: tuple[Browser, Browser], tmp_path: Path) -> None:
    lab.connect("udpblock", "udpblock")
    with LabServer(lab.server, *TLS, *relays(tmp_path, SILENT_UDP, SILENT_TLS)) as server:
        wait_for_message(both(browsers, f"{server.url}/r/tea"), "network-blocked")


def relays(folder: Path, *urls: str) -> list[str]:
    """Flags for a server without its own relay that uses these TURN servers."""
    secret = folder / "secret"
    secret.write_text("a secret of nobody")
    theirs = [flag for url in urls for flag in ("--turn-url", url, "--turn-secret", str(secret))]
    return ["--relay", "off", *theirs]


def wait_for_message(pages: list[Page], code: CheckCode) -> None:
    """Wait until every page shows the message of this code."""
    for page in pages:
        page.until("(words) => document.body.innerText.includes(words)", CHECKS[code].message, deadline=30)


def test_test_page_detects_blocked_udp(lab: Lab, browsers: tuple[Browser, Browser]) -> None:
    lab.connect("udpblock", "udpblock")
    with LabServer(lab.server) as server:
        for page in checked(browsers, server):
            found = page.evaluate(FOUND)
            assert found.pop("Microphone") in ("fine", "silent")  # until it hears something
            assert found == {
                "Camera": "fine",
                "Server": "fine",
                "Direct path (STUN)": "failed stun-silent",
                "Relay over UDP": "failed turn-udp-blocked",
                "Relay over TCP": "missing",
                "Relay over TLS": "fine",
            }
            assert "mostly through the relay" in page.text()


def test_test_page_shows_the_visitors_public_address(lab: Lab, browsers: tuple[Browser, Browser]) -> None:
    lab.connect("port", "port")
    with LabServer(lab.server) as server:
        for page, side in zip(checked(browsers, server), (lab.a, lab.b), strict=True):
            assert page.evaluate(FOUND)["Relay over UDP"] == "fine"
            assert f"Your public address is {side.outside}." in page.text()


def checked(browsers: tuple[Browser, Browser], server: LabServer) -> list[Page]:
    """The test page in both browsers, once all its checks are done."""
    pages = [each.open(f"{server.url}/test", reduced_motion=True) for each in browsers]
    for page in pages:
        page.until(TESTED, deadline=50)
    return pages
