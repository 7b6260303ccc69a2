"""Runs the whole service in one process: the application with our HTTP and WebSocket protocols."""

from collections.abc import Callable
from functools import partial

from eyeline.serve.app import build
from eyeline.serve.http.timeouts import HttpProtocol
from eyeline.serve.local_address import Listening
from eyeline.serve.process.server import Application, Protocols, serve
from eyeline.serve.ws.protocol import upgrade
from eyeline.settings import Settings


def run(
    settings: Settings,
    started: Callable[[Listening], None],
    application: Callable[[Settings], Application] = partial(build, one_port=True),  # noqa: B008  a pure value
) -> None:
    """Serve `application` until SIGINT or SIGTERM.  Returns and raises as `process.server.serve` does."""
    serve(settings, application, Protocols(HttpProtocol, upgrade), started)
