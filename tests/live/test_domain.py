"""A name of its own on a machine of its own: ports 80 and 443 are free, and an authority validates the name there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.app_actions import seats
from tests.support.authority import Authority, keep_certificate_that_ends_soon
from tests.support.browser import Browser, Page
from tests.support.call import GAPS, all_flow, links, longest_gap_ms
from tests.support.chromium import Chromium
from tests.support.lab import NAME, Lab, LabServer
from tests.support.lab_call import meet
from tests.support.namespaces import Namespace
from tests.support.proxies import Nginx
from tests.support.server import unverified

LONGEST_GAP_MS: Final = 1000


@pytest.fixture(scope="module")
def alice(lab: Lab) -> Iterator[Browser]:
    with Chromium(machine=lab.a.host.machine) as browser:
        yield browser


@pytest.fixture(scope="module")
def bob(lab: Lab) -> Iterator[Browser]:
    with Chromium(machine=lab.b.host.machine) as browser:
        yield browser


def ask(place: Namespace, path: str) -> bytes:
    """What port 80 answers."""
    with place.dial(("127.0.0.1", 80)) as connection:
        connection.settimeout(10)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(1000), b""))


def shown(place: Namespace) -> bytes:
    """The certificate that a new client gets, as DER."""
    with unverified().wrap_socket(place.dial(("127.0.0.1", 443)), server_hostname=NAME) as connection:
        return connection.getpeercert(binary_form=True) or b""


def connected(page: Page) -> list[int]:
    """The page's connections that have a path."""
    return [link.number for link in links(page) if link.path]


def test_certificate_comes_by_port_80_where_a_proxy_ends_tls_on_port_443(lab: Lab) -> None:
    with (
        Authority(machine=lab.server.machine, port=443) as authority,
        Nginx(lab.server, NAME, {"listen 80;": "listen 8080;", "listen [::]:80;": "listen [::]:8080;"}),
        LabServer(lab.server, "--port", "9443", "--domain", NAME, env=authority.env) as server,
    ):
        server.wait_for_line("certificate=issued")
        assert "port 443" in server.log()
        assert "again='at once, by port 80'" in server.log()
        assert f"location: https://{NAME}/r/tea\r\n".encode() in ask(lab.server, "/r/tea")
        assert ask(lab.server, "/.well-known/acme-challenge/x").startswith(b"HTTP/1.1 404 ")


def test_renewal_costs_no_frame_of_a_call_through_turn_over_tls(
    lab: Lab, alice: Browser, bob: Browser, tmp_path: Path
) -> None:
    lab.connect("udpblock", "udpblock")
    with Authority(machine=lab.server.machine, port=443) as authority:
        authority.stop()
        old = keep_certificate_that_ends_soon(tmp_path, authority.directory, NAME)
        with LabServer(lab.server, "--data-dir", str(tmp_path), "--domain", NAME, env=authority.env) as server:
            server.wait_for_line("refuses connections")
            call = meet(alice, bob, server.url, GAPS)
            pages = call.alice, call.bob
            assert call.path() == "relay/tls-relay / relay/tls-relay"
            before = [(connected(page), seats(page)) for page in pages]
            assert shown(lab.server) == old
            authority.start()
            server.hang_up()
            server.wait_for_line("certificate=issued")
            assert shown(lab.server) != old
            all_flow(*pages)
            assert [(connected(page), seats(page)) for page in pages] == before
            assert call.path() == "relay/tls-relay / relay/tls-relay"
            gaps = [longest_gap_ms(page) for page in pages]
    assert max(gaps) < LONGEST_GAP_MS
