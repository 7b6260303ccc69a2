"""The HTTP API: each key has its own rooms, and every response conforms to the OpenAPI document."""

import asyncio
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.auths import AuthContext
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Message
from tests.support.sip import Device, WebSocketWire, status_of
from tests.support.socket import Socket, serving

from eyeline.errors import SetupError
from eyeline.serve.app import Eyeline, build
from eyeline.serve.http import api_keys
from eyeline.serve.http.api import BODY_BYTES_MAX, DOCUMENT, PREFIX
from eyeline.settings import Settings
from eyeline.signalling.messages import PERMISSIONS

SHOP, CLUB, ADMIN = "shop-key-of-many-characters", "club-key-of-many-characters", "admin-key-of-many-characters"


def eyeline_in(folder: Path, rooms: Any = "tokens") -> Eyeline:
    """An application with three API keys."""
    lines = [f'[{key.partition("-")[0]}]\nsha256 = "{sha256(key.encode()).hexdigest()}"' for key in (SHOP, CLUB, ADMIN)]
    (folder / "keys.toml").write_text("\n".join(lines) + "\nadmin = true\n")
    given = Settings(
        data_dir=folder,
        stun_port=0,
        host="127.0.0.1",
        rooms=rooms,
        api_keys=folder / "keys.toml",
        sockets_per_address=10_000,
    )
    return build(given)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with serving(eyeline_in(tmp_path)) as running:
        yield running


def ask(url: str, key: str = SHOP, prefix: str = PREFIX) -> httpx.Client:
    """An HTTP client of the API."""
    return httpx.Client(base_url=url + prefix, headers={"authorization": f"Bearer {key}"})


def make(client: httpx.Client, **wanted: object) -> dict[str, Any]:
    """Create a room."""
    answer = client.post("/rooms", json=wanted)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def enter(socket: Socket, made: dict[str, Any], role: str = "member") -> dict[str, Any]:
    """Join the room by one of its links."""
    link = made["links"][role]
    socket.send({"type": "hello", "room": made["room"], "pass": link["url"].partition("#pass=")[2]})
    socket.send({"type": "join", "name": role.title()})
    return socket.receive("joined")


def names(rooms: dict[str, Any]) -> list[str]:
    """The names of the listed rooms."""
    return [room["room"] for room in rooms["rooms"]]


def test_room_can_be_created_joined_listed_and_ended(url: str) -> None:
    with ask(url) as shop, Socket(url) as alice, Socket(url) as bob:
        made = make(shop)
        assert 86_390 < made["until"] - time.time() <= 86_400  # a day, unless asked otherwise
        assert made["links"]["member"]["url"].startswith(f"{url}/r/{made['room']}#pass=ey")
        host, member = enter(alice, made, "host"), enter(bob, made)
        seen = shop.get(f"/rooms/{made['room']}").json()
        assert [(each["id"], each["name"], each["role"], each["here"]) for each in seen["members"]] == [
            (host["you"], "Host", "host", True),
            (member["you"], "Member", "member", True),
        ]
        assert shop.get("/rooms").json() == {"rooms": [seen], "next": None}
        assert shop.post(f"/rooms/{made['room']}/end").status_code == 204
        assert [each.receive("refused")["code"] for each in (alice, bob)] == ["ended", "ended"]
        assert shop.get("/rooms").json()["rooms"] == []


def test_member_link_grants_the_requested_permissions_and_host_link_all(url: str) -> None:
    with ask(url) as shop, Socket(url) as alice, Socket(url) as bob:
        made = make(shop, permissions=["chat", "microphone"])
        enter(alice, made, "host")
        roster = enter(bob, made)["roster"]
        assert [member.get("may") for member in roster["members"]] == [None, ["chat", "microphone"]]
        seen = shop.get(f"/rooms/{made['room']}").json()
        assert [each["permissions"] for each in seen["members"]] == [list(PERMISSIONS), ["chat", "microphone"]]


