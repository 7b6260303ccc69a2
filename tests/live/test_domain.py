"""A name of its own on a machine of its own: ports 80 and 443 are free, and an authority validates the name there."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from tests.support.app_actions import seats
from tests.support.authority import Authority, keep_certificate_that_ends_soon
from tests.support.browser import Browser, Page
from tests.support.call import GAPS, all_flow, links, longest_gap_ms
from tests.support.chromium import Chromium
from tests.support.lab import NAME, Lab, LabServer
from tests.support.lab_call import call_without_cameras, meet
from tests.support.namespaces import Namespace
from tests.support.process import Process
from tests.support.proxies import Nginx
from tests.support.server import ROOT, unverified
from tests.support.tools import need

from eyeline.service.unit import DATA_DIR

LONGEST_GAP_MS: Final = 1000


@pytest.fixture
def alice(lab: Lab) -> Iterator[Browser]:
    with Chromium(machine=lab.a.host.machine) as browser:
        yield browser


@pytest.fixture
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


def documented(begin: str) -> list[str]:
    """The one command of ours in docs/install.md that begins so, for our name."""
    text = ROOT.joinpath("docs/install.md").read_text()
    [words] = set(re.findall(rf"\beyeline ({begin}\b[^`\n]*?)[`\n]", text))
    return [sys.executable, "-m", "eyeline", *shlex.split(words.replace("meet.example.org", NAME))]


@contextmanager
def service(place: Namespace, unit: str, folder: Path, environ: dict[str, str]) -> Iterator[Process]:
    """What systemd does at boot, with the limits of the unit, and with its data in `folder`."""
    [command] = re.findall("^ExecStart=(.*)$", unit, re.MULTILINE)
    data = folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    folder.joinpath("unit").write_text(unit)
    limits = [sys.executable, "-m", "tests.support.sandbox", str(folder / "unit"), str(data)]
    argv = [*place.prefix, *limits, *shlex.split(command.replace(str(DATA_DIR), str(data)))]
    process = Process(argv, folder / "log", environ)
    try:
        process.wait_for_line("(Eyeline is running)")
        yield process
    finally:
        process.end()


def test_documented_commands_lead_to_a_call_at_the_name_and_after_a_reboot_to_the_same(
    lab: Lab, alice: Browser, bob: Browser, tmp_path: Path
) -> None:
    need("systemd-analyze")
    lab.connect("port", "port")
    with Authority(machine=lab.server.machine, port=443) as authority:
        environ = {**os.environ, **authority.env, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        trusting = environ | {"SSL_CERT_FILE": str(tmp_path / "root.pem")}
        tmp_path.joinpath("root.pem").write_text(authority.root())
        install = [*documented("service install --domain"), "--print"]
        unit = subprocess.run(install, env=environ, capture_output=True, text=True, check=True).stdout
        with service(lab.server, unit, tmp_path, environ) as server:
            server.wait_for_line("(certificate=issued)")
            pages = call_without_cameras(alice, bob, f"https://{NAME}")
            doctor = [*lab.a.host.prefix, *documented("doctor")]
            found = subprocess.run(doctor, env=trusting, capture_output=True, text=True, timeout=60, check=False).stdout
            assert "No check failed." in found, found
            first = shown(lab.server)
        with service(lab.server, unit, tmp_path, environ) as server:
            assert shown(lab.server) == first
            for page in pages:
                page.until("__joined.length > 1", deadline=60)
                assert len(set(seats(page))) == 1, "got another seat"
            assert "certificate=ordering" not in server.log()
