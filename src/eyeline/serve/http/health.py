"""What an operator's machines ask: is it alive, can it take calls, how does it do."""

import hmac
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeline.serve.metrics import CONTENT_TYPE, Metrics

_NEVER_KEPT = {"cache-control": "no-store"}


class Health:
    """`/healthz`, `/readyz` and `/metrics`.

    `token` is what a reader of the metrics must show as a bearer token (RFC 6750); None lets everybody read them.
    """

    def __init__(self, metrics: Metrics, *, token: str | None, draining: Callable[[], bool]) -> None:
        self._metrics = metrics
        self._token = token
        self._draining = draining
        self.routes = [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._read_metrics),
        ]

    async def _healthz(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_NEVER_KEPT)

    async def _readyz(self, _request: Request) -> Response:
        if self._draining():
            return JSONResponse({"status": "draining"}, 503, _NEVER_KEPT)
        return JSONResponse({"status": "ready"}, headers=_NEVER_KEPT)

    async def _read_metrics(self, request: Request) -> Response:
        if not self._may_read(request.headers.get("authorization", "")):
            wanted = {"www-authenticate": 'Bearer realm="metrics"'}
            return Response("Show the token of the metrics.\n", 401, _NEVER_KEPT | wanted, "text/plain")
        return Response(self._metrics.page(), 200, _NEVER_KEPT | {"content-type": CONTENT_TYPE})

    def _may_read(self, authorization: str) -> bool:
        if self._token is None:
            return True
        scheme, _, shown = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token.encode())
