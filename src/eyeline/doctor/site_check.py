"""Checks the web port: reachability, TLS certificate, page, and the server's clock."""

import asyncio
import errno
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from eyeline.checks import CHALLENGE_PATH, NO_CHALLENGE, PENDING_CERTIFICATE
from eyeline.doctor.finding import PATIENCE_S, Outcome, Trouble
from eyeline.errors import SetupError

CLOCK_OFF_S: Final = 60
"""Tolerated clock skew; TURN credentials are valid for ten minutes."""

RENEW_BEFORE: Final = timedelta(days=14)
"""A certificate that expires sooner should have been renewed; a short-lived one, in its last quarter."""

_PENDING: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PENDING_CERTIFICATE)]).rfc4514_string()

_HTTP_PORT: Final = 80
_ADDRESSES_MAX: Final = 8
_HEAD_BYTES: Final = 64 * 1024
_BODY_BYTES: Final = 256 * 1024
_BASE: Final = re.compile(rb'<base href="(/[!-~]*?)"')
_SCRIPT: Final = re.compile(rb'<script [^>]*src="([!-~]+?)"')


class TlsContexts(NamedTuple):
    """Contexts that accept the same certificates."""

    http: ssl.SSLContext
    """For pages and WebSockets: offers `http/1.1` (ALPN) as browsers do, by which a proxy tells HTTP from TURN."""
    turn: ssl.SSLContext
    """For TURN: offers nothing."""


class Response(NamedTuple):
    """An HTTP response, or whatever else was received."""

    status: list[str]
    """Empty if it isn't HTTP."""
    headers: Message
    body: bytes
    """Its beginning."""


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

    @property
    def host_header(self) -> str:
        """`Host` as browsers send it, without the default port."""
        default = 443 if self.secure else 80
        return self.authority.removesuffix(f":{default}") if self.port == default else self.authority

    @property
    def origin(self) -> str:
        """The origin of the pages."""
        return f"http{'s' * self.secure}://{self.host_header}"

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
    """Open the TCP port, at each address of the name; returns the IP address that answered first."""
    try:
        _, writer = await asyncio.open_connection(site.host, site.port)
    except socket.gaierror as error:
        raise Trouble("name-unknown", f"'{site.host}' has no address: {error.strerror}.") from None
    except OSError as error:
        if not _is_refusal(error):
            raise
        raise Trouble("port-refused", f"Nothing listens there: {error.strerror or error}.") from None
    address: str = writer.get_extra_info("peername")[0]
    writer.transport.abort()
    silent = await _silent_addresses(site, address)
    if silent:
        words = f"{address} answers on port {site.port}, but {' and '.join(silent)} of the same name doesn't."
        return Outcome(address, words, "warning", "address-silent")
    return Outcome(address, f"{address} answers on port {site.port}.")


async def _silent_addresses(site: SiteAddress, answering: str) -> list[str]:
    """Further addresses of the name that refuse, or don't answer though another one of the same family does.

    Without any answer by IPv6, or by IPv4, it may be this machine that has none.
    """
    if site.host == "localhost":
        return []  # it has two, and a server may well use only one
    found = await asyncio.get_running_loop().getaddrinfo(site.host, site.port, type=socket.SOCK_STREAM)
    others = sorted({str(where[0]) for *_, where in found} - {answering})[:_ADDRESSES_MAX]
    errors = await asyncio.gather(*(_fault(address, site.port) for address in others))
    return [
        address
        for address, error in zip(others, errors, strict=True)
        if error == errno.ECONNREFUSED or (error == errno.ETIMEDOUT and (":" in address) == (":" in answering))
    ]


async def _fault(address: str, port: int) -> int | None:
    """The error number of a connection; None if it succeeds."""
    try:
        async with asyncio.timeout(PATIENCE_S / 2):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return errno.ETIMEDOUT
    except OSError as error:
        return error.errno
    writer.transport.abort()
    return None


async def certificate(site: SiteAddress) -> Outcome[TlsContexts | None]:
    """Check the certificate; returns the TLS contexts for later connections, which accept the faults found here.

    They are None if the server speaks plain HTTP and https was only a guess.
    """
    trusting = _contexts(_trust_any)
    try:
        async with asyncio.timeout(PATIENCE_S / 2):
            der = await _handshake(site, trusting.http)
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
    if shown.subject.rfc4514_string() == _PENDING:
        words = f"Self-signed, until an authority issues one. {await _port_80(site)}"
        return Outcome(trusting, words, "failure", "certificate-pending")
    own = shown.issuer == shown.subject
    strict = _contexts(lambda: _trusting_authorities(der if own else None))
    try:
        await _handshake(site, strict.http)
    except ssl.SSLCertVerificationError as error:
        return Outcome(trusting, f"{error.verify_message}.", "failure", "certificate-untrusted")
    words = f"For {_names(shown)}; {(shown.not_valid_after_utc - now).days} days left."
    if own:
        return Outcome(strict, f"Self-signed: browsers warn every visitor. {words}", "warning", "certificate-untrusted")
    if ends_soon(shown.not_valid_after_utc - shown.not_valid_before_utc, shown.not_valid_after_utc - now):
        return Outcome(strict, words, "warning", "certificate-expired")
    return Outcome(strict, words)


