"""Checks the web port: reachability, TLS certificate, page, and the server's clock."""

import asyncio
import errno
import re
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509

from eyeline.doctor.finding import PATIENCE_S, Outcome, Trouble
from eyeline.errors import SetupError

CLOCK_OFF_S: Final = 60
"""Tolerated clock skew; TURN credentials are valid for ten minutes."""

RENEW_DAYS: Final = 14
"""A certificate that expires sooner should have been renewed."""

_HEAD_BYTES: Final = 64 * 1024


class SiteAddress(NamedTuple):
    """The parsed URL of a server's pages."""

    secure: bool
    host: str
    """A name or an address, without brackets."""
    port: int
    prefix: str
    """The path of the mount point, without a slash at the end."""
    explicit: bool = True
    """Whether the URL has a scheme; if not, https is a guess."""

    @property
    def authority(self) -> str:
        """Host and port as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL as passed to the doctor."""
        return f"http{'s' * self.secure}://{self.authority}{self.prefix}"

    def other(self) -> "SiteAddress":
        """The same with https instead of http, or vice versa."""
        return self._replace(secure=not self.secure)


def parse(url: str) -> SiteAddress:
    """Parse the URL of a server's pages.  Raises `SetupError`."""
    explicit = "://" in url
    try:
        parts = urlsplit(url if explicit else f"https://{url}")
        port = parts.port
        (parts.hostname or "").encode("idna")  # fails if it isn't valid in DNS
    except ValueError:
        raise SetupError(f"'{url}' isn't a valid address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SetupError(f"'{url}' isn't an address such as https://meet.example.org.")
    secure = parts.scheme == "https"
    return SiteAddress(secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/"), explicit)


async def reach(site: SiteAddress) -> Outcome[str]:
    """Open the TCP port; returns the server's IP address."""
    try:
        _, writer = await asyncio.open_connection(site.host, site.port)
    except OSError as error:
        if not _is_refusal(error):
            raise
        raise Trouble("port-refused", f"Nothing listens there: {error.strerror or error}.") from None
    address: str = writer.get_extra_info("peername")[0]
    writer.transport.abort()
    return Outcome(address, f"{address} answers on port {site.port}.")


async def certificate(site: SiteAddress) -> Outcome[ssl.SSLContext | None]:
    """Check the certificate; returns the TLS context for later connections, which accepts the faults found here.

    The context is None if the server speaks plain HTTP and https was only a guess.
    """
    trusting = _trust_any()
    try:
        async with asyncio.timeout(PATIENCE_S / 2):
            der = await _handshake(site, trusting)
    except (ssl.SSLError, ConnectionError, TimeoutError) as error:
        if await _speaks_http(site):
            return _plain(site.other())
        reason = getattr(error, "reason", None) or str(error) or "timed out without an answer"
        raise Trouble("certificate-untrusted", f"No TLS here: {reason}.") from None
    shown = x509.load_der_x509_certificate(der)
    now = datetime.now(UTC)
    ends = f"{shown.not_valid_after_utc:%Y-%m-%d}"
    if now > shown.not_valid_after_utc:
        return Outcome(trusting, f"It expired on {ends}.", "failure", "certificate-expired")
    if now < shown.not_valid_before_utc:
        starts = f"{shown.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        return Outcome(trusting, f"It isn't valid before {starts}.", "failure", "certificate-expired")
    own = shown.issuer == shown.subject
    strict = ssl.create_default_context()
    if own:
        strict.load_verify_locations(cadata=der)
    try:
        await _handshake(site, strict)
    except ssl.SSLCertVerificationError as error:
        return Outcome(trusting, f"{error.verify_message}.", "failure", "certificate-untrusted")
    words = f"For {_names(shown)}; {(shown.not_valid_after_utc - now).days} days left."
    if own:
        return Outcome(strict, f"Self-signed: browsers warn every visitor. {words}", "warning", "certificate-untrusted")
    if shown.not_valid_after_utc - now < timedelta(days=RENEW_DAYS):
        return Outcome(strict, words, "warning", "certificate-expired")
    return Outcome(strict, words)


async def page(site: SiteAddress, context: ssl.SSLContext | None) -> Outcome[float | None]:
    """Request `/healthz`; returns by how many seconds the server's clock is ahead of ours, if it sends a date."""
    head = await _head(site, context)
    unix = time.time()
    status, headers = _parsed(head)
    if status != ["200"] and not site.secure:
        sent = _redirect_target(headers)
        if sent is not None:
            raise Trouble("other-scheme", f"It redirects to https: try {sent}")
        if await _speaks_tls(site):
            raise Trouble("other-scheme", f"It speaks https: try {site.other().url}")
    if not head.startswith(b"HTTP/"):
        raise Trouble("broker-unreachable", "The server doesn't speak HTTP.")
    ahead = None
    with suppress(ValueError, TypeError):
        ahead = parsedate_to_datetime(str(headers["Date"])).timestamp() - unix
    if status != ["200"]:
        return Outcome(ahead, f"/healthz answers {' '.join(status) or 'nonsense'}.", "failure", "broker-unreachable")
    return Outcome(ahead, "/healthz answers 200.")


async def clock(ahead: float) -> Outcome[None]:
    """Check the clock difference found by `page`."""
    if abs(ahead) <= CLOCK_OFF_S:
        return Outcome(None, "It agrees with this machine's.")
    way = "ahead of" if ahead > 0 else "behind"
    return Outcome(None, f"It is {abs(ahead):.0f} s {way} this machine's.", "failure", "clock-off")


def _is_refusal(error: OSError) -> bool:
    """Whether all addresses refused the connection; for several, asyncio reports the errors only as text."""
    numbers = re.findall(r"\[Errno (\d+)\]", str(error))
    return set(numbers) == {str(errno.ECONNREFUSED)}


def _plain(site: SiteAddress) -> Outcome[ssl.SSLContext | None]:
    """Handle a server without TLS."""
    if site.explicit:
        raise Trouble("other-scheme", f"It speaks plain http: try {site.url}")
    return Outcome(None, f"There is none, since it speaks plain http: the doctor continues with {site.url}")


async def _speaks_http(site: SiteAddress) -> bool:
    """Whether plain HTTP works, instead of being refused or redirected to HTTPS."""
    head = await _head(site, None)
    status, headers = _parsed(head)
    return head.startswith(b"HTTP/") and status != ["400"] and _redirect_target(headers) is None


async def _speaks_tls(site: SiteAddress) -> bool:
    """Whether the server speaks TLS, whatever its certificate."""
    try:
        await _handshake(site, _trust_any())
    except OSError:
        return False
    return True


async def _head(site: SiteAddress, context: ssl.SSLContext | None) -> bytes:
    """The head of the response to `/healthz`, or whatever else was received."""
    reader, writer = await asyncio.open_connection(site.host, site.port, ssl=context, limit=_HEAD_BYTES)
    try:
        writer.write(
            f"GET {site.prefix}/healthz HTTP/1.1\r\nHost: {site.authority}\r\nConnection: close\r\n\r\n".encode()
        )
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except (asyncio.LimitOverrunError, ConnectionError):
        return b""
    finally:
        writer.transport.abort()


def _parsed(head: bytes) -> tuple[list[str], Message]:
    """The status, if there is one, and the header fields."""
    status_line, _, fields = head.partition(b"\r\n")
    return status_line.decode("ascii", "replace").split(" ")[1:2], BytesHeaderParser().parsebytes(fields)


def _redirect_target(headers: Message) -> str | None:
    """The https URL of the pages that the response redirects to, if it does."""
    location = str(headers["Location"])
    return location.removesuffix("/healthz") if re.fullmatch("https://[!-~]+", location) else None


def _trust_any() -> ssl.SSLContext:
    """A context that accepts any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _handshake(site: SiteAddress, context: ssl.SSLContext) -> bytes:
    """The server's certificate, as DER."""
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
