"""The lab's NATs behave as named (RFC 4787, 4 and 5), probed from both sides."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest
from tests.support.lab import Lab
from tests.support.nat import Kind

QUIET_S: Final = 0.3
"""Seconds without a packet that count as filtered: on one machine packets arrive in under a millisecond."""


class Probe(NamedTuple):
    """The observed behaviour of a NAT for UDP."""

    mapping: str
    """Whether the mapped port depends on the destination."""
    filtering: str
    """Filtering: who gets in besides the contacted endpoint: anyone, any port of its address, or no one."""


@pytest.fixture
def outside(lab: Lab) -> Iterator[tuple[socket.socket, ...]]:
    """Two ports of one machine outside, and one of another."""
    with contextlib.ExitStack() as stack:
        places = (lab.server, lab.server, lab.b.router)
        yield tuple(
            stack.enter_context(place.udp(port)) for place, port in zip(places, (4001, 4002, 4003), strict=True)
        )


def receive_source(wire: socket.socket) -> tuple[str, int] | None:
    """The source of the next packet, or None."""
    wire.settimeout(QUIET_S)
    try:
        _, source = wire.recvfrom(100)
    except TimeoutError:
        return None
    return source[0], source[1]


def probe(lab: Lab, outside: tuple[socket.socket, ...]) -> Probe:
    """Send from a socket in Alice's network, and back to its mapped address."""
    server = lab.server.do("hostname -I").split()[0]
    with lab.a.host.udp(5001) as alice:
        alice.sendto(b"first", (server, 4001))
        seen = receive_source(outside[0])
        if seen is None:
            return Probe("closed", "closed")
        others = []
        for sender in outside[1:]:
            sender.sendto(b"hello", seen)
            others.append(receive_source(alice) is not None)
        alice.sendto(b"second", (server, 4002))
        same = receive_source(outside[1]) == seen
    filtering = {(True, True): "anybody", (True, False): "address", (False, False): "address and port"}
    return Probe("independent" if same else "dependent", filtering[others[0], others[1]])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", Probe("independent", "anybody")),
        ("full", Probe("independent", "anybody")),
        ("addr", Probe("independent", "address")),
        ("port", Probe("independent", "address and port")),
        ("sym", Probe("dependent", "address and port")),
        ("udpblock", Probe("closed", "closed")),
    ],
)
def test_nat_behaves_like_its_name(kind: Kind, expected: Probe, lab: Lab, outside: tuple[socket.socket, ...]) -> None:
    lab.connect(kind, "none")
    assert probe(lab, outside) == expected
