"""The web port: whether it can be reached, its certificate, its page, and the clock behind it."""

import asyncio
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509

from eyeline.doctor.finding import Said, Trouble
from eyeline.errors import SetupError

CLOCK_OFF_S: Final = 60
"""Of ten minutes that credentials live."""

RENEW_DAYS: Final = 14
"""A certificate that ends sooner should have been renewed."""

_HEAD_BYTES: Final = 64 * 1024


class Site(NamedTuple):
    """Where a server's pages are."""

    secure: bool
    host: str
    """A name or an address, without brackets."""
    port: int
    prefix: str
    """The path that it is mounted under, without the last slash."""

    @property
    def authority(self) -> str:
        """Host and port as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(url: str) -> Site:
    """Read an address of pages.  Raises `SetupError`."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        port = parts.port
        (parts.hostname or "").encode("idna")  # as for DNS
    except ValueError:
        raise SetupError(f"'{url}' is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SetupError(f"'{url}' is no address such as https://meet.example.org.")
    secure = parts.scheme == "https"
    return Site(secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/"))


async def reach(site: Site) -> Said[str]:
    """Open the TCP port; gives the server's address."""
    _, writer = await asyncio.open_connection(site.host, site.port)
    address: str = writer.get_extra_info("peername")[0]
    writer.transport.abort()
    return Said(address, f"{address} answers on port {site.port}.")


async def certificate(site: Site) -> Said[ssl.SSLContext]:
    """Look at the certificate; gives the context that later connections use, which trusts what was told of here."""
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    try:
        der = await _handshake(site, blind)
    except ssl.SSLError as error:
        raise Trouble("certificate-untrusted", f"No TLS here: {error.reason or error}.") from None
    shown = x509.load_der_x509_certificate(der)
    now = datetime.now(UTC)
    ends = f"{shown.not_valid_after_utc:%Y-%m-%d}"
    if now > shown.not_valid_after_utc:
        return Said(blind, f"It has expired on {ends}.", "failure", "certificate-expired")
    if now < shown.not_valid_before_utc:
        starts = f"{shown.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        return Said(blind, f"It is not valid before {starts}.", "failure", "certificate-expired")
    own = shown.issuer == shown.subject
    strict = ssl.create_default_context()
    if own:
        strict.load_verify_locations(cadata=der)
    try:
        await _handshake(site, strict)
    except ssl.SSLCertVerificationError as error:
        return Said(blind, f"{error.verify_message}.", "failure", "certificate-untrusted")
    words = f"For {_names(shown)}; {(shown.not_valid_after_utc - now).days} days left."
    if own:
        return Said(strict, f"Self-signed: browsers ask every visitor. {words}", "warning", "certificate-untrusted")
    if shown.not_valid_after_utc - now < timedelta(days=RENEW_DAYS):
        return Said(strict, words, "warning", "certificate-expired")
    return Said(strict, words)


async def page(site: Site, context: ssl.SSLContext | None) -> Said[float | None]:
    """Ask `/healthz`; gives by how many seconds the server's clock is ahead of ours, if it says the time."""
    reader, writer = await asyncio.open_connection(site.host, site.port, ssl=context, limit=_HEAD_BYTES)
    try:
        writer.write(
            f"GET {site.prefix}/healthz HTTP/1.1\r\nHost: {site.authority}\r\nConnection: close\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        unix = time.time()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise Trouble("broker-unreachable", "What answers does not speak HTTP.") from None
    finally:
        writer.transport.abort()
    status_line, _, fields = head.partition(b"\r\n")
    status = status_line.decode("ascii", "replace").split(" ")[1:2]
    headers = BytesHeaderParser().parsebytes(fields)
    ahead = None
    with suppress(ValueError, TypeError):
        ahead = parsedate_to_datetime(str(headers["Date"])).timestamp() - unix
    if status != ["200"]:
        return Said(ahead, f"/healthz answers {' '.join(status) or 'nonsense'}.", "failure", "broker-unreachable")
    return Said(ahead, "/healthz answers 200.")


async def clock(ahead: float) -> Said[None]:
    """Judge what `page` has found."""
    if abs(ahead) <= CLOCK_OFF_S:
        return Said(None, "It agrees with this machine's.")
    way = "ahead of" if ahead > 0 else "behind"
    return Said(None, f"It is {abs(ahead):.0f} s {way} this machine's.", "failure", "clock-off")


async def _handshake(site: Site, context: ssl.SSLContext) -> bytes:
    """The certificate that is shown, as DER."""
    _, writer = await asyncio.open_connection(site.host, site.port, ssl=context)
    der: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return der


def _names(shown: x509.Certificate) -> str:
    try:
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "no name"
    found = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return ", ".join(found)
