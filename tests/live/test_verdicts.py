"""What the page says of networks that are in the way: behind NATs and firewalls of the lab, in real browsers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from tests.live.test_paths import FOUND, TESTED, open_line
from tests.support.browser import Browser, Page
from tests.support.chromium import Chromium
from tests.support.firefox import Firefox
from tests.support.lab import NAME, Lab, LabServer
from tests.support.nat import Kind
from tests.support.people import join_call

from eyeline.checks import CHECKS, Code

TLS: Final = ("--port", "443", "--tls", "self-signed")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as made:
        yield made


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
    """Alice and Bob join."""
    return [join_call(browser, room, name) for browser, name in zip(browsers, ("Alice", "Bob"), strict=True)]


@pytest.mark.parametrize(
    ("kind", "path"),
    [("port", "Direct, through both NATs (UDP)"), ("udpblock", "Relayed over TLS, still encrypted")],
)
def test_the_panel_says_what_is_between(kind: Kind, path: str, lab: Lab, browsers: tuple[Browser, Browser]) -> None:
    lab.connect(kind, kind)
    with LabServer(lab.server) as server:
        pages = [
            join_call(each, f"{server.url}/r/{kind}", name)
            for each, name in zip(browsers, ("Alice", "Bob"), strict=True)
        ]
        assert [open_line(page)["Path"] for page in pages] == [path, path]


@pytest.mark.parametrize(
    ("kind", "relays", "code"),
    [
        ("sym", (), "no-relay"),
        ("sym", (f"turn:{NAME}:3999?transport=udp",), "relay-silent"),
        ("udpblock", (f"turn:{NAME}:3999?transport=udp", f"turns:{NAME}:3999?transport=tcp"), "network-blocked"),
    ],
)
def test_the_tile_says_what_is_in_the_way(
    kind: Kind, relays: tuple[str, ...], code: Code, lab: Lab, browsers: tuple[Browser, Browser], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret of nobody")
    theirs = [flag for url in relays for flag in ("--turn-url", url)]
    lab.connect(kind, kind)
    with LabServer(lab.server, *TLS, "--relay", "off", *theirs, "--turn-secret", str(secret)) as server:
        pages = [
            join_call(each, f"{server.url}/r/{code}", name)
            for each, name in zip(browsers, ("Alice", "Bob"), strict=True)
        ]
        for page in pages:
            page.until("(words) => document.body.innerText.includes(words)", CHECKS[code].message, deadline=30)


@pytest.mark.parametrize("which", [0, 1], ids=["chromium", "firefox"])
def test_the_test_page_finds_that_no_udp_gets_out(which: int, lab: Lab, browsers: tuple[Browser, Browser]) -> None:
    lab.connect("udpblock", "udpblock")
    with LabServer(lab.server) as server:
        page = browsers[which].open(f"{server.url}/test", reduced_motion=True)
        page.until(TESTED, deadline=50)
        assert page.evaluate(FOUND) == {
            "Camera": "fine",
            "Microphone": "fine",
            "Server": "fine",
            "Direct path (STUN)": "failed stun-silent",
            "Relay over UDP": "failed turn-udp-blocked",
            "Relay over TCP": "missing",
            "Relay over TLS": "fine",
        }
        assert "mostly through the relay" in page.text()


@pytest.mark.parametrize("which", [0, 1], ids=["chromium", "firefox"])
def test_the_test_page_tells_a_visitor_their_address_outside(
    which: int, lab: Lab, browsers: tuple[Browser, Browser]
) -> None:
    lab.connect("port", "port")
    with LabServer(lab.server) as server:
        page = browsers[which].open(f"{server.url}/test", reduced_motion=True)
        page.until(TESTED, deadline=50)
        assert page.evaluate(FOUND)["Relay over UDP"] == "fine"
        assert f"Outside you are {(lab.a, lab.b)[which].outside}." in page.text()
