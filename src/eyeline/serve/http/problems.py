"""Problem details (RFC 9457): HTTP error responses with a status, a code and, for some, `Retry-After`."""

from typing import Final, NamedTuple, get_args

import msgspec
from msgspec import Struct
from starlette.types import Send

from eyeline.serve.connection_limits import RefusalCode
from eyeline.serve.websocket import Reject

PROBLEM_TYPE: Final = "application/problem+json"


class ProblemRow(NamedTuple):
    """The response to one `RefusalCode`."""

    status: int
    """The HTTP status."""
    retry_after: int | None
    """Seconds after which the client may try again."""
    message: str
    """Text to show to people."""


PROBLEMS: Final[dict[RefusalCode, ProblemRow]] = {
    "unknown-host": ProblemRow(
        421,
        None,
        "This server doesn't know the host name in its address. Open it by its IP address; its operator can allow the "
        "name with the setting allowed_hosts or public_url.",
    ),
    "no-sip": ProblemRow(404, None, "SIP is off here, since nobody has an account: see eyeline sip add."),
    "wrong-subprotocol": ProblemRow(
        400, None, "Open the WebSocket with the subprotocol eyeline.v1, or that of SIP with the subprotocol sip."
    ),
    "foreign-origin": ProblemRow(403, None, "Pages of this origin can't use this server; its operator can allow them."),
    "too-many-requests": ProblemRow(429, 5, "Too many requests from your network."),
    "too-many-sockets": ProblemRow(429, 10, "Too many connections from your network."),
    "busy": ProblemRow(503, 30, "The server has reached its maximum number of connections."),
    "going-away": ProblemRow(503, 5, "The server is shutting down. Another one will take over; try again."),
}
assert set(PROBLEMS) == set(get_args(RefusalCode))


class Problem(Struct, frozen=True):
    """Problem details of a failed request (RFC 9457): `code` is stable, the wording of `title` may change."""

    status: int
    code: str
    title: str


def problem(why: RefusalCode) -> Reject:
    """The error response for `why`."""
    status, retry_after, message = PROBLEMS[why]
    body = msgspec.json.encode(Problem(status, why, message))
    headers = [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *([] if retry_after is None else [(b"retry-after", b"%d" % retry_after)]),
    ]
    return Reject(status, headers, body, why)


async def refuse(why: RefusalCode, send: Send) -> None:
    """Send the error response for `why` to an HTTP request."""
    answer = problem(why)
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
