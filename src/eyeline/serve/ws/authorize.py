"""Who may enter rooms: from settings to the desk where passes are checked, and the way to the site's own code."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.types import Scope

from eyeline.errors import SetupError
from eyeline.serve.logs import LogEvent
from eyeline.settings import Settings
from eyeline.signalling.messages import RoomName
from eyeline.signalling.passes import NAME_CHARACTERS_MAX, PassVerifier, Person, keys_of

_log = logging.getLogger("eyeline.entrance")

AUTHORIZE_WITHIN: Final = 10.0
"""Seconds that the site's code has to say who somebody is; then they may not enter."""

Authorize = Callable[[Scope, str], Awaitable[Person | None]]
"""The site's own code: who opens this WebSocket (its ASGI scope, with headers, cookies and whatever middleware has put
there) to enter this room?  None turns them away.  Asked for each `hello` without a pass, not when they come back."""


def pass_verifier(settings: Settings, secret: bytes) -> PassVerifier:
    """Checks passes by the keys of the site, and signs ones of the server's own.  Raises `SetupError`."""
    try:
        keys = {} if settings.pass_keys is None else keys_of(settings.pass_keys.read_bytes())
    except OSError as error:
        raise SetupError(f"pass_keys: {settings.pass_keys} can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise SetupError(f"pass_keys: {settings.pass_keys} can't be used: {error}.") from None
    if settings.api_keys is not None:
        import eyeline.signalling.jws  # noqa: PLC0415, F401  the API signs: have it before there are calls to hold up
    ours = hmac.digest(secret, b"eyeline pass 1", hashlib.sha256)
    return PassVerifier(keys, secret=ours, audience=settings.pass_audience)


async def consult(authorize: Authorize, scope: Scope, room: RoomName) -> Person | None:
    """What the site says.  Where it fails, or says what can't be, nobody enters, and the log has why."""
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
