"""How a request is refused over HTTP: a status, `Retry-After` where it helps, and JSON with `code` and `message`."""

import msgspec
from starlette.types import Scope, Send

from eyeline.signalling.refusals import AT_THE_DOOR, DoorCode


async def refuse(why: DoorCode, send: Send, kind: str = "http") -> None:
    """Answers with the row of `why`.  `kind` is the prefix of the ASGI messages."""
    status, retry_after, message = AT_THE_DOOR[why]
    body = msgspec.json.encode({"code": why, "message": message})
    headers = [
        (b"content-type", b"application/json"),
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
