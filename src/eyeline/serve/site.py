"""Host and Origin validation, against DNS rebinding and cross-site WebSocket hijacking; and the public URL.

DNS rebinding: a hostile page's own name is changed to lead to this server, so that the browser takes the two for one
origin.  Only the `Host` header tells them apart.
"""

import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from eyeline.serve import client_address
from eyeline.serve.client_address import IPNetwork
from eyeline.serve.local_address import EVERYWHERE, in_url
from eyeline.settings import Settings

_AUTHORITY: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+(?:%[\w.~-]+)?)\]|([^\s:/?#@\[\]\\]+))(?::([0-9]{1,5}))?")
_NOT_PUBLIC: Final = ("localhost", "local", "lan", "home", "home.arpa", "internal")
"""Domains of local networks, which nobody can register (RFC 6761, 6762, 8375; ICANN doesn't delegate the others)."""
_SHOWN_CHARACTERS: Final = 100


class Authority(NamedTuple):
    """Host and port, as in a `Host` header."""

    name: str
    """In lower case, without brackets and final dot."""
    port: int | None

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address."""
        try:
            ipaddress.ip_address(self.name.partition("%")[0])
        except ValueError:
            return False
        return True


class WebOrigin(NamedTuple):
    """A web origin of a page: RFC 6454."""

    secure: bool
    name: str
    port: int


class Site:
    """Which hosts and origins this server accepts, and the URL of its pages.

    `standalone`: Eyeline is the whole site, so it validates `Host`.  A site that mounts it does that itself, unless
    `allowed_hosts` is set.
    """

    def __init__(self, settings: Settings, *, standalone: bool) -> None:
        self._trusted: Sequence[IPNetwork] = settings.proxies()
        self._public = settings.public_url and settings.public_url.rstrip("/")
        public = urlsplit(self._public or "")
        self._root_path = settings.pages_path()
        self._origins = settings.allowed_origins
        self._public_origin = parse_origin(f"{public.scheme}://{public.netloc}")
        self._public_authority = parse_authority(public.netloc)
        self._validates_hosts = standalone or bool(settings.allowed_hosts)
        self._validates_secure_hosts = bool(settings.allowed_hosts)
        named = {*settings.allowed_hosts, *settings.domains, settings.public_address, public.hostname}
        names = named | {*_own_names(settings.host)}
        self._names = {name.lower().removesuffix(".") for name in names if name}

    def below_root_path(self, scope: Scope) -> Scope:
        """The request below the path of the pages, whether the proxy has kept that path or removed it.

        The path is a setting, or what a trusted proxy says that it has removed.
        """
        if scope["type"] == "lifespan" or scope.get("root_path"):
            return scope
        configured = self._root_path or self._public
        root = self._root_path if configured else client_address.forwarded_prefix(scope, self._trusted)
        if not root:
            return scope
        path = scope["path"] if f"{scope['path']}/".startswith(f"{root}/") else f"{root}{scope['path']}"
        return {**scope, "root_path": root, "path": path}

    def accepts_host(self, scope: Scope) -> bool:
        """Whether the server knows the name by which it was reached.

        IP addresses and names that aren't in public DNS are always accepted: no rebinding leads there.  Over TLS other
        names are, unless `allowed_hosts` is set, because the browser has compared them with the certificate.
        """
        said = self._host_header(scope)
        if not self._validates_hosts or said is None:
            return True
        host = parse_authority(said)
        if host is None:
            return False
        if not self._validates_secure_hosts and client_address.is_secure(scope, self._trusted):
            return True
        return host.name in self._names or host.is_address or _is_local(host.name)

    def accepts_origin(self, scope: Scope) -> bool:
        """Whether a page of this origin may open a WebSocket: our own, one that is allowed, or none (not a browser).

        A page loaded without TLS isn't our own if the WebSocket uses TLS: somebody on its network may have written it.
        The reverse only means that a proxy ends TLS, since browsers block such WebSockets (mixed content).
        """
        origin = Headers(scope=scope).get("origin")
        if origin is None or origin in self._origins:
            return True
        page, host = parse_origin(origin), parse_authority(self._host_header(scope) or "")
        if page is not None and page == self._public_origin:
            return True
        if page is None or host is None or (client_address.is_secure(scope, self._trusted) and not page.secure):
            return False
        return (page.name, page.port) == (host.name, host.port or _default_port(page.secure))

    def host_fault(self, scope: Scope) -> dict[str, str]:
        """For the log: the unknown host, and what the operator can do."""
        host = parse_authority(self._host_header(scope) or "")
        return {
            "host": _shown(host),
            "mend": "if it is a name of this server, set public_url or add it to allowed_hosts; if a proxy ends TLS, "
            "name it in trusted_proxies and let it send X-Forwarded-Proto",
        }

    def origin_fault(self, scope: Scope) -> dict[str, str]:
        """For the log: the refused page, our host, and what the operator can do."""
        page = parse_origin(Headers(scope=scope).get("origin", ""))
        host = parse_authority(self._host_header(scope) or "")
        mend = "if it may use this server, add its origin to allowed_origins"
        if page is not None and host is not None and page.name == host.name:
            mend = "let the proxy pass Host with its port (nginx: $http_host), or set public_url"
            if page.port == (host.port or _default_port(page.secure)):
                mend = "open the page by https"
        elif client_address.is_proxied(scope):
            mend = f"let the proxy pass Host (nginx: $http_host), or set public_url; {mend}"
        return {"page": _shown(page), "host": _shown(host), "mend": mend}

    def home(self, scope: Scope, below: str) -> str:
        """The URL of the pages: `public_url`, or else as the client sees them, `below` the path of the mount point."""
        if self._public:
            return f"{self._public}/"
        scheme = "https" if client_address.is_secure(scope, self._trusted) else "http"
        host = self._host_header(scope)
        return f"{scheme}://{host if host and parse_authority(host) else 'localhost'}{below}/"

    def reached(self, scope: Scope) -> tuple[str, int, bool]:
        """The host as in a URL, the TCP port, and whether TLS is used there, by which clients reach the pages.

        A proxy may send another `Host` than the page's, or not say that it ends TLS; the page's `Origin` tells.
        """
        host = parse_authority(self._host_header(scope) or "") or Authority("localhost", None)
        page = parse_origin(Headers(scope=scope).get("origin", ""))
        public, origin = self._public_authority, self._public_origin
        if public is not None and origin is not None and (host.name == public.name or page == origin):
            host, secure = public, origin.secure
        elif page is not None and page.name == host.name:
            secure = page.secure
        else:
            secure = client_address.is_secure(scope, self._trusted)
        return in_url(host.name), host.port or _default_port(secure), secure

    def _host_header(self, scope: Scope) -> str | None:
        """`X-Forwarded-Host` from a trusted proxy, or else `Host`; None if there is none (optional in HTTP/1.0)."""
        return client_address.forwarded_host(scope, self._trusted) or Headers(scope=scope).get("host")


def parse_authority(text: str) -> Authority | None:
    """Parse a `Host` header; None if it is malformed."""
    found = _AUTHORITY.fullmatch(text)
    if found is None or int(found[3] or 0) > 65535:
        return None
    return Authority((found[1] or found[2]).lower().removesuffix("."), int(found[3]) if found[3] else None)


def parse_origin(text: str) -> WebOrigin | None:
    """Parse an `Origin` header of a web page; None for any other, such as `null`."""
    scheme, _, rest = text.partition("://")
    authority = parse_authority(rest)
    if scheme not in ("http", "https") or authority is None:
        return None
    secure = scheme == "https"
    return WebOrigin(secure, authority.name, authority.port or _default_port(secure))


def _default_port(secure: bool) -> int:
    return 443 if secure else 80


def _own_names(listens_on: str) -> list[str]:
    """The names of this machine."""
    return [socket.gethostname(), *([] if listens_on in EVERYWHERE else [listens_on])]


def _is_local(name: str) -> bool:
    """Whether public DNS can't have this name."""
    return "." not in name or name.endswith(tuple(f".{domain}" for domain in _NOT_PUBLIC))


def _shown(place: Authority | WebOrigin | None) -> str:
    """For the log, which has no IP addresses."""
    match place:
        case None:
            return "missing or malformed"
        case Authority():
            name = "(an IP address)" if place.is_address else place.name
            text = name if place.port is None else f"{name}:{place.port}"
        case WebOrigin(secure, name, port):
            return f"http{'s' * secure}://{_shown(Authority(name, None if port == _default_port(secure) else port))}"
    return text[:_SHOWN_CHARACTERS]
