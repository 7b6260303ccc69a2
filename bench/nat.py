"""Benchmark of NAT traversal: the time to connect every pair of networks, with our relay and with coturn, as a table.

    sudo PYTHONPATH=.:src .venv/bin/python bench/nat.py [--rounds 3] > docs/nat-lab.md

The lab is that of `tests/support/lab.py`: two routers in network namespaces, a Chromium behind each, one server.  Both
pages are the app's; with coturn the server runs with `--relay off --turn-url`.  The two alternate, pair by pair.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import combinations_with_replacement
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.support.chromium import Chromium
from tests.support.lab import Lab, LabServer
from tests.support.lab_call import meet
from tests.support.namespaces import Namespace
from tests.support.nat import KINDS
from tests.support.process import Process

ADDRESS = "198.51.100.11"
SECRET = "a secret for the bench"

HEAD = """# Connecting from any two networks

How long two people behind every pair of NATs and firewalls take to connect, with Eyeline's relay and with coturn 4.6.1
in its place. `bench/nat.py` wrote this page: two Chromium, each behind a router of one kind, and one server outside.
Medians of {rounds} alternating runs, in milliseconds from Bob's click on *Join*. The path is the one with our relay:
for each side, the type of its own candidate and of the other's. `relay/tls` is a relay reached over TLS.

- **none**: no NAT. **full**: full cone. **addr**, **port**: address-restricted and port-restricted cone.
- **sym**: symmetric, a different port for each destination. **udpblock**: allows only TCP to port 443.

| Alice | Bob | path, Alice / Bob | connected | with coturn | first picture | with coturn |
| --- | --- | --- | --- | --- | --- | --- |"""


class Figures(NamedTuple):
    """Of one call."""

    path: str
    connected_ms: float
    frame_ms: float


@contextmanager
def coturn(place: Namespace) -> Iterator[None]:
    """Run coturn on its own address, so that it can use port 443 too."""
    place.do(f"ip address add {ADDRESS}/24 dev eth0")
    flags = "-n --no-cli --no-tls --no-dtls --no-rfc5780 --use-auth-secret -r eyeline -p 443 -l stdout"
    argv = [*place.prefix, "turnserver", *flags.split(), "-L", ADDRESS, "-E", ADDRESS, f"--static-auth-secret={SECRET}"]
    with tempfile.TemporaryDirectory() as folder:
        process = Process([*argv, "--pidfile", f"{folder}/pid"], Path(folder, "log"))
        process.wait_for_line("(Total auth threads|IO method|Total General servers)")
        try:
            yield
        finally:
            process.end()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    if shutil.which("turnserver") is None:
        raise SystemExit("coturn isn't installed")
    with ExitStack() as stack:
        lab = stack.enter_context(Lab())
        secret = Path(stack.enter_context(tempfile.TemporaryDirectory()), "secret")
        secret.write_text(SECRET, encoding="ascii")
        stack.enter_context(coturn(lab.server))
        theirs = [flag for url in ("udp", "tcp") for flag in ("--turn-url", f"turn:{ADDRESS}:443?transport={url}")]
        secure = ("--host", "198.51.100.10", "--port", "443", "--tls", "self-signed")
        ours = stack.enter_context(LabServer(lab.server, *secure))
        other = ("--host", "198.51.100.12", "--port", "443", "--tls", "self-signed", "--relay", "off")
        lab.server.do("ip address add 198.51.100.12/24 dev eth0")
        beside = stack.enter_context(LabServer(lab.server, *other, *theirs, "--turn-secret", str(secret)))
        beside.url = "https://198.51.100.12"
        browsers = [stack.enter_context(Chromium(machine=side.host.machine)) for side in (lab.a, lab.b)]
        print(HEAD.format(rounds=rounds), flush=True)
        ratios = []
        for one, two in combinations_with_replacement(KINDS, 2):
            runs: dict[str, list[Figures]] = {ours.url: [], beside.url: []}
            for _ in range(rounds):
                for url, figures in runs.items():
                    lab.connect(one, two)
                    call = meet(browsers[0], browsers[1], url)
                    figures.append(Figures(call.path(), call.connected_ms, call.frame_ms))
                    for browser in browsers:
                        browser.close_pages()
            (a, b), (c, d) = (
                (median(each.connected_ms for each in figures), median(each.frame_ms for each in figures))
                for figures in runs.values()
            )
            ratios.append(a / c)
            path = runs[ours.url][-1].path
            print(f"| {one} | {two} | {path} | {a:.0f} | {c:.0f} | {b:.0f} | {d:.0f} |", flush=True)
        print(f"\nTime to connect, ours over coturn's, median of the pairs: {median(ratios):.2f}.")
    print("done", file=sys.stderr)


if __name__ == "__main__":
    main()
