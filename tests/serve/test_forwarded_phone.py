"""Phones behind a trusted proxy: their own address, which limits apply to, is in the PROXY protocol's header."""

import asyncio
import struct

import pytest
from tests.serve.test_sip_transports import OPTIONS, PhoneTransport, limits, play

from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.process import forwarded_phone
from eyeline.serve.process.forwarded_phone import ForwardedPhone
from eyeline.serve.sip.stream import SipStream, StreamContext
from eyeline.serve.sip.transport_layer import TransportLayer

PROXY, STRANGER = "192.0.2.1", "192.0.2.2"
LINE = b"PROXY TCP4 203.0.113.7 192.0.2.9 40000 5060\r\n"
TLS = b"\x20" + struct.pack("!H", 5) + b"\x01\0\0\0\0"
BINARY = (
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11"
    + struct.pack("!H", 12 + len(TLS))
    + bytes((203, 0, 113, 7, 192, 0, 2, 9))
    + struct.pack("!HH", 40000, 5061)
    + TLS
)


class PeerTransport(PhoneTransport):
    """A TCP connection from `peer`, whose protocol can change."""

    def __init__(self, peer: str) -> None:
        super().__init__()
        self._peer = peer
        self.protocol: asyncio.BaseProtocol | None = None
        self.ended = asyncio.Event()

    def abort(self) -> None:
        super().abort()
        self.ended.set()

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self._peer, 4711) if name == "peername" else super().get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def says(self, data: bytes) -> bytes:
        """Bytes arrive; returns all answers until now."""
        assert isinstance(self.protocol, asyncio.Protocol)
        self.protocol.data_received(data)
        return self.written


def opened(layer: TransportLayer, peer: str, bounds: ConnectionLimits | None = None) -> PeerTransport:
    context = StreamContext(
        layer, limits() if bounds is None else bounds, lambda _ip, _port, _tls: "localhost", lambda _transport: False
    )
    transport = PeerTransport(peer)
    transport.protocol = ForwardedPhone(lambda client: SipStream(context, client), PROXY.__eq__)
    transport.protocol.connection_made(transport)
    return transport


@pytest.mark.parametrize("header", [LINE, BINARY], ids=["version 1", "version 2"])
def test_answers_name_the_phone_and_not_its_proxy(header: bytes) -> None:
    async def scene(layer: TransportLayer) -> None:
        whole = opened(layer, PROXY)
        assert b";received=203.0.113.7\r\n" in whole.says(header + OPTIONS % (1, 1))
        slow = opened(layer, PROXY)
        for byte in header:
            assert slow.says(bytes((byte,))) == b""
        assert b";received=203.0.113.7\r\n" in slow.says(OPTIONS % (2, 2))

    play(scene)


def test_phone_that_reaches_its_proxy_by_tls_is_counted_as_such() -> None:
    async def scene(layer: TransportLayer) -> None:
        opened(layer, PROXY).says(BINARY)
        opened(layer, PROXY).says(LINE)
        assert layer.flows() == {"tls": 1, "tcp": 1}

    play(scene)


def test_limits_apply_to_the_phones_and_not_to_their_proxy() -> None:
    async def scene(layer: TransportLayer) -> None:
        bounds = limits()
        phones = [opened(layer, PROXY, bounds) for _ in range(1000)]
        for phone in phones:
            phone.says(LINE)
        assert sum(phone.over for phone in phones) == layer.drops["too many"] > 0
        other = opened(layer, PROXY, bounds)
        assert b"200 OK" in other.says(LINE.replace(b".7 ", b".8 ") + OPTIONS % (1, 1))

    play(scene)


def test_header_of_a_stranger_is_no_header() -> None:
    async def scene(layer: TransportLayer) -> None:
        assert b"203.0.113.7" not in opened(layer, STRANGER).says(LINE + OPTIONS % (1, 1))
        assert b";received=192.0.2.2\r\n" in opened(layer, STRANGER).says(OPTIONS % (2, 2))

    play(scene)


def test_trusted_proxy_without_a_header_is_the_client() -> None:
    async def scene(layer: TransportLayer) -> None:
        assert b";received=192.0.2.1\r\n" in opened(layer, PROXY).says(OPTIONS % (1, 1))

    play(scene)


def test_invalid_header_and_one_that_never_ends_close_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarded_phone, "REQUEST_WITHIN", 0.01)

    async def scene(layer: TransportLayer) -> None:
        invalid, unfinished, whole = (opened(layer, PROXY) for _ in range(3))
        invalid.says(LINE.replace(b"\r\n", b" " * 100))
        assert invalid.aborted
        whole.says(LINE)
        unfinished.says(LINE[:-1])
        await unfinished.ended.wait()
        assert not whole.aborted

    play(scene)