def test_role_given_by_the_host_is_visible_in_the_api(url: str) -> None:
    with ask(url) as shop, Socket(url) as alice, Socket(url) as bob:
        made = make(shop)
        enter(alice, made, "host")
        member = enter(bob, made)["you"]
        for role in ("co-host", "member"):
            alice.send({"type": "appoint", "peer": member, "role": role})
            bob.receive("roster")
            seen = shop.get(f"/rooms/{made['room']}").json()
            assert [each["role"] for each in seen["members"]] == ["host", role]


def test_room_can_be_created_with_an_end_time(url: str) -> None:
    with ask(url) as shop, Socket(url) as alice, Socket(url) as bob:
        made = make(shop, ends_in=3600)
        assert 3590 < made["ends"] - time.time() <= 3600
        for socket, role in ((alice, "host"), (bob, "member")):
            assert 3_590_000 < enter(socket, made, role)["endsInMs"] <= 3_600_000
        seen = shop.get(f"/rooms/{made['room']}").json()
        assert [each["ends"] for each in seen["members"]] == [made["ends"]] * 2
        assert make(shop)["ends"] is None


def test_removing_a_member_affects_no_one_else_and_ends_their_seat(url: str) -> None:
    with ask(url) as shop, Socket(url) as alice, Socket(url) as bob:
        made = make(shop)
        enter(alice, made)
        gone = enter(bob, made)
        path = f"/rooms/{made['room']}/members/{gone['you']}"
        assert [shop.delete(path).status_code for _ in range(2)] == [204, 404]
        assert bob.receive("refused")["code"] == "removed"
        with Socket(url) as again:
            again.send({"type": "resume", "token": gone["resume"], "name": "Bob", "heard": 0})
            assert again.receive("refused")["code"] == "removed"
        assert len(shop.get(f"/rooms/{made['room']}").json()["members"]) == 1


def test_api_key_sees_its_own_rooms_and_admin_key_sees_all(tmp_path: Path) -> None:
    with (
        serving(eyeline_in(tmp_path, "open")) as url,
        ask(url) as shop,
        ask(url, CLUB) as club,
        ask(url, ADMIN) as admin,
        Socket(url) as alice,
        Socket(url) as bob,
        Socket(url) as carol,
    ):
        ours, theirs = make(shop), make(club)
        member = enter(alice, ours)["you"]
        enter(bob, theirs)
        carol.join("tea", "Carol")
        assert names(shop.get("/rooms").json()) == [ours["room"]]
        assert names(admin.get("/rooms").json()) == sorted([ours["room"], theirs["room"], "tea"])
        assert re.fullmatch(r"([a-z0-9]{4}-){5}[a-z0-9]{4}", ours["room"])
        after = admin.get("/rooms", params={"after": theirs["room"]}).json()
        assert names(after) == [name for name in sorted([ours["room"], "tea"]) if name > theirs["room"]]
        for room in (ours["room"], "tea"):
            assert club.get(f"/rooms/{room}").json()["code"] == "not-found"
            assert club.post(f"/rooms/{room}/end").status_code == 404
        assert club.delete(f"/rooms/{ours['room']}/members/{member}").status_code == 404


