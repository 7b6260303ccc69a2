"""The ICE servers that clients are given."""

import asyncio
import socket
from pathlib import Path
from typing import Any, Literal

import pytest

from eyeline.doctor.turn_socket import parse
from eyeline.errors import SetupError
from eyeline.serve.relay.ice_servers import IceServerProvider
from eyeline.serve.relay.pump_choice import BEST
from eyeline.serve.site import Site
from eyeline.settings import Settings
from eyeline.signalling.messages import PeerId, RoomName

SCOPE = {"type": "websocket", "scheme": "wss", "client": ("192.0.2.9", 4711)}


def ice_urls(data_dir: Path, public: str | None, host: bytes, relay: Literal["on", "off"] = "on") -> list[str]:
    """All ICE URLs for a member who connected with this `Host` header."""

    async def ask() -> list[str]:
        settings = Settings(data_dir=data_dir, stun_port=0, host="127.0.0.1", public_address=public, relay=relay)
        ice_servers = IceServerProvider(settings, bytes(32), Site(settings, standalone=True), one_port=True)
        ice = ice_servers.ice({**SCOPE, "headers": [(b"host", host)]})
        ice_servers.relay.close()
        return [url for server in ice.mint(RoomName("tea"), PeerId("alice")) for url in server.urls]

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("public", "host", "shown"),
    [
        ("2001:db8::5", b"meet.example.org", "[2001:db8::5]"),
        ("192.0.2.5", b"meet.example.org", "192.0.2.5"),
        (None, b"[2001:db8::5]:8000", "[2001:db8::5]"),
        (None, b"meet.example.org", "meet.example.org"),
    ],
)
def test_ice_url_has_ipv6_in_brackets(tmp_path: Path, public: str | None, host: bytes, shown: str) -> None:
    """RFC 7064, 3.1, and RFC 7065, 3.1."""
    urls = ice_urls(tmp_path, public, host)
    assert [url.partition(":")[0] for url in urls] == ["stun", "turn", "turns"]
    for url in urls:
        where = parse(url)
        assert where is not None
        assert where.host == shown.strip("[]")
        assert f":{shown}:{where.port}" in url


def test_port_that_the_system_picks_and_the_packet_pump_are_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "eyeline.relay")
    stun = parse(ice_urls(tmp_path, None, b"meet.example.org")[0])
    assert stun is not None
    assert [record.getMessage() for record in caplog.records] == [
        f"= stun_port={stun.port}",
        f"= packet_pump={BEST}",
    ]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (socket.EAI_NONAME, "but that name doesn't resolve: there is none."),
        (socket.EAI_AGAIN, "but no name server can be reached to resolve it."),
    ],
)
def test_unresolvable_public_address_prevents_startup_of_a_relay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    really = socket.getaddrinfo

    def look_up(host: str, *asked: Any, **more: Any) -> Any:
        if host == "meet.example.org":
            raise socket.gaierror(number, "there is none")
        return really(host, *asked, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    settings = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", public_address="meet.example.org")
    with pytest.raises(SetupError, match=f"^public_address is 'meet.example.org', {words}$"):
        IceServerProvider(settings, bytes(32), Site(settings, standalone=True), one_port=True)


def test_without_the_relay_the_server_need_not_resolve_the_public_address(tmp_path: Path) -> None:
    urls = ice_urls(tmp_path, "meet.example.invalid", b"localhost", relay="off")
    assert urls
    assert all("meet.example.invalid" in url for url in urls)


def test_where_only_http_gets_through_clients_get_other_servers_only(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("tea", encoding="ascii")
    turn = ("turn:turn.example.org:3478?transport=udp", "turn:turn.example.org:3478?transport=tcp")
    settings = Settings(
        data_dir=tmp_path,
        stun_port=0,
        host="127.0.0.1",
        platform="http",
        public_address="meet.example.invalid",
        turn_urls=turn,
        turn_secret=tmp_path / "secret",
    )

    async def ask() -> tuple[list[str], list[str]]:
        provider = IceServerProvider(settings, bytes(32), Site(settings, standalone=True), one_port=True)
        ice = provider.ice({**SCOPE, "headers": [(b"host", b"meet.example.org")]})
        provider.close()
        lobby = [url for server in ice.stun for url in server.urls]
        return lobby, [url for server in ice.mint(RoomName("tea"), PeerId("alice")) for url in server.urls]

    stun = "stun:turn.example.org:3478"
    assert asyncio.run(ask()) == ([stun], [stun, *turn])
