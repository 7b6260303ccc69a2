"""TLS certificates: the operator's own, or a self-signed one for the local network, where cameras need HTTPS.

The self-signed one is kept in the data directory, and replaced when it expires or lacks an address of this machine.
"""

import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from eyeline.errors import SetupError
from eyeline.serve import atomic_file
from eyeline.serve.process.handshake import Context
from eyeline.serve.setting_files import unreadable

LIFETIME = timedelta(days=397)
"""The maximum that browsers accept."""
_RENEW_BEFORE = timedelta(days=30)
_CLOCK_SKEW = timedelta(days=1)


class Certificate(Struct, frozen=True):
    """A certificate and its key, as PEM files."""

    cert: Path
    key: Path

    def fingerprint(self) -> str:
        """SHA-256 as browsers show it: upper case hex pairs separated by colons.  Raises SetupError."""
        try:
            first = x509.load_pem_x509_certificate(_content("cert", self.cert))
        except ValueError:
            raise SetupError(f"cert is '{self.cert}', but that isn't a certificate in a PEM file.") from None
        return first.fingerprint(hashes.SHA256()).hex(":").upper()

    def stamp(self) -> tuple[object, ...]:
        """Differs after either file was changed or replaced."""
        stamps: list[object] = []
        for file in (self.cert, self.key):
            try:
                status = file.stat()
            except OSError as error:
                stamps.append(error.errno)
            else:
                stamps.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(stamps)

    def context(self) -> ssl.SSLContext:
        """A TLS context for 1.2 or newer, which also accepts plain HTTP in order to redirect it.

        Raises SetupError unless this is a certificate with its key.
        """

        def no_passphrase() -> str:
            raise SetupError(f"key is '{self.key}', but that has a passphrase: use a key without one.")

        made = Context(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.set_alpn_protocols(["http/1.1"])
        self.fingerprint()
        _content("key", self.key)
        try:
            made.load_cert_chain(self.cert, self.key, no_passphrase)
        except ssl.SSLError as error:
            raise SetupError(self._fault(error)) from None
        return made

    def _fault(self, error: ssl.SSLError) -> str:
        """Explain OpenSSL's error: what is wrong with these files."""
        match error.reason:
            case "KEY_VALUES_MISMATCH":
                return f"key is '{self.key}', but that isn't the key of the certificate."
            case "EE_KEY_TOO_SMALL" | "CA_KEY_TOO_SMALL" | "CA_MD_TOO_WEAK":
                return f"cert is '{self.cert}', but that is too weak to be trusted ({error.reason})."
            case _ if self._is_readable():
                return f"cert is '{self.cert}', but its chain can't be used ({error.reason or error})."
            case _:
                return f"key is '{self.key}', but that isn't a private key in a PEM file."

    def _is_readable(self) -> bool:
        try:
            load_pem_private_key(_content("key", self.key), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return False
        return True


def self_signed(
    folder: Path, names: Iterable[str], now: datetime | None = None, *, common_name: str = "Eyeline, self-signed"
) -> Certificate:
    """The certificate in `folder` for localhost, this machine's name and `names` (host names and IP addresses).

    Creates a new one if there is none, or if it is unreadable, has the wrong key, has fewer than 30 days left at `now`,
    or lacks one of the names.  Raises SetupError if the folder can't be written.
    """
    now = datetime.now(UTC) if now is None else now
    wanted = _subjects(names)
    kept = Certificate(folder / "self-signed.pem", folder / "self-signed-key.pem")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _fits(kept, wanted, now):
            pem, secret = _issue(common_name, wanted, now)
            atomic_file.replace(kept.key, secret, mode=0o600)
            atomic_file.replace(kept.cert, pem, mode=0o644)
    except OSError as error:
        raise SetupError(f"The certificate can't be saved in {folder}: {error.strerror}.") from None
    return kept


def _content(name: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise unreadable(name, file, error) from None


def _subjects(names: Iterable[str]) -> frozenset[x509.GeneralName]:
    wanted = {"localhost", "127.0.0.1", "::1", socket.gethostname(), *names}
    return frozenset(subject for name in wanted if (subject := _subject(name)) is not None)


def _subject(name: str) -> x509.GeneralName | None:
    try:
        return x509.IPAddress(ip_address(name.partition("%")[0]))
    except ValueError:
        pass
    try:
        return x509.DNSName(name.lower().encode("idna").decode())
    except ValueError:
        return None  # a machine's name may not be valid in DNS; skip it


def _fits(kept: Certificate, wanted: frozenset[x509.GeneralName], now: datetime) -> bool:
    try:
        cert = x509.load_pem_x509_certificate(kept.cert.read_bytes())
        secret = load_pem_private_key(kept.key.read_bytes(), None)
        named = frozenset(cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (FileNotFoundError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    timely = cert.not_valid_before_utc <= now <= cert.not_valid_after_utc - _RENEW_BEFORE
    return timely and wanted <= named and secret.public_key() == cert.public_key()


def _issue(common_name: str, wanted: frozenset[x509.GeneralName], now: datetime) -> tuple[bytes, bytes]:
    """A new certificate and its key, as PEM."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    public = secret.public_key()
    names = sorted(wanted, key=lambda subject: (isinstance(subject, x509.IPAddress), str(subject.value)))
    cert = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now - _CLOCK_SKEW + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(secret, hashes.SHA256())
    )
    return cert.public_bytes(Encoding.PEM), secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
