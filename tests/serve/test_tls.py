"""TLS certificates: the self-signed one, and errors in the operator's own."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from eyeline.errors import SetupError
from eyeline.serve.process.tls import LIFETIME, Certificate, self_signed

LAN = ["192.0.2.7", "2001:db8::7"]


def names(certificate: Certificate) -> set[str]:
    parsed = x509.load_pem_x509_certificate(certificate.cert.read_bytes())
    subjects = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(subject.value) for subject in subjects}


def test_certificate_names_this_machine_and_every_requested_name(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, [*LAN, "meet.example.org"])
    assert names(certificate) >= {"localhost", "127.0.0.1", "::1", *LAN, "meet.example.org"}


def test_certificate_is_reused(tmp_path: Path) -> None:
    assert self_signed(tmp_path, LAN).fingerprint() == self_signed(tmp_path, LAN[:1]).fingerprint()


def test_new_address_gives_a_new_certificate(tmp_path: Path) -> None:
    before = self_signed(tmp_path, LAN).fingerprint()
    after = self_signed(tmp_path, ["192.0.2.8"])
    assert after.fingerprint() != before
    assert "192.0.2.8" in names(after)


def test_certificate_is_renewed_only_when_fewer_than_30_days_are_left(tmp_path: Path) -> None:
    start = datetime.now(UTC)
    first = self_signed(tmp_path, LAN, start).fingerprint()
    assert self_signed(tmp_path, LAN, start + LIFETIME - timedelta(days=32)).fingerprint() == first
    assert self_signed(tmp_path, LAN, start + LIFETIME - timedelta(days=29)).fingerprint() != first


@pytest.mark.parametrize("spoiled", ["self-signed.pem", "self-signed-key.pem"])
def test_damaged_file_is_replaced_by_a_matching_pair(tmp_path: Path, spoiled: str) -> None:
    self_signed(tmp_path, LAN)
    (tmp_path / spoiled).write_bytes(b"\0 not PEM")
    assert self_signed(tmp_path, LAN).context().minimum_version is ssl.TLSVersion.TLSv1_2


def test_key_is_readable_only_by_its_owner_and_no_temporary_file_remains(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, LAN)
    assert certificate.key.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"self-signed.pem", "self-signed-key.pem"}


def test_invalid_dns_name_is_left_out(tmp_path: Path) -> None:
    assert "a" * 64 not in names(self_signed(tmp_path, ["a" * 64]))


def test_fingerprint_matches_the_one_browsers_show(tmp_path: Path) -> None:
    pairs = self_signed(tmp_path, LAN).fingerprint().split(":")
    assert len(pairs) == 32
    assert all(len(bytes.fromhex(pair)) == 1 and pair == pair.upper() for pair in pairs)


def test_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    alice, bob = self_signed(tmp_path / "alice", LAN), self_signed(tmp_path / "bob", LAN)
    with pytest.raises(SetupError, match="isn't the key of the certificate"):
        Certificate(alice.cert, bob.key).context()


@pytest.mark.parametrize("name", ["cert", "key"])
def test_missing_file_is_reported_by_name(tmp_path: Path, name: str) -> None:
    good = self_signed(tmp_path, LAN)
    files = {"cert": good.cert, "key": good.key, name: tmp_path / "nothing.pem"}
    with pytest.raises(SetupError, match=rf"^{name} is '.*nothing\.pem', but that file can't be read"):
        Certificate(**files).context()


@pytest.mark.parametrize("name", ["cert", "key"])
def test_file_that_is_not_pem_is_reported_by_name(tmp_path: Path, name: str) -> None:
    good = self_signed(tmp_path, LAN)
    (tmp_path / "words.pem").write_text("hello", encoding="ascii")
    files = {"cert": good.cert, "key": good.key, name: tmp_path / "words.pem"}
    with pytest.raises(SetupError, match=rf"^{name} is '.*words\.pem', but that isn't a"):
        Certificate(**files).context()


def test_unusable_chain_is_not_blamed_on_the_key(tmp_path: Path) -> None:
    good = self_signed(tmp_path, LAN)
    begin, end = (f"-----{word} CERTIFICATE-----" for word in ("BEGIN", "END"))
    good.cert.write_text(f"{good.cert.read_text()}{begin}\nAAAA\n{end}\n")
    with pytest.raises(SetupError, match=r"^cert is '.*', but its chain can't be used"):
        good.context()


def test_weak_certificate_is_not_blamed_on_the_key(tmp_path: Path) -> None:
    weak = Certificate(tmp_path / "weak.pem", tmp_path / "weak-key.pem")
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime.now(UTC), datetime.now(UTC) + LIFETIME)
    weak.cert.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    weak.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SetupError, match=r"^cert is '.*', but that is too weak to be trusted \(EE_KEY_TOO_SMALL\)"):
        weak.context()