def test_room_still_belongs_to_its_api_key_after_a_restart(tmp_path: Path) -> None:
    with serving(eyeline_in(tmp_path)) as url, ask(url) as shop:
        made = make(shop)
    with serving(eyeline_in(tmp_path)) as url, ask(url) as shop, Socket(url) as alice:
        enter(alice, made)
        assert names(shop.get("/rooms").json()) == [made["room"]]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", f"Basic {SHOP}", SHOP, f"Bearer {SHOP}x", "Bearer é"]
)
def test_requests_without_a_valid_key_are_refused(url: str, authorization: str) -> None:
    for method, path in (("GET", "/rooms"), ("POST", "/rooms"), ("POST", "/rooms/tea/end")):
        answer = httpx.request(method, url + PREFIX + path, headers={b"authorization": authorization.encode()})
        assert (answer.status_code, answer.json()["code"]) == (401, "no-key")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"\xff", 400, "malformed"),
        (b"{", 400, "malformed"),
        (b"[]", 422, "invalid"),
        (b'{"seconds": 59}', 422, "invalid"),
        (b'{"seconds": 1e99}', 422, "invalid"),
        (b'{"other": 1}', 422, "invalid"),
        (b'{"permissions": ["fly"]}', 422, "invalid"),
        (b'{"permissions": ["chat", "chat"]}', 422, "invalid"),
        (b'{"permissions": null}', 422, "invalid"),
        (b'{"ends_in": 59}', 422, "invalid"),
        (b'"' + b"x" * BODY_BYTES_MAX, 413, "too-large"),
    ],
)
def test_invalid_request_body_is_refused_with_a_code(url: str, body: bytes, status: int, code: str) -> None:
    with ask(url) as shop:
        answer = shop.post("/rooms", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_disconnect_within_a_request_body_is_not_a_server_error(tmp_path: Path) -> None:
    coming: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    said: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    head = {"path": f"{PREFIX}/rooms", "query_string": b"", "headers": [(b"authorization", f"Bearer {SHOP}".encode())]}
    asyncio.run(eyeline_in(tmp_path)({"type": "http", "method": "POST", **head}, receive, send))
    assert said[0]["status"] == 400


def test_not_found_is_a_problem_document_too(url: str) -> None:
    with ask(url) as shop:
        answers = [shop.get("/nothing"), shop.put("/rooms"), shop.get("/rooms/TEA")]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (404, "not-found"),
        (405, "wrong-method"),
        (404, "not-found"),
    ]


def test_api_is_off_without_keys(tmp_path: Path) -> None:
    site = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))
    with serving(site) as url:
        assert httpx.get(f"{url}{PREFIX}/rooms").headers["content-type"].startswith("text/html")


def test_links_lead_to_the_mount_point_of_the_pages(tmp_path: Path) -> None:
    eyeline = eyeline_in(tmp_path)
    site = Starlette(routes=[Mount("/calls", eyeline)], lifespan=eyeline.lifespan)
    with serving(site) as url, ask(url, prefix=f"/calls{PREFIX}") as shop:
        assert make(shop)["links"]["host"]["url"].startswith(f"{url}/calls/r/")
        assert shop.get("/openapi.json").json()["servers"] == [{"url": f"{url}/calls"}]


def test_hash_of_a_key_may_have_capitals(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'[shop]\nsha256 = "{sha256(SHOP.encode()).hexdigest().upper()}"')
    assert api_keys.load(path, b"").find(f"Bearer {SHOP}") is not None


