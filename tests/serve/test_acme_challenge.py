"""While an order is pending, only a client that validates its name gets the certificate of the challenge (RFC 8737)."""

import asyncio
import os
import ssl
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
import uvloop
from cryptography import x509

from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.process.acme.certificate import AcmeCertificate
from eyeline.serve.process.acme.challenge import Challenge, PendingChallenges
from eyeline.serve.process.acme.tls_alpn import ACME_IDENTIFIER, challenge_certificate
from eyeline.serve.process.tls import self_signed
from eyeline.settings import Settings

NAME: Final = "meet.example.org"
CHALLENGE: Final = Challenge("tls-alpn-01", NAME, "token", "token.thumbprint")
HANDSHAKES: Final = int(os.environ.get("HANDSHAKES", "300"))
"""How many other clients connect meanwhile; `HANDSHAKES=10000` for a longer look."""
BROWSERS: Final = (("http/1.1",), ("h2", "http/1.1"), (), ("acme-tls/1", "http/1.1"), ("http/1.1", "acme-tls/1"))


def offering(*protocols: str) -> ssl.SSLContext:
    """A client's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


@pytest.fixture
def certificate(tmp_path: Path) -> AcmeCertificate:
    """The certificate of a server whose order is pending."""
    limits = ConnectionLimits(sockets=10, sockets_per_address=10)
    made = AcmeCertificate(Settings(domains=(NAME,), data_dir=tmp_path), [], limits)
    made.pending.add(CHALLENGE)
    return made


async def challenged(port: int, context: ssl.SSLContext, name: str = NAME) -> bool:
    """Whether a client gets the certificate of the challenge."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    secured = writer.get_extra_info("ssl_object")
    shown = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True))
    writer.transport.abort()
    found = any(extension.oid == ACME_IDENTIFIER for extension in shown.extensions)
    assert (secured.selected_alpn_protocol() == "acme-tls/1") == found
    return found


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_nobody_else_gets_it(certificate: AcmeCertificate, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def run() -> None:
        server = await asyncio.start_server(
            lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=certificate.context
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            assert await challenged(port, offering("acme-tls/1"))
            assert await challenged(port, offering("acme-tls/1"), NAME.upper())
            assert not await challenged(port, offering("acme-tls/1"), "other.example.org")
            clients = [offering(*protocols) for protocols in BROWSERS]
            for start in range(0, HANDSHAKES, 20):
                some = [challenged(port, clients[each % len(clients)]) for each in range(start, start + 20)]
                assert not any(await asyncio.gather(*some))
            certificate.pending.clear()
            assert not await challenged(port, offering("acme-tls/1"))

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


@pytest.mark.parametrize("size", [1, 7, 100])
def test_client_hello_may_arrive_in_pieces(tmp_path: Path, size: int) -> None:
    pending = PendingChallenges(tmp_path)
    pending.add(CHALLENGE)
    context = self_signed(tmp_path, []).context()
    chosen: list[ssl.SSLContext | None] = []
    context.sni_callback = lambda handshake, name, _context: chosen.append(pending.context(handshake, name))
    incoming, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True)
    client = offering("acme-tls/1").wrap_bio(ssl.MemoryBIO(), sent, server_hostname=NAME)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = sent.read()
    for start in range(0, len(hello), size):
        incoming.write(hello[start : start + size])
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()

    assert len(chosen) == 1
    assert chosen != [None]


def test_challenge_needs_no_folder_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system of a container is read-only except for its data."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    PendingChallenges(tmp_path).add(CHALLENGE)
    assert list(tmp_path.iterdir()) == []


def test_certificate_of_a_challenge_is_as_the_rfc_says() -> None:
    made = x509.load_pem_x509_certificate(challenge_certificate(NAME, "token.thumbprint"))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    proof = made.extensions.get_extension_for_oid(ACME_IDENTIFIER)

    assert list(names) == [x509.DNSName(NAME)]
    assert proof.critical
    assert isinstance(proof.value, x509.UnrecognizedExtension)
    assert proof.value.value == b"\x04\x20" + sha256(b"token.thumbprint").digest()
