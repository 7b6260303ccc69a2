"""The client's address, found through trusted proxies (`X-Forwarded-For`), which rate limits are applied to."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, NewType

from starlette.datastructures import Headers
from starlette.types import Scope

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

Source = NewType("Source", bytes)
"""An IPv4 address, or the /64 of an IPv6 address: what a provider usually assigns to one customer."""

_PREFIX: Final = re.compile(r"(/(?!\.\.?(/|\Z))[A-Za-z0-9._~-]+)+")
_PREFIX_CHARACTERS: Final = 200


class ForwardedClient(NamedTuple):
    """The client of a connection as a trusted proxy has reported it ahead of the client's bytes (PROXY protocol)."""

    address: tuple[str, int]
    secure: bool = False
    """Whether the proxy says that the client uses TLS; version 1 never does."""


def client(scope: Scope, trusted: Sequence[IPNetwork]) -> Source | None:
    """The source of a request; None if unknown (a Unix socket)."""
    ip = client_ip(scope, trusted)
    return None if ip is None else source_of(ip)


def client_ip(scope: Scope, trusted: Sequence[IPNetwork]) -> bytes | None:
    """The packed address of the client that sent a request; None if unknown (a Unix socket).

    `X-Forwarded-For` is trusted only from `trusted` proxies, and read from its end: the last address that isn't such a
    proxy is the client.  Anything before it, or anything that isn't an address, could have been forged by the client.
    """
    peer = scope.get("client")
    address = _parsed(peer[0]) if peer else None
    if address is None:
        return None
    for forwarded in _forwarded(scope):
        if not is_proxy(address, trusted):
            break
        earlier = _parsed(forwarded)
        if earlier is None:
            break
        address = earlier
    return address.packed


def source_of(ip: bytes) -> Source:
    """The source that an address of 4 or 16 bytes belongs to."""
    return Source(ip if len(ip) == 4 else ip[:8])


def source_of_host(host: str) -> Source | None:
    """The source that a peer address, as text, belongs to; None if it isn't an address (a Unix socket)."""
    address = _parsed(host)
    return None if address is None else source_of(address.packed)


def is_secure(scope: Scope, trusted: Sequence[IPNetwork]) -> bool:
    """Whether the client uses TLS, either directly or, according to `X-Forwarded-Proto`, to a trusted proxy."""
    return scope.get("scheme") in ("https", "wss") or _told(scope, trusted, "proto").lower() in ("https", "wss")


def forwarded_host(scope: Scope, trusted: Sequence[IPNetwork]) -> str | None:
    """`X-Forwarded-Host` from a trusted proxy: the host that the client asked for."""
    return _told(scope, trusted, "host") or None


def forwarded_prefix(scope: Scope, trusted: Sequence[IPNetwork]) -> str:
    """`X-Forwarded-Prefix` from a trusted proxy: the path that it has removed, such as `/calls`; empty without one."""
    path = _told(scope, trusted, "prefix").rstrip("/")
    return path if len(path) <= _PREFIX_CHARACTERS and _PREFIX.fullmatch(path) else ""


def is_local(scope: Scope) -> bool:
    """Whether the page is on localhost, a secure context for browsers even without TLS (W3C Secure Contexts)."""
    host = Headers(scope=scope).get("host", "")
    address = _parsed(host)
    if address is not None:
        return address.is_loopback
    return f".{host.partition(':')[0].lower()}".endswith(".localhost")


def is_unknown_proxy(scope: Scope, trusted: Sequence[IPNetwork]) -> bool:
    """Whether the request was forwarded by an untrusted proxy nearby: usually `trusted_proxies` isn't set."""
    peer = scope.get("client")
    address = _parsed(peer[0]) if peer else None
    near = address is not None and (address.is_loopback or address.is_private)
    return near and address is not None and not is_proxy(address, trusted) and any(True for _ in _forwarded(scope))


def is_proxied(scope: Scope) -> bool:
    """Whether the request says that a proxy forwarded it, trusted or not."""
    return any(True for _ in _forwarded(scope))


def is_proxy(address: _IPAddress, trusted: Sequence[IPNetwork]) -> bool:
    """Whether the address is in one of the networks."""
    return any(address in network for network in trusted)


def trusts(trusted: Sequence[IPNetwork]) -> Callable[[str], bool]:
    """A function that tells whether a peer address, as text, is a trusted proxy."""

    def is_trusted(host: str) -> bool:
        address = _parsed(host)
        return address is not None and is_proxy(address, trusted)

    return is_trusted


def _told(scope: Scope, trusted: Sequence[IPNetwork], what: str) -> str:
    """A trusted proxy's `X-Forwarded-...` header, of several values the last; empty without one."""
    if not trusted:
        return ""
    value = Headers(scope=scope).get(f"x-forwarded-{what}")
    peer = scope.get("client")
    address = _parsed(peer[0]) if value and peer else None
    return value.rpartition(",")[2].strip() if value and address and is_proxy(address, trusted) else ""


def _forwarded(scope: Scope) -> Iterator[str]:
    """The addresses in `X-Forwarded-For`, the nearest first."""
    for line in reversed(Headers(scope=scope).getlist("x-forwarded-for")):
        yield from reversed(line.split(","))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> _IPAddress | None:
    """Parse an address with or without port and zone; an IPv4-mapped IPv6 address becomes IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
