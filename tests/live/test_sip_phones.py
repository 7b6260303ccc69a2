"""Debian's baresip and sipp, and pages with stock JsSIP and SIP.js, set up as docs/sip.md says, call each other."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.app_actions import call_phone, join_call
from tests.support.baresip import Baresip
from tests.support.browser import Browser, Page
from tests.support.call import media_flows
from tests.support.chromium import Chromium
from tests.support.examples import Example, examples
from tests.support.lab import LabServer
from tests.support.namespaces import Namespace, Wires
from tests.support.server import ROOT
from tests.support.tools import need

from eyeline.serve.sip.accounts import AccountFile

pytestmark = pytest.mark.beside

IP: Final = "198.51.100.10"
PASSWORD: Final = "correct-horse"
LISTENS: Final = ("--host", IP, "--port", "8443", "--tls", "self-signed", "--sip-port", "5061", "--sip-udp", "on")

SIP: Final = examples("docs/sip.md")

SEES_AND_HEARS: Final = """async () => {
  const stats = [...(await ua.connection.getStats()).values()].filter(({ type }) => type === 'inbound-rtp');
  const video = stats.find(({ kind }) => kind === 'video');
  const audio = stats.find(({ kind }) => kind === 'audio');
  return video?.framesDecoded > 20 && audio?.totalAudioEnergy > 0;
}"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Namespace]:
    """A machine with one address: baresip 1.0.0 can't use the loopback device for ICE."""
    with Wires() as wires:
        place, nowhere = wires.namespace("phones"), wires.namespace("nowhere")
        wires.cable(place, "eth0", nowhere, "eth0")
        place.do(f"ip address add {IP}/24 dev eth0")
        place.do("ip route add default via 198.51.100.1")
        yield place


@pytest.fixture(scope="module")
def server(machine: Namespace) -> Iterator[LabServer]:
    with LabServer(machine, *LISTENS) as running:
        for user in ("alice", "bob"):
            AccountFile(running.data_dir).add(user, PASSWORD, "localhost")
        yield running


@pytest.fixture(scope="module")
def browser(machine: Namespace) -> Iterator[Browser]:
    with Chromium(machine=machine.machine) as running:
        yield running


@pytest.fixture(scope="module")
def alice(browser: Browser, server: LabServer, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of the example for JsSIP, which answers calls, registered as alice."""
    del server
    code = bundled(tmp_path_factory.mktemp("page"), SIP["jssip.js"], "jssip", JSSIP_WATCH)
    page = browser.open(f"https://{IP}:8443/", permissions=("camera", "microphone"))
    page.evaluate(code)
    page.until("() => ua.isRegistered()")
    return page


JSSIP_WATCH: Final = """
globalThis.ua = ua;
ua.on('newRTCSession', ({ session }) => {
  ua.session = session;
  session.on('peerconnection', ({ peerconnection }) => watch(peerconnection));
  if (session.connection) watch(session.connection);
});
function watch(connection) {
  ua.connection = connection;
  connection.addEventListener('track', ({ track }) => {
    const player = document.createElement(track.kind);
    player.srcObject = new MediaStream([track]);
    document.body.append(player);
    player.play();
  });
}
"""
"""Keeps the connection of the last call, and plays what it receives."""


def bundled(folder: Path, example: Example, package: str, more: str) -> str:
    """An example with the package that it imports, and more code, as a function to run in a page."""
    library = {"jssip": "jssip/lib/JsSIP.js", "sip.js": "sip.js/lib/index.js"}[package]
    imported = {f"'{package}'": f"'{ROOT / 'web/node_modules' / library}'"}
    example.save(folder, {"meet.example.org/sip": f"{IP}:8443/sip", "meet.example.org": IP, **imported})
    entry, out = folder / example.name, folder / "bundle.mjs"
    with entry.open("a") as file:
        file.write(more)
    argv = [str(ROOT / "web/node_modules/.bin/rolldown"), str(entry), "--format", "esm", "--file", str(out)]
    subprocess.run(argv, check=True, capture_output=True)
    return f"async () => {{ {out.read_text()} }}"


@pytest.mark.parametrize("where", [f"{IP};transport=tls", f"{IP}:5061;transport=tcp"])
def test_baresip_and_a_page_call_each_other_with_sound_and_picture(machine: Namespace, alice: Page, where: str) -> None:
    with Baresip(machine, where) as bob:
        bob.wait_for_line("200 OK")
        alice.evaluate(f"() => void ua.call('sip:bob@{IP}', {{ mediaConstraints: {{ audio: true, video: true }} }})")
        alice.until(SEES_AND_HEARS)  # its own sound and picture, by way of the phone
        alice.evaluate("() => ua.terminateSessions()")
        bob.wait_for_line("terminated")
    with Baresip(machine, where, dials=f"sip:alice@{where.partition(';')[0]}") as bob:
        alice.until(SEES_AND_HEARS)
        bob.hang_up()
        alice.until("() => ua.session.isEnded()")


def test_baresip_meets_a_browser_in_a_room(machine: Namespace, browser: Browser, server: LabServer) -> None:
    del server
    carol = join_call(browser, f"https://{IP}:8443/r/tea", "Carol")
    with Baresip(machine, f"{IP};transport=tls", dials=f"sip:tea@{IP}") as bob:
        media_flows(carol)  # its own sound and picture too, by way of the phone
        bob.hang_up()
        carol.until("() => document.body.innerText.includes('Nobody else here.')")
    with Baresip(machine, f"{IP};transport=tls") as bob:
        bob.wait_for_line("200 OK")
        call_phone(carol, "bob")
        media_flows(carol)
        carol.click("button", "Leave")
        bob.wait_for_line("terminated")
    carol.close()


def test_phone_without_encryption_is_told_at_once(machine: Namespace, alice: Page) -> None:
    del alice
    with Baresip(machine, f"{IP};transport=tls", dials=f"sip:alice@{IP}", plain=True) as bob:
        bob.wait_for_line("488")


@pytest.mark.parametrize("mode", ["t1", "u1"])
def test_sipp_registers_over_tcp_and_udp(machine: Namespace, server: LabServer, mode: str, tmp_path: Path) -> None:
    del server
    scenario = ROOT / "tests/support/sipp_register.xml"
    place = ["-i", IP, "-s", "bob", "-t", mode, f"{IP}:5061"]
    argv = [*machine.prefix, need("sipp"), "-sf", str(scenario), "-m", "20", "-r", "10", "-timeout", "20", *place]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:]


def test_page_with_sip_js_answers_a_page_with_jssip(browser: Browser, alice: Page, tmp_path: Path) -> None:
    code = bundled(tmp_path, SIP["sipjs.js"], "sip.js", "globalThis.registerer = registerer;")
    bob = browser.open(f"https://{IP}:8443/", permissions=("camera", "microphone"))
    bob.evaluate(code.replace("'sip:alice@", "'sip:bob@").replace("sip:alice@", "sip:bob@").replace('"alice"', '"bob"'))
    bob.until("() => registerer.state === 'Registered'")
    alice.evaluate(f"() => void ua.call('sip:bob@{IP}', {{ mediaConstraints: {{ audio: true, video: true }} }})")
    alice.until("() => ua.session?.isEstablished()")
    alice.evaluate("() => ua.terminateSessions()")
    bob.close()
