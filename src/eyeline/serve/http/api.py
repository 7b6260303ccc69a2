"""The HTTP API for the operator's own site: rooms are made, seen and ended by whoever shows a key.

Nothing is kept of a room that is made: its name says which key made it.  A room is there while somebody is inside.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final, Literal, NamedTuple, Protocol, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from eyeline.errors import RemoteError
from eyeline.serve.http.api_keys import ApiKey, ApiKeys
from eyeline.serve.http.openapi import Operation, Parameter, document
from eyeline.serve.http.problems import PROBLEM_TYPE, Problem
from eyeline.serve.logs import LogEvent
from eyeline.signalling.messages import PERMISSIONS, Count, DisplayName, JoinPass, PeerId, Role, RoomName
from eyeline.signalling.passes import PASS_SECONDS_MAX, PassVerifier, Permissions, Person, distinct
from eyeline.signalling.requests import End, Remove
from eyeline.signalling.requests import Request as Wish
from eyeline.signalling.seat import Present, Seat

_log = logging.getLogger("eyeline.api")

PREFIX: Final = "/api/v1"

BODY_BYTES_MAX: Final = 16 * 1024
"""Bytes that a request may have to say."""

ROOMS_IN_A_PAGE: Final = 100
"""Rooms that are listed at once."""


class NewRoom(Struct, frozen=True, forbid_unknown_fields=True):
    """A room to be made."""

    seconds: Annotated[float, Meta(ge=60, le=PASS_SECONDS_MAX, description="How long its links open it.")] = (
        24 * 60 * 60
    )
    permissions: Annotated[Permissions, Meta(description="What who comes by the member's link may send to others.")] = (
        PERMISSIONS
    )
    ends_in: Annotated[
        Annotated[float, Meta(ge=60, le=PASS_SECONDS_MAX)] | None,
        Meta(description="Seconds from now after which the call ends for all who came by its links; null is never."),
    ] = None

    def __post_init__(self) -> None:
        distinct(self.permissions)


class Link(Struct, frozen=True):
    """Opens a room."""

    url: str
    join_pass: JoinPass = msgspec.field(name="pass")


class Links(Struct, frozen=True):
    """One for each role."""

    host: Link
    member: Link


class MadeRoom(Struct, frozen=True):
    """A room that was made."""

    room: RoomName
    until: Annotated[int, Meta(description="Seconds since 1970: from then on its links open nothing.")]
    ends: Annotated[int | None, Meta(description="Seconds since 1970: then the call ends; null is never.")]
    links: Links


class Inside(Struct, frozen=True):
    """Somebody with a seat."""

    id: PeerId
    name: Annotated[DisplayName, Meta(description="Sealed, 400 characters of base64url, where their link has a key.")]
    order: Count
    here: Annotated[bool, Meta(description="False while their socket is away; the seat is kept for 30 s.")]
    role: Role
    permissions: Annotated[Permissions, Meta(description="What they may send to the others.")]
    ends: Annotated[float | None, Meta(description="Seconds since 1970: then the call ends for them; null is never.")]
    sub: Annotated[str | None, Meta(description="Who it is for the site, if their pass said so.")]


class LiveRoom(Struct, frozen=True):
    """A room, with who is inside in order of arrival."""

    room: RoomName
    members: tuple[Inside, ...]


class LiveRooms(Struct, frozen=True):
    """Rooms with somebody inside, by name."""

    rooms: tuple[LiveRoom, ...]
    next: Annotated[RoomName | None, Meta(description="Ask for those after this one; null if there are no more.")]


_ROOM: Final = Parameter("room", RoomName, "Its name.")
_AFTER: Final = Parameter("after", RoomName, "Only rooms whose names come later.", "query")
_MEMBER: Final = Parameter("member", PeerId, "The id of somebody inside.")

OPERATIONS: Final = (
    Operation("POST", "/rooms", "makeRoom", "Make a room.", 201, (), NewRoom, MadeRoom, (400, 401, 413, 422, 429)),
    Operation(
        "GET", "/rooms", "listRooms", "Who is inside which room.", 200, (_AFTER,), None, LiveRooms, (401, 422, 429)
    ),
    Operation("GET", "/rooms/{room}", "seeRoom", "Who is inside.", 200, (_ROOM,), None, LiveRoom, (401, 404, 429)),
    Operation("POST", "/rooms/{room}/end", "endCall", "End the call for all.", 204, (_ROOM,), problems=(401, 404, 429)),
    Operation(
        "DELETE",
        "/rooms/{room}/members/{member}",
        "removeMember",
        "Take somebody out of the call.",
        204,
        (_ROOM, _MEMBER),
        problems=(401, 404, 429),
    ),
)


class Rooms(Protocol):
    """The rooms of this process."""

    def names(self) -> Iterable[RoomName]:
        """All of them."""

    def inside(self, room: RoomName) -> list[Seat]:
        """Its seats, in order of arrival; none if nobody is there."""

    def post(self, room: RoomName, request: Wish) -> None:
        """Ask the room."""


class ApiContext(NamedTuple):
    """What the API works with."""

    keys: ApiKeys
    passes: PassVerifier
    rooms: Callable[[], Rooms]
    home: Callable[[Scope], str]
    """Where the pages are, as whoever asks sees it; ends with a slash."""


def build(context: ApiContext) -> Starlette:
    """The ASGI application, to be mounted at `PREFIX`."""
    api = _Api(context)
    endpoints = {
        "makeRoom": api.make_room,
        "listRooms": api.list_rooms,
        "seeRoom": api.see_room,
        "endCall": api.end_call,
        "removeMember": api.remove_member,
    }
    routes = [
        Route(each.path, api.with_key(each.name, endpoints[each.name]), methods=[each.method], name=each.name)
        for each in OPERATIONS
    ]
    routes.append(Route("/openapi.json", _describe))
    site = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    site.router.redirect_slashes = False
    return site


ApiCode = Literal["no-key", "not-found", "wrong-method", "malformed", "invalid", "too-large"]

FAULTS: Final[dict[ApiCode, tuple[int, str]]] = {
    "no-key": (401, "Show a key of this API: Authorization: Bearer KEY."),
    "not-found": (404, "There is nothing here that this key may see."),
    "wrong-method": (405, "This can't be done with it."),
    "malformed": (400, "The body is not JSON in UTF-8."),
    "invalid": (422, "Something has the wrong type or breaks its limit."),
    "too-large": (413, f"A body may have {BODY_BYTES_MAX // 1024} KiB at most."),
}
"""Why the API says no, besides what is said at the door: status and words."""
assert set(FAULTS) == set(get_args(ApiCode))


class Fault(RemoteError):
    """A request that can't be served."""

    def __init__(self, code: ApiCode, title: str | None = None) -> None:
        self.status, words = FAULTS[code]
        super().__init__(code, title or words)

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """As a problem."""
        challenge = {"www-authenticate": "Bearer"} if self.status == HTTPStatus.UNAUTHORIZED else {}
        body = msgspec.json.encode(Problem(self.status, self.code, self.message))
        return Response(body, self.status, {**_NEVER_KEPT, **challenge, **(headers or {})}, PROBLEM_TYPE)


