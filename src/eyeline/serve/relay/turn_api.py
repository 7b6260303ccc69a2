"""TURN services that issue credentials over HTTP, such as Cloudflare's: asks for them, and again long before they end.

The request is `POST` with a bearer token and `{"ttl": seconds}`; the response is `{"iceServers": ...}`, one
`RTCIceServer` or a list of them.  All members get the same credentials, so the service is asked twice in their
lifetime, however many calls there are.
"""

import asyncio
import contextlib
import logging
import re
import ssl
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from eyeline.errors import EyelineError, SetupError
from eyeline.serve.logs import LogEvent
from eyeline.signalling.messages import IceServer

LIFETIME_S: Final = 12 * 60 * 60
"""How long the credentials should be valid.  It's long, because some services end a relayed call with them."""

TIMEOUT_S: Final = 10.0
"""For connecting, for each wait for data, and for the whole body."""

FIRST_ANSWER_S: Final = 5.0
"""How long the start waits for the first credentials."""

RETRY_S: Final = (5.0, 300.0)
"""After a failure: the first and the longest wait; each is twice the one before."""

CHECK_S: Final = 60.0
"""How often both clocks are read: the monotonic one stands still in suspend, and the other may be set."""

_RESPONSE_BYTES: Final = 64 * 1024
_URLS: Final = 20
_ICE_URL: Final = re.compile(r"(stun|turn)s?:[A-Za-z0-9.:\[\]-]{1,260}(\?transport=(udp|tcp))?")
_BLOCKED: Final = re.compile(r":53(\?|$)")
"""Browsers block the port of DNS, and lose time before they give up."""
_log = logging.getLogger("eyeline.relay")


class TurnApiError(EyelineError):
    """The service gave no credentials; the text says why, and has neither its address nor the token."""


class TurnApi:
    """Keeps credentials from the service at `url`.  Needs a running loop; raises SetupError for an impossible token."""

    def __init__(self, url: str, token: bytes) -> None:
        if not re.fullmatch(rb"[\x21-\x7e]+", token):
            raise SetupError("turn_api_token must be a file with one token: ASCII characters without spaces.")
        self._url, self._token = url, token
        self._loop = asyncio.get_running_loop()
        self._servers: tuple[IceServer, ...] = ()
        self._expires = self._expires_unix = 0.0
        self._due = self._due_unix = 0.0
        self._retry = RETRY_S[0]
        self._timer: asyncio.TimerHandle | None = None
        self._answered = asyncio.Event()
        self._closed = False
        self._ask()

    def servers(self) -> tuple[IceServer, ...]:
        """The service's servers with credentials that are valid now; none if it hasn't answered."""
        return self._servers if self._loop.time() < self._expires and time.time() < self._expires_unix else ()

    async def first_answer(self) -> None:
        """Wait until the service has answered or failed once, at most `FIRST_ANSWER_S`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_ANSWER_S):
                await self._answered.wait()

    def close(self) -> None:
        """Ask no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _ask(self) -> None:
        """Ask in a thread, which ends with the process: looking up a name may take longer than anybody waits."""
        threading.Thread(target=self._ask_and_report, args=(self._loop.time(), time.time()), daemon=True).start()

    def _ask_and_report(self, asked: float, asked_unix: float) -> None:
        try:
            answer: tuple[IceServer, ...] | TurnApiError = _request(self._url, self._token)
        except TurnApiError as error:
            answer = error
        with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile
            self._loop.call_soon_threadsafe(self._receive, answer, asked, asked_unix)

    def _receive(self, answer: tuple[IceServer, ...] | TurnApiError, asked: float, asked_unix: float) -> None:
        self._answered.set()
        if self._closed:
            return
        if isinstance(answer, TurnApiError):
            _log.warning(LogEvent("!", turn_api=str(answer), again=f"in {self._retry:.0f} s"))
            wait, self._retry = self._retry, min(2 * self._retry, RETRY_S[1])
        else:
            _log.info(LogEvent("=", turn_api="new credentials"))
            self._servers = answer
            self._expires, self._expires_unix = asked + LIFETIME_S, asked_unix + LIFETIME_S
            wait, self._retry = LIFETIME_S / 2, RETRY_S[0]
        self._due, self._due_unix = self._loop.time() + wait, time.time() + wait
        self._timer = self._loop.call_later(min(wait, CHECK_S), self._ask_when_due)

    def _ask_when_due(self) -> None:
        left = min(self._due - self._loop.time(), self._due_unix - time.time())
        if left > 0:
            self._timer = self._loop.call_later(min(left, CHECK_S), self._ask_when_due)
        else:
            self._ask()


class _Entry(Struct):
    urls: tuple[str, ...] | str
    username: str | None = None
    credential: str | None = None


class _IceServers(Struct, rename="camel"):
    ice_servers: tuple[_Entry, ...] | _Entry


def _request(url: str, token: bytes) -> tuple[IceServer, ...]:
    try:
        status, body = _post(url, token, msgspec.json.encode({"ttl": LIFETIME_S}))
    except TimeoutError:
        raise TurnApiError("the service didn't answer in time") from None
    except ssl.SSLCertVerificationError:
        raise TurnApiError("the service's certificate isn't valid") from None
    except HTTPException:
        raise TurnApiError("the service didn't answer in HTTP") from None
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "the connection failed"
        raise TurnApiError(f"the service can't be reached: {why}") from None
    if status in (401, 403):
        raise TurnApiError(f"the service refused the token in turn_api_token (HTTP {status})")
    if not 200 <= status < 300:
        raise TurnApiError(f"the service answered HTTP {status}; check the address in turn_api")
    return _decoded(body)


def _post(url: str, token: bytes, body: bytes) -> tuple[int, bytes]:
    """Post JSON, and return status and body.  Follows no redirect, since that would show the token to others."""
    parts = urlsplit(url)
    assert parts.hostname is not None, "settings.py checks it"
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    headers = {
        "Accept": "application/json",
        "Authorization": f"Bearer {token.decode('ascii')}",
        "Content-Type": "application/json",
    }
    end = time.monotonic() + TIMEOUT_S
    with contextlib.closing(connect(parts.hostname, parts.port, timeout=TIMEOUT_S)) as connection:
        connection.request("POST", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, headers)
        response = connection.getresponse()
        received = b""
        while (piece := response.read1(_RESPONSE_BYTES)) and len(received) < _RESPONSE_BYTES:
            received += piece
            if time.monotonic() > end:
                raise TimeoutError
        return response.status, received


def _decoded(body: bytes) -> tuple[IceServer, ...]:
    """The ICE servers in a response, without addresses that browsers don't accept.  Raises TurnApiError."""
    try:
        said = msgspec.json.decode(body, type=_IceServers).ice_servers
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise TurnApiError("the service answered something other than ICE servers") from None
    entries = said if isinstance(said, tuple) else (said,)
    servers: list[IceServer] = []
    room = _URLS
    for entry in entries:
        urls = (entry.urls,) if isinstance(entry.urls, str) else entry.urls
        usable = [url for url in urls if _ICE_URL.fullmatch(url) and not _BLOCKED.search(url)][:room]
        room -= len(usable)
        if usable:
            servers.append(IceServer(tuple(usable), entry.username, entry.credential))
    if not any(server.credential for server in servers):
        raise TurnApiError("the service answered without TURN credentials")
    return tuple(servers)
