"""The HTTP API for the operator's own site: rooms, and credentials for SIP, authorized by API keys.

Created rooms aren't stored: a room's name tells which key created it.  A room exists while somebody has a seat.
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
from eyeline.signalling.messages import PERMISSIONS, Count, DisplayName, JoinPass, PeerId, Role, RoomName, SipUser
from eyeline.signalling.passes import PASS_SECONDS_MAX, PassVerifier, Permissions, Person, distinct
from eyeline.signalling.requests import End, Remove
from eyeline.signalling.requests import Request as RoomRequest
from eyeline.signalling.seat import Present, Seat

_log = logging.getLogger("eyeline.api")

PREFIX: Final = "/api/v1"

BODY_BYTES_MAX: Final = 16 * 1024
"""Maximum size of a request's body in bytes."""

ROOMS_IN_A_PAGE: Final = 100
"""Rooms per page of the list."""


class NewRoom(Struct, frozen=True, forbid_unknown_fields=True):
    """A room to create."""

    seconds: Annotated[float, Meta(ge=60, le=PASS_SECONDS_MAX, description="How long its links are valid.")] = (
        24 * 60 * 60
    )
    permissions: Annotated[
        Permissions, Meta(description="What people who join by the member link may send to others.")
    ] = PERMISSIONS
    ends_in: Annotated[
        Annotated[float, Meta(ge=60, le=PASS_SECONDS_MAX)] | None,
        Meta(description="Seconds until the call ends for everyone who joined by these links; null means never."),
    ] = None

    def __post_init__(self) -> None:
        distinct(self.permissions)


class Link(Struct, frozen=True):
    """An invitation link, and the pass in it."""

    url: str
    join_pass: JoinPass = msgspec.field(name="pass")


class Links(Struct, frozen=True):
    """One link for each role."""

    host: Link
    member: Link


class MadeRoom(Struct, frozen=True):
    """A room that was created."""

    room: RoomName
    until: Annotated[int, Meta(description="When its links expire, in seconds since 1970.")]
    ends: Annotated[int | None, Meta(description="When the call ends, in seconds since 1970; null means never.")]
    links: Links


class Inside(Struct, frozen=True):
    """A member: somebody with a seat."""

    id: PeerId
    name: Annotated[
        DisplayName, Meta(description="Encrypted, as 400 characters of base64url, if their link has a secret.")
    ]
    order: Count
    here: Annotated[bool, Meta(description="False while they are disconnected; their seat is kept for 30 s.")]
    role: Role
    permissions: Annotated[Permissions, Meta(description="What they may send to the others.")]
    ends: Annotated[
        float | None, Meta(description="When the call ends for them, in seconds since 1970; null means never.")
    ]
    sub: Annotated[str | None, Meta(description="The site's id for this person, if their pass has one.")]


class LiveRoom(Struct, frozen=True):
    """A room with its members in order of arrival."""

    room: RoomName
    members: tuple[Inside, ...]


class LiveRooms(Struct, frozen=True):
    """Rooms that have members, sorted by name."""

    rooms: tuple[LiveRoom, ...]
    next: Annotated[
        RoomName | None, Meta(description="Pass this as `after` to get the next page; null on the last page.")
    ]


