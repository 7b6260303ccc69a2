"""What is kept of ACME in the data directory: a folder for each authority, with the account's key and the certificate.

The certificate and its key are one file, replaced at once, so that they always fit, whenever the process is killed.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from eyeline.errors import SetupError
from eyeline.serve import atomic_file
from eyeline.serve.process.acme.renewal import Validity
from eyeline.serve.process.tls import Certificate

_NAME_CHARACTERS: Final = 100


class AcmeFolder:
    """The folder of one authority.  Everything in it is readable only by its owner."""

    def __init__(self, data_dir: Path, directory: str) -> None:
        readable = re.sub(r"[^a-z0-9.]+", "-", directory.lower().removeprefix("https://"))
        self.path = data_dir / "acme" / readable[:_NAME_CHARACTERS]
        self._certificate = self.path / "certificate.pem"

    def create(self) -> None:
        """Create the folder, and those above it.  Raises `OSError`."""
        for folder in (self.path.parent.parent, self.path.parent, self.path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def account_key(self) -> ec.EllipticCurvePrivateKey:
        """The key of the account, created on the first call or if the file is damaged.  Raises `OSError`."""
        path = self.path / "account-key.pem"
        try:
            kept = load_pem_private_key(path.read_bytes(), None)
        except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm):
            kept = None
        if isinstance(kept, ec.EllipticCurvePrivateKey):
            return kept
        made = ec.generate_private_key(ec.SECP256R1())
        self._write(path, pem_of(made))
        return made

    def save(self, key: bytes, chain: bytes) -> None:
        """Keep a certificate with its chain and key, all as PEM.  Raises `OSError`."""
        self._write(self._certificate, key + chain)

    def certificate(self) -> Certificate | None:
        """The certificate that was kept, if there is a usable one."""
        kept = Certificate(self._certificate, self._certificate)
        try:
            kept.context()
        except SetupError:
            return None
        return kept

    def _write(self, path: Path, content: bytes) -> None:
        self.create()
        atomic_file.replace(path, content, mode=0o600)


def validity(pem: bytes, names: Sequence[str]) -> Validity | None:
    """From when until when the first certificate is valid; None unless it is one, and has all the names."""
    try:
        parsed = x509.load_pem_x509_certificate(pem)
        subjects = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return None
    if not set(names) <= set(subjects.get_values_for_type(x509.DNSName)):
        return None
    return Validity(parsed.not_valid_before_utc.timestamp(), parsed.not_valid_after_utc.timestamp())


def fits(chain: bytes, key: ec.EllipticCurvePrivateKey) -> bool:
    """Whether the first certificate is of this key."""
    return x509.load_pem_x509_certificate(chain).public_key() == key.public_key()


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def signing_request(key: ec.EllipticCurvePrivateKey, names: Sequence[str]) -> bytes:
    """A certificate signing request (CSR) for the names, as PEM."""
    subjects = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(subjects, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
