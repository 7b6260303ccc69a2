"""The server works under the limits that the unit sets."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.process import Process
from tests.support.server import unverified

from eyeline.service.systemd import unit_for

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="limits like those of systemd need root"),
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze isn't here"),
]
ROOT = Path(__file__).parents[2]


def privileged_port() -> int:
    """A free port that only root may open, or a program with CAP_NET_BIND_SERVICE."""
    for port in range(1023, 600, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def sandboxed(folder: Path, *program: str) -> list[str]:
    (folder / "unit").write_text(unit_for({}, None), encoding="utf-8")
    (folder / "data").mkdir()
    return [sys.executable, "-m", "tests.support.sandbox", str(folder / "unit"), str(folder / "data"), *program]


ENVIRON = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Process, int]]:
    port = privileged_port()
    places = ["--host", "127.0.0.1", "--port", str(port), "--stun-port", "0", "--data-dir", str(tmp_path / "data")]
    argv = sandboxed(tmp_path, sys.executable, "-m", "eyeline", "serve", "--tls", "self-signed", *places)
    process = Process(argv, tmp_path / "log", ENVIRON)
    try:
        process.wait_for_line("(Ctrl-C)")
        yield process, port
    finally:
        process.end()


def test_server_serves_and_reloads_and_stops_under_the_limits_of_the_unit(server: tuple[Process, int]) -> None:
    process, port = server
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert "\nSeccomp:\t2\n" in status
    assert "\nCapEff:\t0000000000000400\n" in status, "CAP_NET_BIND_SERVICE alone"

    with urllib.request.urlopen(f"https://127.0.0.1:{port}/", context=unverified()) as page:
        assert b"<title>" in page.read()
    os.kill(process.pid, signal.SIGHUP)
    process.wait_for_line("(certificate=reloaded)")
    assert process.end() == 0


@pytest.mark.parametrize(
    "forbidden",
    [
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import os; os.chroot('/')",
        "open('/etc/eyeline-was-here', 'w')",
        "open('/var/tmp/eyeline-was-here', 'w')",
    ],
)
def test_limits_of_the_unit_hold_in_this_test(tmp_path: Path, forbidden: str) -> None:
    program = f"try:\n {forbidden}\nexcept OSError as error: print(error.errno)"
    argv = sandboxed(tmp_path, sys.executable, "-c", program)
    done = subprocess.run(argv, env=ENVIRON, capture_output=True, text=True, timeout=60, check=False)

    assert done.stdout in ("1\n", "30\n"), "EPERM or EROFS"
