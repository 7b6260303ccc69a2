"""TLS-ALPN-01 (RFC 8737): certificates that prove to an authority that a name leads to this server.

Only a client that offers nothing but `acme-tls/1` gets such a certificate, and only while the name's order is pending.
"""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ACME_IDENTIFIER: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
_OCTET_STRING: Final = b"\x04\x20"
"""DER: an octet string of 32 bytes, as long as a SHA-256 digest."""
_LIFETIME: Final = timedelta(days=1)


def challenge_certificate(name: str, key_authorization: str) -> bytes:
    """The self-signed certificate of a challenge with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    digest = sha256(key_authorization.encode()).digest()
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _LIFETIME)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .add_extension(x509.UnrecognizedExtension(ACME_IDENTIFIER, _OCTET_STRING + digest), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + certificate.public_bytes(Encoding.PEM)


def context_of(name: str, key_authorization: str, folder: Path) -> ssl.SSLContext:
    """The TLS context that shows the certificate of a challenge.

    OpenSSL reads certificates only from files.  This one is in `folder`, since a container may have no other place to
    write to, and only its owner can read it.  Raises OSError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["acme-tls/1"])
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(challenge_certificate(name, key_authorization))
        file.flush()
        context.load_cert_chain(file.name)
    return context