_NEVER_KEPT: Final = {"cache-control": "no-store"}
_Endpoint = Callable[[Request, ApiKey], Awaitable[Response]]


class _Api:
    def __init__(self, context: ApiContext) -> None:
        self._context = context

    def with_key(self, name: str, endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint, for who shows a key."""

        async def guarded(request: Request) -> Response:
            key = self._context.keys.find(request.headers.get("authorization", ""))
            if key is None:
                _log.info(LogEvent("!", refused="no-key"))
                return Fault("no-key").response()
            _log.info(LogEvent("<", api=name, key=key.name))
            try:
                return await endpoint(request, key)
            except Fault as fault:
                return fault.response()

        return guarded

    async def make_room(self, request: Request, key: ApiKey) -> Response:
        """See `OPERATIONS`; so the others."""
        wanted = await _body(request, NewRoom)
        context, now = self._context, time.time()
        name, until = context.keys.name_room(key), int(now + wanted.seconds)
        ends = None if wanted.ends_in is None else int(now + wanted.ends_in)

        def link(person: Person) -> Link:
            shown = context.passes.mint(name, person, now, until)
            return Link(f"{context.home(request.scope)}r/{name}#pass={shown}", shown)

        links = Links(link(Person(role="host", ends=ends)), link(Person(may=wanted.permissions, ends=ends)))
        return _say(MadeRoom(name, until, ends, links), 201)

    async def list_rooms(self, request: Request, key: ApiKey) -> Response:
        after = request.query_params.get("after")
        if after is not None:
            after = _read(after, RoomName, "invalid")
        rooms, keys = self._context.rooms(), self._context.keys
        names = sorted(name for name in rooms.names() if name > (after or "") and keys.may_see(key, name))
        live = [seen for seen in map(self._seen, names) if seen.members]
        page = tuple(live[:ROOMS_IN_A_PAGE])
        return _say(LiveRooms(page, page[-1].room if len(live) > len(page) else None))

    async def see_room(self, request: Request, key: ApiKey) -> Response:
        return _say(self._seen(self._named(request, key)))

    async def end_call(self, request: Request, key: ApiKey) -> Response:
        self._context.rooms().post(self._named(request, key), End())
        return _NOTHING()

    async def remove_member(self, request: Request, key: ApiKey) -> Response:
        name = self._named(request, key)
        peer = request.path_params["member"]
        rooms = self._context.rooms()
        if peer not in [seat.member.id for seat in rooms.inside(name)]:
            raise Fault("not-found", "There is nobody with that id in this room.")
        rooms.post(name, Remove(peer))
        return _NOTHING()

    def _named(self, request: Request, key: ApiKey) -> RoomName:
        name = _read(request.path_params["room"], RoomName, "not-found")
        if not self._context.keys.may_see(key, name):
            raise Fault("not-found")
        return name

    def _seen(self, name: RoomName) -> LiveRoom:
        return LiveRoom(
            name,
            tuple(
                Inside(
                    seat.member.id,
                    seat.member.name,
                    seat.member.order,
                    isinstance(seat.place, Present),
                    seat.member.role,
                    seat.person.may,
                    seat.person.ends,
                    seat.person.sub,
                )
                for seat in self._context.rooms().inside(name)
            ),
        )


_Asked = TypeVar("_Asked")


def _read(text: str, kind: type[_Asked], otherwise: ApiCode) -> _Asked:
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError:
        raise Fault(otherwise) from None


async def _body(request: Request, kind: type[_Asked]) -> _Asked:
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES_MAX:
                raise Fault("too-large")
    except ClientDisconnect:
        raise Fault("malformed") from None  # it ends too soon, and nobody reads the answer
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Fault("invalid", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Fault("malformed") from None


def _say(value: Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, _NEVER_KEPT, "application/json")


_NOTHING: Final = partial(Response, status_code=204, headers=_NEVER_KEPT)

DOCUMENT: Final = document(
    "Eyeline",
    "Makes rooms, and says and decides who is inside. A key sees the rooms that it made; one of an admin, all.",
    PREFIX,
    OPERATIONS,
    Problem,
)


async def _describe(_request: Request) -> Response:
    return Response(msgspec.json.encode(DOCUMENT), media_type="application/json")


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known: dict[int, ApiCode] = {404: "not-found", 405: "wrong-method"}
    return Fault(known[error.status_code]).response(error.headers)
