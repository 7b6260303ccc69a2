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


class AcmeCertificate(ReloadingCertificate):
    """A `ReloadingCertificate` that an authority issues.  Until it has done so, a self-signed one is used.

    Two servers never order with the same data directory, since the process holds its `InstanceLock`.  The exchange with
    the authority runs in a daemon thread, so that a stop of the server never waits for it; whatever was ordered until
    then is ordered again.

    `port_80` are sockets that listen there; without them the authority can only use the port of TLS.
    """

    def __init__(self, settings: Settings, port_80: Sequence[socket.socket], limits: ConnectionLimits) -> None:
        self._settings = settings
        self._names = tuple(dict.fromkeys(name.lower() for name in settings.domains))
        self._authority = urlsplit(settings.acme_directory).netloc
        self._folder = AcmeFolder(settings.data_dir, settings.acme_directory)
        self.pending = PendingChallenges(self._folder.path)
        self._renewal = Renewal(("tls-alpn-01", "http-01") if port_80 else ("tls-alpn-01",))
        known = frozenset(name.lower() for name in (*self._names, *settings.allowed_hosts))
        answer = partial(http_01.answer, names=known, key_authorization=self.pending.key_authorization)
        self._http_port = HttpPort(port_80, answer, limits)
        self._busy = False
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
        duty = None if self._busy else self._renewal.due(time.time())
        if duty == "order":
            names, in_use = " ".join(self._names), self._shown()
            _log.info(LogEvent("=", certificate="ordering", names=names, authority=self._authority, meanwhile=in_use))
        if duty is not None:
            self._busy = True
            arguments = (duty, self._renewal.types)
            threading.Thread(target=self._perform, args=arguments, name=f"acme {duty}", daemon=True).start()

    def _perform(self, duty: Duty, types: Sequence[ChallengeType]) -> None:
        """Runs in its thread, and reports to the loop."""
        from eyeline.serve.process.acme.ordering import perform  # noqa: PLC0415  loads `acme`

        result = perform(duty, self._settings, self._names, self._folder, self.pending, types)
        with suppress(RuntimeError):  # the server has stopped
            self._loop.call_soon_threadsafe(self._ended, result)

    def _ended(self, result: DutyResult) -> None:
        self._busy = False
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
