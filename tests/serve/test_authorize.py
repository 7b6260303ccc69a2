"""Authorization by the site: by passes (JWTs), and by its own `authorize` function."""

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey
from starlette.requests import HTTPConnection
from starlette.types import Scope
from tests.support.socket import EDGES, Edge, Socket, serving

from eyeline.errors import SetupError
from eyeline.serve.app import build
from eyeline.serve.ws import authorize as authorization
from eyeline.settings import Settings
from eyeline.signalling.messages import DisplayName
from eyeline.signalling.passes import Person

SECRET = OctKey.import_key({"kty": "oct", "kid": "site", "k": "c2VjcmV0" * 8})


def settings(folder: Path, **others: Any) -> Settings:
    return Settings(data_dir=folder, stun_port=0, host="127.0.0.1", **others)


def keys(folder: Path) -> Path:
    """A file with the site's keys."""
    path = folder / "keys.json"
    path.write_text(json.dumps({"keys": [SECRET.as_dict()]}))
    return path


def hello(client: Socket, room: str = "tea", **shown: str) -> dict[str, Any]:
    client.send({"type": "hello", "room": room, **shown})
    return client.receive()


def test_pass_is_required_and_sets_the_display_name(tmp_path: Path) -> None:
    site = build(settings(tmp_path, rooms="tokens", pass_keys=keys(tmp_path), pass_audience="meet.example"))
    claims = {"room": "tea", "name": "Alice", "exp": 2_000_000_000, "aud": "meet.example"}
    with serving(site) as url, Socket(url) as stranger, Socket(url) as late, Socket(url) as alice:
        assert hello(stranger)["code"] == "pass-needed"
        expired = jwt.encode({"alg": "HS256", "kid": "site"}, claims | {"exp": 1}, SECRET)
        assert hello(late, **{"pass": expired})["code"] == "pass-expired"
        far_off = jwt.encode({"alg": "HS256", "kid": "site"}, claims | {"exp": 2**40}, SECRET)
        with Socket(url) as other:
            assert hello(other, **{"pass": far_off})["code"] == "pass-invalid"
        assert hello(alice, **{"pass": soon(claims)})["type"] == "welcome"
        alice.send({"type": "join", "name": "Mallory"})
        assert [member["name"] for member in alice.receive("joined")["roster"]["members"]] == ["Alice"]


def soon(claims: dict[str, Any]) -> str:
    """A pass that expires in a minute."""
    return jwt.encode({"alg": "HS256", "kid": "site"}, claims | {"exp": time.time() + 60}, SECRET)


def test_pass_with_a_name_excludes_an_encrypted_name(tmp_path: Path) -> None:
    site = build(settings(tmp_path, pass_keys=keys(tmp_path)))
    with serving(site) as url, Socket(url) as alice:
        hello(alice, **{"pass": soon({"room": "tea", "name": "Alice", "aud": "eyeline"})})
        alice.send({"type": "join", "name": "A" * 400})
        assert alice.receive("refused")["code"] == "pass-invalid"


async def by_cookie(scope: Scope, room: str) -> Person | None:
    """An `authorize` function that recognizes members of the tea party by their cookie."""
    await asyncio.sleep(0)
    who = HTTPConnection(scope).headers.get("origin", "").removeprefix("https://").removesuffix(".example")
    return Person(DisplayName(who), "host", permissions=["chat"]) if room == "tea" and who else None  # type: ignore[arg-type]


def test_fastapi_site_decides_who_enters(tmp_path: Path) -> None:
    origins = ("https://alice.example",)
    eyeline = build(settings(tmp_path, allowed_origins=origins), authorize=by_cookie)
    site = FastAPI(lifespan=eyeline.lifespan)
    site.mount("/calls", eyeline)
    with serving(site) as url:
        with Socket(f"{url}/calls", origin=origins[0]) as alice:
            [member] = alice.join("tea", "Mallory")["roster"]["members"]
            assert (member["name"], member["role"], member["may"]) == ("alice", "host", ["chat"])
        for origin, room in ((origins[0], "wine"), (None, "tea")):
            with Socket(f"{url}/calls", origin=origin) as stranger:
                assert hello(stranger, room)["code"] == "not-allowed"


@pytest.mark.parametrize("edge", EDGES)
def test_member_resumes_without_being_authorized_again(tmp_path: Path, edge: Edge) -> None:
    asked: list[str] = []

    async def once(_scope: Scope, room: str) -> Person | None:
        asked.append(room)
        return Person() if len(asked) == 1 else None

    with serving(build(settings(tmp_path), authorize=once), edge) as url:
        with Socket(url) as alice:
            first = alice.join("tea", "Alice")
        with Socket(url) as alice:
            alice.send({"type": "resume", "token": first["resume"], "name": "Alice", "heard": 0})
            assert alice.receive("joined")["you"] == first["you"]
    assert asked == ["tea"]


@pytest.mark.parametrize(
    "said",
    [KeyError("no such session"), Person(DisplayName("A" * 400)), "alice", Person(permissions=("fly",))],  # type: ignore[arg-type]
)
def test_join_is_refused_when_the_sites_code_fails_or_returns_nonsense(tmp_path: Path, said: Any) -> None:
    async def broken(_scope: Scope, _room: str) -> Person | None:
        if isinstance(said, Exception):
            raise said
        return said  # type: ignore[no-any-return]

    with serving(build(settings(tmp_path), authorize=broken)) as url, Socket(url) as alice:
        assert hello(alice)["code"] == "not-allowed"


@pytest.mark.parametrize("edge", EDGES)
def test_join_is_refused_when_the_sites_code_times_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edge: Edge
) -> None:
    monkeypatch.setattr(authorization, "AUTHORIZE_WITHIN", 0.05)

    async def slow(_scope: Scope, _room: str) -> Person | None:
        await asyncio.Event().wait()
        return Person()

    with serving(build(settings(tmp_path), authorize=slow), edge) as url, Socket(url) as alice:
        assert hello(alice)["code"] == "not-allowed"


@pytest.mark.parametrize("edge", EDGES)
def test_sites_code_is_cancelled_when_the_client_has_gone(tmp_path: Path, edge: Edge) -> None:
    asked, cancelled = threading.Event(), threading.Event()

    async def slow(_scope: Scope, _room: str) -> Person | None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return None

    with serving(build(settings(tmp_path), authorize=slow), edge) as url:
        with Socket(url) as alice:
            alice.send({"type": "hello", "room": "tea"})
            assert asked.wait(10)
        assert cancelled.wait(5)


@pytest.mark.parametrize("content", [None, b"", b'{"keys": [{"kty": "RSA", "kid": "a"}]}'])
def test_unusable_keys_prevent_startup(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SetupError, match=r"pass_keys.*keys\.json.* can't be "):
        build(settings(tmp_path, pass_keys=path))
