"""The client address of a request behind trusted proxies, whatever its headers claim."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Scope

from eyeline.serve.client_address import client, forwarded_prefix, is_secure, is_unknown_proxy

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def request(peer: str | None, *forwarded: str, scheme: str = "http", proto: str | None = None) -> Scope:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    if proto is not None:
        headers.append((b"x-forwarded-proto", proto.encode()))
    return {"client": None if peer is None else (peer, 5000), "headers": headers, "scheme": scheme}


def source(peer: str | None, *forwarded: str) -> str | None:
    found = client(request(peer, *forwarded), PROXIES)
    if found is None:
        return None
    return str(ip_address(found)) if len(found) == 4 else str(ip_address(found + bytes(8)))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.9"], "192.0.2.1"),  # not a trusted proxy: anyone can send that header
        ("10.0.0.1", ["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", ["203.0.113.5, 198.51.100.9"], "198.51.100.9"),  # the client sent the first one
        ("10.0.0.1", ["203.0.113.5, 198.51.100.9, 10.0.0.2"], "198.51.100.9"),  # two proxies
        ("10.0.0.1", ["203.0.113.5", "198.51.100.9"], "198.51.100.9"),  # two header lines are one list
        ("10.0.0.1", ["10.0.0.3,10.0.0.2"], "10.0.0.3"),  # all are proxies: the farthest one
        ("10.0.0.1", ["203.0.113.5, unknown"], "10.0.0.1"),  # nothing before a malformed entry is trusted
        ("10.0.0.1", ["198.51.100.9:4711"], "198.51.100.9"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.9"], "198.51.100.9"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::"),
        ("fe80::1%eth0", [], "fe80::"),
        (None, ["198.51.100.9"], None),
    ],
)
def test_last_address_that_is_not_a_trusted_proxy_is_the_client(
    peer: str | None, forwarded: list[str], expected: str | None
) -> None:
    assert source(peer, *forwarded) == expected


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=4))
def test_any_forwarded_header_gives_an_address(lines: list[str]) -> None:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    found = client({"client": ("10.0.0.1", 1), "headers": headers}, PROXIES)

    assert found is not None
    assert len(found) in (4, 8)


@pytest.mark.parametrize(
    ("scope", "secure"),
    [
        (request("192.0.2.1", scheme="https"), True),
        (request("192.0.2.1", scheme="wss"), True),
        (request("192.0.2.1", proto="https"), False),
        (request("10.0.0.1", proto="https"), True),
        (request("10.0.0.1", proto="https, http"), False),
        (request("10.0.0.1"), False),
        (request(None, proto="https"), False),
    ],
)
def test_forwarded_https_is_accepted_only_from_trusted_proxies(scope: Scope, secure: bool) -> None:
    assert is_secure(scope, PROXIES) is secure


@pytest.mark.parametrize(
    ("scope", "unknown"),
    [
        (request("127.0.0.1", "198.51.100.9"), True),
        (request("172.16.0.1", "198.51.100.9"), True),
        (request("127.0.0.1"), False),
        (request("10.0.0.1", "198.51.100.9"), False),
        (request("1.2.3.4", "198.51.100.9"), False),  # a public address that forges the header isn't a forgotten proxy
    ],
)
def test_untrusted_proxy_on_a_private_address_is_noticed(scope: Scope, unknown: bool) -> None:
    assert is_unknown_proxy(scope, PROXIES) is unknown


@pytest.mark.parametrize(
    ("peer", "sent", "prefix"),
    [
        ("10.0.0.1", "/calls", "/calls"),
        ("10.0.0.1", "/our/calls/", "/our/calls"),
        ("10.0.0.1", "/a, /b", "/b"),
        ("192.0.2.1", "/calls", ""),
        *(("10.0.0.1", each, "") for each in ("", "/", "calls", "//evil.example", "/..", "/a/../b", '/"', "/\xe9")),
        ("10.0.0.1", f"/{'a' * 200}", ""),
    ],
)
def test_forwarded_prefix_is_a_plain_path_from_a_trusted_proxy(peer: str, sent: str, prefix: str) -> None:
    scope = {**request(peer), "headers": [(b"x-forwarded-prefix", sent.encode("latin-1"))]}
    assert forwarded_prefix(scope, PROXIES) == prefix
