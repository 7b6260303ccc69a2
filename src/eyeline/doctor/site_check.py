"""The web port: whether it can be reached, its certificate, its page, and the clock behind it."""

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

from eyeline.doctor.finding import PATIENCE_S, Said, Trouble
from eyeline.errors import SetupError

CLOCK_OFF_S: Final = 60
"""Of ten minutes that credentials live."""

RENEW_DAYS: Final = 14
"""A certificate that ends sooner should have been renewed."""

_HEAD_BYTES: Final = 64 * 1024


class SiteAddress(NamedTuple):
    """Where a server's pages are."""

    secure: bool
    host: str
    """A name or an address, without brackets."""
    port: int
    prefix: str
    """The path that it is mounted under, without the last slash."""
    told: bool = True
    """Whether the address names http or https; else https is a guess."""

    @property
    def authority(self) -> str:
        """Host and port as a URL has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """As the doctor takes it."""
        return f"http{'s' * self.secure}://{self.authority}{self.prefix}"

    def other(self) -> "SiteAddress":
        """The same with the other of http and https."""
        return self._replace(secure=not self.secure)


def parse(url: str) -> SiteAddress:
    """Read an address of pages.  Raises `SetupError`."""
    told = "://" in url
    try:
        parts = urlsplit(url if told else f"https://{url}")
        port = parts.port
        (parts.hostname or "").encode("idna")  # as for DNS
    except ValueError:
        raise SetupError(f"'{url}' is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SetupError(f"'{url}' is no address such as https://meet.example.org.")
    secure = parts.scheme == "https"
    return SiteAddress(secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/"), told)


async def reach(site: SiteAddress) -> Said[str]:
    """Open the TCP port; gives the server's address."""
    try:
        _, writer = await asyncio.open_connection(site.host, site.port)
    except OSError as error:
        if not _is_refusal(error):
            raise
        raise Trouble("port-refused", f"Nothing listens there: {error.strerror or error}.") from None
    address: str = writer.get_extra_info("peername")[0]
    writer.transport.abort()
    return Said(address, f"{address} answers on port {site.port}.")


async def certificate(site: SiteAddress) -> Said[ssl.SSLContext | None]:
    """Look at the certificate; gives the context that later connections use, which trusts what was told of here.

    None where there is none and https was but a guess: it speaks plain http.
    """
    blind = _blind()
    try:
        async with asyncio.timeout(PATIENCE_S / 2):
            der = await _handshake(site, blind)
    except (ssl.SSLError, ConnectionError, TimeoutError) as error:
        if await _speaks_http(site):
            return _plain(site.other())
        reason = getattr(error, "reason", None) or str(error) or "no answer came"
        raise Trouble("certificate-untrusted", f"No TLS here: {reason}.") from None
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


async def page(site: SiteAddress, context: ssl.SSLContext | None) -> Said[float | None]:
    """Ask `/healthz`; gives by how many seconds the server's clock is ahead of ours, if it says the time."""
    head = await _head(site, context)
    unix = time.time()
    status, headers = _parsed(head)
    if status != ["200"] and not site.secure:
        sent = _sends_to(headers)
        if sent is not None:
            raise Trouble("other-scheme", f"It sends to https: try {sent}")
        if await _speaks_tls(site):
            raise Trouble("other-scheme", f"It speaks https: try {site.other().url}")
    if not head.startswith(b"HTTP/"):
        raise Trouble("broker-unreachable", "What answers does not speak HTTP.")
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


def _is_refusal(error: OSError) -> bool:
    """Also of several addresses of one name, of which asyncio tells by words alone."""
    numbers = re.findall(r"\[Errno (\d+)\]", str(error))
    return set(numbers) == {str(errno.ECONNREFUSED)}


def _plain(site: SiteAddress) -> Said[ssl.SSLContext | None]:
    """What to do where there is no TLS."""
    if site.told:
        raise Trouble("other-scheme", f"It speaks plain http: try {site.url}")
    return Said(None, f"There is none, as it speaks plain http: the doctor goes on with {site.url}")


async def _speaks_http(site: SiteAddress) -> bool:
    """Whether plain HTTP is answered, and not only by word that it has to be TLS."""
    head = await _head(site, None)
    status, headers = _parsed(head)
    return head.startswith(b"HTTP/") and status != ["400"] and _sends_to(headers) is None


async def _speaks_tls(site: SiteAddress) -> bool:
    """Whether there is TLS, whatever its certificate is worth."""
    try:
        await _handshake(site, _blind())
    except OSError:
        return False
    return True


async def _head(site: SiteAddress, context: ssl.SSLContext | None) -> bytes:
    """The head of the answer to `/healthz`, or what else comes."""
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
    """The status, if there is one, and the fields."""
    status_line, _, fields = head.partition(b"\r\n")
    return status_line.decode("ascii", "replace").split(" ")[1:2], BytesHeaderParser().parsebytes(fields)


def _sends_to(headers: Message) -> str | None:
    """The pages under https that the answer of `/healthz` names."""
    location = str(headers["Location"])
    return location.removesuffix("/healthz") if re.fullmatch("https://[!-~]+", location) else None


def _blind() -> ssl.SSLContext:
    """Takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _handshake(site: SiteAddress, context: ssl.SSLContext) -> bytes:
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
