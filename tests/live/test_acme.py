"""Certificates of a strict authority with bad nonces: the first, a renewal, and whatever goes wrong on the way."""

import asyncio
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from aioice import turn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.authority import Authority, keep_certificate_that_ends_soon
from tests.support.server import LiveServer, unverified
from tests.support.socket import Socket

from eyeline.checks import PENDING_CERTIFICATE
from eyeline.serve.process.acme.tls_alpn import ACME_IDENTIFIER

NAME = "meet.example.org"
SILENT = "127.0.0.3"
"""An address of this machine at which nothing answers."""


@contextmanager
def named() -> Iterator[tuple[Authority, LiveServer]]:
    """An authority, and a server with `--domain` that hasn't been started."""
    with Authority() as authority:
        flags = ("--relay-allow", "127.0.0.0/8", "--domain", NAME)
        server = LiveServer(*flags, env=authority.env, port=authority.port)
        try:
            yield authority, server
        finally:
            server.close()


@contextmanager
def held() -> Iterator[tuple[Authority, LiveServer]]:
    """The same; an order stays pending for some seconds, since the authority waits for an answer from elsewhere."""
    with named() as (authority, server), socket.create_server((SILENT, server.port)):
        authority.lead_names_to(SILENT)
        yield authority, server


def shown(server: LiveServer, protocol: str = "http/1.1", name: str = NAME) -> x509.Certificate:
    """The certificate that a client gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire,
        context.wrap_socket(wire, server_hostname=name) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def is_challenge(certificate: x509.Certificate) -> bool:
    return any(extension.oid == ACME_IDENTIFIER for extension in certificate.extensions)


def until(holds: Callable[[], bool], deadline: float = 30.0) -> None:
    end = time.monotonic() + deadline
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def logged(server: LiveServer, words: str) -> None:
    """Wait for the words in the log."""
    until(lambda: words in server.transcript())


def test_first_certificate_comes_within_10_s() -> None:
    with named() as (_, server):
        begun = time.monotonic()
        server.start()
        logged(server, "certificate=issued")
        assert time.monotonic() - begun < 10
        assert "Pebble" in shown(server).issuer.rfc4514_string()
        files = {file.name: file.stat().st_mode & 0o777 for file in (server.data_dir / "acme").glob("*/*")}
        assert files["certificate.pem"] == files["account-key.pem"] == 0o600
        server.stop()
        server.start()
        assert "Pebble" in shown(server).issuer.rfc4514_string()
        assert server.transcript().count("certificate=ordering") == 1


@pytest.mark.more  # tests/serve/test_acme_challenge.py shows it with a pending challenge, without an authority
def test_only_the_authority_gets_the_certificate_of_a_challenge() -> None:
    with held() as (_, server), ThreadPoolExecutor(8) as threads:
        server.start()
        until(lambda: is_challenge(shown(server, "acme-tls/1")))
        assert not is_challenge(shown(server, "acme-tls/1", "other.example.org"))
        while "not issued" not in server.transcript():
            assert not any(threads.map(lambda _: is_challenge(shown(server)), range(16)))
        assert not is_challenge(shown(server, "acme-tls/1"))


def test_killed_in_mid_order_it_starts_clean() -> None:
    with held() as (authority, server):
        server.start()
        until(lambda: is_challenge(shown(server, "acme-tls/1")))
        server.kill()
        authority.lead_names_to("127.0.0.1")
        server.start()
        logged(server, "certificate=issued")
        assert "Pebble" in shown(server).issuer.rfc4514_string()


def test_name_that_leads_elsewhere_is_in_the_log_and_after_mending_sighup_tries_again() -> None:
    with named() as (authority, server):
        authority.lead_names_to("127.0.0.2")
        server.start()
        logged(server, f"{NAME}: the authority doesn")
        logged(server, "again='in ")
        assert shown(server).subject == x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, PENDING_CERTIFICATE)])
        authority.lead_names_to("127.0.0.1")
        os.kill(server.pid, signal.SIGHUP)
        logged(server, "certificate=issued")


async def talk(relayed: turn.TurnTransport, peer: socket.socket) -> bool:
    """Whether a packet comes through the relay."""
    loop = asyncio.get_running_loop()
    relayed.sendto(b"hello", peer.getsockname())
    async with asyncio.timeout(10):
        return await loop.sock_recv(peer, 100) == b"hello"


def test_renewal_ends_no_connection_and_an_authority_that_is_down_leaves_the_old_certificate() -> None:
    with named() as (authority, server):
        authority.stop()
        old = keep_certificate_that_ends_soon(server.data_dir, authority.directory, NAME)
        server.start()
        logged(server, "refuses connections")
        assert shown(server).public_bytes(Encoding.DER) == old
        asyncio.run(asyncio.wait_for(renew(authority, server, old), 60))


async def renew(authority: Authority, server: LiveServer, old: bytes) -> None:
    """Renew while a WebSocket and a TURN allocation over TLS are in use."""
    with Socket(server.url) as alice, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.setblocking(False)
        [servers] = [each for each in alice.join("tea", "Alice")["iceServers"] if each.get("username")]
        who, at = (servers["username"], servers["credential"]), ("127.0.0.1", server.port)
        relayed, _ = await turn.create_turn_endpoint(
            asyncio.DatagramProtocol, at, *who, ssl=unverified(), transport="tcp"
        )
        assert await talk(relayed, peer)
        await asyncio.to_thread(authority.start)
        os.kill(server.pid, signal.SIGHUP)
        await asyncio.to_thread(until, lambda: shown(server).public_bytes(Encoding.DER) != old)
        assert await talk(relayed, peer)
        alice.send({"type": "ping"})
        alice.receive("pong")
        relayed.close()
