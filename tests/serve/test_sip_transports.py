"""SIP connections that are silent, slow, too fast or too many, and credentials that end."""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from contextlib import closing

import pytest
from tests.serve.test_websocket_protocol import FakeTransport

from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.sip import datagrams, stream, tokens, websocket
from eyeline.serve.sip.datagrams import Datagrams, Reply
from eyeline.serve.sip.stream import SipStream, StreamContext
from eyeline.serve.sip.transport_layer import ClientEnd, TransportLayer
from eyeline.serve.sip.websocket import SipSocketContext, WebSocketClient
from eyeline.serve.websocket import Full, Receiver
from eyeline.sip.effects import SipAccount
from eyeline.sip.server import SipServer
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow

LOCALHOST = bytes((127, 0, 0, 1))
OPTIONS = (
    b"OPTIONS sip:localhost SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bK%d\r\nFrom: <sip:a@localhost>;tag=1\r\n"
    b"To: <sip:localhost>\r\nCall-ID: %d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


class NoAccounts:
    """Nobody has an account."""

    def find(self, username: str, unix: float) -> SipAccount | None:
        del username, unix
        return None

    def changed(self) -> list[str]:
        return []


class FakeSocket:
    """A WebSocket whose client reads until it is `full`."""

    pings = True

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.pinged = 0
        self.closed: tuple[int, str] | None = None
        self.full = False

    def send_text(self, text: bytes) -> None:
        if self.full:
            raise Full
        self.sent.append(text)

    send_binary = send_text

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or (code, reason)

    def ping(self) -> None:
        self.pinged += 1

    def deliver_to(self, receiver: Receiver) -> None:
        """Frames come from the test."""


def play(scene: Callable[[TransportLayer], Coroutine[None, None, None]]) -> None:
    """Run a scene with a whole SIP server behind the connections."""

    async def run() -> None:
        server = SipServer("localhost", "localhost", frozenset({"localhost"}), bytes(32), "abcdefgh")
        layer = TransportLayer(server, NoAccounts())
        try:
            await scene(layer)
        finally:
            layer.stop()

    asyncio.run(asyncio.wait_for(run(), 10))


def limits() -> ConnectionLimits:
    return ConnectionLimits(sockets=100, sockets_per_address=10)


def page(layer: TransportLayer, socket: FakeSocket) -> WebSocketClient:
    admitted = limits().admit_socket(None, 0.0)
    assert not isinstance(admitted, str)
    end = ClientEnd("ws", LOCALHOST, 1, "localhost")
    return WebSocketClient(layer, SipSocketContext(admitted, end, lambda _user: (), None, None), socket)


def test_silent_page_is_pinged_and_one_that_does_not_answer_is_closed() -> None:
    async def scene(layer: TransportLayer) -> None:
        socket, now = FakeSocket(), asyncio.get_running_loop().time()
        client = page(layer, socket)
        for after in (1.0, websocket.PING_SECONDS + 1, websocket.PING_SECONDS + 3):
            client.tick(now + after)
        assert (socket.pinged, socket.closed) == (1, None)
        client.tick(now + websocket.SILENT_SECONDS + 1)
        assert socket.closed == (1008, "silent")

    play(scene)


def test_page_that_does_not_read_is_closed() -> None:
    async def scene(layer: TransportLayer) -> None:
        socket = FakeSocket()
        client = page(layer, socket)
        socket.full = True
        client.receive(OPTIONS % (1, 1))
        await asyncio.sleep(0)
        assert socket.closed == (1013, "too slow")
        assert layer.drops["too slow"] == 1

    play(scene)


def test_message_that_is_not_utf_8_goes_in_a_binary_frame() -> None:
    assert websocket._is_text("grüße".encode())
    assert not websocket._is_text(b"\xff")


def phone(
    layer: TransportLayer, bounds: ConnectionLimits, connection: socket.socket | None = None
) -> tuple[SipStream, "PhoneTransport"]:
    context = StreamContext(layer, bounds, lambda _ip, _port, _secure: "localhost", lambda _transport: False)
    protocol, transport = SipStream(context), PhoneTransport()
    transport.socket = connection
    protocol.connection_made(transport)
    return protocol, transport


class PhoneTransport(FakeTransport):
    """A TCP connection from this machine."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.aborted = False
        self.socket: socket.socket | None = None

    def abort(self) -> None:
        self.aborted = True
        super().abort()

    def get_extra_info(self, name: str, default: object = None) -> object:
        known = {"peername": ("127.0.0.1", 5060), "sockname": ("127.0.0.1", 5060), "socket": self.socket}
        return known.get(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Not needed."""

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def test_phone_that_does_not_read_is_disconnected() -> None:
    async def scene(layer: TransportLayer) -> None:
        protocol, transport = phone(layer, limits())
        transport.left = stream.UNSENT_BYTES_MAX
        protocol.data_received(OPTIONS % (1, 1))
        await asyncio.sleep(0)
        assert transport.aborted, "to close it would wait for the client"
        assert layer.drops["too slow"] == 1

    play(scene)


@pytest.mark.parametrize(("used", "after"), [(False, stream.UNUSED_SECONDS), (True, stream.SILENT_SECONDS)])
def test_silent_phone_is_disconnected_sooner_if_it_has_said_nothing(used: bool, after: float) -> None:
    async def scene(layer: TransportLayer) -> None:
        protocol, transport = phone(layer, limits())
        if used:
            protocol.data_received(OPTIONS % (1, 1))
        now = asyncio.get_running_loop().time()
        protocol.tick(now + after - 1)
        assert not transport.over
        protocol.tick(now + after + 1)
        assert transport.over

    play(scene)


def test_phone_that_vanishes_without_a_word_is_noticed_by_the_system_within_minutes() -> None:
    async def scene(layer: TransportLayer) -> None:
        with socket.socket() as connection:
            phone(layer, limits(), connection)
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            idle, interval, count = (
                connection.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
            assert idle + interval * count <= 180

    play(scene)


def test_many_messages_in_one_read_do_not_hold_up_others_and_are_all_answered() -> None:
    async def scene(layer: TransportLayer) -> None:
        protocol, transport = phone(layer, limits())
        count = 2 * stream.MESSAGES_PER_TURN + 1
        protocol.data_received(b"".join(OPTIONS % (number, number) for number in range(count)))
        assert transport.written.count(b"SIP/2.0 ") == stream.MESSAGES_PER_TURN
        assert not transport.reading
        for _ in range(3):
            await asyncio.sleep(0)
        assert transport.written.count(b"SIP/2.0 ") == count
        assert transport.reading

    play(scene)


def test_address_with_too_many_connections_gets_no_more_until_one_is_closed() -> None:
    async def scene(layer: TransportLayer) -> None:
        bounds = limits()
        first, _ = phone(layer, bounds)
        while not (last := phone(layer, bounds)[1]).over:
            pass
        assert layer.drops["too many"] == 1
        assert last.over
        first.connection_lost(None)
        assert not phone(layer, bounds)[1].over

    play(scene)


class FakeUdp:
    """UDP sockets whose datagrams come from the test."""

    def __init__(self) -> None:
        self.receive: Callable[[bytes, Flow, Reply], None] = lambda _data, _flow, _reply: None
        self.sent: list[bytes] = []

    def start(self, receive: Callable[[bytes, Flow, Reply], None]) -> None:
        self.receive = receive

    def close(self) -> None:
        self.receive = lambda _data, _flow, _reply: None

    def send(self, data: bytes, port: int) -> None:
        flow = Flow("udp", Address(LOCALHOST, port), Address(LOCALHOST, 5060))
        self.receive(data, flow, self.sent.append)


def test_datagrams_are_answered_and_keep_alives_make_no_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "FLOWS_MAX", 2)

    async def scene(layer: TransportLayer) -> None:
        wire = FakeUdp()
        with closing(Datagrams(layer, limits(), wire, lambda _ip, _port, _secure: "localhost")):
            for port, data in ((1, b"\r\n\r\n"), (2, b"\0"), (3, OPTIONS % (1, 1))):
                wire.send(data, port)
            assert [sent[:8] for sent in wire.sent] == [b"SIP/2.0 "]
            assert layer.flows() == {"udp": 1}
            for port in (4, 5, 6):
                wire.send(OPTIONS % (port, port), port)
            assert layer.flows() == {"udp": 2}, "those silent longest are forgotten"

    play(scene)


KEY = bytes(32)


def test_credentials_are_valid_until_their_end_and_not_longer_than_a_day() -> None:
    made = tokens.mint(KEY, "alice", 1000.0, 60)
    assert tokens.account(KEY, "r", made.username, 1059.0) is not None
    assert tokens.account(KEY, "r", made.username, 1060.0) is None
    later = tokens.mint(KEY, "alice", 1000.0, tokens.SECONDS_MAX + 60)
    assert tokens.account(KEY, "r", later.username, 1000.0) is None


@pytest.mark.parametrize(
    "username", ["alice", "1060:", ":alice", "1060:Alice", "x1060:alice", "1060:alice\n", "\u0661060:a"]
)
def test_other_usernames_are_not_credentials_of_ours(username: str) -> None:
    assert tokens.account(KEY, "r", username, 1000.0) is None


def test_credentials_of_another_server_have_another_password() -> None:
    now = time.time()
    assert tokens.mint(KEY, "alice", now, 60).password != tokens.mint(b"k" * 32, "alice", now, 60).password