@pytest.mark.parametrize(
    "content", [None, "", "no TOML", '[a]\nsha256 = "short"', '[a]\nkey = "in the clear"', '["a b"]\nsha256 = ""']
)
def test_unusable_keys_prevent_startup(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "keys.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SetupError, match=r"api_keys.*keys\.toml.* can't be "):
        build(Settings(data_dir=tmp_path, api_keys=path))


def test_openapi_document_is_served_and_names_the_server(url: str) -> None:
    served = httpx.get(f"{url}{PREFIX}/openapi.json").json()
    assert served == json.loads(json.dumps(DOCUMENT)) | {"servers": [{"url": url}]}


API = schemathesis.openapi.from_dict(DOCUMENT)
Case = schemathesis.Case[Any]
EXAMPLES = int(os.environ.get("EYELINE_API_EXAMPLES", "15"))


@API.auth()
class Shown:
    """Authentication for schemathesis, which then also tries requests without the key."""

    def get(self, _case: Case, _context: AuthContext) -> str:
        return ADMIN

    def set(self, case: Case, data: str, _context: AuthContext) -> None:
        case.headers["authorization"] = f"Bearer {data}"


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(eyeline_in(tmp_path_factory.mktemp("api"))) as running:
        yield running


@API.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_every_response_conforms_to_the_openapi_document(case: Case, open_house: str) -> None:
    """Valid and invalid requests; `EYELINE_API_EXAMPLES` (default 15) for each operation."""
    case.call_and_validate(base_url=open_house)


def test_http_1_0_request_without_a_host_is_answered(url: str) -> None:
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as plain:
        head = f"POST {PREFIX}/rooms HTTP/1.0\r\nAuthorization: Bearer {SHOP}\r\nContent-Length: 2\r\n\r\n{{}}"
        plain.sendall(head.encode())
        assert plain.makefile("rb").readline().split()[1] == b"201"


def test_page_registers_by_sip_with_credentials_of_the_api(tmp_path: Path) -> None:
    eyeline_in(tmp_path)  # writes the keys
    settings = Settings(
        data_dir=tmp_path, stun_port=0, host="127.0.0.1", api_keys=tmp_path / "keys.toml", sip_domain="example.org"
    )
    with serving(build(settings)) as url, ask(url, ADMIN) as admin:
        made = admin.post("/sip/credentials", json={"user": "alice", "seconds": 60}).json()
        assert made["address"] == "sip:alice@example.org"
        assert made["url"] == url.replace("http", "ws") + "/sip"
        assert 0 < made["until"] - time.time() <= 60
        device = Device(WebSocketWire(url), "alice", made["password"], name=made["username"], host="example.org")
        with device as alice:
            registered = alice.register(expires=3600)
    assert status_of(registered) == 200
    granted = re.search(r"expires=(\d+)", registered)
    assert granted is not None
    assert int(granted[1]) <= 60


def test_site_rings_a_phone_into_a_room_with_one_person(tmp_path: Path) -> None:
    eyeline_in(tmp_path)
    settings = Settings(
        data_dir=tmp_path, stun_port=0, host="127.0.0.1", api_keys=tmp_path / "keys.toml", sip_domain="example.org"
    )
    with serving(build(settings)) as url, ask(url) as shop, ask(url, CLUB) as club, ask(url, ADMIN) as admin:
        room, given = make(shop), admin.post("/sip/credentials", json={"user": "bob"}).json()
        path, bob = f"/rooms/{room['room']}/phones", {"user": "bob"}
        wire = WebSocketWire(url)
        with (
            Socket(url) as alice,
            Device(wire, "bob", given["password"], name=given["username"], host="example.org") as phone,
        ):
            assert shop.post(path, json=bob).json()["title"].startswith("A phone can join a call of two")
            enter(alice, room, "host")
            assert shop.post(path, json=bob).json()["title"] == "No phone of this user is online."
            phone.register()
            assert club.post(path, json=bob).status_code == 404
            assert shop.post(path, json={"user": "b@b"}).status_code == 422
            assert shop.post(path, json=bob).status_code == 204
            assert alice.receive("roster")["members"][1]["called"] is True
            assert shop.post(path, json=bob).status_code == 404  # there are two now


def test_credentials_of_the_api_are_for_one_user_and_unforgeable(tmp_path: Path) -> None:
    eyeline_in(tmp_path)
    settings = Settings(
        data_dir=tmp_path, stun_port=0, host="127.0.0.1", api_keys=tmp_path / "keys.toml", sip_domain="example.org"
    )
    with serving(build(settings)) as url, ask(url, ADMIN) as admin:
        made = admin.post("/sip/credentials", json={"user": "alice"}).json()
        later = f"{made['until'] + 60}:alice"
        for user, name in (("bob", made["username"]), ("alice", later), ("alice", f"{made['until']}:bob")):
            with Device(WebSocketWire(url), user, made["password"], name=name, host="example.org") as mallory:
                assert status_of(mallory.register()) in {401, 403}


def test_only_an_admin_key_makes_credentials_and_only_where_sip_is_on(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, stun_port=0, host="127.0.0.1", api_keys=tmp_path / "keys.toml", sip_domain="example.org"
    )
    with serving(eyeline_in(tmp_path)) as url, ask(url, ADMIN) as admin:
        assert admin.post("/sip/credentials", json={"user": "alice"}).status_code == 404
    with serving(build(settings)) as url, ask(url, SHOP) as shop, ask(url, ADMIN) as admin:
        assert shop.post("/sip/credentials", json={"user": "alice"}).status_code == 404
        for body in ({"user": "Alice"}, {"user": "alice", "seconds": 59}, {"user": "a b"}, {}):
            assert admin.post("/sip/credentials", json=body).status_code == 422
