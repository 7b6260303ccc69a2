"""What every HTTP request passes first, and every answer last."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eyeline.serve import client_address
from eyeline.serve.client_address import IPNetwork
from eyeline.serve.connection_limits import ConnectionLimits, RefusalCode
from eyeline.serve.http.problems import refuse
from eyeline.serve.logs import LogEvent

_log = logging.getLogger("eyeline.front")

TurnAway = Callable[[RefusalCode, Scope, Send], Awaitable[None]]


_ALWAYS: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
}
_NO_DOCUMENT: Final = {b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'"}
"""For an answer that says nothing of its own and might be opened as a page all the same.  Not for scripts: a worker
takes the policy of its file for its own."""

_HSTS: Final = {b"strict-transport-security": b"max-age=15552000"}
"""180 days, for this host alone.  Only with a certificate that browsers trust."""


_DOCUMENT: Final = {b"cross-origin-opener-policy": b"same-origin"}
"""For pages, where browsers keep to it: elsewhere they write an error into their console at each load."""


class Middleware:
    """ASGI application around `site`: turns away addresses that ask too often, and completes the headers of answers.

    An upgrade to a WebSocket is a request like others, wherever it goes; `turn_away` refuses one.  `hsts` says that
    browsers which came by HTTPS shall do so from now on (RFC 6797).
    """

    def __init__(
        self, site: ASGIApp, limits: ConnectionLimits, trusted: Sequence[IPNetwork], *, turn_away: TurnAway, hsts: bool
    ) -> None:
        self._hsts = hsts
        self._site = site
        self._limits = limits
        self._trusted = trusted
        self._turn_away = turn_away
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: `http` and `websocket` are looked at; all else goes through."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] != "websocket" or self._admits(scope):
            await self._site(scope, receive, send)
        else:
            await receive()  # websocket.connect
            await self._turn_away("too-many-requests", scope, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._warn_of_proxy(scope)
        secure = client_address.is_secure(scope, self._trusted)
        wanted = _ALWAYS | (_HSTS if self._hsts and secure else {})
        document = _DOCUMENT if secure or client_address.is_local(scope) else {}

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _completed(message["headers"], wanted, document)
            await send(message)

        if self._admits(scope):
            await self._site(scope, receive, complete)
        else:
            await refuse("too-many-requests", complete)

    def _admits(self, scope: Scope) -> bool:
        return self._limits.admit_request(
            client_address.client(scope, self._trusted), asyncio.get_running_loop().time()
        )

    def _warn_of_proxy(self, scope: Scope) -> None:
        """Behind a proxy that isn't trusted all people share one address, and its limits."""
        if not self._warned and client_address.is_unknown_proxy(scope, self._trusted):
            self._warned = True
            _log.warning(
                LogEvent("!", forwarded="X-Forwarded-For of a proxy that is not in trusted_proxies is not believed")
            )


def _completed(
    headers: Iterable[tuple[bytes, bytes]], wanted: dict[bytes, bytes], document: dict[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    given = {name.lower(): value for name, value in headers}
    if given.get(b"content-type", b"").startswith(b"text/html"):
        wanted = wanted | document
    if not given.get(b"content-type", b"").startswith((b"text/javascript", b"text/css")):
        wanted = wanted | _NO_DOCUMENT
    return [*headers, *((name, value) for name, value in wanted.items() if name not in given)]
