"""Authorization: the verifier of passes, built from the settings, and the call to the site's own `authorize` code."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
from starlette.types import Scope

from eyeline.errors import SetupError
from eyeline.serve.logs import LogEvent
from eyeline.serve.setting_files import unreadable
from eyeline.settings import Settings
from eyeline.signalling.messages import RoomName
from eyeline.signalling.passes import NAME_CHARACTERS_MAX, PassVerifier, Person, keys_of

_log = logging.getLogger("eyeline.authorize")

AUTHORIZE_WITHIN: Final = 10.0
"""Timeout of the site's code in seconds; after that the client may not enter."""

Authorize = Callable[[Scope, str], Awaitable[Person | None]]
"""The site's own code: identifies the person who opens this WebSocket, given its ASGI scope (with headers, cookies and
anything added by middleware) and the room.  None denies entry.  Called for each `hello` without a pass, not when a
member reconnects."""


def pass_verifier(settings: Settings, secret: bytes) -> PassVerifier:
    """The verifier for the site's pass keys and the server's own.  Raises `SetupError`."""
    try:
        keys = {} if settings.pass_keys is None else keys_of(settings.pass_keys.read_bytes())
    except OSError as error:
        raise unreadable("pass_keys", Path(str(settings.pass_keys)), error) from None
    except ValueError as error:
        raise SetupError(f"pass_keys: {settings.pass_keys} can't be used: {error}.") from None
    if settings.api_keys is not None:
        import eyeline.signalling.jws  # noqa: PLC0415, F401  the API signs: have it before there are calls to hold up
    ours = hmac.digest(secret, b"eyeline pass 1", hashlib.sha256)
    return PassVerifier(keys, secret=ours, audience=settings.pass_audience)


async def consult(authorize: Authorize, scope: Scope, room: RoomName) -> Person | None:
    """Call the site's code.  If it fails, times out or returns an invalid value, deny entry and log why."""
    try:
        async with asyncio.timeout(AUTHORIZE_WITHIN):
            person = await authorize(scope, room)
        if person is None:
            return None
        person = msgspec.convert(msgspec.to_builtins(person), Person)
        if person.name is not None and len(person.name) > NAME_CHARACTERS_MAX:
            raise ValueError("the name is too long")  # noqa: TRY301  refused like one with other faults
    except Exception:
        _log.exception(LogEvent("!", authorize="failed"))
        return None
    return person
