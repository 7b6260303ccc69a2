"""The ASGI application, alone and mounted in FastAPI and Django sites."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import django
import httpx
import pytest
from django.conf import settings as django_settings
from django.core.asgi import get_asgi_application
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.support.relaying import Client as RelayClient
from tests.support.relaying import Running
from tests.support.socket import EDGES, Socket, serving
from tests.support.turn import code
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from eyeline.serve.app import Eyeline, build
from eyeline.serve.sip import ACCOUNTS_FILE
from eyeline.settings import Settings
from eyeline.signalling.messages import OwnerKey
from eyeline.signalling.moderation import room_of
from eyeline.turn.credentials import Credentials
from eyeline.turn.message import ALLOCATE, REFRESH
from eyeline.turn.relay_attributes import UDP, RequestedTransport

OWNER = OwnerKey("AAECAwQFBgcICQoLDA0ODw")


@pytest.fixture
def eyeline(tmp_path: Path) -> Eyeline:
    settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", allowed_origins=("https://friend.example",))
    return build(settings)


@pytest.fixture(params=EDGES)
def url(eyeline: Eyeline, request: pytest.FixtureRequest) -> Iterator[str]:
    with serving(eyeline, request.param) as running:
        yield running


def test_damaged_file_of_sip_accounts_is_logged_once_whoever_asks_and_however_often(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ACCOUNTS_FILE).write_text("not JSON")
    assert {httpx.get(f"{url}/phone").status_code for _ in range(3)} == {404}
    assert caplog.text.count(ACCOUNTS_FILE) == 1


def test_response_to_join_carries_everything_a_member_needs(url: str) -> None:
    with Socket(url) as alice:
        joined = alice.join("tea", "Alice")
    assert [member["name"] for member in joined["roster"]["members"]] == ["Alice"]
    assert joined["iceServers"][0]["urls"][0].startswith("stun:127.0.0.1:")
    assert joined["resume"]


@pytest.mark.parametrize(("one_port", "transports"), [(False, ["udp"]), (True, ["udp", "tcp"])])
def test_turn_over_tcp_is_offered_only_where_it_is_served(
    tmp_path: Path, one_port: bool, transports: list[str]
) -> None:
    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"), one_port=one_port)
    with serving(eyeline) as url, Socket(url) as alice:
        [_, turn] = alice.join("tea", "Alice")["iceServers"]
    assert [each.partition("?transport=")[2] for each in turn["urls"]] == transports


def test_signal_reaches_the_other_member_with_its_sender(url: str) -> None:
    with Socket(url) as alice, Socket(url) as bob:
        alice_id = alice.join("tea", "Alice")["you"]
        bob_id = bob.join("tea", "Bob")["you"]
        bob.send({"type": "signal", "to": alice_id, "n": 1, "data": "hello", "from": "somebody-else"})
        assert alice.receive("signalled") == {"type": "signalled", "from": bob_id, "n": 1, "data": "hello"}


def test_client_without_the_subprotocol_is_rejected(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused, Socket(url, subprotocol=None):
        pass
    assert refused.value.response.status_code == 400
    assert b"wrong-subprotocol" in (refused.value.response.body or b"")


def test_page_of_another_origin_is_rejected_unless_allowed(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused, Socket(url, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    for origin in (url, "https://friend.example"):
        with Socket(url, origin=origin) as page:
            assert page.join("tea", "Alice")["you"]


def test_frame_over_64_kib_is_refused_with_a_code_and_closes_the_socket(url: str) -> None:
    with Socket(url) as alice:
        alice.join("tea", "Alice")
        alice.send("x" * (64 * 1024 + 1))
        assert alice.receive("refused")["code"] == "too-large"
        with pytest.raises(ConnectionClosedError):
            alice.receive()
        assert (alice.connection.close_code, alice.connection.close_reason) == (1009, "too-large")


def test_binary_frame_is_refused_and_the_session_continues(url: str) -> None:
    with Socket(url) as alice:
        alice.join("tea", "Alice")
        alice.connection.send(b"\xff\x00\xfe")
        assert alice.receive("refused")["code"] == "malformed"
        alice.send({"type": "ping"})
        assert alice.receive() == {"type": "pong"}


def test_flooding_client_is_disconnected(url: str) -> None:
    with Socket(url) as alice:
        alice.join("tea", "Alice")
        with contextlib.suppress(ConnectionClosed):
            for _ in range(400):
                alice.send({"type": "ping"})
        assert alice.receive("refused")["code"] == "too-fast"


def test_member_that_lost_its_socket_resumes_its_seat(url: str) -> None:
    with Socket(url) as alice:
        first = alice.join("tea", "Alice")
    with Socket(url) as alice:
        alice.send({"type": "resume", "token": first["resume"], "name": "Alice", "heard": 0})
        assert alice.receive("joined")["you"] == first["you"]


def test_restarted_process_with_the_same_data_restores_the_seat(eyeline: Eyeline, tmp_path: Path) -> None:
    with serving(eyeline) as url, Socket(url) as alice:
        first = alice.join("tea", "Alice")
    with serving(build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1"))) as url, Socket(url) as alice:
        alice.send({"type": "resume", "token": first["resume"], "name": "Alice", "heard": 0})
        again = alice.receive("joined")
    assert (again["you"], again["roster"]["complete"], again["gap"]) == (first["you"], False, True)


def test_runs_in_a_fastapi_site_under_a_prefix(eyeline: Eyeline) -> None:
    site = FastAPI(lifespan=eyeline.lifespan)
    site.mount("/calls", eyeline)

    @site.get("/hello")
    def hello() -> str:
        return "hello"

    with serving(site) as url:
        assert httpx.get(f"{url}/hello").json() == "hello"
        assert '<base href="/calls/">' in httpx.get(f"{url}/calls/r/tea").text
        with Socket(f"{url}/calls") as alice:
            assert alice.join("tea", "Alice")["you"]


def test_runs_in_a_django_site_under_a_prefix_and_starts_with_the_first_request(eyeline: Eyeline) -> None:
    if not django_settings.configured:
        django_settings.configure(SECRET_KEY="x", ROOT_URLCONF=(), ALLOWED_HOSTS=["*"])
        django.setup()

    @contextlib.asynccontextmanager
    async def only_its_end(_site: Starlette) -> AsyncIterator[None]:
        yield
        eyeline.close()

    site = Starlette(routes=[Mount("/calls", eyeline), Mount("/", get_asgi_application())], lifespan=only_its_end)
    with serving(site) as url:
        assert httpx.get(f"{url}/elsewhere").status_code == 404  # Django's own answer
        assert '<base href="/calls/">' in httpx.get(f"{url}/calls/").text
        with Socket(f"{url}/calls") as alice:
            assert alice.join("tea", "Alice")["you"]


class TurnOf:
    """TURN as a member of a call gets it: `tests.support.relaying.Client` takes it for a relay."""

    def __init__(self, joined: dict[str, Any]) -> None:
        [_, turn] = joined["iceServers"]
        self.port = int(turn["urls"][0].partition("?")[0].rpartition(":")[2])
        self._credentials = Credentials(turn["username"], turn["credential"])

    def admit(self, _peer: str) -> Credentials:
        return self._credentials


@pytest.mark.parametrize("how", ["leaves", "is removed"])
def test_member_without_a_seat_has_no_relay(url: str, how: str) -> None:
    owner = {"room": room_of(OWNER), "owner": OWNER}
    with Socket(url) as host, Socket(url) as bob:
        host.send({"type": "hello", **owner})
        host.send({"type": "join", "name": "Host"})
        hosts = RelayClient(cast("Running", TurnOf(host.receive("joined"))))
        joined = bob.join(owner["room"], "Bob")
        relayed, other = (RelayClient(cast("Running", TurnOf(joined))) for _ in range(2))
        with closing(hosts.socket), closing(relayed.socket), closing(other.socket):
            for each in (hosts, relayed):
                each.allocate()
            if how == "leaves":
                bob.send({"type": "leave"})
            else:
                host.send({"type": "remove", "peer": joined["you"]})
            while len(host.receive("roster")["members"]) > 1:
                pass
            assert code(relayed.request(REFRESH)) == 437
            assert code(other.request(ALLOCATE, RequestedTransport(UDP))) == 401
            assert code(hosts.request(REFRESH)) == 0
