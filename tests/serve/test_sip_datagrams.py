"""SIP over UDP: which source addresses are remembered when there are many."""

import asyncio
from collections.abc import Callable

import pytest
from tests.sip.phones import DOMAIN, KEY, PASSWORD, account, credentials_for

from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.sip import datagrams
from eyeline.serve.sip.datagrams import Datagrams, Reply
from eyeline.serve.sip.transport_layer import TransportLayer
from eyeline.sip.effects import SipAccount
from eyeline.sip.message import SipResponse, parse
from eyeline.sip.server import SipServer
from eyeline.turn.attribute_formats import Address
from eyeline.turn.effects import Flow

SERVER = Address(bytes([192, 0, 2, 1]), 5060)
FLOWS = 20


class Accounts:
    def find(self, username: str, unix: float) -> SipAccount | None:
        return account(username) if username == "alice" else None

    def changed(self) -> list[str]:
        return []


class Network:
    """Sends datagrams from any address, and keeps the answers."""

    def __init__(self) -> None:
        self.server = SipServer(DOMAIN, DOMAIN, frozenset({DOMAIN}), KEY, "run1abcd")
        self.layer = TransportLayer(self.server, Accounts())
        limits = ConnectionLimits(sockets=100, sockets_per_address=100)
        self.datagrams = Datagrams(self.layer, limits, self, lambda host, _port, _secure: host)
        self._sent = 0

    def start(self, receive: Callable[[bytes, Flow, Reply], None]) -> None:
        self._receive = receive

    def close(self) -> None:
        pass

    def send(self, ip: bytes, port: int, data: bytes) -> list[bytes]:
        answers: list[bytes] = []
        self._receive(data, Flow("udp", Address(ip, port), SERVER), answers.append)
        return answers

    def register(self, ip: bytes, port: int, *headers: str) -> SipResponse:
        self._sent += 1
        lines = [
            f"REGISTER sip:{DOMAIN} SIP/2.0",
            f"Via: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK{self._sent}",
            "Max-Forwards: 70",
            f"From: <sip:alice@{DOMAIN}>;tag=1",
            f"To: <sip:alice@{DOMAIN}>",
            f"Call-ID: {ip.hex()}-{port}",
            f"CSeq: {self._sent} REGISTER",
            "Contact: <sip:alice@10.0.0.1>;expires=600",
            *headers,
            "Content-Length: 0",
        ]
        answer = parse(self.send(ip, port, "\r\n".join([*lines, "", ""]).encode())[-1])
        assert isinstance(answer, SipResponse)
        return answer


def test_strangers_do_not_push_out_a_registered_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "FLOWS_MAX", FLOWS)

    async def run() -> None:
        network = Network()
        phone = bytes([198, 51, 100, 7]), 5060
        challenge = network.register(*phone)
        credentials = credentials_for(challenge, "REGISTER", "alice", PASSWORD)
        assert network.register(*phone, f"Authorization: {credentials}").status == 200
        for port in range(1, 5 * FLOWS):
            assert network.register(bytes([203, 0, 113, 9]), port).status == 401
        assert network.layer.flows() == {"udp": FLOWS}
        assert network.server.online() == ["alice"]
        network.layer.stop()

    asyncio.run(run())


def test_keep_alives_keep_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        network = Network()
        loop = asyncio.get_running_loop()
        for host in (7, 8):
            network.register(bytes([198, 51, 100, host]), 5060)
        later = loop.time() + datagrams.SILENT_SECONDS + 1
        monkeypatch.setattr(loop, "time", lambda: later)
        network.send(bytes([198, 51, 100, 7]), 5060, b"\r\n\r\n")
        while network.layer.flows() == {"udp": 2}:  # noqa: ASYNC110  the layer looks every 2 s, which are over
            await asyncio.sleep(0)
        assert network.layer.flows() == {"udp": 1}
        network.layer.stop()

    asyncio.run(run())
