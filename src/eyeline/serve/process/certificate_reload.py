"""Certificate renewal without a restart: the files are read again on SIGHUP, and when they change."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Final

from eyeline.errors import SetupError
from eyeline.serve.logs import LogEvent
from eyeline.serve.process.tls import Certificate

_log = logging.getLogger("eyeline.process")

CHECK_SECONDS: Final = 10.0
"""How often the files are checked for a change."""

RENEW_SECONDS: Final = 24 * 60 * 60.0
"""How often a self-signed certificate is checked for its end."""


class ReloadingCertificate:
    """A TLS context for new connections that always uses the newest valid certificate.

    `find` returns the certificate, and renews it if it is self-signed.  Each certificate has a context of its own: one
    context would keep the old certificate if the new one had another type of key.  Raises `SetupError` as `find` and
    `Certificate.context` do.
    """

    def __init__(self, find: Callable[[], Certificate]) -> None:
        self._find = find
        self._certificate = find()
        self._stamp = self._certificate.stamp()
        self._current = self.context = self._certificate.context()
        self.context.sni_callback = self._choose
        self._timer: asyncio.TimerHandle | None = None
        self._renew_at = 0.0

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the certificate."""
        return self._certificate.fingerprint()

    async def watch(self) -> None:
        """Check the files regularly, in the running loop."""
        loop = asyncio.get_running_loop()
        self._renew_at = loop.time() + RENEW_SECONDS
        self._timer = loop.call_later(CHECK_SECONDS, self._check)

    def stop(self) -> None:
        """Stop checking."""
        if self._timer is not None:
            self._timer.cancel()

    def reload(self) -> None:
        """Read the files again; if they are faulty, log it and keep the old certificate."""
        try:
            found = self._find()
            self._stamp = found.stamp()  # before reading, so that a change meanwhile is noticed
            self._current, self._certificate = found.context(), found
        except SetupError as error:
            _log.error(LogEvent("!", certificate="the old one is still used", why=str(error)))
        else:
            _log.info(LogEvent("=", certificate="reloaded", sha256=found.fingerprint()))

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._renew_at <= loop.time()
        if due:
            self._renew_at = loop.time() + RENEW_SECONDS
        if due or self._certificate.stamp() != self._stamp:
            self.reload()
        self._timer = loop.call_later(CHECK_SECONDS, self._check)

    def for_client(self, handshake: ssl.SSLObject, name: str | None) -> ssl.SSLContext:
        """The context for a client that asks for `name` (SNI)."""
        del handshake, name
        return self._current

    def _choose(self, handshake: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        """Called by OpenSSL for each client, whether or not it names a host."""
        handshake.context = self.for_client(handshake, name)