async def _port_80(site: SiteAddress) -> str:
    """Whether an authority could validate the name on port 80 (HTTP-01), as far as it is seen from here."""
    plain = site._replace(secure=False, port=_HTTP_PORT)
    try:
        async with asyncio.timeout(PATIENCE_S / 3):
            found = await _get(plain, None, f"{CHALLENGE_PATH}eyeline-doctor")
    except (OSError, TimeoutError):
        return "Its port 80 can't be reached from here."
    if found.body == NO_CHALLENGE:
        return "Its port 80 leads to the server, too."
    return "On its port 80 something other than the server answers."


def ends_soon(lifetime: timedelta, left: timedelta) -> bool:
    """Whether a certificate should have been renewed by now."""
    return left < min(RENEW_BEFORE, lifetime / 4)


async def page(site: SiteAddress, tls: TlsContexts | None) -> Outcome[float | None]:
    """Request `/healthz`; returns by how many seconds the server's clock is ahead of ours, if it sends a date."""
    status, headers, _ = await _get(site, tls, f"{site.prefix}/healthz")
    unix = time.time()
    if status != ["200"] and not site.secure:
        sent = _redirect_target(headers)
        if sent is not None:
            raise Trouble("other-scheme", f"It redirects to https: try {sent}")
        if await _speaks_tls(site):
            raise Trouble("other-scheme", f"It speaks https: try {site.other().url}")
    if not status:
        raise Trouble("broker-unreachable", "The server doesn't speak HTTP.")
    ahead = None
    with suppress(ValueError, TypeError):
        ahead = parsedate_to_datetime(str(headers["Date"])).timestamp() - unix
    if status != ["200"]:
        return Outcome(ahead, f"/healthz answers {status[0]}.", "failure", "broker-unreachable")
    return Outcome(ahead, "/healthz answers 200.")


async def files(site: SiteAddress, tls: TlsContexts | None) -> Outcome[None]:
    """Load the page, and a script that it names, as a browser would."""
    status, headers, body = await _get(site, tls, f"{site.prefix}/")
    if status == ["421"]:
        raise Trouble("host-refused", f"The page for the host {site.host_header} answers 421.")
    base, script = _BASE.search(body), _SCRIPT.search(body)
    if status != ["200"] or base is None or script is None:
        answers = f"answers {status[0]}" if status and status != ["200"] else "isn't Eyeline's"
        raise Trouble("files-missing", f"The page {site.prefix}/ {answers}.")
    path = urljoin(base[1].decode(), script[1].decode())
    status, headers, _ = await _get(site, tls, path)
    if status != ["200"] or "javascript" not in str(headers["Content-Type"]):
        raise Trouble("files-missing", f"The page {site.prefix}/ needs {path}, which isn't there.")
    return Outcome(None, "The page and its script load.")


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


def _plain(site: SiteAddress) -> Outcome[TlsContexts | None]:
    """Handle a server without TLS."""
    if site.explicit:
        raise Trouble("other-scheme", f"It speaks plain http: try {site.url}")
    return Outcome(None, f"There is none, since it speaks plain http: the doctor continues with {site.url}")


async def _speaks_http(site: SiteAddress) -> bool:
    """Whether plain HTTP works, instead of being refused or redirected to HTTPS."""
    status, headers, _ = await _get(site, None, f"{site.prefix}/healthz")
    return status not in ([], ["400"]) and _redirect_target(headers) is None


async def _speaks_tls(site: SiteAddress) -> bool:
    """Whether the server speaks TLS, whatever its certificate."""
    try:
        await _handshake(site, _trust_any())
    except OSError:
        return False
    return True


async def _get(site: SiteAddress, tls: TlsContexts | None, path: str) -> Response:
    """Request a path."""
    context = None if tls is None else tls.http
    reader, writer = await asyncio.open_connection(site.host, site.port, ssl=context, limit=_HEAD_BYTES)
    head, body = b"", b""
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {site.host_header}\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        while len(body) < _BODY_BYTES and (more := await reader.read(_BODY_BYTES)):
            body += more
    except asyncio.IncompleteReadError as error:
        head = error.partial
    except (asyncio.LimitOverrunError, ConnectionError):
        pass
    finally:
        writer.transport.abort()
    status_line, _, fields = head.partition(b"\r\n")
    status = status_line.decode("ascii", "replace").split(" ")[1:2] if head.startswith(b"HTTP/") else []
    return Response(status, BytesHeaderParser().parsebytes(fields), body)


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


def _trusting_authorities(own: bytes | None) -> ssl.SSLContext:
    """A context that accepts what browsers accept, and the self-signed certificate `own`."""
    context = ssl.create_default_context()
    if own is not None:
        context.load_verify_locations(cadata=own)
    return context


def _contexts(make: Callable[[], ssl.SSLContext]) -> TlsContexts:
    http = make()
    http.set_alpn_protocols(["http/1.1"])
    return TlsContexts(http, make())


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
