"""The PROXY protocol: what a header says about the client, and that no header holds more bytes than allowed."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.serve.client_address import ForwardedClient
from eyeline.serve.process.proxy_protocol import HEADER_BYTES_MAX, ProxyHeader, parse

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"
LOCAL, PROXY = 0x20, 0x21
TCP4, TCP6, UDP4, UNIX, UNSPECIFIED = 0x11, 0x21, 0x12, 0x31, 0x00
IPV4 = struct.pack("!4s4sHH", bytes((192, 0, 2, 7)), bytes((198, 51, 100, 1)), 4711, 443)
UNIX_PATHS = bytes(216)
IN_TLS, IN_PLAIN = b"\x01\0\0\0\0", b"\0\0\0\0\0"

ports = st.integers(0, 65535)
tlvs = st.lists(st.tuples(st.integers(0, 255).filter(lambda kind: kind != 0x20), st.binary(max_size=40)), max_size=5)


def binary(command: int = PROXY, family: int = TCP4, body: bytes = IPV4) -> bytes:
    """A header of version 2."""
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def client(data: bytes) -> ForwardedClient | None:
    header = parse(data)
    assert isinstance(header, ProxyHeader)
    return header.client


@given(st.ip_addresses(), ports, tlvs, st.binary(max_size=40))
def test_version_2_gives_the_clients_address_whatever_tlvs_follow(
    host: IPv4Address | IPv6Address, port: int, more: list[tuple[int, bytes]], rest: bytes
) -> None:
    addresses = host.packed + host.packed + struct.pack("!HH", port, 443)
    family = TCP4 if host.version == 4 else TCP6
    header = binary(PROXY, family, addresses + b"".join(tlv(*each) for each in more))
    assert parse(header + rest) == ProxyHeader(ForwardedClient((str(host), port)), len(header))


@given(st.ip_addresses(), ports, st.binary(max_size=40))
def test_version_1_gives_the_clients_address(host: IPv4Address | IPv6Address, port: int, rest: bytes) -> None:
    line = f"PROXY TCP{host.version} {host} {host} {port} 443\r\n".encode()
    assert parse(line + rest) == ProxyHeader(ForwardedClient((str(host), port)), len(line))


@pytest.mark.parametrize("header", [LINE, binary(), binary(body=IPV4 + tlv(4, bytes(20)))])
def test_header_is_incomplete_until_its_last_byte(header: bytes) -> None:
    for end in range(len(header)):
        assert parse(header[:end]) == "incomplete"
    assert client(header) == ForwardedClient(("192.0.2.7", 4711))


@pytest.mark.parametrize(
    ("body", "secure"),
    [
        (tlv(0x20, IN_TLS), True),
        (tlv(4, b"padding") + tlv(0x20, IN_TLS), True),
        (tlv(0x20, IN_PLAIN), False),
        (tlv(0x20, b""), False),
        (b"", False),
    ],
)
def test_version_2_says_whether_the_client_uses_tls(body: bytes, secure: bool) -> None:
    assert client(binary(body=IPV4 + body)) == ForwardedClient(("192.0.2.7", 4711), secure=secure)


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY TCP4 nobody x 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
        binary(LOCAL, UNSPECIFIED, b""),
        binary(LOCAL, TCP4, IPV4),
        binary(LOCAL, 0xFF, b"any"),
        binary(PROXY, UNSPECIFIED, b""),
        binary(PROXY, UDP4, IPV4),
        binary(PROXY, UNIX, UNIX_PATHS),
    ],
)
def test_header_may_name_no_client(header: bytes) -> None:
    assert parse(header + b"GET /") == ProxyHeader(None, len(header))


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 " + b"1" * 200,
        binary(command=0x11),
        binary(command=0x22),
        binary(family=0x41),
        binary(body=IPV4[:-1]),
        binary(family=TCP6),
        binary(body=IPV4 + b"\x04"),
        binary(body=IPV4 + b"\x04\x00\x05four"),
        binary(body=IPV4 + bytes(HEADER_BYTES_MAX)),
    ],
)
def test_malformed_header_is_found(header: bytes) -> None:
    assert parse(header) == "malformed"


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"POST /", b"\0\1", b"\r\n\r\nGET", b"PROXIES"])
def test_other_data_has_no_header(data: bytes) -> None:
    assert parse(data) is None


beginnings = st.sampled_from([b"", b"PROXY ", SIGNATURE, SIGNATURE + b"\x21", SIGNATURE + b"\x21\x11\0"])


@given(beginnings, st.binary(max_size=300))
def test_any_data_is_parsed_within_the_limit(beginning: bytes, more: bytes) -> None:
    data = beginning + more
    header = parse(data)
    if header == "incomplete":
        assert len(data) < HEADER_BYTES_MAX
        assert parse(data + bytes(HEADER_BYTES_MAX)) != "incomplete"
    elif isinstance(header, ProxyHeader):
        assert header.length_bytes <= min(len(data), HEADER_BYTES_MAX)
