"""How a request is refused over HTTP: a status, `Retry-After` where it helps, and a problem (RFC 9457) with a code."""

from typing import Final

import msgspec
from msgspec import Struct
from starlette.types import Scope, Send

from eyeline.signalling.refusals import AT_THE_DOOR, DoorCode

PROBLEM_TYPE: Final = "application/problem+json"


class Problem(Struct, frozen=True):
    """Why a request was not served (RFC 9457): `code` is stable, `title` may change its words."""

    status: int
    code: str
    title: str


async def refuse(why: DoorCode, send: Send, kind: str = "http") -> None:
    """Answers with the row of `why`.  `kind` is the prefix of the ASGI messages."""
    status, retry_after, message = AT_THE_DOOR[why]
    body = msgspec.json.encode(Problem(status, why, message))
    headers = [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *([] if retry_after is None else [(b"retry-after", b"%d" % retry_after)]),
    ]
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body})


async def turn_away(why: DoorCode, scope: Scope, send: Send) -> None:
    """Ends a WebSocket's handshake with the row of `why`."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await refuse(why, send, "websocket.http")
    else:
        await send({"type": "websocket.close", "code": 1002, "reason": why})