class PhoneToRing(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to call into a room."""

    user: Annotated[SipUser, Meta(description="The user's name in their address.")]


class NewSipCredentials(Struct, frozen=True, forbid_unknown_fields=True):
    """A page that is to register by SIP."""

    user: Annotated[SipUser, Meta(description="The user's name in their address; an account isn't needed.")]
    seconds: Annotated[
        float, Meta(ge=60, le=24 * 60 * 60, description="How long they are valid: then the page needs new ones.")
    ] = 60 * 60


class SipCredentials(Struct, frozen=True):
    """What the page registers with."""

    address: Annotated[str, Meta(description="The user's address, such as `sip:alice@meet.example.org`.")]
    username: Annotated[str, Meta(description="The name for authorization, which isn't the user's.")]
    password: str
    url: Annotated[str, Meta(description="The WebSocket.")]
    until: Annotated[int, Meta(description="When they expire, in seconds since 1970.")]


_ROOM: Final = Parameter("room", RoomName, "The name of the room.")
_AFTER: Final = Parameter("after", RoomName, "List only rooms whose names sort after this one.", "query")
_MEMBER: Final = Parameter("member", PeerId, "The id of a member.")

OPERATIONS: Final = (
    Operation("POST", "/rooms", "makeRoom", "Create a room.", 201, (), NewRoom, MadeRoom, (400, 401, 413, 422, 429)),
    Operation(
        "GET", "/rooms", "listRooms", "List rooms and members.", 200, (_AFTER,), None, LiveRooms, (401, 422, 429)
    ),
    Operation(
        "GET", "/rooms/{room}", "seeRoom", "List a room's members.", 200, (_ROOM,), None, LiveRoom, (401, 404, 429)
    ),
    Operation(
        "POST", "/rooms/{room}/end", "endCall", "End the call for everyone.", 204, (_ROOM,), problems=(401, 404, 429)
    ),
    Operation(
        "DELETE",
        "/rooms/{room}/members/{member}",
        "removeMember",
        "Remove somebody from the call.",
        204,
        (_ROOM, _MEMBER),
        problems=(401, 404, 429),
    ),
    Operation(
        "POST",
        "/rooms/{room}/phones",
        "ringPhone",
        "Ring the phones of a SIP user, who then joins the one person in this room.",
        204,
        (_ROOM,),
        PhoneToRing,
        problems=(400, 401, 404, 413, 422, 429),
    ),
    Operation(
        "POST",
        "/sip/credentials",
        "makeSipCredentials",
        "Let a page register by SIP for a while, without a password. Needs an admin key.",
        201,
        (),
        NewSipCredentials,
        SipCredentials,
        (400, 401, 404, 413, 422, 429),
    ),
)


class SipUsers(Protocol):
    """SIP, if it is on."""

    def mint(self, user: str, unix: float, seconds: float) -> tuple[str, str, int]:
        """Username, password and end, a Unix time, of credentials that are valid for so many seconds."""

    def address(self, user: str) -> str:
        """The SIP address of a user."""

    def ring(self, room: RoomName, user: SipUser) -> bool:
        """Call a user's phones into a room; False if none of them is online."""


class Rooms(Protocol):
    """The rooms of this process."""

    def names(self) -> Iterable[RoomName]:
        """The names of all rooms."""

    def inside(self, room: RoomName) -> list[Seat]:
        """The seats of a room, in order of arrival; empty if the room doesn't exist."""

    def post(self, room: RoomName, request: RoomRequest) -> None:
        """Send a request to a room."""


class ApiContext(NamedTuple):
    """The dependencies of the API."""

    keys: ApiKeys
    passes: PassVerifier
    rooms: Callable[[], Rooms]
    home: Callable[[Scope], str]
    """The URL of the pages as the client sees it; ends with a slash."""
    sip: Callable[[], SipUsers | None]


def build(context: ApiContext) -> Starlette:
    """Create the ASGI application, to be mounted at `PREFIX`."""
    api = _Api(context)
    endpoints = {
        "makeRoom": api.make_room,
        "listRooms": api.list_rooms,
        "seeRoom": api.see_room,
        "endCall": api.end_call,
        "removeMember": api.remove_member,
        "ringPhone": api.ring_phone,
        "makeSipCredentials": api.make_sip_credentials,
    }
    routes = [
        Route(each.path, api.with_key(each.name, endpoints[each.name]), methods=[each.method], name=each.name)
        for each in OPERATIONS
    ]
    routes.append(Route("/openapi.json", api.openapi))
    site = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    site.router.redirect_slashes = False
    return site


ApiCode = Literal["no-key", "not-found", "wrong-method", "malformed", "invalid", "too-large"]

FAULTS: Final[dict[ApiCode, tuple[int, str]]] = {
    "no-key": (401, "An API key is required: Authorization: Bearer KEY."),
    "not-found": (404, "Nothing found that this key may access."),
    "wrong-method": (405, "This method isn't allowed here."),
    "malformed": (400, "The body isn't valid UTF-8 JSON."),
    "invalid": (422, "A field has the wrong type or exceeds its limit."),
    "too-large": (413, f"The body can't be larger than {BODY_BYTES_MAX // 1024} KiB."),
}
"""Status and text of each error of the API itself; `problems.py` has those that apply to every request."""
assert set(FAULTS) == set(get_args(ApiCode))


class Fault(RemoteError):
    """A request fails with one of `FAULTS`."""

    def __init__(self, code: ApiCode, title: str | None = None) -> None:
        self.status, words = FAULTS[code]
        super().__init__(code, title or words)

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """The response, as problem details."""
        challenge = {"www-authenticate": "Bearer"} if self.status == HTTPStatus.UNAUTHORIZED else {}
        body = msgspec.json.encode(Problem(self.status, self.code, self.message))
        return Response(body, self.status, {**_NO_STORE, **challenge, **(headers or {})}, PROBLEM_TYPE)


_NO_STORE: Final = {"cache-control": "no-store"}
_Endpoint = Callable[[Request, ApiKey], Awaitable[Response]]


class _Api:
    def __init__(self, context: ApiContext) -> None:
        self._context = context

    def with_key(self, name: str, endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """Wrap an endpoint so that it requires an API key."""

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

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document, which anybody may read."""
        servers = [{"url": self._context.home(request.scope).rstrip("/")}]
        return Response(msgspec.json.encode(DOCUMENT | {"servers": servers}), media_type="application/json")

    async def make_room(self, request: Request, key: ApiKey) -> Response:
        """See `OPERATIONS`, as for the other endpoints."""
        wanted = await _body(request, NewRoom)
        context, now = self._context, time.time()
        name, until = context.keys.name_room(key), int(now + wanted.seconds)
        ends = None if wanted.ends_in is None else int(now + wanted.ends_in)

        def link(person: Person) -> Link:
            shown = context.passes.mint(name, person, now, until)
            return Link(f"{context.home(request.scope)}r/{name}#pass={shown}", shown)

        links = Links(link(Person(role="host", ends=ends)), link(Person(permissions=wanted.permissions, ends=ends)))
        return _json_response(MadeRoom(name, until, ends, links), 201)

    async def list_rooms(self, request: Request, key: ApiKey) -> Response:
        after = request.query_params.get("after")
        if after is not None:
            after = _read(after, RoomName, "invalid")
        rooms, keys = self._context.rooms(), self._context.keys
        names = sorted(name for name in rooms.names() if name > (after or "") and keys.may_see(key, name))
        live = [room for room in map(self._describe_room, names) if room.members]
        page = tuple(live[:ROOMS_IN_A_PAGE])
        return _json_response(LiveRooms(page, page[-1].room if len(live) > len(page) else None))

    async def see_room(self, request: Request, key: ApiKey) -> Response:
        return _json_response(self._describe_room(self._accessible_room(request, key)))

    async def end_call(self, request: Request, key: ApiKey) -> Response:
        self._context.rooms().post(self._accessible_room(request, key), End())
        return _NO_CONTENT()

    async def remove_member(self, request: Request, key: ApiKey) -> Response:
        name = self._accessible_room(request, key)
        peer = request.path_params["member"]
        rooms = self._context.rooms()
        if peer not in [seat.member.id for seat in rooms.inside(name)]:
            raise Fault("not-found", "There is nobody with that id in this room.")
        rooms.post(name, Remove(peer))
        return _NO_CONTENT()

    async def ring_phone(self, request: Request, key: ApiKey) -> Response:
        name = self._accessible_room(request, key)
        wanted = await _body(request, PhoneToRing)
        if len(self._context.rooms().inside(name)) != 1:
            raise Fault("not-found", "A phone can join a call of two: exactly one person must be in this room.")
        users = self._context.sip()
        if users is None or not users.ring(name, wanted.user):
            raise Fault("not-found", "No phone of this user is online.")
        return _NO_CONTENT()

    async def make_sip_credentials(self, request: Request, key: ApiKey) -> Response:
        if not key.admin:
            raise Fault("not-found", "Only an admin key may speak for every SIP user.")
        users = self._context.sip()
        if users is None:
            raise Fault("not-found", "SIP is off here: set sip_domain, or add an account with eyeline sip add.")
        wanted = await _body(request, NewSipCredentials)
        username, password, until = users.mint(wanted.user, time.time(), wanted.seconds)
        url = self._context.home(request.scope).replace("http", "ws", 1) + "sip"
        return _json_response(SipCredentials(users.address(wanted.user), username, password, url, until), 201)

    def _accessible_room(self, request: Request, key: ApiKey) -> RoomName:
        name = _read(request.path_params["room"], RoomName, "not-found")
        if not self._context.keys.may_see(key, name):
            raise Fault("not-found")
        return name

    def _describe_room(self, name: RoomName) -> LiveRoom:
        return LiveRoom(
            name,
            tuple(
                Inside(
                    seat.member.id,
                    seat.member.name,
                    seat.member.order,
                    isinstance(seat.place, Present),
                    seat.member.role,
                    seat.person.permissions,
                    seat.person.ends,
                    seat.person.sub,
                )
                for seat in self._context.rooms().inside(name)
            ),
        )


_T = TypeVar("_T")


def _read(text: str, kind: type[_T], otherwise: ApiCode) -> _T:
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError:
        raise Fault(otherwise) from None


async def _body(request: Request, kind: type[_T]) -> _T:
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES_MAX:
                raise Fault("too-large")
    except ClientDisconnect:
        raise Fault("malformed") from None  # the client has disconnected, so nobody reads the response
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Fault("invalid", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Fault("malformed") from None


def _json_response(value: Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, _NO_STORE, "application/json")


_NO_CONTENT: Final = partial(Response, status_code=204, headers=_NO_STORE)

DOCUMENT: Final = document(
    "Eyeline",
    "Creates rooms, lists their members, and removes people; lets pages call by SIP. A key can access the rooms it "
    "created, an admin key all.",
    PREFIX,
    OPERATIONS,
    Problem,
)


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known: dict[int, ApiCode] = {404: "not-found", 405: "wrong-method"}
    return Fault(known[error.status_code]).response(error.headers)
