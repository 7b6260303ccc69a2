"""`AcmeCertificate`: the certificate of `--domain`, which orders and renews itself while the server runs."""

import asyncio
import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from eyeline.checks import PENDING_CERTIFICATE
from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.logs import LogEvent
from eyeline.serve.process.acme import http_01
from eyeline.serve.process.acme.challenge import PORTS, ChallengeType, PendingChallenges
from eyeline.serve.process.acme.renewal import Duty, DutyResult, Issued, NotIssued, Renewal, Suggestion
from eyeline.serve.process.acme.store import AcmeFolder, validity
from eyeline.serve.process.certificate_reload import ReloadingCertificate
from eyeline.serve.process.http_port import HttpPort
from eyeline.serve.process.tls import Certificate, self_signed
from eyeline.settings import Settings

_log = logging.getLogger("eyeline.process")

CHECK_SECONDS: Final = 10.0
"""How often it is checked whether something is due."""
LIMIT_S: Final = 600.0
"""How long an exchange with the authority may take in total.  `acme` limits only the time without a byte."""


class _Exchange(Struct, frozen=True, eq=False):
    """An exchange with the authority, in its thread."""

    duty: Duty
    pending: PendingChallenges
    begun: float
    """By the monotonic clock."""


class AcmeCertificate(ReloadingCertificate):
    """A `ReloadingCertificate` that an authority issues.  Until it has done so, a self-signed one is used.

    Two servers never order with the same data directory, since the process holds its `InstanceLock`.  The exchange with
    the authority runs in a daemon thread, so that a stop of the server never waits for it; whatever was ordered until
    then is ordered again.

    An exchange that takes longer than `limit_s` is abandoned, since a thread can't be ended from outside.  Only one is
    at a time, so there are never more than two threads.

    `port_80` are sockets that listen there; without them the authority can only use the port of TLS.
    """

    def __init__(
        self,
        settings: Settings,
        port_80: Sequence[socket.socket],
        limits: ConnectionLimits,
        *,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._settings = settings
        self._names = tuple(dict.fromkeys(name.lower() for name in settings.domains))
        self._authority = urlsplit(settings.acme_directory).netloc
        self._folder = AcmeFolder(settings.data_dir, settings.acme_directory)
        self.pending = PendingChallenges(self._folder.path)
        self._renewal = Renewal(("tls-alpn-01", "http-01") if port_80 else ("tls-alpn-01",))
        known = frozenset(name.lower() for name in (*self._names, *settings.allowed_hosts))
        answer = partial(http_01.answer, names=known, key_authorization=self._key_authorization)
        self._http_port = HttpPort(port_80, answer, limits)
        self._limit_s = limit_s
        self._exchange: _Exchange | None = None
        self._abandoned: _Exchange | None = None
        self._next_check: asyncio.TimerHandle | None = None
        super().__init__(self._in_use)
        kept = self._folder.certificate()
        valid = kept and validity(kept.cert.read_bytes(), self._names)
        if valid:
            self._renewal.installed(valid)

    def for_client(self, handshake: ssl.SSLObject, name: str | None) -> ssl.SSLContext:
        """The context for a client: that of a challenge only for an authority that validates a name."""
        return self.pending.context(handshake, name) or super().for_client(handshake, name)

    async def watch(self) -> None:
        """Order and renew from now on, in the running loop."""
        await super().watch()
        self._loop = asyncio.get_running_loop()
        await self._http_port.serve()
        self._check()

    def stop(self) -> None:
        """Order nothing more, and close port 80."""
        super().stop()
        self._http_port.close()
        if self._next_check is not None:
            self._next_check.cancel()
        self._next_check = None

    def reload(self) -> None:
        """Read the files again, and try again at once if an order has failed."""
        super().reload()
        self._renewal.hurry()
        if self._next_check is not None:
            self._check()

    def _key_authorization(self, token: str) -> str | None:
        return self.pending.key_authorization(token)

    def _in_use(self) -> Certificate:
        """The certificate from the authority, or else a self-signed one."""
        kept = self._folder.certificate()
        if kept is not None:
            return kept
        with suppress(OSError):  # `self_signed` says what is wrong with the folder
            self._folder.create()
        return self_signed(self._folder.path, self._names, common_name=PENDING_CERTIFICATE)

    def _check(self) -> None:
        if self._next_check is not None:
            self._next_check.cancel()
        self._next_check = self._loop.call_later(CHECK_SECONDS, self._check)
        self._abandon_if_overdue()
        duty = None if self._exchange else self._renewal.due(time.time())
        if duty == "order":
            names, in_use = " ".join(self._names), self._shown()
            _log.info(LogEvent("=", certificate="ordering", names=names, authority=self._authority, meanwhile=in_use))
        if duty is not None:
            self.pending = PendingChallenges(self._folder.path)
            self._exchange = _Exchange(duty, self.pending, time.monotonic())
            arguments = (self._exchange, self._renewal.types)
            threading.Thread(target=self._perform, args=arguments, name=f"acme {duty}", daemon=True).start()

    def _abandon_if_overdue(self) -> None:
        """Wait no longer for an exchange that takes too long, unless another one is abandoned already."""
        overdue = self._exchange
        if overdue is None or self._abandoned or time.monotonic() - overdue.begun < self._limit_s:
            return
        self._exchange, self._abandoned = None, overdue
        why = f"{self._authority} hasn't finished within {self._limit_s / 60:.0f} minutes."
        self._conclude(NotIssued("slow", why, None) if overdue.duty == "order" else Suggestion(None, 0.0))

    def _perform(self, exchange: _Exchange, types: Sequence[ChallengeType]) -> None:
        """Runs in its thread, and reports to the loop."""
        from eyeline.serve.process.acme.ordering import perform  # noqa: PLC0415  loads `acme`

        result = perform(exchange.duty, self._settings, self._names, self._folder, exchange.pending, types)
        with suppress(RuntimeError):  # the server has stopped
            self._loop.call_soon_threadsafe(self._ended, exchange, result)

    def _ended(self, exchange: _Exchange, result: DutyResult) -> None:
        if exchange is self._exchange:
            self._exchange = None
            self._conclude(result)
            return
        self._abandoned = None
        if isinstance(result, Issued):  # late, but its certificate is in the file
            self._conclude(result)

    def _conclude(self, result: DutyResult) -> None:
        now = time.time()
        match result:
            case Suggestion(renew_at, ask_again_s):
                self._renewal.suggested(renew_at, ask_again_s, now)
            case Issued(valid):
                self._renewal.ordered(valid, now)
                super().reload()
                _log.info(LogEvent("=", certificate="issued", names=" ".join(self._names), until=_day(valid.ends)))
            case NotIssued(code, why, retry_after_s, challenge):
                pause = self._renewal.failed(now, random.random(), retry_after_s, challenge)  # noqa: S311  no secret
                again = f"in {pause / 60:.0f} min" if pause else f"at once, by port {PORTS[self._renewal.types[0]]}"
                in_use = self._shown()
                _log.error(LogEvent("!", certificate="not issued", code=code, why=why, again=again, meanwhile=in_use))
                if not pause and self._next_check is not None:
                    self._check()

    def _shown(self) -> str:
        """For the log: what clients get until there is a new certificate."""
        return "the old one" if self._folder.certificate() else "a self-signed one, which browsers reject"


def _day(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M} UTC"
