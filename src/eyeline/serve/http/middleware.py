"""HTTP middleware: rate limits every request, and adds security headers to every response."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eyeline.serve import client_address
from eyeline.serve.client_address import IPNetwork
from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.http.problems import refuse
from eyeline.serve.logs import LogEvent

_log = logging.getLogger("eyeline.http")

_ALWAYS: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
}
_NO_DOCUMENT: Final = {b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'"}
"""For responses without a policy of their own, which might still be opened as a page.  Not for scripts, because a
worker gets the policy of its script."""

_HSTS: Final = {b"strict-transport-security": b"max-age=15552000"}
"""180 days, for this host only.  Only with a certificate that browsers trust."""


_DOCUMENT: Final = {b"cross-origin-opener-policy": b"same-origin"}
"""For pages in a secure context; otherwise browsers log an error on each load."""


class Middleware:
    """ASGI middleware around `site`: applies the rate limit of each address, and completes the response headers.

    Handles only `http`: WebSocket upgrades, which count as requests too, ask `admits`.  `hsts` tells browsers that use
    HTTPS to keep using it (RFC 6797).
    """

    def __init__(self, site: ASGIApp, limits: ConnectionLimits, trusted: Sequence[IPNetwork], *, hsts: bool) -> None:
        self._hsts = hsts
        self._site = site
        self._limits = limits
        self._trusted = trusted
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] != "http":
            await self._site(scope, receive, send)
            return
        self._warn_of_proxy(scope)
        secure = client_address.is_secure(scope, self._trusted)
        wanted = _ALWAYS | (_HSTS if self._hsts and secure else {})
        document = _DOCUMENT if secure or client_address.is_local(scope) else {}

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _completed(message["headers"], wanted, document)
            await send(message)

        if self.admits(scope):
            await self._site(scope, receive, complete)
        else:
            await refuse("too-many-requests", complete)

    def admits(self, scope: Scope) -> bool:
        """Count a request; False if the address sends too many."""
        return self._limits.admit_request(
            client_address.client(scope, self._trusted), asyncio.get_running_loop().time()
        )

    def _warn_of_proxy(self, scope: Scope) -> None:
        """Warn once about an untrusted proxy, behind which everybody shares one address and its limits."""
        if not self._warned and client_address.is_unknown_proxy(scope, self._trusted):
            self._warned = True
            _log.warning(LogEvent("!", forwarded="ignoring X-Forwarded-For from a proxy that isn't in trusted_proxies"))


def _completed(
    headers: Iterable[tuple[bytes, bytes]], wanted: dict[bytes, bytes], document: dict[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    given = {name.lower(): value for name, value in headers}
    if given.get(b"content-type", b"").startswith(b"text/html"):
        wanted = wanted | document
    if not given.get(b"content-type", b"").startswith((b"text/javascript", b"text/css")):
        wanted = wanted | _NO_DOCUMENT
    return [*headers, *((name, value) for name, value in wanted.items() if name not in given)]
