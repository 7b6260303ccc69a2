"""A renewed certificate is served to new connections without a restart; a faulty one is not."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.support.server import unverified

from eyeline.serve.process import certificate_reload
from eyeline.serve.process.certificate_reload import ReloadingCertificate
from eyeline.serve.process.tls import LIFETIME, Certificate, self_signed


def issue(folder: Path, *, key_type: str = "ec") -> Certificate:
    """Replace the certificate in the folder by a new one, as certbot does."""
    key = ec.generate_private_key(ec.SECP256R1()) if key_type == "ec" else rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meet.example.org")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = builder.not_valid_before(now).not_valid_after(now + timedelta(days=90)).sign(key, hashes.SHA256())
    found = Certificate(folder / "cert.pem", folder / "key.pem")
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for file, content in ((found.key, secret), (found.cert, made.public_bytes(Encoding.PEM))):
        draft = file.with_suffix(".new")
        draft.write_bytes(content)
        draft.replace(file)
    return found


def served(certificate: ReloadingCertificate, change: Callable[[], object], host: str | None = None) -> list[str]:
    """The fingerprints that clients get before and after `change`."""

    async def fingerprint(port: int) -> str:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=unverified(), server_hostname=host)
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256()).hex(":").upper()

    async def run() -> list[str]:
        server = await asyncio.start_server(
            lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=certificate.context
        )
        async with server:
            port = server.sockets[0].getsockname()[1]
            before = await fingerprint(port)
            change()
            return [before, await fingerprint(port)]

    return asyncio.run(run())


@pytest.mark.parametrize("host", ["meet.example.org", ""], ids=["SNI", "no SNI"])
@pytest.mark.parametrize(("first", "second"), [("ec", "ec"), ("rsa", "ec"), ("ec", "rsa")])
def test_renewed_certificate_is_served_after_a_reload(tmp_path: Path, first: str, second: str, host: str) -> None:
    old = issue(tmp_path, key_type=first)
    certificate = ReloadingCertificate(lambda: old)
    expected = [certificate.fingerprint]

    def renew() -> None:
        expected.append(issue(tmp_path, key_type=second).fingerprint())
        certificate.reload()

    assert served(certificate, renew, host) == expected
    assert len(set(expected)) == 2


def test_faulty_files_keep_the_old_certificate_and_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = issue(tmp_path)
    certificate = ReloadingCertificate(lambda: kept)

    def spoil() -> None:
        kept.key.write_text("not a key")
        certificate.reload()

    before, after = served(certificate, spoil)
    assert before == after
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "isn't a private key in a PEM file" in record.getMessage()


def test_changed_files_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_reload, "CHECK_SECONDS", 0.01)
    files = issue(tmp_path)
    read_again = asyncio.Event()

    def find() -> Certificate:
        read_again.set()
        return files

    async def run() -> str:
        certificate = ReloadingCertificate(find)
        read_again.clear()
        await certificate.watch()
        issue(tmp_path)
        async with asyncio.timeout(10):
            await read_again.wait()
        certificate.stop()
        return certificate.fingerprint

    assert asyncio.run(run()) == files.fingerprint()


def test_self_signed_certificate_is_renewed_while_the_server_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate_reload, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(certificate_reload, "RENEW_SECONDS", 0.02)
    ends_soon = datetime.now(UTC) - LIFETIME + timedelta(days=29)
    made = iter([ends_soon])
    renewed = asyncio.Event()

    def find() -> Certificate:
        now = next(made, None)
        if now is None:
            renewed.set()
        return self_signed(tmp_path, [], now)

    async def run() -> tuple[str, str]:
        certificate = ReloadingCertificate(find)
        first = certificate.fingerprint
        await certificate.watch()
        async with asyncio.timeout(10):
            await renewed.wait()
        certificate.stop()
        return first, certificate.fingerprint

    first, second = asyncio.run(run())
    assert first != second
