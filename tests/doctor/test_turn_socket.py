"""Parsing of STUN and TURN URIs: the doctor accepts those that browsers accept."""

import pytest

from eyeline.doctor.turn_socket import Where, parse


@pytest.mark.parametrize(
    ("uri", "where"),
    [
        ("stun:meet.example.org", Where("udp", "meet.example.org", 3478)),
        ("stuns:meet.example.org", Where("tls", "meet.example.org", 5349)),
        ("turn:192.0.2.5:40617?transport=tcp", Where("tcp", "192.0.2.5", 40617)),
        ("turns:[2001:db8::5]:443?transport=tcp", Where("tls", "2001:db8::5", 443)),
    ],
)
def test_address_gives_transport_host_and_port(uri: str, where: Where) -> None:
    assert parse(uri) == where


@pytest.mark.parametrize(
    "uri",
    [
        "stun:2001:db8::5:40617",
        "turn:meet.example.org:8000:3478?transport=udp",
        "turn:[2001:db8::5::1]:3478",
        "turn:[meet.example.org]:3478",
        "turn:meet..example.org",
        "turn:meet.example.org:65536",
        "stun:meet.example.org?transport=udp",
        "http://meet.example.org",
    ],
)
def test_address_that_browsers_reject_is_rejected(uri: str) -> None:
    assert parse(uri) is None
