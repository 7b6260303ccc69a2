"""What every HTTP request passes first."""

import asyncio
from collections.abc import Sequence

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from eyeline.serve import address
from eyeline.serve.address import IPNetwork
from eyeline.serve.door import Door
from eyeline.serve.refusing import refuse

_log = structlog.get_logger("eyeline.front")


class Front:
    """ASGI application around `site`: turns away addresses that ask too often."""

    def __init__(self, site: ASGIApp, door: Door, trusted: Sequence[IPNetwork]) -> None:
        self._site = site
        self._door = door
        self._trusted = trusted
        self._warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: `http` is looked at; all else goes through."""
        if scope["type"] != "http":
            await self._site(scope, receive, send)
            return
        self._warn_of_proxy(scope)
        if self._door.admits(address.client(scope, self._trusted), asyncio.get_running_loop().time()):
            await self._site(scope, receive, send)
        else:
            await refuse("too-many-requests", send)

    def _warn_of_proxy(self, scope: Scope) -> None:
        """Behind a proxy that isn't trusted all people share one address, and its limits."""
        if not self._warned and address.is_unknown_proxy(scope, self._trusted):
            self._warned = True
            _log.warning("!", forwarded="X-Forwarded-For of a proxy that is not in trusted_proxies is not believed")
