"""Health endpoints for operators: liveness, readiness and metrics."""

import hmac
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from eyeline.serve.connection_limits import RefusalCode
from eyeline.serve.metrics import CONTENT_TYPE, Metrics

_NO_STORE = {"cache-control": "no-store"}


class Health:
    """`/healthz`, `/readyz` and `/metrics`.

    `refuses` tells why the WebSocket of the page that sent a request would be refused: pages of every origin may read
    `/healthz`, since browsers hide the response to a failed WebSocket handshake.  To its own server a page sends no
    Origin, so it may also name it in the query, as `origin`.  `token` is the bearer token
    (RFC 6750) required for the metrics; None lets everybody read them.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        refuses: Callable[[Scope], RefusalCode | None],
        token: str | None,
        draining: Callable[[], bool],
    ) -> None:
        self._metrics = metrics
        self._refuses = refuses
        self._token = token
        self._draining = draining
        self.routes = [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._read_metrics),
        ]

    async def _healthz(self, request: Request) -> Response:
        why = self._refuses(_with_origin(request.scope, request.query_params.get("origin")))
        status = {"status": "ok"} if why is None else {"status": "ok", "refuses": why}
        return JSONResponse(status, headers=_NO_STORE | {"access-control-allow-origin": "*", "vary": "origin"})

    async def _readyz(self, _request: Request) -> Response:
        if self._draining():
            return JSONResponse({"status": "draining"}, 503, _NO_STORE)
        return JSONResponse({"status": "ready"}, headers=_NO_STORE)

    async def _read_metrics(self, request: Request) -> Response:
        if not self._may_read(request.headers.get("authorization", "")):
            wanted = {"www-authenticate": 'Bearer realm="metrics"'}
            return Response("The metrics require a bearer token.\n", 401, _NO_STORE | wanted, "text/plain")
        return Response(self._metrics.page(), 200, _NO_STORE | {"content-type": CONTENT_TYPE})

    def _may_read(self, authorization: str) -> bool:
        if self._token is None:
            return True
        scheme, _, shown = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), self._token.encode())


def _with_origin(scope: Scope, origin: str | None) -> Scope:
    """The request as if it had this Origin."""
    if origin is None:
        return scope
    others = [(name, value) for name, value in scope["headers"] if name != b"origin"]
    return {**scope, "headers": [*others, (b"origin", origin.encode("latin-1", "replace"))]}
